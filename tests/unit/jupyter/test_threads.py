"""Threads that paint."""

from __future__ import annotations

import logging
import threading
from contextvars import ContextVar

from djnb.jupyter import threads

owner: ContextVar[str] = ContextVar("owner")


class TestSpawn:
    def test_thread_belongs_to_the_cell_that_started_it(self):
        """The thread has the context of its cell, by which ipykernel knows where output goes."""
        token = owner.set("this cell")
        seen: list[str] = []

        threads.spawn(lambda: seen.append(owner.get())).join()
        owner.reset(token)

        assert ["this cell"] == seen

    def test_no_threads_are_no_error(self, monkeypatch):
        """In a browser's Python there are none, and populate works without."""

        def refuse(thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", refuse)
        with threads.repeated(lambda: None, seconds=0.001):
            pass

        assert threads.spawn(lambda: None) is None


class TestRepeated:
    def test_ends_with_its_block(self):
        """No paint comes after the block has ended."""
        twice = threading.Event()
        calls: list[int] = []

        def work() -> None:
            calls.append(1)
            if len(calls) == 2:
                twice.set()

        with threads.repeated(work, seconds=0.001):
            assert twice.wait(10)
        count = len(calls)

        assert not [thread for thread in threading.enumerate() if thread.name == "djnb"]
        assert count == len(calls)

    def test_failure_is_logged_once(self, caplog):
        """What cannot be painted does not disturb the run, nor fill the log."""
        failed = threading.Event()

        def work() -> None:
            failed.set()
            raise ValueError("no front end")

        with caplog.at_level(logging.ERROR), threads.repeated(work, seconds=0.001):
            assert failed.wait(10)

        assert 1 == len(caplog.records)

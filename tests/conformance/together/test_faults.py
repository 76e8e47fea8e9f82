"""Short keys are kept several at a time: a signal, a death or a lost connection loses none and makes none twice."""

from __future__ import annotations

import os
import signal
import threading

import pytest

import djnb as dj
from djnb.errors import PopulateInterrupted
from djnb.jobs import points
from tests.conformance.crew import wait_until
from tests.conformance.programs import start_python
from tests.conformance.together.results import doubles, made


@pytest.mark.usefixtures("signals_of_a_terminal")
class TestInterrupt:
    def test_keeps_what_was_computed(self, computed, numbers, reserve_jobs):
        """The key in hand is undone, and those before it are there."""

        def make(self, key):
            if key["recording_id"] == 8:
                os.kill(os.getpid(), signal.SIGINT)
                threading.Event().wait(60)
            self.insert1(dict(key, value=1))

        Result = computed(make)

        with pytest.raises(PopulateInterrupted) as caught:
            Result.populate(reserve_jobs=reserve_jobs)

        assert (7, 7) == (caught.value.result.success_count, len(Result()))
        assert set(Result.jobs.to_arrays("status")) <= {"pending"}

    def test_amid_what_must_be_kept_first_waits_for_that(self, connection, computed, numbers, reserve_jobs):
        """A signal while a make's read has others kept interrupts that make afterwards."""

        def make(self, key):
            self.insert1(dict(key, value=len(type(self)() & "recording_id < 5") if key["recording_id"] == 8 else 0))

        Result = computed(make)
        interrupts = [False, True]

        def interrupt():
            if interrupts.pop(0) if interrupts else False:
                os.kill(os.getpid(), signal.SIGINT)

        with points.at("after_verify", interrupt), pytest.raises(PopulateInterrupted) as caught:
            Result.populate(reserve_jobs=reserve_jobs)

        assert (7, list(range(1, 8))) == (caught.value.result.success_count, sorted(made(Result)))

    def test_of_a_thread_keeps_what_was_computed(self, computed, numbers, reserve_jobs):
        """By `run.stop(now=True)`, of a run in the background."""
        is_there = threading.Event()

        def make(self, key):
            if key["recording_id"] == 8:
                is_there.set()
                while True:
                    threading.Event().wait(0.01)
            self.insert1(dict(key, value=1))

        Result = computed(make)
        run = Result.populate(background=True, reserve_jobs=reserve_jobs)
        is_there.wait(60)
        run.stop(now=True)

        assert (7, 7) == (run.result(60).success_count, len(Result()))


WORKER = """
import sys
import djnb as dj
from djnb.jobs import points
from djnb.populate import pace

pace._SHORT = 60.0
dj.config.jobs.keep_interval = 60
connection = dj.Connection(sys.argv[1])
schema = dj.Schema(sys.argv[2], connection=connection, create_tables=False)

@schema
class Recording(dj.Manual):
    pass

@schema
class Result(dj.Computed):
    def make(self, key):
        (Recording & key).fetch1("session_date")
        self.insert1(dict(key, value=2 * key["recording_id"]))

Result.populate(reserve_jobs=True, refresh=False, max_calls=1)
points.ask(sys.argv[3])
Result.populate(reserve_jobs=True, refresh=False)
"""


class TestDeath:
    @pytest.mark.parametrize("point", ["before_make@5", "after_insert@7", "before_begin@2", "after_verify@2"])
    def test_before_they_are_kept_loses_none_for_good(self, database_url, schema, doubled, numbers, point):
        """Nothing of them is there, and whoever comes next makes them."""
        doubled.jobs.refresh()

        self.run(database_url, schema, f"{point}=kill")

        assert 2 == len(doubled())
        self.finish(doubled, numbers)

    def test_after_they_are_kept_makes_none_twice(self, database_url, schema, doubled, numbers):
        """They are all there, and so is the end of their jobs."""
        doubled.jobs.refresh()

        self.run(database_url, schema, "after_commit@2=kill")

        assert 12 == len(doubled())
        self.finish(doubled, numbers)

    def run(self, url, schema, doom):
        worker = start_python("-c", WORKER, url, schema.name, doom)
        _, said = worker.communicate(timeout=120)
        assert worker.returncode == -signal.SIGKILL, said

    def finish(self, doubled, numbers):
        def is_done():
            doubled.populate(reserve_jobs=True)
            return not len(doubled.jobs)

        with dj.config.override(jobs__grace_period=0.4, jobs__lease_time=1.0, jobs__heartbeat_interval=0.1):
            wait_until(is_done, "no job is left")
        assert doubles(numbers) == made(doubled)


@pytest.mark.mysql
class TestLostCommit:
    @pytest.fixture
    def database_url(self, wire):
        """The server behind a wire."""
        self.wire = wire
        return wire.url

    @pytest.mark.parametrize("deed", ["cut after", "cut before"])
    def test_is_found_out(self, doubled, numbers, reserve_jobs, deed):
        """The answer was lost, or the question: all keys are there, each once, and nothing is said."""
        cuts = ["pass", deed]

        def decide(said):
            return cuts.pop(0) if cuts and b"COMMIT" in said else "pass"

        self.wire.decide = decide

        result = doubled.populate(reserve_jobs=reserve_jobs)

        assert ([], 12, doubles(numbers)) == (cuts, result.success_count, made(doubled))

    def test_connection_that_breaks_before_costs_nothing(self, doubled, numbers, reserve_jobs):
        """Each is kept by itself then."""
        cuts = ["pass", "cut before"]

        def decide(said):
            return cuts.pop(0) if cuts and b"INSERT INTO" in said and b"_result" in said.lower() else "pass"

        self.wire.decide = decide

        result = doubled.populate(reserve_jobs=reserve_jobs)

        assert (12, doubles(numbers)) == (result.success_count, made(doubled))

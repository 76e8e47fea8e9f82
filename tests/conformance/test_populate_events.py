"""A populate tells what happens as it happens, and shows it where that is wanted; in any thread."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import djnb as dj
from djnb.errors import (
    MakeError,
)
from djnb.events import (
    KeyFinished,
    KeyStarted,
    PopulateStarted,
)
from djnb.populate.result import PopulateResult
from tests.conformance.recordings import KEYS, fails_at, outline


class TestEvents:
    def test_tell_what_happens_in_order(self, connection, computed, heard):
        """Start, each key, its end, the end: with the run, the table, the number of keys and the error."""
        problem = ValueError("bad spike")
        Result = computed(fails_at(2, problem))

        result = Result.populate(suppress_errors=True)

        run = heard[0].run
        assert [
            ("PopulateStarted",),
            ("KeyStarted", 1),
            ("KeyFinished", 1),
            ("KeyStarted", 2),
            ("KeyFailed", 2),
            ("KeyStarted", 3),
            ("KeyFinished", 3),
            ("PopulateFinished",),
        ] == outline(heard)
        assert [run] * 8 == [event.run for event in heard]
        assert ("Result", 3, "Result", 3) == (heard[0].table, heard[0].total, run.table, run.total)
        assert (problem, True) == (heard[4].error, heard[4].duration >= 0)
        assert result is heard[-1].result

    def test_total_is_bounded_by_max_calls(self, Result, heard):
        """The bar's length is what will be made at most."""
        Result.populate(max_calls=2)

        assert 2 == heard[0].total

    def test_error_that_ends_a_populate_is_told_before_it_is_raised(self, computed, heard):
        """A face sees the failed key and the end, though the caller gets an exception."""
        Result = computed(fails_at(2, ValueError("bad spike")))

        with pytest.raises(MakeError):
            Result.populate()

        assert [("KeyFailed", 2), ("PopulateFinished",)] == outline(heard)[-2:]
        assert PopulateResult("Result", 1, [(KEYS[1], "ValueError: bad spike")], remaining=1) == heard[-1].result

    def test_key_is_committed_when_it_is_told_finished(self, connection, Result):
        """Who hears of a finished key may fetch it at once, from any thread."""
        found = []

        def look(event):
            worker = threading.Thread(target=lambda: found.append((Result & event.key).keys()))
            worker.start()
            worker.join()

        with connection.bus.subscribed(look, KeyFinished):
            Result.populate()

        assert [[key] for key in KEYS] == found

    def test_subscriber_that_raises_breaks_nothing(self, connection, Result, caplog):
        """A broken display is logged, and every key is made."""
        with connection.bus.subscribed(lambda event: 1 / 0, PopulateStarted, KeyStarted, KeyFinished):
            result = Result.populate()

        assert (3, 7) == (result.success_count, len(caplog.records))

    def test_two_runs_can_be_told_apart(self, Result, heard):
        """Each run has an identity of its own."""
        Result.populate(KEYS[0])
        Result.populate(KEYS[1])

        assert 2 == len({event.run.id for event in heard})


class TestDisplayProgress:
    def test_shows_a_bar_with_count_and_errors_on_stderr(self, computed, capsys):
        """The bar has the table's name, the count and how many failed; nothing goes to standard output."""
        Result = computed(fails_at(2, ValueError()))

        Result.populate(display_progress=True, suppress_errors=True)

        shown = capsys.readouterr()
        last = shown.err.rstrip().splitlines()[-1].split("\r")[-1]
        assert ("", True) == (shown.out, last.startswith("Result: 100%"))
        assert "3/3" in last
        assert "1 failed" in last

    def test_shows_nothing_unless_asked(self, Result, capsys):
        """By default a populate is silent."""
        Result.populate()

        assert ("", "") == capsys.readouterr()

    def test_bar_is_closed_when_make_raises(self, computed, capsys):
        """The bar ends on a line of its own, below which the traceback is readable, and says what failed."""
        Result = computed(fails_at(2, ValueError()))

        with pytest.raises(MakeError):
            Result.populate(display_progress=True)

        shown = capsys.readouterr().err
        # Blanks cover the end of a longer line before it: the rate at last, which is that of the whole run, is shorter.
        last = shown.splitlines()[-1].split("\r")[-1].rstrip()
        assert ("\n", True, True) == (shown[-1], "2/3" in last, last.endswith("1 failed]"))

    def test_bar_follows_its_own_run_only(self, connection, Recording, computed, schema, capsys):
        """Another populate at the same time does not move the bar."""

        @schema
        class Other(dj.Computed):
            definition = "-> Recording"

            def make(self, key):
                self.insert1(key)

        Result = computed(fails_at(None, None))

        with connection.bus.subscribed(lambda event: event.run.table == "Result" and Other.populate(), PopulateStarted):
            Result.populate(display_progress=True, max_calls=1)

        assert (3, True) == (len(Other()), "1/1" in capsys.readouterr().err)


class TestThreads:
    def test_main_thread_asks_while_another_populates(self, computed):
        """A populate in the background and queries in the next cell do not disturb each other."""
        second_is_made, go_on = threading.Event(), threading.Event()
        results = []

        def make(self, key):
            if key["recording_id"] == 2:
                second_is_made.set()
                go_on.wait(60)
            self.insert1(dict(key, value=1))

        Result = computed(make)
        worker = threading.Thread(target=lambda: results.append(Result.populate()))
        worker.start()
        second_is_made.wait(60)

        seen = (len(Result()), Result.keys(), Result.progress(display=False), Result.connection.in_transaction)
        go_on.set()
        worker.join()

        assert (1, [KEYS[0]], (1, 3), False) == seen
        assert ([PopulateResult("Result", 3)], KEYS) == (results, Result.keys())

    def test_two_populate_one_table(self, connection, Recording, computed):
        """Both find the same keys; each key is made once and passed over by the other, without an error."""
        Recording.insert([(n, "2024-04-04", np.zeros(1)) for n in range(4, 21)])
        Result = computed(fails_at(None, None))
        both_know_their_keys = threading.Barrier(2)
        results = []

        def work():
            results.append(Result.populate(suppress_errors=True))

        with connection.bus.subscribed(lambda event: both_know_their_keys.wait(60), PopulateStarted):
            workers = [threading.Thread(target=work) for _ in range(2)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()

        assert (20, 20, []) == (
            sum(result.success_count for result in results),
            sum(result.skipped_count for result in results),
            [error for result in results for error in result],
        )
        assert list(range(1, 21)) == Result.to_arrays("recording_id").tolist()

"""A populate in the background is a handle: it is watched, paused, stopped and waited for from the next cell."""

from __future__ import annotations

import threading

import pytest

import djnb as dj
from djnb.errors import MakeError
from djnb.events import KeyFinished, PopulateFinished, PopulateStarted, StatementSent
from djnb.populate.result import PopulateResult
from tests.conformance.recordings import KEYS, fails_at, outline


@pytest.fixture
def held(computed):
    """A table whose `make` waits for leave, and the events by which it is told and lets know that it waits."""
    reached, leave = threading.Event(), threading.Event()

    def make(self, key):
        reached.set()
        leave.wait(60)
        self.insert1(dict(key, value=1))

    yield computed(make), reached, leave
    leave.set()


class TestBackground:
    def test_returns_at_once_with_a_handle(self, held):
        """The call returns while the first key is being made; the result is there at the end."""
        Result, reached, leave = held

        run = Result.populate(background=True)
        reached.wait(60)
        seen = (run.table, run.is_running, run.wait(0), Result.keys(), repr(run))
        leave.set()

        assert ("Result", True, False, [], "<Run, running: Result, 3 keys>") == seen
        assert PopulateResult("Result", 3) == run.result(60)
        assert "<Run, ended: Result: 3 made>" == repr(run)
        assert (False, 3, KEYS) == (run.is_running, run.total, Result.keys())

    def test_result_that_is_not_there_yet_is_a_timeout(self, held):
        """`run.result(0)` of a run that goes on raises, and the run goes on."""
        Result, reached, leave = held
        run = Result.populate(background=True)
        reached.wait(60)

        with pytest.raises(TimeoutError, match=r"Result\.populate goes on still"):
            run.result(0)

        leave.set()
        assert 3 == run.result(60).success_count

    def test_stop_ends_it_after_the_key_in_hand(self, held):
        """`run.stop()` lets the current key end well."""
        Result, reached, leave = held
        run = Result.populate(background=True)
        reached.wait(60)

        run.stop()
        leave.set()

        assert PopulateResult("Result", 1, remaining=2, is_stopped=True) == run.result(60)

    @pytest.mark.parametrize("reserve_jobs", [False, True])
    def test_stop_now_undoes_the_key_in_hand(self, computed, reserve_jobs):
        """`run.stop(now=True)` waits for no key: the one in hand leaves nothing behind, and its job is given back."""
        reached, never = threading.Event(), threading.Event()

        def make(self, key):
            self.insert1(dict(key, value=1))
            while key["recording_id"] == 2 and not never.wait(0.01):
                reached.set()

        Result = computed(make)
        run = Result.populate(background=True, reserve_jobs=reserve_jobs, display_progress=False)
        assert reached.wait(60)

        run.stop(now=True)
        result = run.result(60)

        assert PopulateResult("Result", 1, remaining=2, is_interrupted=True, is_stopped=True) == result
        assert ("Result: 1 made, 2 left, interrupted", KEYS[:1]) == (str(result), Result.keys())
        never.set()
        assert 2 == Result.populate(reserve_jobs=reserve_jobs).success_count

    def test_stop_now_waits_while_rows_are_committed(self, connection, computed):
        """Amid the commit it is too late to undo the key: it is there, and counted, and no other is begun."""
        Result = computed(fails_at(None, None))
        runs = []

        def interrupt(event):
            if event.sql.startswith("COMMIT") and not runs[0].is_stopping:
                stopper = threading.Thread(target=runs[0].stop, kwargs={"now": True})
                stopper.start()
                stopper.join(60)

        with (
            connection.bus.subscribed(lambda event: runs.append(event.run), PopulateStarted),
            connection.bus.subscribed(interrupt, StatementSent),
        ):
            result = Result.populate(background=True).result(60)

        assert PopulateResult("Result", 1, remaining=2, is_interrupted=True, is_stopped=True) == result
        assert KEYS[:1] == Result.keys()

    def test_pause_begins_no_further_key_until_it_is_resumed(self, connection, computed):
        """A paused run holds between two keys; `resume` lets it go on."""
        Result = computed(fails_at(None, None))
        paused = threading.Event()

        def pause(event):
            event.run.pause()
            paused.set()

        with connection.bus.subscribed(pause, KeyFinished):
            run = Result.populate(background=True)
            paused.wait(60)
        seen = (run.is_paused, run.is_running, Result.keys())
        run.resume()

        assert (True, True, [KEYS[0]]) == seen
        assert (3, False) == (run.result(60).success_count, run.is_paused)

    def test_stop_ends_a_paused_run_too(self, connection, computed):
        """A run that is paused can be stopped without being resumed."""
        Result = computed(fails_at(None, None))

        with connection.bus.subscribed(lambda event: event.run.pause(), PopulateStarted):
            run = Result.populate(background=True)
            run.stop()

        assert (True, 0, 3) == ((result := run.result(60)).is_stopped, result.success_count, result.remaining)

    def test_error_is_raised_where_the_result_is_asked_for(self, computed, caplog):
        """What `make` raises ends the run; it is logged, since perhaps nobody asks, and `result` raises it."""
        Result = computed(fails_at(2, ValueError("bad spike")))

        run = Result.populate(background=True)

        with pytest.raises(MakeError, match="bad spike") as caught:
            run.result(60)
        assert 1 == caught.value.result.success_count
        assert ["Result.populate in the background has ended by an error"] == [
            record.getMessage().partition(":")[0] for record in caplog.records if record.name == "djnb.populate.start"
        ]

    def test_what_cannot_run_is_refused_at_once(self, Result, connection):
        """Slips are told by the call itself, not by a thread."""
        with connection.transaction(), pytest.raises(dj.DataJointError, match="within a transaction"):
            Result.populate(background=True)

    def test_events_tell_it_as_any_run(self, Result, heard):
        """A face follows it like a run in the foreground."""
        run = Result.populate(KEYS[0], background=True)
        run.wait(60)

        assert [("PopulateStarted",), ("KeyStarted", 1), ("KeyFinished", 1), ("PopulateFinished",)] == outline(heard)
        assert {run} == {event.run for event in heard}

    def test_runs_are_listed(self, held):
        """`dj.runs()` gives the runs of this process, the latest last."""
        Result, _, leave = held

        first = Result.populate(KEYS[0], background=True)
        second = Result.populate(KEYS[1], background=True)

        assert [first, second] == dj.runs()[-2:]
        leave.set()
        assert (1, 1) == (first.result(60).success_count, second.result(60).success_count)

    def test_run_has_ended_when_its_end_is_told(self, connection, Result):
        """Whoever hears of the end finds the result in the event."""
        told = []
        with connection.bus.subscribed(told.append, PopulateFinished):
            result = Result.populate(background=True).result(60)

        assert [result] == [event.result for event in told]

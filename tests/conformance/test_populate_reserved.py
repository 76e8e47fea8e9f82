"""`populate(reserve_jobs=True)`: whoever takes part shares the work by the job table, and nothing is made twice."""

from __future__ import annotations

import signal
import threading

import numpy as np
import pytest

import djnb as dj
from djnb.errors import MakeError, PopulateInterrupted
from djnb.events import KeyStarted, StatementSent
from djnb.jobs.registry import registry_of
from djnb.jobs.workers import Worker
from djnb.populate.result import PopulateResult
from djnb.sql.statement import Statement
from tests.conformance.crew import wait_until
from tests.conformance.recordings import KEYS, fails_at, outline


def add(Recording, numbers):
    Recording.insert([(n, "2024-04-04", np.zeros(1)) for n in numbers])


def statuses(table):
    return {row["recording_id"]: row["status"] for row in table.jobs.to_dicts("recording_id", "status")}


@pytest.fixture
def quick(computed):
    """A table whose `make` inserts its key's number."""
    return computed(fails_at(None, None))


class TestReserved:
    @pytest.mark.usefixtures("each_alone")
    def test_makes_every_key_and_leaves_no_job(self, quick, heard):
        """The first worker finds the keys, makes them all, and nothing is left in the queue."""
        result = quick.populate(reserve_jobs=True)

        assert (PopulateResult("Result", 3), KEYS, []) == (result, quick.keys(), quick.jobs.to_dicts())
        assert [
            ("PopulateStarted",),
            *(event for n in (1, 2, 3) for event in (("KeyStarted", n), ("KeyFinished", n))),
            ("PopulateFinished",),
        ] == outline(heard)
        assert 3 == heard[0].total

    def test_keeps_what_is_done_if_asked(self, quick):
        """With `jobs.keep_completed` the jobs stay, with how long they took."""
        with dj.config.override(jobs__keep_completed=True):
            quick.populate(reserve_jobs=True)

        assert {1: "success", 2: "success", 3: "success"} == statuses(quick)
        assert all(row["duration"] >= 0 for row in quick.jobs.to_dicts("duration"))

    def test_error_is_kept_with_its_job(self, computed):
        """The error of a key is in its job, with the traceback; the others are made; it is not tried again."""
        Result = computed(fails_at(2, ValueError("bad spike")))

        first = Result.populate(reserve_jobs=True, suppress_errors=True)
        second = Result.populate(reserve_jobs=True, suppress_errors=True)

        job = Result.jobs.errors.fetch1()
        assert PopulateResult("Result", 2, [(KEYS[1], "ValueError: bad spike")]) == first
        assert PopulateResult("Result", 0) == second
        assert ("error", "ValueError: bad spike") == (job["status"], job["error_message"])
        first_line, first_frame, *_ = job["error_stack"].splitlines()
        assert ("Traceback (most recent call last):", True) == (first_line, first_frame.endswith(", in make"))
        assert job["error_stack"].endswith("raise error\nValueError: bad spike\n")

    def test_error_says_how_its_job_is_tried_again(self, computed):
        """To populate again would not try it: what is shown and what is raised name `jobs.retry()`."""
        Result = computed(fails_at(2, ValueError("bad spike")))

        result = Result.populate(reserve_jobs=True, suppress_errors=True)
        Result.jobs.retry()
        with pytest.raises(MakeError, match=r"Mend the cause and say `Result\.jobs\.retry\(\)` and populate again"):
            Result.populate(reserve_jobs=True)

        assert "Say `Result.jobs.retry()` when the causes are mended, and populate again." in repr(result)

    def test_error_that_is_not_suppressed_ends_the_run(self, computed):
        """The error is raised, kept in its job, and the rest waits."""
        Result = computed(fails_at(2, ValueError("bad spike")))

        with pytest.raises(MakeError, match="bad spike") as caught:
            Result.populate(reserve_jobs=True)

        assert (1, 1) == (caught.value.result.success_count, caught.value.result.remaining)
        assert {2: "error", 3: "pending"} == statuses(Result)

    def test_failed_job_is_tried_again_once_it_is_deleted(self, computed):
        """The classic retry: delete the jobs with errors, and populate again."""
        broken = [True]

        def make(self, key):
            if broken:
                raise ValueError("not yet")
            self.insert1(dict(key, value=1))

        Result = computed(make)
        Result.populate(reserve_jobs=True, suppress_errors=True)
        broken.clear()
        (Result.jobs & 'status="error"').delete()

        assert 3 == Result.populate(reserve_jobs=True).success_count

    def test_restrictions_hold_for_jobs(self, quick):
        """Only jobs of the keys that are asked for are made, also where others wait; no others are added."""
        quick.jobs
        quick.populate("recording_id = 1", reserve_jobs=True, max_calls=0)
        before = statuses(quick)
        quick.populate(reserve_jobs=True, max_calls=0)

        result = quick.populate(KEYS[1], reserve_jobs=True)

        assert {1: "pending"} == before
        assert (1, 0, [KEYS[1]]) == (result.success_count, result.remaining, quick.keys())
        assert {1: "pending", 3: "pending"} == statuses(quick)

    def test_max_calls_counts_what_is_made(self, quick):
        """What others had made already does not count, and what is left waits."""
        result = quick.populate(reserve_jobs=True, max_calls=2)

        assert (PopulateResult("Result", 2, remaining=1), {3: "pending"}) == (result, statuses(quick))

    def test_refresh_is_left_out_if_asked(self, quick, Recording):
        """`refresh=False`, or the setting, makes what is in the queue and looks for no new keys."""
        quick.populate(reserve_jobs=True)
        add(Recording, [4])

        left_out = quick.populate(reserve_jobs=True, refresh=False)
        with dj.config.override(jobs__auto_refresh=False):
            by_setting = quick.populate(reserve_jobs=True)
            asked_for = quick.populate(reserve_jobs=True, refresh=True)

        assert [0, 0, 1] == [result.success_count for result in (left_out, by_setting, asked_for)]

    def test_priority_is_the_least_urgent_that_is_made(self, quick):
        """`priority=3` makes jobs of that number and lower ones, the lowest first."""
        quick.populate(reserve_jobs=True, max_calls=0)
        for number, priority in ((1, 7), (2, 3), (3, 1)):
            quick.jobs.update1({"recording_id": number, "priority": priority})
        made = []

        with quick.connection.bus.subscribed(lambda event: made.append(event.key["recording_id"]), KeyStarted):
            result = quick.populate(reserve_jobs=True, priority=3)

        assert ([3, 2], 0, {1: "pending"}) == (made, result.remaining, statuses(quick))

    def test_ignored_job_is_passed_over(self, quick):
        """A job that a user has set aside is not made."""
        quick.populate(reserve_jobs=True, max_calls=0)
        quick.jobs.update1({"recording_id": 2, "status": "ignore"})

        result = quick.populate(reserve_jobs=True)

        assert (2, {2: "ignore"}) == (result.success_count, statuses(quick))

    def test_key_that_is_there_already_completes_its_job(self, connection, quick):
        """What somebody has made without the queue is passed over, and its job is done."""
        quick.populate(reserve_jobs=True, max_calls=0)

        def overtake(event):
            if event.key == KEYS[1]:
                quick.insert1(dict(KEYS[1], value=99), allow_direct_insert=True)

        with connection.bus.subscribed(overtake, KeyStarted):
            result = quick.populate(reserve_jobs=True)

        assert (PopulateResult("Result", 2, skipped_count=1), {}) == (result, statuses(quick))
        assert [1.0, 99.0, 3.0] == quick.to_arrays("value").tolist()

    def test_job_that_is_lost_meanwhile_is_left_to_whoever_has_it(self, connection, computed):
        """A worker whose job was taken away keeps nothing of it, and goes on with the next."""

        def make(self, key):
            self.insert1(dict(key, value=1))

        Result = computed(make)
        Result.populate(reserve_jobs=True, max_calls=0)

        def take_away(event):
            if event.key == KEYS[1]:
                (Result.jobs & KEYS[1]).delete()

        with connection.bus.subscribed(take_away, KeyStarted):
            result = Result.populate(reserve_jobs=True)

        assert PopulateResult("Result", 2, skipped_count=1) == result
        assert [KEYS[0], KEYS[2]] == Result.keys()


class TestTogether:
    def test_two_make_each_key_once(self, connection, Recording, quick):
        """Two workers at once: every key is made once, each by one of them, and nobody meets a duplicate."""
        add(Recording, range(4, 61))
        begin = threading.Barrier(2)
        results = []

        def work():
            begin.wait(60)
            results.append(quick.populate(reserve_jobs=True))

        workers = [threading.Thread(target=work) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert (60, 0) == (sum(r.success_count for r in results), sum(r.skipped_count for r in results))
        assert (list(range(1, 61)), {}) == (quick.to_arrays("recording_id").tolist(), statuses(quick))

    def test_processes_share_it_too(self, Recording, computed):
        """`processes=` with reservation: each pulls its own jobs; the errors and counts come here."""
        add(Recording, range(4, 31))
        Result = computed(fails_at(7, ValueError("seven")))

        result = Result.populate(reserve_jobs=True, processes=2, suppress_errors=True)

        assert PopulateResult("Result", 29, [({"recording_id": 7}, "ValueError: seven")]) == result
        assert {7: "error"} == statuses(Result)

    def test_job_that_kills_its_processes_becomes_an_error(self, Recording, computed):
        """A process that is killed gives its job back; after three deaths the job is an error, and blames no other."""
        add(Recording, range(4, 11))

        def make(self, key):
            import os
            import signal

            if key["recording_id"] == 5:
                os.kill(os.getpid(), signal.SIGKILL)
            self.insert1(dict(key, value=1))

        Result = computed(make)

        result = Result.populate(reserve_jobs=True, processes=2, suppress_errors=True)

        assert (9, {5: "error"}) == (len(Result()), statuses(Result))
        assert "3 workers died" in Result.jobs.errors.fetch1("error_message")
        assert "SIGKILL" in Result.jobs.errors.fetch1("error_message")
        assert [{"recording_id": 5}] == result.failed_keys

    def test_death_that_another_worker_finds_first_is_told_with_its_signal(
        self, connection, schema, computed, monkeypatch
    ):
        """Who sees that a process is gone gives its job back; who started it knows what it died of, and says so."""

        def make(self, key):
            import os
            import signal

            if key["recording_id"] == 2:
                os.kill(os.getpid(), signal.SIGKILL)
            self.insert1(dict(key, value=1))

        def is_found(worker, pid):
            worker.sweep()
            registry = connection.dialect.table(registry_of(schema.name))
            return not connection.execute(Statement(f"SELECT 1 FROM {registry} WHERE pid = {pid}")).rows

        def bury_late(worker, pid, cause):
            wait_until(lambda: is_found(worker, pid), "the death is found")
            return bury(worker, pid, cause)

        bury = Worker.bury
        monkeypatch.setattr(Worker, "bury", bury_late)
        Result = computed(make)
        with dj.config.override({"jobs.heartbeat_interval": 0.1, "jobs.grace_period": 0.4}):
            Result.populate(reserve_jobs=True, processes=2, suppress_errors=True)

        assert 3 == Result.jobs.errors.fetch1("error_message").count("was killed by SIGKILL")


@pytest.mark.usefixtures("signals_of_a_terminal")
class TestInterrupt:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_gives_the_job_back_without_an_error(self, computed, number):
        """The key in hand goes back to pending, and so does what was taken ahead; nothing is charged."""

        def make(self, key):
            self.insert1(dict(key, value=1))
            if key["recording_id"] == 2:
                signal.raise_signal(number)

        Result = computed(make)

        with pytest.raises(PopulateInterrupted) as caught:
            Result.populate(reserve_jobs=True, suppress_errors=True)

        assert PopulateResult("Result", 1, remaining=2, is_interrupted=True) == caught.value.result
        assert {2: "pending", 3: "pending"} == statuses(Result)
        assert [0, 0] == _attempts(Result)

    def test_within_a_claim_leaves_no_job_reserved(self, connection, computed):
        """A signal amid the reservation waits for its end; the job is given back at once."""
        Result = computed(fails_at(None, None))
        Result.populate(reserve_jobs=True, max_calls=0)

        def interrupt(event):
            if event.sql.startswith("UPDATE") and "reserved" in event.sql:
                signal.raise_signal(signal.SIGTERM)

        with connection.bus.subscribed(interrupt, StatementSent), pytest.raises(PopulateInterrupted):
            Result.populate(reserve_jobs=True)

        assert {1: "pending", 2: "pending", 3: "pending"} == statuses(Result)

    def test_stop_gives_back_what_was_taken_ahead(self, connection, Recording, quick):
        """Short jobs are taken several at a time; a stop leaves none of them reserved."""
        add(Recording, range(4, 31))

        def stop(event):
            if event.key["recording_id"] == 5:
                event.run.stop()

        with connection.bus.subscribed(stop, KeyStarted):
            result = quick.populate(reserve_jobs=True)

        assert (5, 25, True) == (result.success_count, result.remaining, result.is_stopped)
        assert dict.fromkeys(range(6, 31), "pending") == statuses(quick)


def _attempts(table):
    jobs = table.connection.dialect.table(table.jobs.name)
    return [int(n) for (n,) in table.connection.query(f"SELECT _attempts FROM {jobs}")]


@pytest.mark.usefixtures("each_alone")
class TestStatements:
    """What a reserved populate costs, in round trips: the cost that users on a lab server feel."""

    def test_six_at_most_for_each_key_of_one_fetch_and_one_insert(self, Recording, Result, statements):
        """Over many keys, claims, completions, signs of life and the look for the dead included."""
        add(Recording, range(4, 104))
        Result.populate(reserve_jobs=True, max_calls=3)
        statements.clear()

        result = Result.populate(reserve_jobs=True)

        assert 100 == result.success_count
        assert len(statements) <= 6 * 100

    def test_six_at_most_with_four_workers(self, Recording, Result, statements):
        """Workers do not cost each other anything: the whole of them stays below six for a key."""
        add(Recording, range(4, 204))
        Result.populate(reserve_jobs=True, max_calls=3)
        statements.clear()

        workers = [threading.Thread(target=lambda: Result.populate(reserve_jobs=True)) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert 203 == len(Result())
        assert len(statements) <= 6 * 200

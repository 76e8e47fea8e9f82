"""Jobs that stand for several keys: tables of old whose key source is finer than what parents give of their key."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

import djnb as dj
from djnb.errors import PopulateInterrupted
from djnb.events import KeyFinished, KeyStarted
from djnb.jobs import points
from djnb.jobs.workers import Worker
from djnb.sql.statement import Statement

KEYS = [(1, 1), (1, 2), (1, 3), (2, 1)]


@pytest.fixture
def lab(schema, declare):
    """Two sessions, with three trials and one; a trial may be said to be bad."""
    Session = declare("Session", "session : int32", rows=[(1,), (2,)])
    Trial = declare(
        "Trial",
        "-> Session\ntrial : int32\n---\nis_bad = 0 : int32",
        rows=[{"session": session, "trial": trial} for session, trial in KEYS],
        Session=Session,
    )

    @schema
    class Result(dj.Computed):
        definition = """
        -> Session
        trial : int32
        ---
        pid : int32
        """
        allow_new_pk_fields = True
        key_source = Trial

        def make(self, key):
            if (Trial & key).fetch1("is_bad"):
                raise ValueError("a bad trial")
            self.insert1(dict(key, pid=os.getpid()))

    return SimpleNamespace(Session=Session, Trial=Trial, Result=Result)


def made(lab):
    return list(zip(*(column.tolist() for column in lab.Result.to_arrays("session", "trial")), strict=True))


def is_bad(lab, *trials, bad=1):
    for session, trial in trials:
        lab.Trial.update1({"session": session, "trial": trial, "is_bad": bad})


def progress(lab):
    """Return what `progress()` and the job table say."""
    jobs = {status: count for status, count in lab.Result.jobs.progress().items() if count}
    return tuple(lab.Result.progress(display=False)), jobs


class TestReserved:
    @pytest.mark.parametrize("processes", [1, 2])
    def test_makes_all_keys_of_each_job(self, lab, processes):
        """A job is a session, and ends with its last trial; the run counts jobs."""
        lab.Result.jobs.refresh()
        before = progress(lab)

        result = lab.Result.populate(reserve_jobs=True, processes=processes)

        assert ((0, 4), {"pending": 2, "total": 2}) == before
        assert (2, 0, 0) == (result.success_count, result.skipped_count, result.remaining)
        assert made(lab) == KEYS
        assert ((4, 4), {}) == progress(lab)

    @pytest.mark.parametrize("processes", [1, 2])
    def test_a_key_that_fails_leaves_the_rows_of_the_others(self, lab, processes):
        """All of a session's trials are tried; the job says how many have failed, and which first."""
        is_bad(lab, (1, 2))

        result = lab.Result.populate(reserve_jobs=True, suppress_errors=True, processes=processes)

        assert made(lab) == [(1, 1), (1, 3), (2, 1)]
        assert [({"session": 1}, "ValueError: a bad trial")] == list(result)
        assert ((3, 4), {"error": 1, "total": 1}) == progress(lab)
        assert lab.Result.jobs.errors.fetch1("session", "error_message") == (
            1,
            "ValueError: a bad trial [1 of the 3 keys of this job failed, first {'session': 1, 'trial': 2}]",
        )

    def test_tries_again_what_is_missing_only(self, lab):
        """The rows that are there stay as they are."""
        is_bad(lab, (1, 1), (1, 3))
        lab.Result.populate(reserve_jobs=True, suppress_errors=True)
        message = lab.Result.jobs.errors.fetch1("error_message")
        is_bad(lab, (1, 1), (1, 3), bad=0)
        lab.Result.jobs.retry()
        seen = []

        def make(self, key):
            seen.append(tuple(key.values()))
            self.insert1(dict(key, pid=0))

        lab.Result.make = make
        result = lab.Result.populate(reserve_jobs=True)

        assert "[2 of the 3 keys of this job failed, first {'session': 1, 'trial': 1}]" in message
        assert (1, [(1, 1), (1, 3)]) == (result.success_count, seen)
        assert (KEYS, ((4, 4), {})) == (made(lab), progress(lab))

    def test_a_long_error_leaves_room_for_which_key_it_was(self, lab):
        """What is cut off is of the error."""

        def make(self, key):
            raise ValueError("x" * 10_000)

        lab.Result.make = make
        lab.Result.populate("session = 1", reserve_jobs=True, suppress_errors=True)

        message = lab.Result.jobs.errors.fetch1("error_message")
        assert message.endswith("x [3 of the 3 keys of this job failed, first {'session': 1, 'trial': 1}]")

    def test_an_interrupt_keeps_the_keys_that_are_made(self, lab):
        """The job is given back, and whoever takes it next makes the rest."""

        def make(self, key):
            if key["trial"] == 2:
                raise KeyboardInterrupt
            self.insert1(dict(key, pid=0))

        whole, lab.Result.make = lab.Result.make, make
        with pytest.raises(PopulateInterrupted):
            lab.Result.populate(reserve_jobs=True)
        left = made(lab), progress(lab)
        lab.Result.make = whole

        assert ([(1, 1)], ((1, 4), {"pending": 2, "total": 2})) == left
        assert 2 == lab.Result.populate(reserve_jobs=True).success_count
        assert (KEYS, ((4, 4), {})) == (made(lab), progress(lab))

    def test_a_worker_that_lost_its_job_keeps_no_further_key(self, lab, database_url):
        """Each key asks, in its transaction, whether the job is still this worker's."""

        def make(self, key):
            if key["trial"] == 2:
                with dj.Connection(database_url) as other:
                    table = other.dialect.table(lab.Result.jobs.name)
                    assert 1 == other.execute(Statement(f"UPDATE {table} SET _token = 7 WHERE session = 1")).affected
            self.insert1(dict(key, pid=0))

        lab.Result.make = make
        result = lab.Result.populate("session = 1", reserve_jobs=True)

        assert [(1, 1)] == made(lab)
        assert (0, 1) == (result.success_count, result.skipped_count)

    def test_a_job_whose_keys_were_made_meanwhile_is_completed(self, lab, connection):
        """`make` is not called for it."""
        lab.Result.populate(reserve_jobs=True, max_calls=0)

        def overtake(event):
            if event.key == {"session": 1}:
                lab.Result.populate("session = 1")

        with connection.bus.subscribed(overtake, KeyStarted):
            result = lab.Result.populate(reserve_jobs=True)

        assert (1, 1) == (result.success_count, result.skipped_count)
        assert (KEYS, ((4, 4), {})) == (made(lab), progress(lab))

    def test_restrictions_hold_for_its_keys(self, lab):
        """Of a job, the keys that are asked for; the next look for new keys finds the others."""
        first = lab.Result.populate("trial = 1", reserve_jobs=True)
        after = made(lab), progress(lab)
        second = lab.Result.populate(reserve_jobs=True)

        assert (2, 1) == (first.success_count, second.success_count)
        assert ([(1, 1), (2, 1)], ((2, 4), {})) == after
        assert (KEYS, ((4, 4), {})) == (made(lab), progress(lab))

    def test_events_are_of_jobs(self, lab, heard):
        """One begin and one end for each."""
        lab.Result.populate(reserve_jobs=True)

        assert [{"session": 1}, {"session": 2}] == [event.key for event in heard if isinstance(event, KeyStarted)]
        assert [{"session": 1}, {"session": 2}] == [event.key for event in heard if isinstance(event, KeyFinished)]


class TestRefresh:
    """What is looked for is whether all keys of a job are there."""

    def test_a_success_is_pending_again_with_a_further_key(self, lab):
        """Where completed jobs are kept, a session that gets a trial is to be begun again; another is not."""
        with dj.config.override(jobs__keep_completed=True):
            lab.Result.populate(reserve_jobs=True)
            lab.Trial.insert1({"session": 1, "trial": 4})
            found = lab.Result.jobs.refresh()
            lab.Result.populate(reserve_jobs=True)

        assert {"added": 0, "removed": 0, "orphaned": 0, "re_pended": 1} == found
        assert [*KEYS[:3], (1, 4), KEYS[3]] == made(lab)
        assert ((5, 5), {"success": 2, "total": 2}) == progress(lab)

    def test_a_job_goes_when_all_its_keys_are_there(self, lab):
        """One whose key failed stays as long as any is missing, and goes when somebody has made it otherwise."""
        is_bad(lab, (1, 2), (2, 1))
        lab.Result.populate(reserve_jobs=True, suppress_errors=True)
        stays = lab.Result.jobs.refresh()["removed"]
        is_bad(lab, (1, 2), bad=0)
        lab.Result.populate("session = 1")

        assert (0, 1) == (stays, lab.Result.jobs.refresh()["removed"])
        assert [2] == lab.Result.jobs.errors.to_arrays("session").tolist()


class TestDeath:
    """A worker that is taken for dead between two keys of a job."""

    def test_costs_nothing_of_what_is_made(self, lab, connection):
        """The next one makes the rest, under its own registration."""
        buried = []

        def bury():
            if len(made(lab)) == 2 and not buried:
                buried.append(Worker.of(connection, lab.Result.name.schema))
                buried[0].close()

        with points.at("before_make", bury):
            first = lab.Result.populate(reserve_jobs=True)

        assert 1 == len(buried)
        assert (KEYS, ((4, 4), {})) == (made(lab), progress(lab)), first

"""Short keys are kept several at a time: what happens to the jobs and the inputs of one is nothing to the others."""

from __future__ import annotations

import djnb as dj
from djnb.events import KeyStarted
from djnb.sql.statement import Statement
from tests.conformance.recordings import fails_at
from tests.conformance.together.results import made


class TestJobs:
    def test_that_are_kept_have_their_own_durations(self, doubled):
        """With `jobs.keep_completed`, each is a success of so many seconds."""
        with dj.config.override(jobs__keep_completed=True):
            doubled.populate(reserve_jobs=True)

        jobs = doubled.jobs.to_dicts("status", "duration")
        assert {"success"} == {job["status"] for job in jobs}
        assert all(0 <= job["duration"] < 60 for job in jobs)
        assert len({job["duration"] for job in jobs}) > 1

    def test_that_were_taken_away_are_not_completed(self, connection, doubled, numbers):
        """One of them is somebody else's by now: its row is not kept, and the others are."""
        name = connection.dialect.table(doubled.jobs.name)

        def take_away(event):
            if event.key["recording_id"] == 9:
                connection.execute(Statement(f"UPDATE {name} SET _token = 5 WHERE recording_id = 6"))

        doubled.populate(reserve_jobs=True, max_calls=3)
        with connection.bus.subscribed(take_away, KeyStarted):
            result = doubled.populate(reserve_jobs=True)

        assert {n: 2.0 * n for n in numbers if n != 6} == made(doubled)
        assert (8, 1) == (result.success_count, result.skipped_count)
        assert [("reserved", 6)] == list(zip(*doubled.jobs.to_arrays("status", "recording_id"), strict=True))


class TestWhatChangesMeanwhile:
    def test_is_computed_again(self, connection, database_url, computed, Recording, numbers, reserve_jobs):
        """An input changed before its key was kept: that key is computed again from it, and no other one is."""
        calls = []

        def make(self, key):
            calls.append(key["recording_id"])
            date = (Recording & key).fetch1("session_date")
            if key["recording_id"] == 7 and calls.count(7) == 1:
                with dj.Connection(database_url) as other:
                    name = connection.dialect.table(Recording.name)
                    other.query(f"UPDATE {name} SET session_date = '2030-01-01' WHERE recording_id IN (2, 5)")
            self.insert1(dict(key, value=date.year))

        Result = computed(make)

        result = Result.populate(reserve_jobs=reserve_jobs)

        assert 12 == result.success_count
        assert (2030.0, 2024.0) == (made(Result)[5], made(Result)[4])
        assert {5} <= {n for n in numbers if calls.count(n) > 1} <= {2, 5}

    def test_by_somebody_who_has_made_a_key(self, computed, numbers, connection, reserve_jobs):
        """That key is passed over, and its row stays as it is."""
        Result = computed(fails_at(None, None))

        def overtake(event):
            if event.key["recording_id"] == 9:
                Result.insert1({"recording_id": 5, "value": 99}, allow_direct_insert=True)

        with connection.bus.subscribed(overtake, KeyStarted):
            result = Result.populate(reserve_jobs=reserve_jobs)

        assert {**{n: float(n) for n in numbers}, 5: 99.0} == made(Result)
        assert (11, 1) == (result.success_count, result.skipped_count)

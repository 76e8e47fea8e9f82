"""Refresh: the jobs follow the keys that the table should have."""

from __future__ import annotations

import datetime as dt

import pytest

import djnb as dj
from djnb.errors import OperandError
from tests.conformance.queues import ANN, hidden, keys_of, queue_of

LONG_AGO = dt.datetime.fromisoformat("2020-01-01")
NOTHING = {"added": 0, "removed": 0, "orphaned": 0, "re_pended": 0}


@pytest.fixture
def refresh(Result):
    """Give a function that refreshes the jobs of `Result`; options are those of the queue."""
    queue = queue_of(Result)

    def refresh(*conditions, **options):
        keys = Result()._keys(conditions)
        return queue.refresh(keys, wanted=Result().wanted_keys(), **options)

    return refresh


class TestAdds:
    """Keys without a job and without a row."""

    def test_every_missing_key_gets_a_job(self, Result, refresh):
        """All of them wait, to be begun at once, with the priority of the settings."""
        assert refresh() == {**NOTHING, "added": 3}

        assert Result.jobs.to_dicts("status", "priority") == [{"status": "pending", "priority": 5}] * 3

    def test_a_second_refresh_adds_nothing(self, refresh):
        """What has a job has one."""
        refresh()

        assert refresh() == NOTHING

    def test_what_is_made_gets_no_job(self, Result, refresh):
        """A key whose row is there is done."""
        Result.populate({"recording_id": 1})

        assert refresh() == {**NOTHING, "added": 2}

    def test_it_takes_restrictions(self, Result, refresh):
        """Jobs are added for the keys that are asked for, and no other job goes for that."""
        refresh({"recording_id": 2})

        assert refresh("recording_id < 2") == {**NOTHING, "added": 1}
        assert Result.jobs.keys() == [{"recording_id": 1}, {"recording_id": 2}]

    def test_priority_and_delay_are_those_asked_for(self, Result, refresh):
        """A job that is delayed is not begun before its time, by the clock of the database."""
        refresh(priority=2, delay=3600)

        assert set(Result.jobs.fetch("priority")) == {2}
        assert queue_of(Result).claim(ANN) == []
        (job, *_) = Result.jobs.to_dicts()
        assert dt.timedelta(minutes=59) < job["scheduled_time"] - job["created_time"] < dt.timedelta(hours=2)

    @pytest.mark.parametrize("count", [1, 3, 300])
    def test_any_number_of_keys_takes_three_statements_at_most(self, Result, Recording, refresh, statements, count):
        """The database copies the keys by itself."""
        Recording.insert([{"recording_id": 1000 + n, "session_date": "2024-01-01", "data": b""} for n in range(count)])
        Result.connection.catalogue.heading(Result().name)
        statements.clear()

        assert refresh()["added"] == count + 3
        assert len(statements) <= 3

    def test_a_key_source_without_the_whole_key_is_refused(self, Result, Recording):
        """A job is named by the whole key; the message says what is lacking."""
        keys = dj.U("session_date").aggr(Recording, n="count(*)").node

        with pytest.raises(OperandError, match="lacks 'recording_id'"):
            queue_of(Result).refresh(keys)


class TestRenews:
    """Successes whose row has gone."""

    def test_a_success_without_its_row_is_pending_again(self, Result, refresh, connection):
        """Whoever deletes a row wants it made again; the job starts anew."""
        queue = queue_of(Result)
        refresh()
        (job,) = queue.claim(ANN)
        with dj.config.override(jobs__keep_completed=True):
            connection.execute(queue.fence(job, duration=1.5))
        assert Result.jobs.completed.fetch1("duration") == 1.5

        assert refresh() == {**NOTHING, "re_pended": 1}

        assert len(Result.jobs.pending) == 3
        assert hidden(Result, job.key) == {"worker": 0, "token": 0, "attempts": 0, "deaths": 0, "waits": False}

    def test_a_success_with_its_row_stays(self, Result, refresh):
        """It is done, and says so."""
        Result.populate()
        Result.jobs.insert1({"recording_id": 1, "status": "success", "priority": 5})

        assert refresh() == NOTHING


class TestRemoves:
    """Jobs whose key is not wanted any more."""

    @pytest.fixture
    def orphaned(self, Result, Recording):
        """Give a function that makes a job of a recording that is not there."""

        def declare(status, **more):
            Result.jobs.insert1({"recording_id": 99, "status": status, "priority": 5, **more})

        return declare

    @pytest.mark.parametrize("status", ["success", "error"])
    def test_ended_jobs_go_at_once(self, Result, refresh, orphaned, status):
        """They tell of a row that nobody wants and that is not there."""
        orphaned(status)

        assert refresh()["removed"] == 1

    def test_waiting_jobs_go_after_the_timeout(self, Result, refresh, orphaned):
        """A parent that is deleted and inserted again within an hour finds its job still there."""
        orphaned("pending", created_time=LONG_AGO)
        Result.jobs.insert1({"recording_id": 98, "status": "pending", "priority": 5})

        assert refresh()["removed"] == 1
        assert (Result.jobs & "recording_id > 90").keys() == [{"recording_id": 98}]

    def test_a_timeout_of_zero_keeps_them(self, Result, refresh, orphaned):
        """As DataJoint has it."""
        orphaned("pending", created_time=LONG_AGO)

        assert refresh(stale_timeout=0)["removed"] == 0

    @pytest.mark.parametrize("status", ["reserved", "ignore"])
    def test_what_is_reserved_or_ignored_stays(self, Result, refresh, orphaned, status):
        """A worker is at it, or a user has said so."""
        orphaned(status, created_time=LONG_AGO)

        assert refresh(stale_timeout=0.001)["removed"] == 0

    @pytest.mark.parametrize("status", ["pending", "error"])
    def test_a_job_whose_row_was_made_without_it_goes(self, Result, refresh, status):
        """The key is done; that it failed once is over."""
        Result.jobs.insert1({"recording_id": 1, "status": status, "priority": 5})
        Result.populate()

        assert refresh() == {**NOTHING, "removed": 1}


class TestRescues:
    """Jobs that somebody holds for too long."""

    def test_nobody_loses_a_job_unless_it_is_asked(self, Result, refresh):
        """However long ago it was reserved."""
        Result.jobs.insert1({"recording_id": 1, "status": "reserved", "priority": 5, "reserved_time": LONG_AGO})

        assert refresh()["orphaned"] == 0

    def test_an_age_may_be_asked_for(self, Result, refresh):
        """What is held for longer waits again; what is held for shorter stays."""
        refresh()
        queue_of(Result).claim(ANN)
        old = {"status": "reserved", "priority": 5, "reserved_time": LONG_AGO}
        (Result.jobs & {"recording_id": 3}).delete()
        Result.jobs.insert1({"recording_id": 3, **old})

        assert refresh(orphan_timeout=3600) == {**NOTHING, "orphaned": 1}

        assert Result.jobs.reserved.keys() == [{"recording_id": 1}]
        assert keys_of(queue_of(Result).claim(ANN, count=9)) == [2, 3]


class TestMany:
    """Ten thousand jobs and more: what there is to do is found by looking, before anything is changed."""

    @pytest.fixture
    def many(self, Result, Recording, refresh):
        """Have a job for each of 10,003 recordings, and give the function that refreshes them."""
        Recording.insert({"recording_id": n, "session_date": "2024-01-01", "data": b""} for n in range(4, 10_004))
        assert refresh()["added"] == 10_003
        return refresh

    def test_where_nothing_is_to_be_done_one_statement_says_so(self, many, statements):
        """It locks no row and waits for nobody."""
        statements.clear()

        assert many() == NOTHING
        assert len(statements) == 1
        assert statements[0].startswith("SELECT")

    def test_three_statements_do_what_there_is_to_do(self, Recording, many, statements):
        """They look, take a turn, and copy the keys."""
        Recording.insert1({"recording_id": 0, "session_date": "2024-01-01", "data": b""})
        statements.clear()

        assert many() == {**NOTHING, "added": 1}
        assert len(statements) <= 3

    def test_a_key_that_is_not_wanted_any_more_is_found(self, Result, many):
        """Waiting jobs go when they are old enough, failed ones at once."""
        old = {"recording_id": 20_000, "status": "pending", "priority": 5, "created_time": LONG_AGO}
        failed = {"recording_id": 20_001, "status": "error", "priority": 5}
        Result.jobs.insert([old | failed | {"recording_id": 20_002, "status": "ignore"}])
        Result.jobs.insert1(old)
        Result.jobs.insert1(failed)

        assert many(stale_timeout=0) == {**NOTHING, "removed": 1}
        assert many() == {**NOTHING, "removed": 1}
        assert (Result.jobs & "recording_id >= 20000").fetch("status").tolist() == ["ignore"]

    def test_a_key_that_was_made_without_its_job_is_found(self, Result, many):
        """Its job waits for nothing."""
        Result.populate({"recording_id": 1})

        assert many() == {**NOTHING, "removed": 1}

    def test_a_success_without_its_row_is_found(self, Result, many):
        """It waits again."""
        Result.jobs.update1({"recording_id": 3, "status": "success"})

        assert many() == {**NOTHING, "re_pended": 1}

    def test_what_is_held_for_too_long_is_taken(self, Result, many):
        """If that is asked for."""
        Result.jobs.update1({"recording_id": 3, "status": "reserved", "reserved_time": LONG_AGO})

        assert many() == NOTHING
        assert many(orphan_timeout=60) == {**NOTHING, "orphaned": 1}

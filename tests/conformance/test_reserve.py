"""Jobs taken and ended by a program of the user's own: `Result.jobs.reserve(key)`."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import LostReservationError, OperandError
from tests.conformance.queues import hidden

KEY = {"recording_id": 1}


@pytest.fixture
def jobs(Result):
    """The jobs of `Result`: three that wait."""
    Result.jobs.refresh()
    return Result.jobs


class TestReserve:
    """`reserve`."""

    def test_a_job_is_had_once(self, jobs):
        """The first who asks has it."""
        assert jobs.reserve(KEY) is True
        assert jobs.reserve(KEY) is False
        assert jobs.reserved.keys() == [KEY]

    @pytest.mark.parametrize("status", ["success", "error", "ignore"])
    def test_only_what_is_pending_is_had(self, jobs, status):
        """Whatever has been done or failed is not begun again by that."""
        jobs.update1({**KEY, "status": status})

        assert not jobs.reserve(KEY)

    def test_what_is_not_there_or_not_due_is_not_had(self, Result, jobs):
        """A delayed job waits for its time."""
        (jobs & KEY).delete()
        assert not jobs.reserve(KEY)

        Result.jobs.refresh(delay=600)
        assert not jobs.reserve(KEY)

    def test_whole_rows_will_do_for_a_key(self, Recording, jobs):
        """What is not of the key is passed over."""
        row = (Recording & KEY).fetch1()

        assert jobs.reserve(row)

    def test_part_of_a_key_is_refused(self, jobs):
        """The message says what it lacks."""
        with pytest.raises(OperandError, match="lacks 'recording_id'"):
            jobs.reserve({})

    def test_the_process_stands_for_it(self, Result, jobs):
        """It is a worker like others: should it die, the job comes back."""
        jobs.reserve(KEY)

        held = hidden(Result, KEY)
        assert held["worker"] > 0
        assert held["token"] > 0
        assert held["attempts"] == 1

    def test_closing_the_connection_gives_it_back(self, database_url, schema, Result, jobs):
        """Nothing stays reserved by somebody who has gone."""
        with dj.Connection(database_url) as other:
            seen = dj.Schema(schema.name, connection=other)
            (theirs,) = seen.jobs
            assert theirs.reserve(KEY)
            assert len(jobs.reserved) == 1

        assert len(jobs.pending) == 3


class TestEnd:
    """`complete`, `error`, `release`."""

    def test_a_completed_job_goes(self, jobs):
        """Unless the settings keep it."""
        jobs.reserve(KEY)
        jobs.complete(KEY, duration=1.5)

        assert jobs.keys() == [{"recording_id": 2}, {"recording_id": 3}]

    def test_a_completed_job_is_kept_if_it_is_asked(self, jobs):
        """With its duration, in seconds."""
        jobs.reserve(KEY)
        with dj.config.override(jobs__keep_completed=True):
            jobs.complete(KEY, duration=1.5)

        assert jobs.completed.fetch1("duration") == 1.5

    def test_an_error_is_noted(self, Result, jobs):
        """With its traceback, and its kind."""
        jobs.reserve(KEY)
        jobs.error(KEY, "ValueError: bad", "the traceback")

        assert jobs.errors.fetch1("error_message") == "ValueError: bad"
        assert jobs.stack(KEY) == "the traceback"
        assert len(jobs.errors_by_signature()) == 1

    def test_a_released_job_waits_again(self, Result, jobs):
        """The attempt does not count."""
        jobs.reserve(KEY)
        jobs.release(KEY)

        assert len(jobs.pending) == 3
        assert hidden(Result, KEY) == {"worker": 0, "token": 0, "attempts": 0, "deaths": 0, "waits": False}

    @pytest.mark.parametrize("end", ["complete", "error", "release"])
    def test_who_lost_a_job_cannot_end_it(self, Result, jobs, end):
        """It was taken away, and somebody else has it by now."""
        jobs.reserve(KEY)
        Result.jobs.refresh(orphan_timeout=-1)
        (jobs & KEY).delete()
        jobs.insert1({**KEY, "status": "reserved", "priority": 5, "user": "somebody"})

        with pytest.raises(LostReservationError, match="for the key"):
            getattr(jobs, end)(KEY, *(["too late"] if end == "error" else []))
        assert jobs.reserved.fetch1("user") == "somebody"

    def test_what_nobody_has_may_be_ended(self, jobs):
        """As in DataJoint, where no one looks who has it."""
        jobs.complete(KEY)
        jobs.error({"recording_id": 2}, "never mind")

        assert jobs.progress() == {"pending": 1, "reserved": 0, "success": 0, "error": 1, "ignore": 0, "total": 2}

    def test_rows_and_completion_are_kept_together(self, Result, jobs, connection):
        """Within a transaction, a job that was lost keeps the rows out."""
        jobs.reserve(KEY)
        (jobs & KEY).delete()

        def finish():
            with connection.transaction():
                Result.insert1({**KEY, "value": 1.0}, allow_direct_insert=True)
                jobs.complete(KEY)

        with pytest.raises(LostReservationError):
            finish()

        assert len(Result()) == 0


class TestIgnore:
    """`ignore`."""

    def test_a_job_is_passed_over(self, jobs):
        """Until a user says otherwise."""
        jobs.ignore(KEY)

        assert jobs.ignored.keys() == [KEY]
        assert not jobs.reserve(KEY)

    def test_a_key_without_a_job_is_passed_over_too(self, Result):
        """It gets one, so that no refresh adds it."""
        Result.jobs.ignore(KEY)

        assert Result.jobs.refresh()["added"] == 2
        assert Result.jobs.ignored.keys() == [KEY]

    def test_who_is_at_it_cannot_complete_it(self, Result, jobs):
        """The result is not wanted any more."""
        jobs.reserve(KEY)
        jobs.ignore(KEY)

        with pytest.raises(LostReservationError):
            jobs.complete(KEY)
        assert jobs.ignored.keys() == [KEY]

    def test_several_at_once(self, jobs):
        """All of a restriction; all there are must be asked for."""
        (jobs & "recording_id > 1").ignore()
        assert len(jobs.ignored) == 2

        with pytest.raises(OperandError, match="on all jobs"):
            jobs.ignore()

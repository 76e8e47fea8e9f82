"""Failed jobs: which kinds there are, and having them tried again."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.jobs import retry
from tests.conformance.queues import ANN, hidden, keys_of, queue_of

STACK = """Traceback (most recent call last):
  File "/opt/python/djnb/populate/contract.py", line 1, in make_key
    table.make(key)
  File "/home/mia/{where}.py", line {line}, in make
    self.load(key)
"""


@pytest.fixture
def failed(Result, Recording):
    """The jobs of eight recordings: six failed, in three ways, one waits, one is ignored."""
    Recording.insert([{"recording_id": n, "session_date": "2024-01-01", "data": b""} for n in range(4, 9)])
    queue = queue_of(Result)
    queue.refresh(Result().wanted_keys())
    for number, (message, where) in enumerate(
        [
            ("OSError: no file '/data/17.bin' for 17", "load"),
            ("OSError: no file '/data/18.bin' for 18", "load"),
            ("OSError: no file '/data/19.bin' for 19", "load"),
            ("OSError: no file '/data/20.bin' for 20", "save"),
            ("ValueError: bad", "load"),
            ("ValueError: bad", "load"),
        ],
        start=1,
    ):
        (job,) = queue.claim(ANN)
        stack = STACK.format(where=where, line=number)
        assert job.key == {"recording_id": number}
        queue.fail(job, message, stack, error_hash=retry.error_hash(message, stack))
    Result.jobs.ignore({"recording_id": 8})
    return Result.jobs


class TestSignatures:
    """`errors_by_signature`."""

    def test_errors_of_one_kind_are_one_group(self, failed, statements):
        """Numbers, quoted words and paths do not matter; the function that raised does."""
        groups = failed.errors_by_signature()

        assert len(statements) == 2
        assert [group.count for group in groups] == [3, 2, 1]
        assert groups[0].key["recording_id"] in (1, 2, 3)
        assert groups[0].message == (failed & groups[0].key).fetch1("error_message")
        assert groups[0].first_seen <= groups[0].last_seen
        assert len({group.signature for group in groups}) == 3

    def test_jobs_of_datajoint_have_their_kinds_too(self, failed):
        """Its workers write no hash: what they have in common is read from their messages and tracebacks."""
        before = failed.errors_by_signature()
        failed.connection.query(
            f"UPDATE {failed.connection.dialect.table(failed.name)} SET _error_hash = NULL WHERE recording_id <> 2"
        )

        after = failed.errors_by_signature()
        assert [(g.signature, g.count, g.first_seen, g.last_seen) for g in after] == [
            (g.signature, g.count, g.first_seen, g.last_seen) for g in before
        ]

    def test_it_takes_restrictions(self, failed):
        """Those of one user, or of some keys."""
        (group,) = (failed & "recording_id < 3").errors_by_signature()

        assert (group.count, group.message.startswith("OSError")) == (2, True)

    def test_the_traceback_of_a_job_is_had(self, failed):
        """As text."""
        assert failed.stack({"recording_id": 1}) == STACK.format(where="load", line=1)


class TestRetry:
    """`retry`."""

    def test_all_that_failed_wait_again(self, Result, failed):
        """They are as new; what is ignored stays so."""
        assert failed.retry() == 6

        assert failed.progress() == {"pending": 7, "reserved": 0, "success": 0, "error": 0, "ignore": 1, "total": 8}
        assert (failed & {"recording_id": 1}).fetch1("error_message", "error_stack", "completed_time") == (
            "",
            None,
            None,
        )
        assert hidden(Result, {"recording_id": 1}) == {
            "worker": 0, "token": 0, "attempts": 0, "deaths": 0, "waits": False,
        }  # fmt: skip

    def test_those_of_one_kind(self, failed):
        """The others stay failed."""
        worst = failed.errors_by_signature()[0]

        assert failed.retry(signature=worst.signature) == 3

        assert failed.errors.keys() == [{"recording_id": 4}, {"recording_id": 5}, {"recording_id": 6}]

    def test_those_of_one_kind_that_datajoint_has_noted_are_among_them(self, failed):
        """Which have no hash."""
        worst = failed.errors_by_signature()[0]
        failed.connection.query(
            f"UPDATE {failed.connection.dialect.table(failed.name)} SET _error_hash = NULL WHERE recording_id <> 2"
        )

        assert failed.retry(signature=worst.signature) == 3

    def test_those_of_a_restriction(self, Result, failed):
        """Given as an argument, or before."""
        assert failed.retry("recording_id < 3") == 2
        assert (failed & {"error_message": "ValueError: bad"}).retry() == 2
        assert (failed & dj.Top(1, "recording_id")).retry() == 0
        assert failed.retry(Result.proj()) == 0
        assert failed.retry([{"recording_id": 3}, {"recording_id": 7}]) == 1

    def test_with_another_priority_and_later(self, Result, failed):
        """Before all others, or not before an hour."""
        failed.retry({"recording_id": 5}, priority=0)
        failed.retry({"recording_id": 6}, delay=3600)

        queue = queue_of(Result)
        assert [keys_of(queue.claim(ANN)) for _ in range(3)] == [[5], [7], []]

    def test_ignored_ones_only_if_it_is_asked(self, failed):
        """Somebody has said that they are to be passed over."""
        assert failed.retry(ignored=True) == 1

        assert failed.progress()["error"] == 6

    def test_all_of_a_schema(self, schema, failed):
        """In all tables; the classic way deletes them, and the next refresh adds them."""
        assert schema.jobs.progress()["error"] == 6
        assert (schema.jobs & "recording_id < 3").retry() == 2

        assert (schema.jobs & 'status="error"').delete() == 4
        assert failed.refresh()["added"] == 4


class TestPrioritize:
    """`prioritize`."""

    def test_jobs_come_before_others(self, Result, failed):
        """Whatever their state is; what has the priority already does not count."""
        assert failed.prioritize(1, "recording_id > 5") == 3
        assert failed.prioritize(1) == 5
        assert set(failed.fetch("priority")) == {1}


class TestPolicy:
    """`Retry`: which failed jobs are tried again by themselves."""

    def test_nothing_is_tried_again_unless_a_policy_says_so(self):
        """A user's error ends a job."""
        assert retry.retry_after(ValueError("bad"), 1) is None

    @pytest.mark.parametrize("error", [dj.errors.LostConnectionError("gone"), dj.errors.LockError("deadlock")])
    def test_errors_of_the_database_are_always_tried_again(self, error):
        """Five times."""
        assert retry.retry_after(error, 4) > 0
        assert retry.retry_after(error, 5) is None

    def test_a_policy_names_errors_and_a_number_of_attempts(self):
        """The number counts the first attempt."""
        policy = dj.Retry(3, on=OSError)

        assert [retry.retry_after(OSError("x"), n, policy) is not None for n in (1, 2, 3)] == [True, True, False]
        assert retry.retry_after(ValueError("x"), 1, policy) is None
        assert retry.retry_after(ValueError("x"), 1, dj.Retry(2)) > 0

    def test_the_time_between_attempts_doubles(self):
        """Up to the cap; a share of it is left to chance."""
        policy = dj.Retry(99, backoff=10, cap=60, jitter=0)
        assert [policy.delay(n) for n in (1, 2, 3, 4, 98)] == [10, 20, 40, 60, 60]

        shaken = {dj.Retry(9, backoff=10, jitter=0.5).delay(1) for _ in range(20)}
        assert len(shaken) > 1
        assert all(5 <= delay <= 15 for delay in shaken)


class UnspeakableError(Exception):
    """An exception that cannot be told, nor pickled."""

    def __init__(self):
        super().__init__()
        self.lock = dj.connect

    def __str__(self):
        raise RuntimeError("no")

    __repr__ = __str__


class TestUnreadable:
    """Errors that are hard to write down."""

    @pytest.mark.parametrize(
        "error",
        [
            ValueError("x" * 10_000_000),
            ValueError("a\0b"),
            ValueError("half of a pair: \udc80, and a whole one: 😀"),
            ValueError("\0" * 5000),
            UnspeakableError(),
            ValueError(),
        ],
        ids=["10 MB", "zero", "surrogate", "zeros", "str raises", "empty"],
    )
    def test_what_stands_in_the_job_can_be_read(self, Result, error):
        """The message is cut to what there is room for, the traceback is whole."""
        queue = queue_of(Result)
        queue.refresh(Result().wanted_keys())
        (job,) = queue.claim(ANN)
        try:
            raise error
        except (ValueError, UnspeakableError) as raised:
            message, stack = retry.tell(raised)

        assert queue.fail(job, message, stack, error_hash=retry.error_hash(message, stack))

        shown = Result.jobs.errors.fetch1("error_message")
        assert shown.startswith(type(error).__name__)
        assert len(shown) <= 2047
        assert shown.isprintable()
        assert "in test_what_stands_in_the_job_can_be_read" in Result.jobs.stack(job.key)
        assert len(Result.jobs.errors_by_signature()) == 1


class TestAsAQuery:
    """Jobs are matched with the tables of the pipeline."""

    def test_recordings_are_restricted_by_their_jobs(self, Recording, failed):
        """And jobs by recordings; their keys mean the same."""
        assert len(Recording & failed.errors) == 6
        assert len(failed.errors & (Recording & "session_date > '2024-01-15'")) == 2
        assert len(Recording * failed.ignored) == 1

"""Looking through jobs and mending them: searched, sorted, by kind of error, given back, undone."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import OperandError
from djnb.jobs import snapshot
from djnb.jobs.retry import error_hash
from tests.conformance.queues import ANN, hidden, keys_of, queue_of

MESSAGES = [
    "OSError: no file '/data/17.bin'",
    "OSError: no file '/data/18.bin'",
    "ValueError: 50% of a_b",
    "ValueError: C:\\new isn't there",
]


@pytest.fixture
def jobs(Result, Recording):
    """The jobs of eight recordings: four failed, in three ways, four wait."""
    Recording.insert([{"recording_id": n, "session_date": "2024-01-01", "data": b""} for n in range(4, 9)])
    queue = queue_of(Result)
    queue.refresh(Result().wanted_keys())
    for number, message in enumerate(MESSAGES, start=1):
        (job,) = queue.claim(ANN)
        assert job.key == {"recording_id": number}
        queue.fail(job, message, "trace", error_hash=error_hash(message), duration=10.0 / number)
    return Result.jobs


def numbers(jobs):
    """Return the recordings of some jobs."""
    return [job["recording_id"] for job in jobs.page()]


class TestSearch:
    """`jobs.search`."""

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("no FILE", [1, 2]),
            ("17", [1]),
            (" 4 ", [4]),
            ("recording_id=1", [1]),
            ("recording_id = 2", [2]),
            ("recording_id=50", []),
            ("50%", [3]),
            ("5%o", []),
            ("a_b", [3]),
            ("axb", []),
            ("C:\\new", [4]),
            ("isn't", [4]),
            ("'; DROP", []),
            ("", [1, 2, 3, 4, 5, 6, 7, 8]),
        ],
    )
    def test_it_finds_what_is_in_the_message_or_the_key(self, jobs, text, found):
        """Whatever characters are typed; a key as it is shown finds that key alone."""
        assert numbers(jobs.search(text)) == found

    def test_a_key_of_several_attributes_is_found(self, schema):
        """Dates, texts and numbers, as they are shown, together or in part."""

        @schema
        class Trial(dj.Manual):
            definition = "day : date\nrig : varchar(8)\nside : enum('a', 'b')"

        @schema
        class Count(dj.Computed):
            definition = "-> Trial"

            def make(self, key):
                self.insert1(key)

        Trial.insert([("2024-01-01", "left", "a"), ("2024-01-02", "left", "b")])
        Count.jobs.refresh()

        for text in ("day=2024-01-02, rig=left", "2024-01-02", "side=b", "day=2024-01-02, side=b, rig=left"):
            assert [job["side"] for job in Count.jobs.search(text).page()] == ["b"]
        assert len(Count.jobs.search("LEFT")) == 2
        assert len(Count.jobs.search("rig=LEFT")) == 0


class TestSort:
    """`jobs.page(order_by=...)`."""

    @pytest.mark.parametrize(
        "order", ["duration DESC", "duration", ["error_message", "KEY DESC"], "completed_time DESC"]
    )
    @pytest.mark.parametrize("size", [1, 3])
    def test_pages_follow_each_other_in_any_order(self, jobs, order, size):
        """Also over jobs that have no value; the same forwards and backwards."""
        expected = jobs.keys(order_by=order) if isinstance(order, list) else jobs.keys(order_by=[order, "KEY"])

        found = page = jobs.page(size=size, order_by=order)
        while page := jobs.page(size=size, order_by=order, after=page[-1]):
            found += page
        back = page = found[-1:]
        while page := jobs.page(size=size, order_by=order, before=page[0]):
            back = page + back

        assert [{"recording_id": job["recording_id"]} for job in found] == expected
        assert back == found

    def test_a_page_is_two_statements(self, jobs, statements):
        """For any page: which jobs, and what they are."""
        page = jobs.errors.page(size=2, order_by="duration DESC")
        jobs.errors.page(size=2, order_by="duration DESC", after=page[-1])

        assert len(statements) == 4


class TestKinds:
    """`jobs.of_kind`."""

    def test_the_jobs_of_a_kind_are_had(self, jobs):
        """The same that are counted."""
        for group in jobs.errors_by_signature():
            assert len(jobs.of_kind(group.signature)) == group.count
        assert numbers(jobs.of_kind(error_hash(MESSAGES[0]))) == [1, 2]
        assert numbers(jobs.of_kind("0")) == []

    def test_what_is_done_to_a_kind_is_done_to_no_other(self, jobs):
        """In every verb."""
        kind = jobs.of_kind(error_hash(MESSAGES[0]))

        assert kind.ignore() == 2
        assert numbers(jobs.ignored) == [1, 2]
        assert numbers(jobs.errors) == [3, 4]

    def test_jobs_of_datajoint_have_kinds_too(self, jobs):
        """Whose workers write no hash."""
        signature = error_hash(MESSAGES[0], "trace")
        jobs.connection.query(f"UPDATE {jobs.connection.dialect.table(jobs.name)} SET _error_hash = NULL")

        assert numbers(jobs.of_kind(signature)) == [1, 2]
        assert jobs.of_kind(signature).retry() == 2


class TestStale:
    """`jobs.stale` and `jobs.release_stale`."""

    def test_the_jobs_of_the_dead_wait_again(self, jobs, Result):
        """Of workers that nobody knows; what a living one holds stays."""
        queue = queue_of(Result)
        (lost,) = queue.claim(ANN)

        assert numbers(jobs.stale()) == [lost.key["recording_id"]] == [5]
        assert jobs.release_stale() == 1
        assert jobs.reserve({"recording_id": 6})
        assert (numbers(jobs.reserved), len(jobs.stale()), jobs.release_stale()) == ([6], 0, 0)
        assert not queue.fail(lost, "too late")

    def test_what_is_held_for_long_is_given_back_if_asked(self, jobs):
        """Whoever holds it; among the restriction only."""
        jobs.reserve({"recording_id": 6})
        jobs.reserve({"recording_id": 7})
        jobs.update1({"recording_id": 6, "reserved_time": "2024-01-01 00:00:00"})

        assert numbers(jobs.stale(older_than=3600)) == [6]
        assert (jobs & "recording_id = 7").release_stale(older_than=3600) == 0
        assert jobs.release_stale(older_than=3600) == 1
        assert numbers(jobs.reserved) == [7]


class TestSnapshot:
    """`jobs.snapshot`."""

    @pytest.mark.parametrize(
        "verb",
        [
            lambda jobs: jobs.errors.retry(priority=1),
            lambda jobs: jobs.errors.ignore(),
            lambda jobs: jobs.prioritize(1),
        ],
    )
    def test_what_was_done_is_undone(self, jobs, Result, verb):
        """To every column, also those that users do not see."""
        keys = jobs.keys()
        before, inside = jobs.to_dicts(), [hidden(Result, key) for key in keys]
        taken = jobs.snapshot()
        assert len(taken) == 8

        changed = verb(jobs)

        assert changed > 0
        assert jobs.to_dicts() != before
        taken.restore()
        assert jobs.to_dicts() == before
        assert [hidden(Result, key) for key in keys] == inside

    def test_deleted_jobs_come_back(self, jobs):
        """If that is asked for: a job that is not there may have been completed."""
        before = jobs.to_dicts()
        taken = jobs.errors.snapshot()
        jobs.errors.delete()

        assert taken.restore() == 0
        assert taken.restore(deleted=True) == 4
        assert jobs.to_dicts() == before

    def test_a_job_that_was_begun_since_stays(self, jobs, Result):
        """A worker has it, or has ended it."""
        queue = queue_of(Result)
        taken = jobs.errors.snapshot()
        jobs.errors.retry(priority=1)
        first, second, third = (job for _ in range(3) for job in queue.claim(ANN))
        queue.fail(second, "KeyError: other")
        jobs.connection.execute(queue.fence(third))

        assert keys_of([first, second, third]) == [1, 2, 3]
        assert taken.restore() == 1
        assert numbers(jobs.reserved) == [1]
        assert (jobs & "recording_id = 2").fetch1("error_message") == "KeyError: other"
        assert numbers(jobs & "recording_id = 3") == []
        assert (jobs & "recording_id = 4").fetch1("error_message") == MESSAGES[3]

    def test_a_job_that_was_reserved_waits(self, jobs, Result):
        """Who held it cannot complete it any more."""
        queue = queue_of(Result)
        (job,) = queue.claim(ANN)
        taken = (jobs & job.key).snapshot()
        (jobs & job.key).ignore()

        assert taken.restore() == 1
        assert numbers(jobs.pending) == [5, 6, 7, 8]
        assert not queue.fail(job, "too late")

    def test_of_too_many_it_is_not_remembered(self, jobs, monkeypatch):
        """It would have to be kept in memory."""
        monkeypatch.setattr(snapshot, "MOST", 3)

        with pytest.raises(OperandError, match="more than 3 jobs"):
            jobs.snapshot()
        assert len((jobs & "recording_id < 4").snapshot()) == 3

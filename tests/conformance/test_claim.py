"""Taking jobs, and ending them."""

from __future__ import annotations

import threading

import pytest

import djnb as dj
from djnb.errors import LostReservationError
from djnb.jobs.job import Holder
from djnb.model.naming import TableName
from djnb.sql.statement import Statement
from tests.conformance.queues import ANN, BOB, hidden, keys_of, queue_of


@pytest.fixture
def queue(Result):
    """The queue of `Result`, with a job for each of three recordings."""
    queue = queue_of(Result)
    queue.refresh(Result().wanted_keys())
    return queue


class TestClaim:
    """`Queue.claim`."""

    def test_a_job_is_taken_once(self, Result, queue):
        """Whoever comes after gets another one, and at last none."""
        other = queue_of(Result)

        taken = [queue.claim(ANN), other.claim(BOB), queue.claim(ANN), other.claim(BOB), queue.claim(ANN)]

        assert [keys_of(jobs) for jobs in taken[3:]] == [[], []]
        assert keys_of(job for jobs in taken for job in jobs) == [1, 2, 3]
        assert len(Result.jobs.reserved) == 3

    def test_a_lone_worker_takes_them_in_order(self, queue):
        """By priority, then by time, then by key."""
        assert [queue.claim(ANN)[0].key["recording_id"] for _ in range(3)] == [1, 2, 3]

    def test_urgent_ones_come_first(self, Result, queue):
        """A lower number is more urgent; a limit leaves the others alone."""
        Result.jobs.update1({"recording_id": 3, "priority": 1})

        assert [keys_of(queue_of(Result).claim(ANN, priority=1)) for _ in range(2)] == [[3], []]

    def test_it_takes_restrictions(self, Result, queue):
        """Only jobs among the keys that are given."""
        among = Result()._keys(("recording_id > 1",))

        assert keys_of(queue.claim(ANN, among=among, count=5)) == [2, 3]
        assert queue.claim(ANN, among=among) == []

    def test_the_job_says_who_has_it(self, Result, queue):
        """Worker, host, process and time are noted, and the attempt is counted when it begins."""
        (job,) = queue.claim(ANN)

        shown = (Result.jobs & job.key).fetch1()
        assert shown["status"] == "reserved"
        assert shown["pid"] > 0
        assert shown["host"]
        assert shown["reserved_time"] >= shown["created_time"]
        assert hidden(Result, job.key) == {
            "worker": 1001,
            "token": job.token,
            "attempts": 1,
            "deaths": 0,
            "waits": False,
        }

    def test_a_claim_is_one_statement_and_a_look_now_and_then(self, queue, statements):
        """Candidates are read many at a time; beside a file, they need not be."""
        for _ in range(3):
            queue.claim(ANN)

        assert len(statements) == 3 + (0 if queue.connection.dialect.takes_at_once else 1)

    def test_who_waits_for_jobs_keeps_nobody_from_writing(self, queue, statements):
        """Where the last claim has found none, the next one only reads, until there are some."""
        queue.claim(ANN, count=3)
        assert queue.claim(ANN) == []
        statements.clear()

        assert queue.claim(ANN) == []
        assert {said.split()[0] for said in statements} == {"SELECT"}

    def test_several_are_taken_in_one_statement(self, queue, statements):
        """For short jobs."""
        assert keys_of(queue.claim(ANN, count=3)) == [1, 2, 3]
        assert len(statements) == 1 + (0 if queue.connection.dialect.takes_at_once else 1)

    def test_of_several_those_are_had_that_were_still_there(self, Result, queue):
        """Somebody else took one in between."""
        other = queue_of(Result)
        queue.claim(ANN)  # looks at all three
        assert keys_of(other.claim(BOB)) == [2]

        assert keys_of(queue.claim(ANN, count=2)) == [3]
        assert hidden(Result, {"recording_id": 2})["worker"] == 1002

    def test_what_workers_died_over_comes_last_and_alone(self, Result, queue, connection):
        """The next death is its own, and takes no other job with it."""
        table = queue.words.table
        connection.execute(Statement(f"UPDATE {table} SET _deaths = 1 WHERE recording_id < 3"))

        assert [keys_of(queue.claim(ANN, count=3)) for _ in range(4)] == [[3], [1], [2], []]

    def test_a_worker_that_was_taken_for_dead_takes_none(self, Result, queue, schema, connection):
        """It is not in the registry any more, and is told so."""
        registry = connection.dialect.table(TableName(schema.name, "~workers"))
        connection.execute(Statement(f"CREATE TABLE {registry} (worker bigint PRIMARY KEY)"))
        connection.execute(Statement(f"INSERT INTO {registry} VALUES (1001)"))
        connection.catalogue.forget(schema.name)

        assert len(queue.claim(ANN)) == 1
        with pytest.raises(LostReservationError, match="taken for dead"):
            queue.claim(BOB)
        assert len(Result.jobs.reserved) == 1

    def test_many_threads_share_the_jobs(self, Result, Recording, queue):
        """Each key is taken once, whoever is faster."""
        rows = [{"recording_id": n, "session_date": "2024-01-01", "data": b""} for n in range(100, 160)]
        Recording.insert(rows)
        queue.refresh(Result().wanted_keys())
        taken = []

        def work(number):
            own = queue_of(Result)
            while jobs := own.claim(Holder(number), count=1 + number % 3):
                taken.extend(job.key["recording_id"] for job in jobs)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(taken) == [1, 2, 3, *range(100, 160)]

    def test_sixty_four_workers_need_three_statements_at_most_for_a_job(self, Result, Recording, queue, statements):
        """
        However many begin at once, and take jobs one by one; each job is taken by one of them.
        """
        Recording.insert([{"recording_id": n, "session_date": "2024-01-01", "data": b""} for n in range(4, 2001)])
        queue.refresh(Result().wanted_keys())
        taken, errors = [], []
        everybody = threading.Barrier(64, action=statements.clear)

        def work(number):
            try:
                own = queue_of(Result)
                everybody.wait(60)
                while jobs := own.claim(Holder(number)):
                    taken.extend(jobs)
            except dj.DataJointError as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(1, 65)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [] == errors
        assert keys_of(taken) == list(range(1, 2001))
        assert len(statements) <= 3 * len(taken)


class TestEnd:
    """What becomes of a job that was taken."""

    def test_the_fence_completes_it_once(self, Result, queue, connection):
        """It changes one row; a second time none."""
        (job,) = queue.claim(ANN)

        assert connection.execute(queue.fence(job, duration=0.5)).affected == 1
        assert connection.execute(queue.fence(job, duration=0.5)).affected == 0
        assert (Result.jobs & job.key).keys() == []

    def test_a_completed_job_is_kept_if_the_settings_say_so(self, Result, queue, connection):
        """With its duration in seconds."""
        (job,) = queue.claim(ANN)
        with dj.config.override(jobs__keep_completed=True):
            assert connection.execute(queue.fence(job, duration=0.5)).affected == 1

        assert Result.jobs.completed.to_dicts("recording_id", "duration") == [{"recording_id": 1, "duration": 0.5}]
        assert queue.was_completed(job) is True

    def test_who_lost_the_job_cannot_complete_it(self, Result, queue, connection):
        """It was given back and taken by somebody else, whose reservation is untouched."""
        (job,) = queue.claim(ANN)
        queue.release([job])
        (again,) = queue_of(Result).claim(BOB)

        assert again.key == job.key
        assert connection.execute(queue.fence(job)).affected == 0
        assert not queue.fail(job, "too late")
        assert queue.release([job]) == 0
        assert not queue.ignore(job)
        assert queue.was_completed(job) is None
        assert hidden(Result, job.key)["token"] == again.token

    def test_whether_a_lost_commit_was_kept_can_be_told(self, Result, queue, connection):
        """Reserved: it was not. Gone, and the row is there: it was."""
        (job,) = queue.claim(ANN)
        assert queue.was_completed(job) is False

        connection.execute(queue.fence(job))
        assert queue.was_completed(job) is None

        Result.insert1({**job.key, "value": 1.0}, allow_direct_insert=True)
        assert queue.was_completed(job) is True

    def test_a_failure_is_noted_with_its_reason(self, Result, queue):
        """And nobody holds the job any more."""
        (job,) = queue.claim(ANN)

        assert queue.fail(job, "ValueError: bad", "Traceback …", error_hash="00ff00ff00ff00ff", duration=2.0)

        shown = Result.jobs.errors.fetch1()
        assert (shown["error_message"], shown["error_stack"]) == ("ValueError: bad", "Traceback …")
        assert (shown["duration"], shown["completed_time"] >= shown["reserved_time"]) == (2.0, True)
        assert hidden(Result, job.key) == {"worker": 0, "token": 0, "attempts": 1, "deaths": 0, "waits": False}
        assert keys_of(queue.claim(ANN, count=3)) == [2, 3]
        assert queue.claim(ANN) == []

    def test_a_failure_may_be_tried_again_later(self, Result, queue):
        """Until then it is an error; then it is taken like others, and its attempts go on being counted."""
        (job,) = queue.claim(ANN)
        queue.fail(job, "ConnectionError: gone", retry_after=3600)
        queue.claim(ANN, count=2)
        assert (queue.claim(ANN), queue.has_work()) == ([], True)
        assert hidden(Result, job.key)["waits"]

        (Result.jobs & job.key).delete()
        queue.refresh(Result().wanted_keys())
        (job,) = queue.claim(ANN)
        queue.fail(job, "ConnectionError: gone", retry_after=-1)
        assert len(Result.jobs.errors) == 1

        (again,) = queue.claim(ANN)
        assert (again.key, again.attempts) == (job.key, 2)

    def test_what_is_given_back_is_not_charged(self, Result, queue):
        """A worker that is stopped has not failed."""
        taken = queue.claim(ANN, count=2)

        assert queue.release(taken) == 2

        assert len(Result.jobs.pending) == 3
        assert hidden(Result, taken[0].key) == {"worker": 0, "token": 0, "attempts": 0, "deaths": 0, "waits": False}

    def test_a_job_may_be_passed_over_from_now_on(self, Result, queue):
        """With the reason."""
        (job,) = queue.claim(ANN)

        assert queue.ignore(job, "nothing to be seen")

        assert Result.jobs.ignored.to_dicts("recording_id", "error_message") == [
            {"recording_id": 1, "error_message": "nothing to be seen"}
        ]

    def test_work_is_there_as_long_as_a_job_waits(self, queue):
        """Jobs that somebody holds are not this worker's to wait for."""
        assert queue.has_work()
        assert not queue.has_work(priority=1)

        queue.claim(ANN, count=3)

        assert not queue.has_work()

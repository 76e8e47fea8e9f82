"""
Any order of what may happen to jobs, against a model of what must come of it.

After every step the job table is as the model says, and so: nobody but a holder has a reserved job, nobody who lost a
job completes it, what is ignored stays so, and no key is without both a row and a job after a refresh.
"""

from __future__ import annotations

from dataclasses import dataclass

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import djnb as dj
from djnb.sql.statement import Statement
from tests.conformance.queues import ANN, BOB, queue_of

KEYS = st.integers(1, 4)
WORKERS = st.sampled_from(["ann", "bob"])


@dataclass
class Told:
    """What is known of a job."""

    status: str = "pending"
    worker: int = 0
    token: int = 0
    attempts: int = 0
    waits: bool = False


class Machine(RuleBasedStateMachine):
    """Workers, users and the pipeline, at one queue."""

    Recording: type
    Result: type

    def __init__(self):
        super().__init__()
        self.connection = self.Result.connection
        self.queues = {"ann": (queue_of(self.Result), ANN), "bob": (queue_of(self.Result), BOB)}
        self.queue = self.queues["ann"][0]
        self.jobs: dict[int, Told] = {}
        self.source: set[int] = set()
        self.made: set[int] = set()
        self.taken = []

    @initialize(keys=st.sets(KEYS, min_size=2))
    def begin(self, keys):
        """Start with some recordings, and nothing else."""
        for table in (self.Result.jobs, self.Result(), self.Recording()):
            table.delete_quick()
        for key in keys:
            self.add(key)

    def taken_by(self, place):
        """Return one of the jobs that were ever taken, and whether it is still so, by the model."""
        job = self.taken[place % len(self.taken)]
        told = self.jobs.get(job.key["recording_id"])
        return job, told if told is not None and told.status == "reserved" and told.token == job.token else None

    # -- the pipeline

    @rule(key=KEYS)
    def add(self, key):
        """A recording comes."""
        if key not in self.source:
            self.Recording.insert1({"recording_id": key, "session_date": "2024-01-01", "data": b""})
            self.source.add(key)

    @rule(key=KEYS)
    def remove(self, key):
        """A recording goes, with its result."""
        (self.Result & {"recording_id": key}).delete_quick()
        (self.Recording & {"recording_id": key}).delete_quick()
        self.source.discard(key)
        self.made.discard(key)

    @rule(key=KEYS)
    def unmake(self, key):
        """A result goes."""
        (self.Result & {"recording_id": key}).delete_quick()
        self.made.discard(key)

    @rule(key=KEYS)
    def make_beside(self, key):
        """Somebody populates without the queue."""
        if key in self.source - self.made:
            self.Result.insert1({"recording_id": key, "value": 1.0}, allow_direct_insert=True)
            self.made.add(key)

    # -- the queue

    @rule(takes_away=st.booleans())
    def refresh(self, takes_away):
        """The jobs follow the keys."""
        found = self.queue.refresh(
            self.Result().wanted_keys(), stale_timeout=0, orphan_timeout=-3600 if takes_away else None
        )

        expected = {"added": 0, "removed": 0, "orphaned": 0, "re_pended": 0}
        for key in self.source - self.made - set(self.jobs):
            self.jobs[key] = Told()
            expected["added"] += 1
        for key, told in list(self.jobs.items()):
            if told.status == "success" and key in self.source - self.made:
                self.jobs[key] = Told()
                expected["re_pended"] += 1
            elif (told.status in ("success", "error") and key not in self.source | self.made) or (
                told.status in ("pending", "error") and key in self.made
            ):
                del self.jobs[key]
                expected["removed"] += 1
            elif told.status == "reserved" and takes_away:
                self.jobs[key] = Told()
                expected["orphaned"] += 1
        assert found == expected
        assert self.source <= self.made | set(self.jobs)

    @rule(who=WORKERS, count=st.integers(1, 3))
    def claim(self, who, count):
        """A worker takes jobs; none only if there are none."""
        queue, worker = self.queues[who]
        staged = queue.stage()
        due = [key for key, told in self.jobs.items() if told.waits]
        assert staged == len(due)
        for key in due:
            self.jobs[key].status, self.jobs[key].waits = "pending", False
        pending = {key for key, told in self.jobs.items() if told.status == "pending"}

        jobs = queue.claim(worker, count=count)

        keys = [job.key["recording_id"] for job in jobs]
        assert len(set(keys)) == len(keys) <= count
        assert set(keys) <= pending
        assert bool(keys) == bool(pending)
        for key, job in zip(keys, jobs, strict=True):
            told = self.jobs[key]
            told.status, told.worker, told.token, told.attempts = "reserved", worker.id, job.token, told.attempts + 1
            assert job.attempts == told.attempts
            self.taken.append(job)

    @precondition(lambda self: self.taken)
    @rule(place=st.integers(0, 99), keeps=st.booleans())
    def finish(self, place, keeps):
        """A worker has computed; it may have lost the job by now, even to somebody who is done."""
        job, told = self.taken_by(place)
        key = job.key["recording_id"]
        with dj.config.override(jobs__keep_completed=keeps), self.connection.transaction():
            is_mine = self.connection.execute(self.queue.fence(job, duration=1.0)).affected == 1
            if is_mine and key in self.source - self.made:
                self.Result.insert1({"recording_id": key, "value": 2.0}, allow_direct_insert=True)

        assert is_mine == (told is not None)
        if told is not None:
            self.made |= {key} & self.source
            if keeps:
                told.status, told.worker = "success", 0
                assert self.queue.was_completed(job) is True
            else:
                del self.jobs[key]

    @precondition(lambda self: self.taken)
    @rule(place=st.integers(0, 99), is_retried=st.booleans())
    def fail(self, place, is_retried):
        """A worker has failed."""
        job, told = self.taken_by(place)

        assert self.queue.fail(job, "ValueError: bad", retry_after=-1 if is_retried else None) == (told is not None)

        if told is not None:
            told.status, told.worker, told.token, told.waits = "error", 0, 0, is_retried

    @precondition(lambda self: self.taken)
    @rule(place=st.integers(0, 99))
    def release(self, place):
        """A worker is stopped."""
        job, told = self.taken_by(place)

        assert self.queue.release([job]) == (told is not None)

        if told is not None:
            told.status, told.worker, told.token, told.attempts = "pending", 0, 0, told.attempts - 1

    # -- users

    @rule(key=KEYS)
    def ignore(self, key):
        """A user has a key passed over."""
        self.Result.jobs.ignore({"recording_id": key})
        self.jobs[key] = Told("ignore", attempts=self.jobs.get(key, Told()).attempts)

    @rule(is_ignored=st.booleans())
    def retry(self, is_ignored):
        """A user has jobs tried again."""
        status = "ignore" if is_ignored else "error"
        chosen = [key for key, told in self.jobs.items() if told.status == status]

        assert self.Result.jobs.retry(ignored=is_ignored) == len(chosen)

        self.jobs.update({key: Told() for key in chosen})

    @invariant()
    def is_as_told(self):
        """The job table is as the model says."""
        table = self.queue.words.table
        names = "recording_id, status, _worker, _token, _attempts, _retry_time IS NOT NULL"
        rows = self.connection.execute(Statement(f"SELECT {names} FROM {table}")).rows
        assert {row[0]: Told(*row[1:5], bool(row[5])) for row in rows} == self.jobs
        assert all((row[1] == "reserved") == (row[2] != 0) for row in rows)


def test_jobs_are_as_they_must_be_whatever_happens(Result, Recording):
    """Workers, users and other programs in any order: the queue keeps its promises."""

    class Here(Machine):
        pass

    Here.Result, Here.Recording = Result, Recording
    run_state_machine_as_test(
        Here,
        settings=hypothesis.settings(
            max_examples=15, stateful_step_count=25, suppress_health_check=list(hypothesis.HealthCheck)
        ),
    )

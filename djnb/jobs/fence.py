"""The fence of a job: nothing is kept of what its worker made once the job is somebody else's."""

from __future__ import annotations

from dataclasses import dataclass

from djnb.jobs.job import Job
from djnb.jobs.queue import Queue
from djnb.sql.statement import Statement


@dataclass(frozen=True)
class JobFence:
    """What keeps a job's rows from being inserted once the job is somebody else's."""

    queue: Queue
    job: Job

    def statement(self, duration: float) -> Statement:
        """Return what completes the job after so many seconds; it changes one row, or none if the job is lost."""
        return self.queue.fence(self.job, duration=duration)

    def was_completed(self) -> bool | None:
        """Tell, after a lost COMMIT, whether the job was completed; None if somebody else has it."""
        return self.queue.was_completed(self.job)

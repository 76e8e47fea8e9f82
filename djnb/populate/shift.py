"""
A shift at a queue: jobs are taken, made and ended until there is nothing to do, or somebody says that it is enough.

Short jobs are taken several at a time, as many as take about a second; what is not begun at the end is given back.
A job is taken for good only with the transaction that keeps its rows, so whatever ends the shift loses nothing.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from djnb.errors import DataJointError, LostReservationError
from djnb.jobs.fence import JobFence
from djnb.jobs.job import Job
from djnb.jobs.layout import LONGEST_MESSAGE
from djnb.jobs.queue import Queue
from djnb.jobs.retry import Retry, error_hash, retry_after, tell
from djnb.jobs.workers import Worker
from djnb.populate.contract import Attempt
from djnb.populate.drafts import Drafts, Judge, Verdict
from djnb.populate.maker import Maker
from djnb.populate.outcome import Outcome
from djnb.populate.output import Output
from djnb.populate.pace import Pace
from djnb.populate.several import make_several
from djnb.populate.signals import Guard
from djnb.sql.statement import Statement

logger = logging.getLogger(__name__)

_AHEAD_SECONDS = 1.0
"""Jobs are taken ahead for about this time."""

_MOST_AHEAD = 64

_TRIES = 3
"""How often a worker that was taken for dead registers anew for one claim."""


@dataclass(frozen=True)
class Terms:
    """
    Which jobs a shift may take.

    Attributes
    ----------
    is_restricted : bool
        Only those among the maker's keys; else all of the queue.
    priority : int or None
        Only those of this priority, or of a lower number.
    """

    is_restricted: bool = False
    priority: int | None = None


class Shift:
    """
    One thread's work at the queue of a table.

    Parameters
    ----------
    maker : Maker
        Makes the keys.
    terms : Terms
        Which jobs.
    pace : Pace, optional
        How long a job takes.
    mark : int
        Of the task that it is, where nobody may hear of what it does.
    """

    def __init__(self, maker: Maker, terms: Terms, *, pace: Pace | None = None, mark: int = 0) -> None:
        self.maker, self.terms, self.pace = maker, terms, pace or Pace()
        self.queue = Queue(maker.connection, maker.spec, mark=mark)
        self._held: deque[Job] = deque()
        self._taken: tuple[Worker, int] | None = None
        self._among = maker.keys if terms.is_restricted else None
        policy = getattr(type(maker.table), "retry", None)
        self._policy = policy if isinstance(policy, Retry) else None

    def work(
        self,
        guard: Guard,
        *,
        may_begin: Callable[[], bool],
        start: Callable[[Mapping[str, Any]], None],
        take: Callable[[Outcome], None],
        end_output: Callable[[], Output | None] = lambda: None,
        left: Callable[[], int | None] = lambda: None,
    ) -> bool:
        """
        Make jobs as long as there are any and more may begin.

        Parameters
        ----------
        guard : Guard
            Of this thread.
        may_begin : callable
            Tells whether a further key may begin; it may raise, and it may wait.
        start, take : callable
            Are told of a key that begins, and of what came of it; several may begin before that is known of the first.
        end_output : callable
            Returns what was printed and drawn since a key was begun.
        left : callable
            Tells how many keys may be tried still; None for any number.

        Returns
        -------
        bool
            Whether there was nothing to do any more.

        Raises
        ------
        KeyboardInterrupt
            A signal; the key in hand is undone and its job given back with all that were taken ahead.
        """
        drafts = Drafts(self.maker.connection, guard, self._fence_of, end_output)

        def report() -> None:
            for outcome in drafts.ended():
                self._note(outcome)
                take(outcome)

        try:
            while may_begin() and left() != 0:
                if not self._held or left() == len(drafts):
                    drafts.keep()
                    report()
                    if left() == 0 or not (self._held or self._claim(guard, left())):
                        return left() != 0
                job = self._held[0]
                start(job.key)
                self._make(job, drafts, guard)
                self._held.popleft()
                report()
            return False
        finally:
            try:
                drafts.keep()
            finally:
                report()
                self._give_back(drafts)

    @property
    def holds(self) -> bool:
        """Whether jobs are taken that were not begun yet."""
        return bool(self._held)

    @property
    def worker(self) -> Worker:
        """What this process is as a worker of the schema; another one after it was declared dead."""
        return Worker.of(self.maker.connection, self.maker.table.name.schema)

    def _claim(self, guard: Guard, left: int | None) -> bool:
        guard.hold()
        self._let_go()
        for _ in range(_TRIES):
            try:
                worker = self.worker
                self._held.extend(self._take(worker, left))
                # There may be jobs that the dead have left; whoever finds nothing to do has the time to look.
                if not self._held and worker.sweep():
                    self._held.extend(self._take(worker, left))
                if self._held:
                    self._taken = worker, self._held[0].token
                break
            except LostReservationError:  # taken for dead: on as somebody else
                logger.info("This process was taken for dead; it registers anew")
                worker.is_dead = True
        return bool(self._held)

    def _take(self, worker: Worker, left: int | None) -> list[Job]:
        count = min(self.pace.fitting(_AHEAD_SECONDS), _MOST_AHEAD, _MOST_AHEAD if left is None else left)
        return self.queue.claim(worker, among=self._among, priority=self.terms.priority, count=count)

    def _make(self, job: Job, drafts: Drafts, guard: Guard) -> None:
        judge = self._judge_of(job)
        if set(self.maker.keys.heading.names) <= set(job.key):
            attempt = self.maker.attempt(job.key, fence=JobFence(self.queue, job))
            drafts.make(attempt, judge, may_wait=self.pace.is_short)
        else:
            drafts.make_at_once(lambda: make_several(self.maker, self.queue, job, guard), judge)

    def _judge_of(self, job: Job) -> Judge:
        started = time.time()

        def judge(verdict: Verdict, seconds: float) -> Outcome:
            if isinstance(verdict.error, LostReservationError):
                logger.info("%s", verdict.error)
                return Outcome(job.key, "skipped", started, seconds)
            if verdict.error is None:
                return Outcome(job.key, "made" if verdict.is_made else "skipped", started, seconds)
            self._fail(job, verdict.error, seconds, verdict.remark)
            return Outcome(job.key, "failed", started, seconds, verdict.error)

        return judge

    def _fence_of(self, attempts: Sequence[Attempt]) -> Statement:
        return self.queue.fence_all([_job_of(each) for each in attempts], [each.seconds for each in attempts])

    def _fail(self, job: Job, error: Exception, duration: float, remark: str) -> None:
        message, stack = tell(error)
        try:
            self.queue.fail(
                job,
                f"{message[: LONGEST_MESSAGE - len(remark) - 3]} [{remark}]" if remark else message,
                stack,
                error_hash=error_hash(message, stack),
                duration=duration,
                retry_after=retry_after(error, job.attempts, self._policy),
            )
        except DataJointError:  # the worker will find that it is not at the job any more, and give it back
            logger.warning("The error of the job %s could not be noted", job.key, exc_info=True)

    def _note(self, outcome: Outcome) -> None:
        if outcome.fate != "skipped":
            self.pace = self.pace.after(outcome.duration)

    def _give_back(self, drafts: Drafts) -> None:
        jobs, self._held = [*map(_job_of, drafts.attempts), *self._held], deque()
        if not jobs or drafts.is_elsewhere:
            return
        try:
            self.queue.release(jobs)
        except DataJointError:  # likewise
            logger.warning("%d jobs could not be given back", len(jobs), exc_info=True)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Forget the jobs that were taken last: they are all ended, one way or another."""
        if self._taken is not None:
            worker, token = self._taken
            worker.tokens.discard(token)
            self._taken = None


def _job_of(attempt: Attempt) -> Job:
    assert isinstance(attempt.fence, JobFence)
    return attempt.fence.job

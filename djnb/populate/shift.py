"""
A shift at a queue: jobs are taken, made and ended until there is nothing to do, or somebody says that it is enough.

Short jobs are taken several at a time, as many as take about a second; what is not begun at the end is given back.
A job is taken for good only with the transaction that keeps its rows, so whatever ends the shift loses nothing.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from djnb.errors import DataJointError, LostReservationError
from djnb.jobs.job import Job
from djnb.jobs.layout import LONGEST_MESSAGE
from djnb.jobs.queue import Queue
from djnb.jobs.retry import Retry, error_hash, retry_after, tell
from djnb.jobs.workers import Worker
from djnb.populate.maker import Maker
from djnb.populate.outcome import Outcome
from djnb.populate.pace import Pace
from djnb.populate.several import make_job
from djnb.populate.signals import Guard

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
            Are told of a key that begins, and of what came of it.
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
        try:
            while may_begin() and left() != 0:
                if not self._held and not self._claim(guard, left()):
                    return True
                job = self._held[0]
                start(job.key)
                outcome = self._make(job, guard)
                self._held.popleft()
                self._note(outcome)
                take(outcome)
            return False
        finally:
            self._give_back()

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

    def _make(self, job: Job, guard: Guard) -> Outcome:
        started, begun = time.time(), time.monotonic()
        try:
            verdict = make_job(self.maker, self.queue, job, guard)
        except LostReservationError as error:
            logger.info("%s", error)
            return Outcome(job.key, "skipped", started, time.monotonic() - begun)
        duration = time.monotonic() - begun
        if verdict.error is None:
            return Outcome(job.key, "made" if verdict.is_made else "skipped", started, duration)
        guard.hold()
        self._fail(job, verdict.error, duration, verdict.remark)
        return Outcome(job.key, "failed", started, duration, verdict.error)

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

    def _give_back(self) -> None:
        jobs, self._held = list(self._held), deque()
        if not jobs:
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

"""The queue of one table: jobs are added, taken, and ended one way or another."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeVar

from djnb.algebra.conditions import Equals, both
from djnb.algebra.nodes import Node, Restrict, Stored
from djnb.backends.base import Answer
from djnb.connection import Connection
from djnb.errors import LockError, LostConnectionError, LostReservationError, MissingTableError
from djnb.jobs import points, refresh
from djnb.jobs.job import Candidate, Holder, Job
from djnb.jobs.layout import ensure_jobs
from djnb.jobs.registry import host_name, registry_of, user_of
from djnb.jobs.retry import clean, readable
from djnb.jobs.version import code_version
from djnb.jobs.window import Window, candidates_of, keys_of
from djnb.model.spec import TableSpec
from djnb.rows.fetch import exists
from djnb.settings import get_config
from djnb.sql.queue import QueueWords
from djnb.sql.statement import Statement
from djnb.sql.values import encoder

T = TypeVar("T")

_STAGE_SECONDS = 5.0
"""How often a busy worker looks for failed jobs that are due."""

_DOUBTFUL = 8
"""After so many jobs that it could not take, a worker asks whether it is one still."""

_DEADLOCKS = 10
"""How often a statement that the server undid to break a deadlock is sent again."""


class Queue:
    """
    The jobs of one table, for one worker's loop.

    The job table is declared, or gets the columns that it lacks, when it is first needed. Every method is one
    statement, unless it says otherwise, and may be sent within a transaction.

    Parameters
    ----------
    connection : Connection
        Where the table is.
    target : TableSpec
        The table.
    """

    def __init__(self, connection: Connection, target: TableSpec) -> None:
        self.connection = connection
        self.target = target
        self._window: Window | None = None
        self._is_dry = False
        self._staged_at = time.monotonic()

    @cached_property
    def words(self) -> QueueWords:
        """The statements; to say the first of them, the job table is made ready."""
        ensure_jobs(self.connection, self.target)
        return QueueWords(self.connection.catalogue.stored(self.target.name.job_table), self.connection.dialect)

    @property
    def _made(self) -> Stored:
        return self.connection.catalogue.stored(self.target.name)

    def refresh(
        self,
        keys: Node,
        *,
        wanted: Node | None = None,
        delay: float = 0.0,
        priority: int | None = None,
        stale_timeout: float | None = None,
        orphan_timeout: float | None = None,
    ) -> dict[str, int]:
        """
        Bring the jobs up to date with the keys that the table should have; see `djnb.jobs.refresh`.

        Parameters
        ----------
        keys : Node
            The keys that jobs are added for.
        wanted : Node, optional
            All keys that the table should have, where ``keys`` are some of them.
        delay : float
            Seconds until the new jobs may be begun.
        priority : int, optional
            Of new jobs; lower is sooner. By default what the settings say.
        stale_timeout : float, optional
            After how many seconds a job goes whose key is not wanted any more; 0 for never.
        orphan_timeout : float, optional
            After how many seconds a job is taken from whoever holds it. By default it never is.

        Returns
        -------
        dict
            How many jobs were ``added``, ``removed``, ``orphaned`` and ``re_pended``.
        """
        points.reach("in_refresh")
        self._window = None
        return self._again_if_lost(
            lambda: refresh.refresh(
                self.connection,
                self.words,
                self._made,
                keys,
                wanted or keys,
                delay=delay,
                priority=priority,
                stale_timeout=stale_timeout,
                orphan_timeout=orphan_timeout,
            )
        )

    # -- taking

    def claim(
        self, worker: Holder, *, among: Node | None = None, priority: int | None = None, count: int = 1
    ) -> list[Job]:
        """
        Take jobs that may be begun now.

        Candidates are read without a lock, many at a time, and taken by their keys, so that workers hardly meet. Where
        one writes at a time anyway, jobs are found and taken in one statement, unless ``among`` takes long to find. A
        job that workers have died over is taken after all others, and alone.

        Parameters
        ----------
        worker : Holder
            Who takes them; its tokens have that of these jobs then.
        among : Node, optional
            Only jobs whose keys are among these.
        priority : int, optional
            Only jobs of this priority or more urgent ones, whose numbers are lower.
        count : int
            How many at most; fewer may come although there are more.

        Returns
        -------
        list of Job
            Empty only if there was nothing to be begun.

        Raises
        ------
        LostReservationError
            The worker was taken for dead, and takes no jobs any more.
        """
        if self._window is None or self._window.asked != (among, priority):
            self._window = Window(self.connection, self.words, among, priority)
        if among is None and self.connection.dialect.takes_at_once:
            return self._take_first(worker, self._window, priority, count)
        misses = 0
        while True:
            if self._window.is_worn and not self._look(self._window):
                return []
            points.reach("after_window")
            taken = self._take(worker, self._window.choose(count))
            if taken:
                points.reach("after_claim")
                return taken
            self._window.miss()
            misses += 1
            if misses % _DOUBTFUL == 0:
                self._check_registered(worker)

    def _look(self, window: Window) -> bool:
        """Look for candidates, now and then after giving failed jobs that are due a further chance."""
        if time.monotonic() - self._staged_at > _STAGE_SECONDS:
            self.stage()
        return window.look() or (self.stage() > 0 and window.look())

    def _take_first(self, worker: Holder, window: Window, priority: int | None, count: int) -> list[Job]:
        """Take the jobs that come first, in one statement; where there were none, look for some without the lock."""
        if self._is_dry and not self._look(window):
            return []
        if time.monotonic() - self._staged_at > _STAGE_SECONDS:
            self.stage()
        points.reach("after_window")
        for is_suspect in (False, True, False):
            size = 1 if is_suspect else count
            jobs = self._with_token(worker, partial(self._take_first_with, worker, priority, is_suspect, size))
            self._is_dry = not jobs
            if jobs:
                points.reach("after_claim")
                return jobs
            if is_suspect:
                self._check_registered(worker)
                if not self.stage():
                    break
        return []

    def _take_first_with(
        self, worker: Holder, priority: int | None, is_suspect: bool, size: int, token: int
    ) -> list[Job]:
        said = self.words.take_first(
            {"_worker": worker.id, "_token": token, **self._who()},
            registry=self._registry(),
            priority=priority,
            is_suspect=is_suspect,
            limit=size,
        )
        rows = self._of_worker(worker, lambda: self._insist(said)).rows
        return [
            Job(candidate.key, token, candidate.attempts, candidate.deaths)
            for candidate in candidates_of(self.connection, self.words, rows)
        ]

    def take(self, worker: Holder, key: Mapping[str, Any]) -> Job | None:
        """Take the job of one key if it may be begun now, in two statements; None if it may not."""
        seen = self.connection.execute(self.words.attempts(key)).rows
        if not seen:
            return None
        own = {name: key[name] for name in self.words.key}
        taken = self._take(worker, [Candidate(own, int(seen[0][0]), int(seen[0][1]))])
        return taken[0] if taken else None

    def _take(self, worker: Holder, chosen: Sequence[Candidate]) -> list[Job]:
        return self._with_token(worker, lambda token: self._take_with(token, worker, chosen))

    def _with_token(self, worker: Holder, take: Callable[[int], list[Job]]) -> list[Job]:
        token = secrets.randbits(62) | 1
        worker.tokens.add(token)
        jobs: list[Job] = []
        try:
            jobs = take(token)
        finally:
            if not jobs:
                worker.tokens.discard(token)
        return jobs

    def _take_with(self, token: int, worker: Holder, chosen: Sequence[Candidate]) -> list[Job]:
        changes = {"_worker": worker.id, "_token": token, **self._who()}
        seen = [(candidate.key, candidate.attempts) for candidate in chosen]
        said = self.words.take(seen, changes, registry=self._registry())
        try:
            count = self._of_worker(worker, lambda: self._insist(said)).affected
        except LostConnectionError:
            count = -1  # it may have been carried out
        if count == len(chosen):
            return [Job(c.key, token, c.attempts + 1, c.deaths) for c in chosen]
        if count == 0:
            return []
        rows = self.connection.execute(self.words.taken(worker.id, token)).rows
        return [Job(key, token, int(row[-2]), int(row[-1])) for key, row in keys_of(self.connection, self.words, rows)]

    def _of_worker(self, worker: Holder, take: Callable[[], T]) -> T:
        """Take jobs; a registry that somebody has dropped knows no worker any more."""
        is_registered = self._registry() is not None
        try:
            return take()
        except MissingTableError as error:
            self.connection.catalogue.forget(self.target.name.schema)
            if is_registered and self._registry() is None:
                raise LostReservationError.for_worker(worker.id) from error
            raise

    def _check_registered(self, worker: Holder) -> None:
        registry = self._registry()
        if registry is not None and not self.connection.execute(self.words.is_registered(worker.id, registry)).rows:
            raise LostReservationError.for_worker(worker.id)

    def _registry(self) -> str | None:
        name = registry_of(self.target.name.schema)
        return self.connection.dialect.table(name) if self.connection.catalogue.table(name) is not None else None

    def _who(self) -> dict[str, Any]:
        return {
            "user": user_of(self.connection),
            "host": host_name(),
            "pid": os.getpid(),
            "connection_id": self.connection.connection_id,
            "version": code_version(),
        }

    # -- ending

    def fence(self, job: Job, *, duration: float | None = None) -> Statement:
        """
        Return the first statement of the transaction that keeps a job's rows: it completes the job.

        It must change one row. If it changes none, the job was taken away meanwhile, and the rows must not be kept.
        """
        held = self.words.is_held([job.held])
        return self.words.succeed(held, duration=duration, keeps=get_config().jobs.keep_completed)

    def was_completed(self, job: Job) -> bool | None:
        """
        Tell whether a transaction was kept whose end nobody has heard; None if the job is somebody else's by now.

        One statement, or two where completed jobs are not kept.
        """
        rows = self.connection.execute(self.words.look_at(job.key)).rows
        if rows:
            status, token = rows[0]
            if int(token) != job.token:
                return None
            return {"success": True, "reserved": False}.get(str(status))
        condition = both(Equals(name, value) for name, value in job.key.items())
        return True if exists(self.connection, Restrict(self._made, condition)) else None

    def fail(
        self,
        job: Job,
        message: str,
        stack: str = "",
        *,
        error_hash: str | None = None,
        duration: float | None = None,
        retry_after: float | None = None,
    ) -> bool:
        """
        Note that a job failed.

        Parameters
        ----------
        job : Job
            Which.
        message : str
            The error in one line; it is cut to the 2047 characters that there is room for.
        stack : str
            The traceback.
        error_hash : str, optional
            What errors of one kind have in common; see `djnb.jobs.retry.error_hash`.
        duration : float, optional
            Seconds.
        retry_after : float, optional
            In how many seconds it is to be tried again. By default it is not.

        Returns
        -------
        bool
            False if the job was taken away meanwhile; nothing is noted then.
        """
        points.reach("in_fail")
        values = {**self.told(message, stack), "duration": duration, "_error_hash": error_hash}
        return self._settle(self.words.fail(self.words.is_held([job.held]), values, retry_after=retry_after)) == 1

    def told(self, message: str, stack: str) -> dict[str, Any]:
        """Return what the columns for an error take of a message and a traceback."""
        heading = self.words.jobs.heading
        encode = encoder(heading["error_stack"].type, self.connection.dialect)
        return {
            "error_message": readable(message, collation=heading["error_message"].collation),
            "error_stack": encode(clean(stack)) if stack else None,
        }

    def release(self, jobs: Sequence[Job]) -> int:
        """Give jobs back that were not tried to the end, without charging the attempt; return how many still were."""
        points.reach("in_release")
        return self._settle(self.words.release([job.held for job in jobs])) if jobs else 0

    def ignore(self, job: Job, reason: str = "") -> bool:
        """Have a job that was taken passed over from now on; False if it was taken away meanwhile."""
        collation = self.words.jobs.heading["error_message"].collation
        return self._settle(self.words.pass_over(job.held, readable(reason, collation=collation))) == 1

    def stage(self) -> int:
        """
        Make failed jobs pending whose time to be tried again has come, and return how many.

        One statement if there are none, two otherwise.
        """
        points.reach("in_stage")
        self._staged_at = time.monotonic()
        if not self.connection.execute(self.words.is_any_due()).rows[0][0]:
            return 0
        return self._settle(self.words.stage())

    def has_work(self, *, among: Node | None = None, priority: int | None = None) -> bool:
        """Tell whether any job is pending, whenever it may be begun, or waits to be tried again."""
        asked = self.words.waits(among=among, priority=priority)
        return bool(self.connection.execute(asked).rows[0][0])

    def _settle(self, statement: Statement) -> int:
        """Send what does nothing more when it is sent twice: the token, or the state, was changed the first time."""
        return self._again_if_lost(lambda: self._insist(statement).affected)

    def _again_if_lost(self, do: Callable[[], T]) -> T:
        try:
            return do()
        except LostConnectionError:
            if self.connection.in_transaction:
                raise
            return do()

    def _insist(self, statement: Statement) -> Answer:
        """Send a statement, again where a deadlock has undone it."""
        for _ in range(_DEADLOCKS if not self.connection.in_transaction else 0):
            try:
                return self.connection.execute(statement)
            except LockError:
                time.sleep(secrets.randbelow(50) / 1000)
        return self.connection.execute(statement)


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

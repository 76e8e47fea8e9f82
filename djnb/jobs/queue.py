"""The queue of one table: jobs are added, taken, and ended one way or another."""

from __future__ import annotations

import os
import platform
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import shuffle
from typing import Any, Protocol

from djnb.algebra.conditions import Equals, both
from djnb.algebra.nodes import Node, Restrict, Stored
from djnb.connection import Connection
from djnb.errors import LockError, LostConnectionError, LostReservationError
from djnb.jobs import points, refresh
from djnb.jobs.layout import ensure_jobs
from djnb.jobs.registry import registry_of, user_of
from djnb.jobs.retry import readable
from djnb.jobs.version import code_version
from djnb.model.spec import TableSpec
from djnb.rows.fetch import decode_rows, exists, to_dicts
from djnb.settings import get_config
from djnb.sql.queue import Held, QueueWords
from djnb.sql.statement import Statement
from djnb.sql.values import encoder

_WINDOW = 128
"""How many candidates are read at a time."""

_FRESH_SECONDS = 1.0
"""How long candidates are worth trying."""

_MISSES = 4
"""After so many that somebody else had taken, others are looked for."""

_DEADLOCKS = 10
"""How often a statement that the server undid to break a deadlock is sent again."""


class Holder(Protocol):
    """What a queue needs of a worker."""

    @property
    def id(self) -> int:
        """Its number in the registry of the schema."""
        ...


@dataclass(frozen=True)
class Job:
    """
    A job that was taken.

    Attributes
    ----------
    key : dict
        The primary key of the row to be made, as far as parents give it.
    token : int
        Of this reservation; no other one has it.
    attempts : int
        How often it was begun, with this time.
    deaths : int
        How many workers have died over it.
    """

    key: dict[str, Any]
    token: int
    attempts: int = 1
    deaths: int = 0

    @property
    def held(self) -> Held:
        """The reservation, for statements."""
        return Held(self.key, self.token)


@dataclass(frozen=True)
class _Candidate:
    key: dict[str, Any]
    attempts: int
    deaths: int
    priority: int


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
        self._window: list[_Candidate] = []
        self._asked: tuple[Node | None, int | None] = (None, None)
        self._read_at = float("-inf")
        self._is_crowded = False

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
        self._window = []
        return refresh.refresh(
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

    # -- taking

    def claim(
        self, worker: Holder, *, among: Node | None = None, priority: int | None = None, count: int = 1
    ) -> list[Job]:
        """
        Take jobs that may be begun now.

        Candidates are read without a lock, many at a time, and taken by their keys, so that workers hardly meet. One
        that workers have died over is taken after all others, and alone.

        Parameters
        ----------
        worker : Worker
            Who takes them.
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
        if self._asked != (among, priority):
            self._window, self._asked = [], (among, priority)
        misses = total = 0
        while True:
            if not self._window or misses >= _MISSES or time.monotonic() - self._read_at > _FRESH_SECONDS:
                self._look()
                misses = 0
                if not self._window:
                    return []
            points.reach("after_window")
            taken = self._take(worker, self._choose(count))
            if taken:
                points.reach("after_claim")
                return taken
            misses, total = misses + 1, total + 1
            self._crowd()
            if total % (2 * _MISSES) == 0:
                self._check_registered(worker)

    def _choose(self, count: int) -> list[_Candidate]:
        if self._window[0].deaths:
            return [self._window.pop(0)]
        chosen = self._window[:count]
        del self._window[: len(chosen)]
        return chosen

    def _crowd(self) -> None:
        """Note that others are after the same jobs: from now on, each looks elsewhere first."""
        self._is_crowded = True
        self._mix()

    def _mix(self) -> None:
        shuffle(self._window)
        self._window.sort(key=lambda candidate: candidate.priority)

    def _look(self) -> None:
        """Read candidates; if there are none, once more after giving failed jobs that are due a further chance."""
        self._window = self._candidates()
        if not self._window and self.stage():
            self._window = self._candidates()
        self._read_at = time.monotonic()
        if self._is_crowded:
            self._mix()

    def _candidates(self) -> list[_Candidate]:
        """Return jobs that may be begun; those that workers have died over only if there are no others."""
        among, priority = self._asked
        for is_suspect in (False, True):
            asked = self.words.candidates(among=among, priority=priority, is_suspect=is_suspect, limit=_WINDOW)
            rows = self.connection.execute(asked).rows
            if rows:
                # Jobs that were added together come in the order of their keys.
                listed = sorted(self._keys(rows), key=lambda item: (item[1][-1], item[1][-4], tuple(item[0].values())))
                return [_Candidate(key, *map(int, row[-3:])) for key, row in listed]
        return []

    def _keys(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[dict[str, Any], tuple[Any, ...]]]:
        names = self.words.key
        decoded = decode_rows(self.connection, rows, names, self.words.jobs)
        return list(zip(to_dicts(decoded), rows, strict=True))

    def take(self, worker: Holder, key: Mapping[str, Any]) -> Job | None:
        """Take the job of one key if it may be begun now, in two statements; None if it may not."""
        seen = self.connection.execute(self.words.attempts(key)).rows
        if not seen:
            return None
        own = {name: key[name] for name in self.words.key}
        taken = self._take(worker, [_Candidate(own, int(seen[0][0]), int(seen[0][1]), 0)])
        return taken[0] if taken else None

    def _take(self, worker: Holder, chosen: Sequence[_Candidate]) -> list[Job]:
        token = secrets.randbits(62) | 1
        changes = {"_worker": worker.id, "_token": token, **self._who()}
        seen = [(candidate.key, candidate.attempts) for candidate in chosen]
        statement = self.words.take(seen, changes, registry=self._registry())
        try:
            count = self._insist(statement)
        except LostConnectionError:
            count = -1  # it may have been carried out
        if count == len(chosen):
            return [Job(c.key, token, c.attempts + 1, c.deaths) for c in chosen]
        if count == 0:
            return []
        rows = self.connection.execute(self.words.taken(worker.id, token)).rows
        return [Job(key, token, int(row[-2]), int(row[-1])) for key, row in self._keys(rows)]

    def _check_registered(self, worker: Holder) -> None:
        registry = self._registry()
        if registry is not None and not self.connection.execute(self.words.is_registered(worker.id, registry)).rows:
            raise LostReservationError(
                f"The worker {worker.id} takes no jobs any more: it was taken for dead, and its jobs were given back.",
                remedy="Register a new one: populate again.",
            )

    def _registry(self) -> str | None:
        name = registry_of(self.target.name.schema)
        return self.connection.dialect.table(name) if self.connection.catalogue.table(name) is not None else None

    def _who(self) -> dict[str, Any]:
        return {
            "user": user_of(self.connection),
            "host": platform.node()[:255],
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
        return self.words.succeed(job.held, duration=duration, keeps=get_config().jobs.keep_completed)

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
        heading = self.words.jobs.heading
        values = {
            "duration": duration,
            "error_message": readable(message, collation=heading["error_message"].collation),
            "error_stack": encoder(heading["error_stack"].type, self.connection.dialect)(stack) if stack else None,
            "_error_hash": error_hash,
        }
        return self._insist(self.words.fail(job.held, values, retry_after=retry_after)) == 1

    def release(self, jobs: Sequence[Job]) -> int:
        """Give jobs back that were not tried to the end, without charging the attempt; return how many still were."""
        points.reach("in_release")
        return self._insist(self.words.release([job.held for job in jobs])) if jobs else 0

    def ignore(self, job: Job, reason: str = "") -> bool:
        """Have a job that was taken passed over from now on; False if it was taken away meanwhile."""
        collation = self.words.jobs.heading["error_message"].collation
        return self._insist(self.words.pass_over(job.held, readable(reason, collation=collation))) == 1

    def stage(self) -> int:
        """Make failed jobs pending whose time to be tried again has come, and return how many."""
        points.reach("in_stage")
        return self._insist(self.words.stage())

    def has_work(self, *, among: Node | None = None, priority: int | None = None) -> bool:
        """Tell whether any job is pending, whenever it may be begun, or waits to be tried again."""
        asked = self.words.waits(among=among, priority=priority)
        return bool(self.connection.execute(asked).rows[0][0])

    def _insist(self, statement: Statement) -> int:
        """Send a statement, again where a deadlock has undone it, and return how many rows it changed."""
        for _ in range(_DEADLOCKS if not self.connection.in_transaction else 0):
            try:
                return self.connection.execute(statement).affected
            except LockError:
                time.sleep(secrets.randbelow(50) / 1000)
        return self.connection.execute(statement).affected


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

"""The queue of one table: jobs are added, taken, and ended one way or another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from djnb.algebra.conditions import Equals, both
from djnb.algebra.nodes import Node, Restrict, Stored
from djnb.connection import Connection
from djnb.jobs import points, refresh
from djnb.jobs.claims import Claims
from djnb.jobs.insist import again_if_lost, settle
from djnb.jobs.job import Holder, Job
from djnb.jobs.layout import ensure_jobs
from djnb.jobs.registry import registry_of
from djnb.jobs.retry import clean, readable
from djnb.model.spec import TableSpec
from djnb.rows.fetch import exists
from djnb.settings import get_config
from djnb.sql.queue import QueueWords
from djnb.sql.statement import Statement
from djnb.sql.values import encoder


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
    mark : int
        Of the task that the loop is, if it is one of another machine's; see `djnb.jobs.marks`.
    """

    def __init__(self, connection: Connection, target: TableSpec, *, mark: int = 0) -> None:
        self.connection = connection
        self.target = target
        self.mark = mark

    @cached_property
    def words(self) -> QueueWords:
        """The statements; to say the first of them, the job table is made ready."""
        ensure_jobs(self.connection, self.target)
        jobs = self.connection.catalogue.stored(self.target.name.job_table)
        return QueueWords(jobs, self.connection.dialect, self.mark)

    @cached_property
    def _claims(self) -> Claims:
        return Claims(self.connection, self.words, registry_of(self.target.name.schema), stage=self.stage)

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
        self._claims.look_again()
        return again_if_lost(
            self.connection,
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
            ),
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
        return self._claims.claim(worker, among=among, priority=priority, count=count)

    def take(self, worker: Holder, key: Mapping[str, Any]) -> Job | None:
        """Take the job of one key if it may be begun now, in two statements; None if it may not."""
        return self._claims.take(worker, key)

    # -- ending

    def fence(self, job: Job, *, duration: float | None = None) -> Statement:
        """
        Return the first statement of the transaction that keeps a job's rows: it completes the job.

        It must change one row. If it changes none, the job was taken away meanwhile, and the rows must not be kept.
        """
        return self.fence_all([job], [duration])

    def fence_all(self, jobs: Sequence[Job], durations: Sequence[float | None]) -> Statement:
        """Return the first statement of a transaction for the rows of several jobs; it must change one for each."""
        return self.words.succeed_all([job.held for job in jobs], durations, keeps=get_config().jobs.keep_completed)

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
        return (
            settle(self.connection, self.words.fail(self.words.is_held([job.held]), values, retry_after=retry_after))
            == 1
        )

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
        return settle(self.connection, self.words.release([job.held for job in jobs])) if jobs else 0

    def ignore(self, job: Job, reason: str = "") -> bool:
        """Have a job that was taken passed over from now on; False if it was taken away meanwhile."""
        collation = self.words.jobs.heading["error_message"].collation
        return settle(self.connection, self.words.pass_over(job.held, readable(reason, collation=collation))) == 1

    def stage(self) -> int:
        """
        Make failed jobs pending whose time to be tried again has come, and return how many.

        One statement if there are none, two otherwise.
        """
        points.reach("in_stage")
        if not self.connection.execute(self.words.is_any_due()).rows[0][0]:
            return 0
        return settle(self.connection, self.words.stage())

    def has_work(self, *, among: Node | None = None, priority: int | None = None) -> bool:
        """Tell whether any job is pending, whenever it may be begun, or waits to be tried again."""
        asked = self.words.waits(among=among, priority=priority)
        return bool(self.connection.execute(asked).rows[0][0])

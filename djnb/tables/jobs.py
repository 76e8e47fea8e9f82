"""Job tables as users see them: `Analysis.jobs`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Self

from djnb.algebra.conditions import AndList
from djnb.algebra.nodes import Node, Stored
from djnb.connection import Connection
from djnb.errors import OperandError
from djnb.jobs import manual, pages, search, snapshot, triage
from djnb.jobs.layout import declare_jobs
from djnb.jobs.queue import Queue
from djnb.jobs.roster import Roster, workers_of
from djnb.jobs.snapshot import JobSnapshot
from djnb.jobs.states import Status
from djnb.jobs.triage import ErrorGroup
from djnb.model.heading import Heading
from djnb.model.naming import TableName
from djnb.model.spec import TableSpec
from djnb.sql.queue import QueueWords
from djnb.tables.table import Table
from djnb.triage import picture

Keys = Callable[[tuple[Any, ...]], Node]
"""Returns the keys that a table should have, restricted."""


class JobTable(Table):
    """
    The jobs of one table: which keys are pending, reserved, failed, ignored or done.

    It is a table like others: restrict it, fetch it, page through it, delete from it. It is declared when it is first
    needed. What acts on several jobs acts on those of the restriction: ``(Analysis.jobs & "subject_id = 5").retry()``.

    Parameters
    ----------
    connection : Connection
        Where it is.
    name : TableName
        The job table.
    target : TableSpec, optional
        The table that the jobs are for; without it the job table must be there, and is only read.
    keys : callable, optional
        Returns the keys that the table should have, for restrictions; without it there is no refresh.
    owner : Table, optional
        The table that the jobs are for, where its class is known, which can make them.
    """

    def __init__(
        self,
        connection: Connection,
        name: TableName,
        target: TableSpec | None = None,
        keys: Keys | None = None,
        owner: Any = None,
    ) -> None:
        super().__init__()
        self._where = connection
        self._name = name
        self._target = target
        self._keys = keys
        self._owner = owner

    @property
    def name(self) -> TableName:
        """The job table in the database."""
        return self._name

    @property
    def connection(self) -> Connection:
        """Where the job table is."""
        return self._where

    @property
    def target(self) -> TableSpec | None:
        """The table that the jobs are for, where that is one that is there."""
        return self._target

    @property
    def owner(self) -> Any:
        """The table that the jobs are for, where its class is known; else None."""
        return self._owner

    @property
    def is_restricted(self) -> bool:
        """Whether these are some of the table's jobs."""
        return self._node is not None

    @property
    def class_name_of_target(self) -> str:
        """The class that the jobs are for, as far as the job table's name tells."""
        return self._target.name.class_name if self._target is not None else self.class_name

    @property
    def expression(self) -> str:
        """The Python that stands for all jobs of the table."""
        if self._owner is not None:
            return f"{type(self._owner).__name__}.jobs"
        return f"dj.Schema({self._name.schema!r}).jobs[{self.class_name_of_target!r}]"

    def _stored(self) -> Stored:
        catalogue = self._where.catalogue
        if self._target is None:
            return catalogue.stored(self._name)
        declare_jobs(self._where, self._target)
        stored, target = catalogue.stored(self._name), catalogue.heading(self._target.name)
        # It has no foreign keys, but its keys are those of the pipeline, to be matched with other tables' as such.
        origins = {a.name: a.lineage for a in target.visible if a.in_key} if target is not None else {}
        named = tuple(replace(a, lineage=origins.get(a.name, a.lineage)) for a in stored.stored.visible)
        return Stored(stored.name, Heading(named, stored.stored.hidden))

    @property
    def _queue(self) -> Queue:
        if self._target is None:
            raise OperandError(
                f"{self._name} holds jobs, but of no table of the schema.",
                remedy="Use the class's own, `Analysis.jobs`. The jobs of DataJoint 0.14 are only read and deleted.",
            )
        return Queue(self._where, self._target)

    @property
    def _words(self) -> QueueWords:
        return QueueWords(self._stored(), self._where.dialect)

    # -- which there are

    def _with(self, status: Status) -> Self:
        return self & {"status": status.value}

    @property
    def pending(self) -> Self:
        """The jobs that wait."""
        return self._with(Status.PENDING)

    @property
    def reserved(self) -> Self:
        """The jobs that a worker has taken."""
        return self._with(Status.RESERVED)

    @property
    def errors(self) -> Self:
        """The jobs that failed."""
        return self._with(Status.ERROR)

    @property
    def ignored(self) -> Self:
        """The jobs that are to be passed over."""
        return self._with(Status.IGNORE)

    @property
    def completed(self) -> Self:
        """The jobs that are done, as far as they are kept."""
        return self._with(Status.SUCCESS)

    def progress(self) -> dict[str, int]:
        """Return how many jobs are ``pending``, ``reserved``, ``success``, ``error``, ``ignore``, and in ``total``."""
        return triage.progress(self._where, self._words, self.node)

    def page(
        self,
        *names: str,
        size: int = 100,
        after: Mapping[str, Any] | None = None,
        before: Mapping[str, Any] | None = None,
        order_by: str | Iterable[str] | None = None,
    ) -> list[dict[str, Any]]:
        """
        Return the jobs that follow a job, or those before it, as dicts: the first ones where neither is given.

        A page costs the same wherever it is, unlike ``offset=``, for which all rows before it are read. Jobs of one
        state, ``jobs.pending.page()``, come as they are begun: by priority, scheduled time and key; others by key.

        Parameters
        ----------
        *names : str
            The attributes, beside those that the jobs are ordered by. By default all but ``error_stack``.
        size : int
            How many jobs at most; fewer where there are no more.
        after, before : mapping, optional
            A job of another page, which need not be there any more.
        order_by : str or iterable of str, optional
            Another order, ``"duration DESC"``: all jobs are looked at once for each page then.

        Raises
        ------
        OperandError
            Both ``after`` and ``before`` are given, or what is given lacks what the jobs are ordered by.
        UnknownAttributeError
            A name is not in the heading.

        Examples
        --------
        >>> first = Analysis.jobs.pending.page(size=50)
        >>> second = Analysis.jobs.pending.page(size=50, after=first[-1])
        """
        key = self.primary_key
        return pages.page(self._where, self.node, key, names, size=size, after=after, before=before, order_by=order_by)

    def errors_by_signature(self) -> list[ErrorGroup]:
        """
        Return the failed jobs in groups of one kind of error each, the largest first.

        Two statements, or one more where DataJoint's workers have failed, and one where nothing has.
        Errors are of one kind that have the same type, the same message but for numbers, names and paths, and come
        from the same functions.
        """
        return triage.errors_by_signature(self._where, self._words, self.node)

    def stack(self, key: Mapping[str, Any]) -> str:
        """
        Return the traceback of a job that failed; empty if it has none.

        Raises
        ------
        RowCountError
            There is no job of the key.
        """
        return triage.stack(self._where, self._words, key)

    def of_kind(self, signature: str) -> Self:
        """
        Return the jobs whose errors are of one kind, after a statement.

        Parameters
        ----------
        signature : str
            As `errors_by_signature` has it.

        Examples
        --------
        >>> worst = Analysis.jobs.errors_by_signature()[0]
        >>> Analysis.jobs.of_kind(worst.signature).ignore()
        """
        return self & triage.of_kind(self._where, self._words, self.node, signature)

    def search(self, text: str) -> Self:
        """
        Return the jobs that have a text in their key or their error message, in capitals or not.

        ``"subject_id=5, session=2"``, as keys are shown, asks for jobs whose key has exactly these values.
        """
        return self & search.condition_of(self.heading, text)

    def stale(self, *, older_than: float | None = None) -> Self:
        """
        Return the jobs that are reserved although nobody is at them any more, as it is now.

        Parameters
        ----------
        older_than : float, optional
            Also those that have been reserved for longer, in seconds. Of DataJoint's workers nothing else is known:
            they give no sign of life.
        """
        return self & triage.stale(self._queue, self.node, older_than=older_than)

    def workers(self) -> Roster:
        """Return who holds jobs of the table: where, since when, and whether alive, stalled or dead."""
        self._stored()
        return workers_of(self._where, self._name.schema, table=self._name)

    # -- what happens to many

    def refresh(
        self,
        *restrictions: Any,
        delay: float = 0.0,
        priority: int | None = None,
        stale_timeout: float | None = None,
        orphan_timeout: float | None = None,
    ) -> dict[str, int]:
        """
        Add a job for every key of ``key_source`` that has none and is not made, and remove what is not wanted any more.

        Three round trips at most, for any number of keys; one where there are many jobs and nothing is to be done.

        Parameters
        ----------
        *restrictions
            For which keys jobs are added: anything that may follow ``&``. What is removed is judged by all keys.
        delay : float
            Seconds until the new jobs may be begun.
        priority : int, optional
            Of the new jobs; lower is sooner. By default ``jobs.default_priority``.
        stale_timeout : float, optional
            Seconds after which a job goes whose key is not wanted any more; 0 for never. By default
            ``jobs.stale_timeout``. What is reserved or ignored stays.
        orphan_timeout : float, optional
            Seconds after which a reserved job is taken from whoever holds it. By default it never is: the jobs of
            djnb's dead workers come back by themselves.

        Returns
        -------
        dict
            How many jobs were ``added``, ``removed``, ``orphaned`` and ``re_pended``, which is what happens to jobs
            that were done when their rows have gone.
        """
        if self._keys is None:
            raise OperandError(
                f"{self._name} does not know its key source.", remedy="Refresh by the class: `Analysis.jobs.refresh()`."
            )
        return self._queue.refresh(
            self._keys(restrictions),
            wanted=self._keys(()),
            delay=delay,
            priority=priority,
            stale_timeout=stale_timeout,
            orphan_timeout=orphan_timeout,
        )

    def retry(
        self,
        *restrictions: Any,
        signature: str | None = None,
        ignored: bool = False,
        priority: int | None = None,
        delay: float = 0.0,
    ) -> int:
        """
        Have failed jobs tried again, as if they were new.

        Parameters
        ----------
        *restrictions
            Which: anything that may follow ``&``. All that failed by default.
        signature : str, optional
            Only those of one kind of error, as `errors_by_signature` has it.
        ignored : bool
            The ignored jobs rather than those that failed.
        priority : int, optional
            Their new priority.
        delay : float
            Seconds until they may be begun.

        Returns
        -------
        int
            How many.

        Examples
        --------
        >>> worst = Analysis.jobs.errors_by_signature()[0]
        >>> Analysis.jobs.retry(signature=worst.signature, priority=1)
        """
        status = Status.IGNORE if ignored else Status.ERROR
        node = self._among(restrictions)
        return triage.retry(self._queue, node, signature=signature, status=status, priority=priority, delay=delay)

    def prioritize(self, priority: int, *restrictions: Any) -> int:
        """Give jobs that are not done a priority, lower is sooner, and return how many have another one now."""
        return triage.prioritize(self._queue, self._among(restrictions), priority)

    def release_stale(self, *, older_than: float | None = None) -> int:
        """
        Have the jobs wait again that are reserved although nobody is at them any more.

        Workers do that for each other, and count who has died over a job. This is for when none is left.

        Parameters
        ----------
        older_than : float, optional
            As for `stale`. Whoever is at such a job nevertheless cannot complete it any more.

        Returns
        -------
        int
            How many.
        """
        return triage.release_stale(self._queue, self.node, older_than=older_than)

    def snapshot(self) -> JobSnapshot:
        """
        Return what the jobs are like now; ``snapshot.restore()`` undoes what was done to them since.

        Raises
        ------
        OperandError
            They are more than 10 000.

        Examples
        --------
        >>> before = Analysis.jobs.errors.snapshot()
        >>> Analysis.jobs.errors.ignore()
        >>> before.restore()
        """
        return snapshot.take(self._queue, self.node)

    def _among(self, restrictions: tuple[Any, ...]) -> Node:
        return (self & AndList(restrictions)).node if restrictions else self.node

    def delete(self, *, prompt: bool | None = False, **options: Any) -> int:
        """Delete jobs, by default without asking: a deleted job comes again with the next refresh."""
        return super().delete(prompt=prompt, **options)

    # -- what happens to one

    def reserve(self, key: Mapping[str, Any]) -> bool:
        """
        Take the job of a key for this process, for a program of your own instead of `populate`.

        Should the process die, the job comes back to others. It is to be ended by `complete`, `error` or `release`.

        Returns
        -------
        bool
            False if the job may not be begun now: it is not there, not pending, or not due yet.
        """
        return manual.reserve(self._queue, key)

    def complete(self, key: Mapping[str, Any], duration: float | None = None) -> None:
        """
        Complete the job of a key that this process has taken, or that nobody has.

        Within the transaction that inserts the rows, it keeps rows from being inserted whose job was taken away.

        Parameters
        ----------
        key : mapping
            Has the job's key.
        duration : float, optional
            Seconds.

        Raises
        ------
        LostReservationError
            Somebody else has the job, or it is not there.
        """
        manual.complete(self._queue, key, duration)

    def error(self, key: Mapping[str, Any], error_message: str, error_stack: str | None = None) -> None:
        """
        Note that the job of a key failed which this process has taken, or nobody has.

        Parameters
        ----------
        key : mapping
            Has the job's key.
        error_message : str
            Is cut to 2047 characters.
        error_stack : str, optional
            The traceback.

        Raises
        ------
        LostReservationError
            Somebody else has the job, or it is not there.
        """
        manual.error(self._queue, key, error_message, error_stack)

    def release(self, key: Mapping[str, Any]) -> None:
        """
        Give the job of a key back that this process has taken.

        Raises
        ------
        LostReservationError
            It has not, or not any more.
        """
        manual.release(self._queue, key)

    def ignore(self, key: Mapping[str, Any] | None = None) -> int:
        """
        Have jobs passed over: that of a key, which need not be there, or without one, all of the restriction.

        Who holds such a job cannot complete it any more.

        Returns
        -------
        int
            How many were not passed over before; with a key 1.

        Raises
        ------
        OperandError
            There is neither a key nor a restriction.
        """
        if key is not None:
            triage.ignore_key(self._queue, key)
            return 1
        if self._node is None:
            raise OperandError(
                "`ignore` was called without a key, on all jobs.",
                remedy="Give a key, or restrict: `Analysis.jobs.errors.ignore()`.",
            )
        return triage.ignore(self._queue, self.node)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if self._node is not None or self._name.is_classic_jobs:
            return super()._repr_mimebundle_(include, exclude)
        shown = picture.first_look(self)
        return {"text/plain": shown.text, "text/html": shown.html}

    def __repr__(self) -> str:
        return f"<JobTable {self._name}{'' if self._node is None else ', restricted'}>"

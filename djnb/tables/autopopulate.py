"""Tables that fill themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Self

from djnb.algebra.nodes import Node
from djnb.errors import PopulateError, warn_user
from djnb.jobs import metadata
from djnb.jobs.retry import Retry
from djnb.model.naming import TableName, Tier
from djnb.on_class import on_class
from djnb.populate import forms, key_source, making, progress_bar, start
from djnb.populate.key_source import default_key_source, key_of
from djnb.populate.options import Options, Order
from djnb.populate.result import Progress
from djnb.populate.upstream import Upstream
from djnb.query import Query, as_query
from djnb.rows.insert import Stamp
from djnb.tables.jobs import JobTable
from djnb.tables.table import Table


class AutoPopulate(Table):
    """
    A table whose rows ``make`` computes, one call for each key.

    A subclass defines ``make(self, key)``: fetch by the key, compute, insert into ``self``. What a key inserts is kept
    together or not at all. What may compute for long may be written in three parts, ``make_fetch(self, key)``,
    ``make_compute(self, key, *fetched)`` and ``make_insert(self, key, *computed)``; see `djnb.populate.forms`.

    Attributes
    ----------
    allow_new_pk_fields : bool
        Lets the primary key have attributes that no foreign key brings. Jobs are named by the others: where
        ``key_source`` gives all of the key, several keys are one job, which one worker makes.
    retry : Retry, optional
        Which failed jobs are tried again by themselves, how often and when. By default none that failed by an error
        of ``make``.
    make_in_transaction : bool
        Runs all of ``make`` in one transaction, as DataJoint does: it reads one state of the database, and others wait
        for what it has locked, however long it computes. Otherwise the transaction begins with its first insert, and
        what was read before must not have changed by then, or the key is computed again. With job tables, a worker
        that is stopped amid it, or out of reach, loses its locks on a server with its jobs, after the lease
        (``jobs.lease_time``), if those who find it dead use the same account. Otherwise, without job tables, and with
        SQLite, it keeps them as long as the process is there and the server does not end its connection.
    """

    allow_new_pk_fields: ClassVar[bool] = False
    retry: ClassVar[Retry | None] = None
    make_in_transaction: ClassVar[bool] = False

    def make(self, key: dict[str, Any], *args: Any, **make_kwargs: Any) -> Any:
        """
        Compute the rows of a key and insert them; subclasses define it, or its three parts.

        Parameters
        ----------
        key : dict
            The primary key, as ``key_source`` gives it.
        **make_kwargs
            What ``populate`` was given as such.
        """
        forms.make_in_parts(self, key, *args, **make_kwargs)

    @property
    def upstream(self) -> Upstream:
        """
        The tables upstream of the key that ``make`` is making, each restricted to the rows on which the key depends.

        Raises
        ------
        PopulateError
            No ``make`` of the table runs.

        Examples
        --------
        >>> def make(self, key):
        ...     date = self.upstream[Session].fetch1("session_date")
        """
        return making.upstream_of(self.connection, self.spec)

    @classmethod
    def has_make(cls) -> bool:
        """Tell whether the class says how its rows are computed, in any form."""
        return cls.make is not AutoPopulate.make or hasattr(cls, "make_fetch") or hasattr(cls, "_make_tuples")

    @property
    def key_source(self) -> Query:
        """
        The keys that the table should have: every combination of rows of the parents in its primary key.

        A subclass may define another one, as an attribute or a property: a query or a table.
        """
        return Query(default_key_source(self.connection, self.spec), self.connection)

    @property
    def jobs(self) -> JobTable:
        """The job table of this table; it is declared when it is first asked."""
        return JobTable(self.connection, self.name.job_table, self.spec, self._keys, self._whole())

    @property
    def job_metadata(self) -> Query:
        """
        When each row was computed (UTC), how long that took (s) and by which version of the code, by the row's key.

        The attributes are ``job_start_time``, ``job_duration`` and ``job_version``; without ``make``, they are None.

        Raises
        ------
        OperandError
            The table was declared without ``dj.config.jobs.add_job_metadata``.

        Examples
        --------
        >>> Analysis.job_metadata & "job_duration > 60"
        """
        found = Query(metadata.shown(self._stored()), self.connection)
        return found if self._node is None else found & self

    def _whole(self) -> Self:
        """Return the table without a restriction."""
        return self if self._node is None else type(self)()

    def wanted_keys(self) -> Node:
        """Return the keys that the table should have, as a question."""
        return self._keys(())

    def _keys(self, restrictions: tuple[Any, ...]) -> Node:
        source = as_query(self.key_source, self.connection)
        for restriction in restrictions:
            source = source & restriction
        return key_of(source.node, self._stored())

    @on_class
    def populate(
        self,
        /,
        *conditions: Any,
        restrictions: Any = None,
        suppress_errors: bool = False,
        return_exception_objects: bool = False,
        reserve_jobs: bool = False,
        max_calls: int | None = None,
        display_progress: bool = False,
        capture_output: bool = False,
        processes: int | None = 1,
        executor: Executor | None = None,
        background: bool = False,
        make_kwargs: Mapping[str, Any] | None = None,
        priority: int | None = None,
        refresh: bool | None = None,
        order: Order | None = None,
        limit: int | None = None,
        keys: Iterable[Mapping[str, Any]] | None = None,
    ) -> Any:
        """
        Make every key of ``key_source`` that the table does not have yet.

        Parameters
        ----------
        *conditions, restrictions
            Which keys: anything that may follow ``&``; all must hold.
        suppress_errors : bool
            Go on past keys whose ``make`` raises; the result lists them.
        return_exception_objects : bool
            List the exceptions themselves rather than their messages.
        reserve_jobs : bool
            Share the work with others who do the same, in any process on any machine, by the job table.
        max_calls : int, optional
            How many keys to make at most, those that fail among them.
        display_progress : bool
            Show a progress bar.
        capture_output : bool
            Keep what ``make`` prints, and the figures that it draws with pyplot, for each key: ``result.outputs`` has
            those of the last 200 keys that did. Nothing of it is written elsewhere.
        processes : int, optional
            How many processes of this machine make keys; None for as many as there are cores.
            They are started for this call. Classes of a notebook or of ``__main__`` need nothing to run in them.
        executor : concurrent.futures.Executor, optional
            Makes the keys: threads, processes, or a cluster, such as Dask's ``client.get_executor()``. It is left
            open. ``processes`` then says how many keys it makes at once, where it cannot tell itself.
        background : bool
            Return at once, with a handle of the run.
        make_kwargs : mapping, optional
            Further arguments for ``make``.
        priority : int, optional
            With ``reserve_jobs``: make only jobs of this priority or a lower number, which are the more urgent ones.
        refresh : bool, optional
            With ``reserve_jobs``: look for new keys first; by default as the setting ``jobs.auto_refresh`` says.
        order : {'original', 'reverse', 'random'}, optional
            Deprecated. The order of the keys, by default that of the primary key. Jobs have an order of their own.
        limit : int, optional
            Deprecated. How many keys to look at; ``max_calls`` bounds how many are made.
        keys : iterable of dict, optional
            Deprecated. As DataJoint 0.14 has it: a further restriction.

        Returns
        -------
        PopulateResult or Run
            How many keys were made, and the errors; with ``background``, a handle with ``wait``, ``result``, ``stop``,
            ``pause`` and ``resume``, which ``djnb.runs()`` lists.

        Raises
        ------
        MakeError
            ``make`` raised; nothing of its key is kept, and what was made before is.
        EmptyMakeError
            ``make`` inserted no row for its key.
        PopulateError
            The table is restricted, a transaction is open, there is no ``make``, or options contradict each other.
        PopulateInterrupted
            Ctrl-C or SIGTERM; the key that was being made is undone, and its job waits for the next worker.
            It is a ``KeyboardInterrupt`` with the ``result``; after SIGTERM also a ``SystemExit``.

        Examples
        --------
        >>> Analysis.populate(Recording & "session_date > '2024-01-01'", display_progress=True)
        >>> run = Analysis.populate(processes=4, suppress_errors=True, background=True)
        >>> run.result().failed_keys
        """
        step, options = self.asked(
            *conditions,
            restrictions=restrictions,
            keys=keys,
            suppress_errors=suppress_errors,
            return_exception_objects=return_exception_objects,
            display_progress=display_progress,
            capture_output=capture_output,
            max_calls=max_calls,
            limit=limit,
            order=order,
            make_kwargs=make_kwargs or {},
            reserve_jobs=reserve_jobs,
            priority=priority,
            refresh=refresh,
            processes=processes,
            executor=executor,
        )
        begin = start.populate_in_background if background else start.populate
        return begin([step], options)

    def asked(
        self,
        *conditions: Any,
        restrictions: Any = None,
        keys: Iterable[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> tuple[start.Step, Options]:
        """
        Return what a `populate` with these arguments is to do, and how; nothing is done yet.

        Raises
        ------
        PopulateError
            The table is restricted, there is no ``make``, or options contradict each other.
        """
        if self._node is not None:
            raise PopulateError(
                f"`populate` was called on a restricted `{type(self).__name__}`.",
                remedy=f"Give the restriction as an argument: `{type(self).__name__}.populate(restriction)`.",
            )
        forms.check_form(self, has_make=type(self).make is not AutoPopulate.make)
        if keys is not None:
            warn_user(
                "`populate(keys=)` is deprecated: give the keys as a restriction, `populate(keys)`.", DeprecationWarning
            )
            keys = [dict(key) for key in keys]
        given = (*conditions, *(each for each in (restrictions, keys) if each is not None))
        step = start.Step(self, self._stored(), self._keys(given), self._keys(()))
        return step, Options(is_restricted=bool(given), **options)

    @on_class
    def progress(self, *conditions: Any, display: bool = True) -> Progress:
        """
        Return how many of the keys of ``key_source`` the table has, in one statement.

        Parameters
        ----------
        *conditions
            Which keys: anything that may follow ``&``.
        display : bool
            Also write ``Analysis: 150/200 (75.0%)``.

        Returns
        -------
        Progress
            ``done, total``, with ``.remaining`` and ``.percent``.
        """
        found = key_source.progress(self.connection, self._stored(), self._keys(conditions))
        if display:
            progress_bar.say(found.text(type(self).__name__))
        return found

    @staticmethod
    def check_insert(name: TableName, tier: Tier, *, allow_direct_insert: bool) -> None:
        """Refuse an insert that does not come from ``make``, unless it is asked for."""
        if not allow_direct_insert:
            making.check_insert(name, tier)

    def _check_insert(self, *, allow_direct_insert: bool) -> None:
        self.check_insert(self.name, self.tier, allow_direct_insert=allow_direct_insert)

    def _inserting(self, rows: Any) -> AbstractContextManager[Any]:
        return making.inserting(self.connection, self._stored(), rows)

    def _stamp(self) -> Stamp | None:
        return metadata.stamp(self.spec)

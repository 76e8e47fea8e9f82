"""Tables that fill themselves."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from djnb.algebra.nodes import Node
from djnb.errors import PopulateError
from djnb.jobs import metadata
from djnb.model.naming import TableName, Tier
from djnb.on_class import on_class
from djnb.populate import contract, progress_bar, run
from djnb.populate.key_source import default_key_source, key_of
from djnb.populate.result import PopulateResult, Progress
from djnb.query import Query, as_query
from djnb.rows.insert import Stamp
from djnb.tables.jobs import JobTable
from djnb.tables.table import Table

_QUEUES = "Job queues are not here yet: leave it out, and let one process populate the table."
_KEYWORDS_OF_DATAJOINT: dict[str, tuple[tuple[Any, ...], str]] = {
    "reserve_jobs": ((False, None), _QUEUES),
    "processes": ((1, None), _QUEUES),
    "priority": ((None,), _QUEUES),
    "refresh": ((None, False), _QUEUES),
    "order": (("original", None), "Leave it out: keys are made in the order of the primary key."),
    "limit": ((None,), "Say how many keys to make at most by `max_calls`."),
    "keys": ((None,), "Give the keys as a restriction: `populate(keys)`."),
}
"""Keywords of DataJoint's populate, the values that ask for nothing, and what to do instead of asking."""


def _refuse_keywords(given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        if name not in _KEYWORDS_OF_DATAJOINT:
            raise TypeError(f"populate() got an unexpected keyword argument '{name}'")
        nothing, remedy = _KEYWORDS_OF_DATAJOINT[name]
        if not any(value is each or (isinstance(value, str | int) and value == each) for each in nothing):
            raise PopulateError(f"`populate` cannot do what `{name}={value!r}` asks for.", remedy=remedy)


class AutoPopulate(Table):
    """
    A table whose rows ``make`` computes, one call for each key.

    A subclass defines ``make(self, key)``: fetch by the key, compute, insert into ``self``. Each call is one
    transaction.

    Attributes
    ----------
    allow_new_pk_fields : bool
        Lets the primary key have attributes that no foreign key brings.
    """

    allow_new_pk_fields: ClassVar[bool] = False

    def make(self, key: dict[str, Any]) -> None:
        """
        Compute the rows of a key and insert them; subclasses define it.

        Parameters
        ----------
        key : dict
            The primary key, as ``key_source`` gives it.
        """
        raise PopulateError(
            f"`{type(self).__name__}` has no `make`.",
            remedy="Define `def make(self, key)`: fetch by the key, compute, `self.insert1(dict(key, ...))`.",
        )

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
        return JobTable(self.connection, self.name.job_table, self.spec)

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
        display_progress: bool = False,
        max_calls: int | None = None,
        make_kwargs: Mapping[str, Any] | None = None,
        **of_datajoint: Any,
    ) -> PopulateResult:
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
        display_progress : bool
            Show a progress bar.
        max_calls : int, optional
            How many keys to make at most.
        make_kwargs : mapping, optional
            Further arguments for ``make``.
        **of_datajoint
            ``reserve_jobs``, ``processes``, ``order``, ``limit``, ``keys``, ``priority`` and ``refresh`` are taken as
            far as they ask for nothing: there are no job queues yet.

        Returns
        -------
        PopulateResult
            How many keys were made, and the errors.

        Raises
        ------
        MakeError
            ``make`` raised; nothing of its key is kept, and what was made before is.
        EmptyMakeError
            ``make`` inserted no row for its key.
        PopulateError
            The table is restricted, a transaction is open, there is no ``make``, or one of DataJoint's keywords asks
            for what is not here.
        PopulateInterrupted
            Ctrl-C; the key that was being made is undone. It is a ``KeyboardInterrupt`` with the ``result``.

        Examples
        --------
        >>> Analysis.populate(Recording & "session_date > '2024-01-01'", display_progress=True)
        """
        _refuse_keywords(of_datajoint)
        if self._node is not None:
            raise PopulateError(
                f"`populate` was called on a restricted `{type(self).__name__}`.",
                remedy=f"Give the restriction as an argument: `{type(self).__name__}.populate(restriction)`.",
            )
        if next(base for base in type(self).__mro__ if "make" in vars(base)) is AutoPopulate:
            self.make({})  # says that it is missing
        given = (*conditions, restrictions) if restrictions is not None else conditions
        return run.populate(
            self,
            self._stored(),
            self._keys(given),
            suppress_errors=suppress_errors,
            return_exception_objects=return_exception_objects,
            display_progress=display_progress,
            max_calls=max_calls,
            make_kwargs=make_kwargs,
        )

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
        found = run.progress(self.connection, self._stored(), self._keys(conditions))
        if display:
            progress_bar.say(found.text(type(self).__name__))
        return found

    @staticmethod
    def check_insert(name: TableName, tier: Tier, *, allow_direct_insert: bool) -> None:
        """Refuse an insert that does not come from ``make``, unless it is asked for."""
        if not allow_direct_insert:
            contract.check_insert(name, tier)

    def _check_insert(self, *, allow_direct_insert: bool) -> None:
        self.check_insert(self.name, self.tier, allow_direct_insert=allow_direct_insert)

    def _inserting(self, rows: Any) -> AbstractContextManager[Any]:
        return contract.inserting(self.connection, self._stored(), rows)

    def _stamp(self) -> Stamp | None:
        return metadata.stamp(self.spec)

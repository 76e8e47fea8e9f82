"""
Queries, the fluent face of the algebra: what can be asked is composed with operators, and fetched.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, Self, TypeVar, cast

from djnb.algebra.conditions import Condition, Matches, Not, make_condition, relation_of, walk
from djnb.algebra.expression import Expression
from djnb.algebra.matching import Mismatch, mismatches
from djnb.algebra.nodes import (
    Aggregate,
    Join,
    Node,
    Project,
    check_groups,
    check_new_names,
    choose,
    restrict,
)
from djnb.connection import Connection
from djnb.errors import OperandError, RowCountError, warn_user
from djnb.model.heading import Heading
from djnb.preview import Preview, preview
from djnb.rows import frames
from djnb.rows.fetch import Columns, count, exists, fetch_columns, to_dicts
from djnb.settings import get_config
from djnb.sql.text import is_aggregate, names_outside_aggregates, read

P = ParamSpec("P")
R = TypeVar("R")

if TYPE_CHECKING:
    import pandas as pd

    class on_class(Generic[P, R]):  # noqa: N801 -- a decorator
        """Marks a method that a table class hands on to an instance of itself, for type checkers."""

        def __init__(self, method: Callable[Concatenate[Any, P], R]) -> None: ...

        def __get__(self, instance: Any, owner: Any) -> Callable[P, R]: ...

else:
    # At run time the metaclass of tables does it, for whatever a subclass makes of the method.
    def on_class(method):
        """Return the method as it is."""
        return method


logger = logging.getLogger(__name__)

OrderBy = str | Iterable[str] | None


class SemanticWarning(UserWarning):
    """Attributes of one name but different origin were matched."""


class Query:
    """
    A question to the database; nothing is asked before rows are wanted.

    ============================  ====================================================================
    ``q & condition``             the rows that meet it: a text, dict, list, query or table
    ``q - condition``             the rows that do not
    ``q * r``                     the pairs of rows that agree in the attributes of the same name
    ``q.proj("a", b="c")``        attributes chosen, renamed, computed
    ``q.aggr(r, n="count(*)")``   for each row of ``q``, values computed over the matching rows of ``r``
    ============================  ====================================================================

    Rows come in the order of the primary key unless another order is asked for.
    """

    def __init__(self, node: Node, connection: Connection) -> None:
        self._node: Node | None = node
        self._connection: Connection | None = connection

    @property
    def node(self) -> Node:
        """The question as a value of the algebra."""
        assert self._node is not None
        return self._node

    @property
    def connection(self) -> Connection:
        """What answers the question."""
        assert self._connection is not None
        return self._connection

    def __relation__(self) -> Node:
        return self.node

    @property
    def heading(self) -> Heading:
        """The attributes of the answer."""
        return self.node.heading

    @property
    def primary_key(self) -> list[str]:
        """The names of the primary key's attributes."""
        return self.heading.primary_key

    # -- operators

    def restrict(self, condition: Any) -> Self:
        """Return the rows that meet a condition; the same as ``&``."""
        made = self._condition(condition)
        restricted = copy.copy(self)
        restricted._node = restrict(self.node, made)
        return restricted

    def _condition(self, operand: Any) -> Condition:
        self._check_connection(operand)
        made = make_condition(operand, self.heading, self._read)
        for item in walk(made):
            if isinstance(item, Matches):
                self._check_matching(item.node.heading)
        return made

    def __and__(self, condition: Any) -> Self:
        return self.restrict(condition)

    def __sub__(self, condition: Any) -> Self:
        return self.restrict(Not(condition))

    def __mul__(self, other: Any) -> Query:
        return self.join(other)

    @on_class
    def join(self, other: Any) -> Query:
        """Return the pairs of rows that agree in the attributes of the same name; the same as ``*``."""
        right = relation_of(other)
        if right is None:
            raise OperandError(f"A query cannot be joined with {other!r}.", remedy="Join it with a query or a table.")
        self._check_connection(other)
        self._check_matching(right.heading)
        return Query(Join(self.node, right), self.connection)

    @on_class
    def proj(self, /, *names: Any, **computed: str) -> Query:
        """
        Return the query with attributes chosen, renamed or computed.

        Parameters
        ----------
        *names : str
            Attributes besides the primary key; ``...`` for all of them, ``"-name"`` to leave one out.
        **computed : str
            ``new="old"`` renames, ``new="(old)"`` copies, ``new="a + b"`` computes in SQL.

        Raises
        ------
        UnknownAttributeError
            A name is not in the heading; the message offers the nearest.

        Examples
        --------
        >>> Recording.proj("x", y="x * 1000")
        """
        heading = self.heading
        renames = {new: old for new, old in computed.items() if old in heading}
        expressions = {
            new: self._read(_unwrap(text, heading), heading) for new, text in computed.items() if new not in renames
        }
        kept = choose(heading, names, renames, self.node.label)
        check_new_names(kept, expressions)
        for new, expression in expressions.items():
            if is_aggregate(expression):
                raise OperandError(
                    f"`{new}='{expression.text}'` makes one value of many rows.",
                    remedy=f"Say for which rows: `groups.aggr({self.node.label}, {new}='{expression.text}')`.",
                )
        return Query(Project(self.node, tuple(kept.items()), tuple(expressions.items())), self.connection)

    @on_class
    def aggr(
        self,
        other: Any,
        /,
        *names: Any,
        exclude_nonmatching: bool = False,
        keep_all_rows: bool | None = None,
        **aggregates: str,
    ) -> Query:
        """
        Return, for each row of this query, values computed over the matching rows of another.

        Parameters
        ----------
        other : query or table
            What is aggregated; it has this query's primary key.
        *names : str
            Attributes of this query that are kept besides its primary key; ``...`` for all.
        exclude_nonmatching : bool
            Leave out rows without a match. Otherwise they stay, with counts of 0 and other aggregates None.
        keep_all_rows : bool, optional
            The opposite of ``exclude_nonmatching``, as DataJoint 0.14 calls it.
        **aggregates : str
            ``n="count(*)"``, ``mean="avg(x)"``; also ``new="old"``, which keeps an attribute under another name.

        Examples
        --------
        >>> Session.aggr(Trial, n="count(*)", best="max(score)")
        """
        source = relation_of(other)
        if source is None:
            raise OperandError(f"{other!r} cannot be aggregated.", remedy="Aggregate a query or a table.")
        self._check_connection(other)
        check_groups(self.heading, source.heading, owner=source.label)
        self._check_matching(source.heading, self.primary_key)
        renames = {new: old for new, old in aggregates.items() if old in self.heading}
        kept = choose(self.heading, names, renames, self.node.label)
        seen = Heading((*source.heading, *(a for a in self.heading if a.name not in source.heading)))
        expressions = {new: self._read(text, seen) for new, text in aggregates.items() if new not in renames}
        check_new_names(kept, expressions)
        for new, expression in expressions.items():
            for name in names_outside_aggregates(expression):
                if name not in self.heading:
                    raise OperandError(
                        f"`{new}='{expression.text}'`: '{name}' has many values for one row of `{self.node.label}`.",
                        remedy=f"Make one of them, for example with `max({name})`.",
                    )
        keeps = not exclude_nonmatching if keep_all_rows is None else keep_all_rows
        node = Aggregate(self.node, source, tuple(kept.items()), tuple(expressions.items()), keeps)
        return Query(node, self.connection)

    def _read(self, text: str, heading: Heading) -> Expression:
        return read(text, heading, owner=self.node.label)

    def _check_connection(self, operand: Any) -> None:
        other = getattr(operand, "connection", None)
        if isinstance(other, Connection) and other is not self.connection:
            raise OperandError(
                f"The queries are on different connections, {self.connection.address} and {other.address}.",
                remedy="Fetch one of them, `.keys()` for example, and restrict by the result.",
            )

    def _check_matching(self, other: Heading, names: list[str] | None = None) -> None:
        mode = get_config().semantic_check
        if mode == "off":
            return
        found: list[Mismatch] = mismatches(self.heading, other)
        for mismatch in found:
            if names is not None and mismatch.name not in names:
                continue
            if mode == "error":
                raise OperandError(
                    str(mismatch), remedy="`dj.config.semantic_check = 'warn'` lets such joins pass with a warning."
                )
            warn_user(str(mismatch), SemanticWarning)

    # -- fetching

    @on_class
    def to_dicts(
        self, *names: str, order_by: OrderBy = None, limit: int | None = None, offset: int = 0
    ) -> list[dict[str, Any]]:
        """
        Fetch rows as dicts.

        Parameters
        ----------
        *names : str
            Attributes; all if none is named.
        order_by : str or iterable of str, optional
            Attributes, each maybe with ``DESC``; ``"KEY"`` for the primary key, the default.
        limit, offset : int, optional
            How many rows at most, and how many to pass over.

        Raises
        ------
        UnknownAttributeError
            A name is not in the heading.
        """
        columns = self._fetch(names or self.heading.names, order_by, limit, offset)
        return to_dicts(columns)

    @on_class
    def to_arrays(self, *names: str, order_by: OrderBy = None, limit: int | None = None, offset: int = 0) -> Any:
        """
        Fetch attributes as arrays, one for each name, in the order asked.

        Returns
        -------
        ndarray or tuple of ndarray, each of shape (n_rows,)
            Numbers keep their core type (``float32`` stays ``float32``); ``datetime(3)`` becomes
            ``datetime64[ms]`` in UTC; blobs become ``object``. One array for one name; without names, one structured
            array of all attributes.

        Raises
        ------
        UnknownAttributeError
            A name is not in the heading; the message offers the nearest one.

        Examples
        --------
        >>> x, rate = (Recording & "x > 1").to_arrays("x", "sampling_rate")  # V, Hz
        """
        columns = self._fetch(names or self.heading.names, order_by, limit, offset)
        arrays = {name: frames.to_array(values, self.heading[name]) for name, values in columns.items()}
        if not names:
            import numpy as np

            result = np.empty(columns.count, dtype=[(name, array.dtype) for name, array in arrays.items()])
            for name, array in arrays.items():
                result[name] = array
            return result
        listed = tuple(arrays[name] for name in names)
        return listed[0] if len(listed) == 1 else listed

    @on_class
    def to_pandas(
        self, *names: str, order_by: OrderBy = None, limit: int | None = None, offset: int = 0
    ) -> pd.DataFrame:
        """
        Fetch rows as a DataFrame, indexed by the primary key.

        Parameters
        ----------
        *names : str
            Attributes besides the primary key; all if none is named.
        order_by, limit, offset
            As for `to_dicts`.

        Returns
        -------
        DataFrame
            Integers stay integers, with pandas' nullable types where NULL is allowed; dates and times are
            ``datetime64`` in UTC; blobs are ``object``.
        """
        self.heading.check(names, owner=self.node.label)
        wanted = self.heading.names
        if names:
            wanted = self.primary_key + [name for name in names if name not in self.primary_key]
        return frames.to_frame(self._fetch(wanted, order_by, limit, offset), self.heading)

    @on_class
    def keys(self, order_by: OrderBy = None, limit: int | None = None, offset: int = 0) -> list[dict[str, Any]]:
        """Fetch the primary keys as dicts."""
        if not self.primary_key:  # a table of one row at most
            rows: list[dict[str, Any]] = [{} for _ in range(len(self))]
            return rows[offset:][:limit]
        return to_dicts(self._fetch(self.primary_key, order_by, limit, offset))

    @on_class
    def fetch(
        self,
        *names: str,
        as_dict: bool = False,
        order_by: OrderBy = None,
        limit: int | None = None,
        offset: int | None = None,
        format: Literal["array", "frame"] | None = None,  # noqa: A002 -- as DataJoint calls it
        squeeze: bool = False,
    ) -> Any:
        """
        Fetch rows in the manner of DataJoint 0.12 to 0.14.

        Parameters
        ----------
        *names : str
            Attributes; ``"KEY"`` for the primary keys as a list of dicts. None for all.
        as_dict : bool
            A list of dicts rather than arrays.
        order_by, limit, offset
            As for `to_dicts`.
        format : {"array", "frame"}
            ``"frame"`` for a DataFrame.
        squeeze : bool
            Remove axes of length 1 from arrays in blobs.

        Returns
        -------
        ndarray, tuple of ndarray, list of dict or DataFrame
            Without names a structured array of shape (n_rows,); for one name an array, for several a tuple of arrays.
            Integers are ``int64``, floats ``float64``, all else ``object``.
        """
        if format == "frame":
            expanded = [new for name in names for new in (self.primary_key if name == "KEY" else [name])]
            return self.to_pandas(*expanded, order_by=order_by, limit=limit, offset=offset or 0)
        wanted = [name for name in names if name != "KEY"] if names else self.heading.names
        asked = [*wanted, *(self.primary_key if "KEY" in names else [])]
        columns = self._fetch(list(dict.fromkeys(asked)), order_by, limit, offset or 0, squeeze=squeeze)
        if as_dict:
            return to_dicts(columns)
        if not names:
            return frames.to_structured(columns, self.heading)
        results = [
            to_dicts(columns.only(self.primary_key))
            if name == "KEY"
            else frames.to_plain_array(columns[name], self.heading[name])
            for name in names
        ]
        return results[0] if len(results) == 1 else tuple(results)

    @on_class
    def fetch1(self, *names: str, squeeze: bool = False) -> Any:
        """
        Fetch the one row that there is.

        Parameters
        ----------
        *names : str
            Attributes; ``"KEY"`` for the primary key as a dict. None for all.
        squeeze : bool
            Remove axes of length 1 from arrays in blobs.

        Returns
        -------
        dict, value or tuple of values
            A dict of all attributes without names, the value for one name, a tuple for several.

        Raises
        ------
        RowCountError
            There is no row, or there are several.

        Examples
        --------
        >>> data, rate = (Recording & key).fetch1("data", "sampling_rate")
        """
        wanted = [name for name in names if name != "KEY"] if names else self.heading.names
        asked = list(dict.fromkeys([*wanted, *(self.primary_key if "KEY" in names else [])]))
        # Two rows are enough to know that there are several.
        columns = self._fetch(asked, None, 2, 0, squeeze=squeeze)
        found = columns.count
        if found != 1:
            some = "no row" if found == 0 else "several rows"
            error = RowCountError(
                f"`fetch1` needs exactly one row; `{self.node.label}` has {some} here.",
                remedy="Restrict by a whole primary key, or use `to_dicts()` for several rows.",
            )
            error.found = found
            raise error
        row = {name: values[0] for name, values in columns.items()}
        if not names:
            return row
        results = [{k: row[k] for k in self.primary_key} if name == "KEY" else row[name] for name in names]
        return results[0] if len(results) == 1 else tuple(results)

    def _fetch(
        self, names: Iterable[str], order_by: OrderBy, limit: int | None, offset: int, *, squeeze: bool = False
    ) -> Columns:
        columns = fetch_columns(self.connection, self.node, list(names), order_by=order_by, limit=limit, offset=offset)
        if squeeze:
            for name in columns:
                if self.heading[name].is_blob:
                    columns[name] = [v.squeeze() if hasattr(v, "squeeze") else v for v in columns[name]]
        return columns

    # -- as a collection of rows

    def __len__(self) -> int:
        return count(self.connection, self.node)

    def __bool__(self) -> bool:
        return exists(self.connection, self.node)

    def __contains__(self, row: Any) -> bool:
        return exists(self.connection, restrict(self.node, self._condition(row)))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.to_dicts())

    # -- display

    @on_class
    def preview(self) -> Preview:
        """Return the first rows as text and HTML, in one statement or two."""
        return preview(self.connection, self.node)

    def __str__(self) -> str:
        return self.preview().text

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(self.heading.names)}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        shown = self.preview()
        return {"text/plain": shown.text, "text/html": shown.html}

    def _ipython_key_completions_(self) -> list[str]:
        return self.heading.names


def _unwrap(text: str, heading: Heading) -> str:
    """Return ``old`` for ``(old)``, which copies an attribute."""
    inner = text.strip()[1:-1].strip() if text.strip().startswith("(") and text.strip().endswith(")") else ""
    return inner if inner in heading else text


def as_query(operand: Any, connection: Connection) -> Query:
    """
    Return a query for anything that stands for one.

    Raises
    ------
    OperandError
        It stands for no query.
    """
    node = relation_of(operand)
    if node is None:
        raise OperandError(f"{operand!r} is no query.", remedy="Give a query or a table.")
    return Query(node, cast("Connection", getattr(operand, "connection", None) or connection))

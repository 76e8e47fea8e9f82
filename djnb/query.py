"""
Queries, the fluent face of the algebra: what can be asked is composed with operators, and fetched.
"""

from __future__ import annotations

import copy
from typing import Any, Self, cast

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
from djnb.errors import OperandError, warn_user
from djnb.fetching import Fetching
from djnb.layout import Preview
from djnb.model.heading import Heading
from djnb.on_class import on_class
from djnb.preview import preview
from djnb.rows.fetch import exists
from djnb.settings import get_config
from djnb.sql.text import is_aggregate, names_outside_aggregates, read


class SemanticWarning(UserWarning):
    """Attributes of one name but different origin were matched."""


class Query(Fetching):
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

    def __contains__(self, row: Any) -> bool:
        return exists(self.connection, restrict(self.node, self._condition(row)))

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

"""
Queries, the fluent face of the algebra: what can be asked is composed with operators, and fetched.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Self, cast

from djnb import operators
from djnb.algebra.conditions import Not, relation_of
from djnb.algebra.nodes import Node
from djnb.algebra.nodes import restrict as restrict_node
from djnb.algebra.universal import Universal
from djnb.connection import Connection
from djnb.errors import OperandError, warn_user
from djnb.fetching import Fetching, OrderBy
from djnb.layout import Preview
from djnb.on_class import on_class
from djnb.operators import SemanticWarning as SemanticWarning
from djnb.preview.page import preview
from djnb.preview.pages import Pages
from djnb.rows.fetch import exists, say_fetch
from djnb.summary import Summary, summarize


class Query(Fetching):
    """
    A question to the database; nothing is asked before rows are wanted.

    ============================  ====================================================================
    ``q & condition``             the rows that meet it: a text, dict, list, query or table
    ``q - condition``             the rows that do not
    ``q & dj.Top(3, "x")``        the first of them in an order
    ``q * r``                     the pairs of rows that agree in the attributes of the same name
    ``q.extend(r)``               the rows, each with what ``r`` has about it
    ``q + r``                     the rows of either
    ``q.proj("a", b="c")``        attributes chosen, renamed, computed
    ``q.aggr(r, n="count(*)")``   for each row of ``q``, values computed over the matching rows of ``r``
    ``dj.U("a") & q``             the values of an attribute, each once
    ``-q``                        what ``r & -q`` leaves out: the rows that match ``q``
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

    def restrict(self, condition: Any, *, semantic_check: bool = True) -> Self:
        """
        Return the rows that meet a condition; the same as ``&``.

        Parameters
        ----------
        condition : object
            What ``&`` takes: a text, dict, list, query, table, `Top` and others; see `djnb.algebra.conditions`.
        semantic_check : bool
            Whether namesakes of different origin are treated as the setting ``semantic_check`` says; otherwise they
            are matched without a word.

        Raises
        ------
        OperandError
            The condition is none of these.
        UnknownAttributeError
            It mentions an attribute that the heading does not have.
        """
        self._check_connection(condition)
        restricted = copy.copy(self)
        restricted._node = operators.restrict(self.node, condition, semantic_check=semantic_check)
        return restricted

    def __and__(self, condition: Any) -> Self:
        return self.restrict(condition)

    def __sub__(self, condition: Any) -> Self:
        return self.restrict(Not(condition))

    def __neg__(self) -> Not:
        return Not(self)

    def __mul__(self, other: Any) -> Query:
        return self.join(other)

    def __add__(self, other: Any) -> Query:
        right = operators.operand_of("united with", other)
        self._check_connection(other)
        return Query(operators.union(self.node, right), self.connection)

    def __xor__(self, condition: Any) -> Self:
        _warn_of_old_operator("^", "restrict")
        return self.restrict(condition, semantic_check=False)

    def __matmul__(self, other: Any) -> Query:
        _warn_of_old_operator("@", "join")
        return self.join(other, semantic_check=False)

    @on_class
    def join(
        self, other: Any, *, semantic_check: bool = True, left: bool = False, allow_nullable_pk: bool = False
    ) -> Query:
        """
        Return the pairs of rows that agree in the attributes of the same name; the same as ``*``.

        NULL agrees with nothing, hidden attributes take no part, and without a common attribute all pairs are there.

        ======================================================  =====================================
        this query has all of the other's primary key           the key is this query's
        the other has all of this query's                       the key is the other's
        neither, or ``left`` with ``allow_nullable_pk``         the key is both together
        ======================================================  =====================================

        Parameters
        ----------
        other : query or table
            The right side. With `U`, its attributes are added to the primary key, as in DataJoint 0.14.
        semantic_check : bool
            Whether namesakes of different origin are treated as the setting ``semantic_check`` says.
        left : bool
            Keep the rows of this query that have no match, with the other's attributes None.
        allow_nullable_pk : bool
            Let ``left`` make several rows of one, with None in the primary key where there is no match.

        Raises
        ------
        OperandError
            The other is no query, or ``left`` could make several rows of one.
        """
        if isinstance(other, Universal):
            return Query(operators.promote(self.node, other.names), self.connection)
        right = operators.operand_of("joined with", other)
        self._check_connection(other)
        joined = operators.join(
            self.node,
            right,
            semantic_check=semantic_check,
            keeps_left=left,
            allow_nullable_pk=allow_nullable_pk,
        )
        return Query(joined, self.connection)

    @on_class
    def extend(self, other: Any, *, semantic_check: bool = True) -> Query:
        """
        Return the rows, each with the attributes of the row of another query that matches it, or None in them.

        Rows are neither lost nor multiplied: this query has the other's whole primary key.

        Raises
        ------
        OperandError
            A row could match several of the other.

        Examples
        --------
        >>> Session.extend(Rig)  # sessions without a rig stay
        """
        return self.join(other, semantic_check=semantic_check, left=True)

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
        return Query(operators.project(self.node, names, computed), self.connection)

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
        source = operators.operand_of("aggregated over", other)
        self._check_connection(other)
        keeps = not exclude_nonmatching if keep_all_rows is None else keep_all_rows
        node = operators.aggregate(self.node, source, names, aggregates, keeps_unmatched=keeps)
        return Query(node, self.connection)

    @on_class
    def aggregate(self, other: Any, /, *names: Any, **options_and_aggregates: Any) -> Query:
        """Return what `aggr` returns."""
        return self.aggr(other, *names, **options_and_aggregates)

    def _check_connection(self, operand: Any) -> None:
        other = getattr(operand, "connection", None)
        if isinstance(other, Connection) and other is not self.connection:
            raise OperandError(
                f"The queries are on different connections, {self.connection.address} and {other.address}.",
                remedy="Fetch one of them, `.keys()` for example, and restrict by the result.",
            )

    def __contains__(self, row: Any) -> bool:
        self._check_connection(row)
        return exists(self.connection, restrict_node(self.node, operators.condition_of(row, self.node)))

    # -- display

    @on_class
    def make_sql(self, fields: Iterable[str] | None = None) -> str:
        """
        Return the SQL that fetches the query, as text to be read: in the database's dialect, its values written out.

        Nothing is sent. djnb itself sends the values apart from the text, and so should a program that executes SQL of
        its own; in a client of the database, the text can be tried.

        Parameters
        ----------
        fields : iterable of str, optional
            The attributes; all by default.

        Raises
        ------
        UnknownAttributeError
            A name is not in the heading.
        """
        names = self.heading.names if fields is None else list(fields)
        return self.connection.dialect.written_out(say_fetch(self.connection, self.node, names))

    @property
    def _comment(self) -> str:
        """What a table says of itself; other queries say nothing."""
        return ""

    @on_class
    def preview(
        self,
        *,
        order_by: OrderBy = None,
        limit: int | None = None,
        offset: int = 0,
        pictures: bool = False,
    ) -> Preview:
        """
        Return the first rows as text and HTML, in one statement or two.

        Of large values, the first bytes tell what they hold: ``<float64 (512, 512), 2.1 MB>``.

        Parameters
        ----------
        order_by : str or iterable of str, optional
            As for `to_dicts`.
        limit, offset : int, optional
            How many rows, by default as the setting ``display.limit`` says, and how many to pass over.
        pictures : bool
            Draw arrays of numbers: a line of one dimension, an image of two. Values of up to 4 MiB are fetched for it.

        Raises
        ------
        UnknownAttributeError
            The order has a name that is not in the heading.
        OperandError
            More than 1000 rows are asked for, or fewer than 1.
        """
        return preview(
            self.connection,
            self.node,
            comment=self._comment,
            order_by=order_by,
            limit=limit,
            offset=offset,
            pictures=pictures,
        )

    @on_class
    def pages(self, *, order_by: OrderBy = None, limit: int | None = None, pictures: bool = False) -> Pages:
        """
        Return the rows page by page, to look at; the parameters are those of `preview`.

        Examples
        --------
        >>> pages = Trial.pages(order_by="latency DESC", limit=20)
        >>> pages.turn(3).preview()
        """
        return Pages(
            self.connection, self.node, comment=self._comment, order_by=order_by, limit=limit, pictures=pictures
        )

    @on_class
    def summary(self, *names: str) -> Summary:
        """
        Return what the values of attributes are like: how many are known and different, least, mean and greatest.

        The database reads all rows, in one statement, and in one more for each attribute that is named.

        Parameters
        ----------
        *names : str
            Attributes, whose most frequent values, or a histogram, are told too. Without names, all but the large
            ones are summed up, without these.

        Raises
        ------
        UnknownAttributeError
            A name is not in the heading.
        """
        return summarize(self.connection, self.node, names)

    def __str__(self) -> str:
        return self.preview().text

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(self.heading.names)}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.preview()._repr_mimebundle_()

    def _ipython_key_completions_(self) -> list[str]:
        return self.heading.names


def _warn_of_old_operator(sign: str, method: str) -> None:
    warn_user(
        f"`{sign}` is the operator of DataJoint 0.14 without a check of origins; "
        f"`.{method}(other, semantic_check=False)` says the same.",
        DeprecationWarning,
    )


def connection_of(operand: Any) -> Connection:
    """Return what answers the query that an operand stands for."""
    return cast("Connection", operand.connection)


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

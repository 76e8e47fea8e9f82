"""``dj.U``: the universal set of some attributes, from which groups are made."""

from __future__ import annotations

from typing import Any

from djnb import operators
from djnb.algebra.universal import Universal
from djnb.errors import OperandError
from djnb.query import Query, connection_of


class U(Universal):
    """
    All combinations of values of some attributes; ``U()`` has one row, without attributes.

    ========================================  ===============================================================
    ``U("a", "b") & q``                       the combinations that ``q`` has, each once
    ``U("a", "b").aggr(q, n="count(*)")``     for each of them, values computed over its rows
    ``U().aggr(q, n="count(*)")``             one row, computed over all rows of ``q``, even if it has none
    ``q & U("a")``                            ``q``
    ``q * U("a")``                            ``q`` with ``a`` in its primary key, as in DataJoint 0.14
    ========================================  ===============================================================

    The attributes may be any of ``q``; they are the primary key of the result. NULL is a value like others here:
    the rows without a value are one combination.

    Raises
    ------
    UnknownAttributeError
        ``q`` has no such attribute.
    OperandError
        An attribute holds values that cannot be compared, or infinitely many rows are asked for.

    Examples
    --------
    >>> rooms = dj.U("room") & Session
    >>> total = dj.U().aggr(Trial, n="count(*)").fetch1("n")
    """

    def __and__(self, other: Any) -> Query:
        node = operators.operand_of("made of `U` and", other)
        return Query(operators.group(node, self.names), connection_of(other))

    def __mul__(self, other: Any) -> Query:
        return Query(operators.operand_of("joined with", other), connection_of(other)).join(self)

    def __sub__(self, other: Any) -> Query:
        raise OperandError(
            f"`{self!r} - query` would have infinitely many rows.",
            remedy="Subtract from the combinations that a query has: `(dj.U(...) & query) - other`.",
        )

    def aggr(
        self,
        other: Any,
        /,
        *names: str,
        exclude_nonmatching: bool = True,
        keep_all_rows: bool = False,
        **aggregates: str,
    ) -> Query:
        """
        Return the combinations of values in a query, each with values computed over its rows.

        Parameters
        ----------
        other : query or table
            What is aggregated.
        *names : str
            Attributes to keep; those of this set are kept in any case, and there are no others.
        exclude_nonmatching, keep_all_rows : bool
            Only combinations that are there can be had, so these take their defaults alone.
        **aggregates : str
            ``n="count(*)"``, ``mean="avg(x)"``; also ``new="old"``, which renames an attribute of this set.

        Raises
        ------
        OperandError
            Combinations without rows are asked for, or an expression has many values for one combination.

        Examples
        --------
        >>> dj.U("room").aggr(Session, n="count(*)")
        """
        if keep_all_rows or not exclude_nonmatching:
            raise OperandError(
                f"`{self!r}` has infinitely many rows without a match.",
                remedy="Aggregate over a query: `groups.aggr(query, ...)` keeps the groups without a match.",
            )
        node = operators.operand_of("aggregated from", other)
        return Query(operators.group(node, self.names, names, aggregates), connection_of(other))

    aggregate = aggr

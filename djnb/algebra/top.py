"""The first rows in an order, as an operand."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any, SupportsIndex

from djnb.errors import OperandError

MOST_ROWS = 2**63 - 1
"""The highest number of rows that every database can be asked for."""


class Top:
    """
    The first rows in an order: what ``q & Top(...)`` keeps.

    It is no condition on single rows, so it stands alone after ``&``, not within a list, ``Not`` or ``AndList``.
    Every operator after it sees these rows only. Rows that are equal in the order come in that of the primary key, so
    the same question has the same answer.

    Parameters
    ----------
    limit : int or None
        How many rows at most; None for all, which only orders them.
    order_by : str, iterable of str or None
        Attributes, each maybe with ``DESC``; ``"KEY"`` for the primary key. None keeps the order that the query has.
    offset : int
        How many rows to pass over first.

    Raises
    ------
    OperandError
        ``limit`` or ``offset`` is no whole number from 0 on, or ``order_by`` holds something else than texts.

    Examples
    --------
    >>> best = Trial & dj.Top(3, "score DESC")
    """

    def __init__(
        self,
        limit: SupportsIndex | None = 1,
        order_by: str | Iterable[str] | None = "KEY",
        offset: SupportsIndex = 0,
    ) -> None:
        self.limit = None if limit is None else _count("limit", limit)
        self.order_by = order_by if order_by is None or isinstance(order_by, str) else _names(order_by)
        self.offset = _count("offset", offset)

    def __repr__(self) -> str:
        return f"Top({self.limit!r}, order_by={self.order_by!r}, offset={self.offset!r})"


def _count(name: str, value: Any) -> int:
    try:
        number = -1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = -1
    if number < 0:
        raise OperandError(f"`Top` was given {name}={value!r}.", remedy="Give a whole number, 0 or more.")
    return min(number, MOST_ROWS)


def _names(order_by: Any) -> tuple[str, ...]:
    names = tuple(order_by) if isinstance(order_by, Iterable) else (order_by,)
    if not all(isinstance(name, str) for name in names):
        raise OperandError(
            f"`Top` was given order_by={order_by!r}.", remedy="Give names: `'score DESC'` or `['score DESC', 'trial']`."
        )
    return names

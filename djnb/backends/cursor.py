"""The answer to a statement in SQL of one's own, by the words of Python's database interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from djnb.backends.base import Answer


class Cursor:
    """
    An answer that was taken whole: rows to iterate over, or to fetch.

    Parameters
    ----------
    answer : Answer
        Its rows have been read already, so that nothing is left open.
    as_dict : bool
        Give rows as dicts by the names of the columns rather than as tuples.

    Attributes
    ----------
    rowcount : int
        How many rows there are, or how many were changed.
    """

    def __init__(self, answer: Answer, *, as_dict: bool = False) -> None:
        self._names = answer.names
        self._rows: list[Any] = [dict(zip(answer.names, row, strict=True)) if as_dict else row for row in answer.rows]
        self._next = 0
        self.rowcount = len(self._rows) if answer.names else answer.affected

    @property
    def description(self) -> tuple[tuple[Any, ...], ...] | None:
        """Seven values for each column, of which the first is its name; None where the statement reads nothing."""
        return tuple((name, *[None] * 6) for name in self._names) or None

    def fetchone(self) -> Any:
        """Return the next row, or None after the last."""
        return next(self, None)

    def fetchall(self) -> list[Any]:
        """Return the rows that were not fetched yet."""
        return list(self)

    def fetchmany(self, size: int = 1) -> list[Any]:
        """Return the next rows, at most ``size``."""
        return [row for _, row in zip(range(size), self, strict=False)]

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._next >= len(self._rows):
            raise StopIteration
        self._next += 1
        return self._rows[self._next - 1]

"""Questions that differ in their values only, asked as one: an answer has a head, which costs more than a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement, compose, join

_MOST = 64
"""So many go into one statement, which a server has to parse as a whole."""


def ask_jointly(
    asked: Sequence[Statement], may_join: Sequence[bool], dialect: Dialect
) -> Iterator[tuple[Statement, list[int]]]:
    """
    Yield statements for some questions, each with the places of the questions that it asks.

    Where it asks several, the rows of its answer begin with the number of the question, counted from 0.

    Parameters
    ----------
    asked : sequence of Statement
        SELECTs.
    may_join : sequence of bool
        Whether the columns of a question have different names, as those of a part of a statement must.
    dialect : Dialect
        Of the database.
    """
    alike: dict[str, list[int]] = {}
    for place, (statement, may) in enumerate(zip(asked, may_join, strict=True)):
        alike.setdefault(statement.sql if may else f"{place}", []).append(place)
    for places in alike.values():
        for start in range(0, len(places), _MOST):
            chosen = places[start : start + _MOST]
            yield _jointly([asked[place] for place in chosen], dialect), chosen


def _jointly(asked: Sequence[Statement], dialect: Dialect) -> Statement:
    if len(asked) == 1:
        return asked[0]
    name, number = dialect.quote("asked"), dialect.quote("djnb_number")
    said = f"SELECT {{}} AS {number}, {name}.* FROM ({{}}) AS {name}"
    return join(" UNION ALL ", (compose(said, str(place), each) for place, each in enumerate(asked)))


def divide(rows: Sequence[tuple[Any, ...]], count: int) -> list[list[tuple[Any, ...]]]:
    """Return the rows of each of so many questions that were asked as one, without the numbers."""
    if count == 1:
        return [list(rows)]
    divided: list[list[tuple[Any, ...]]] = [[] for _ in range(count)]
    for number, *values in rows:
        divided[int(number)].append(tuple(values))
    return divided

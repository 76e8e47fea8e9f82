"""The order in which rows that refer to each other can be inserted: first those that others refer to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from djnb.model.spec import TableSpec

NumberedRow = tuple[int, dict[str, Any]]
"""A row with its number among all that were given."""


def parents_first(spec: TableSpec, rows: Iterator[NumberedRow]) -> Iterator[NumberedRow]:
    """
    Yield rows after the rows to which they refer, as far as these are given too, and else in the given order.

    Of a table that does not refer to itself, rows come one by one as they are; of one that does, all are held.
    """
    links = [key.attributes for key in spec.foreign_keys if key.parent == spec.name]
    if not links:
        yield from rows
        return
    given = list(rows)
    by_key: dict[tuple[int, tuple[Any, ...]], NumberedRow] = {}
    for item in given:
        for place, pairs in enumerate(links):
            by_key.setdefault((place, _values(item[1], [there for _, there in pairs])), item)
    done: set[int] = set()
    for item in given:
        waiting = [item]
        entered: set[int] = set()
        while waiting:
            number, row = waiting[-1]
            above = (by_key.get((p, _values(row, [own for own, _ in pairs]))) for p, pairs in enumerate(links))
            todo = [
                up for up in above if up is not None and up[0] not in done and up[0] not in entered and up[0] != number
            ]
            entered.add(number)
            if todo and number not in done:
                waiting.append(todo[0])
                continue
            waiting.pop()
            if number not in done:
                done.add(number)
                yield number, row


def _values(row: dict[str, Any], names: list[str]) -> tuple[Any, ...]:
    # As text: a key may be given as a number here and as digits there, and not every value can be hashed.
    return tuple(str(row.get(name)) for name in names)

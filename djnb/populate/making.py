"""
The key that is being made in a thread, and who may insert meanwhile.

While a key is made, its thread may insert into the table and its parts; nobody else may, unless they ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from djnb.algebra.nodes import Stored
from djnb.connection import Connection
from djnb.errors import DirectInsertError, PopulateError
from djnb.jobs import points
from djnb.model.naming import TableName
from djnb.model.spec import TableSpec
from djnb.populate.upstream import Upstream
from djnb.rows.given import read_rows


@dataclass
class Making:
    """
    A key being made in this thread.

    Attributes
    ----------
    count : int
        How many rows of the table are inserted.
    has_key : bool
        Whether a row of the key was seen among them.
    """

    table: TableName
    key: Mapping[str, Any]
    count: int = 0
    has_key: bool = False
    upstream: Upstream | None = None


_current: ContextVar[Making | None] = ContextVar("djnb_making", default=None)


@contextmanager
def making(table: TableName, key: Mapping[str, Any]) -> Iterator[Making]:
    """Allow inserts into a table for the length of a ``with`` block, and note them."""
    now = Making(table, key)
    token = _current.set(now)
    try:
        yield now
    finally:
        _current.reset(token)


@contextmanager
def inserting(connection: Connection, target: Stored, rows: Any) -> Iterator[Any]:
    """Give the rows to insert in a ``with`` block; what ``make`` has inserted is noted when the block ends well."""
    now = _current.get()
    if now is None or now.table != target.name:
        yield rows
        return
    seen = Making(now.table, now.key)

    def watched() -> Iterator[dict[str, Any]]:
        for row in read_rows(connection, rows, target.stored):
            seen.count += 1
            seen.has_key = seen.has_key or _is_of(row, now.key)
            yield row

    yield watched()
    points.reach("after_insert")
    now.count += seen.count
    now.has_key = now.has_key or seen.has_key


def _is_of(row: Mapping[str, Any], key: Mapping[str, Any]) -> bool:
    """Tell whether a row is plainly of a key; False also for one that spells the key in another way."""
    try:
        return all(bool(row[name] == value) for name, value in key.items())
    except (KeyError, TypeError, ValueError):
        return False


def upstream_of(connection: Connection, spec: TableSpec) -> Upstream:
    """
    Return what lies upstream of the key that is being made in this thread.

    Raises
    ------
    PopulateError
        No ``make`` of the table runs in this thread.
    """
    now = _current.get()
    if now is None or now.table != spec.name:
        raise PopulateError(
            f"`{spec.name.class_name}.upstream` was asked for outside of `make`.",
            remedy="It is what the key of a running `make` depends on; elsewhere, restrict the tables by a key.",
        )
    now.upstream = now.upstream or Upstream(connection, spec, now.key)
    return now.upstream


def check_insert(table: TableName, tier: str) -> None:
    """
    Refuse to insert into a computed table otherwise than by its ``make``.

    Raises
    ------
    DirectInsertError
        No ``make`` of the table runs in this thread.
    """
    now = _current.get()
    owner = table.master or table
    if now is None or owner != now.table:
        raise DirectInsertError(
            f"`{table.class_name}` is {tier}: its rows come from `make()`, under `populate()`.",
            remedy=f"Run `{owner.class_name}.populate()`, or, to repair by hand, insert with "
            "`allow_direct_insert=True`.",
        )

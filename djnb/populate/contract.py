"""
The contract of ``make(key)``: it runs in a transaction of its own, it alone inserts into its table, and it must.

While a key is made, its thread may insert into the table and its parts; nobody else may, unless they ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

from djnb.connection import Connection
from djnb.errors import DirectInsertError, EmptyMakeError
from djnb.model.naming import TableName


class Makeable(Protocol):
    """What ``populate`` needs of a table."""

    @property
    def name(self) -> TableName:
        """The table in the database."""
        ...

    @property
    def connection(self) -> Connection:
        """Where it is."""
        ...

    @property
    def make(self) -> Callable[..., None]:
        """Computes the rows of a key and inserts them."""
        ...


@dataclass
class Making:
    """A key being made in this thread; ``inserted`` counts the rows of the table itself."""

    table: TableName
    inserted: int = 0


_current: ContextVar[Making | None] = ContextVar("djnb_making", default=None)


@contextmanager
def making(table: TableName) -> Iterator[Making]:
    """Allow inserts into a table for the length of a ``with`` block, and count them."""
    now = Making(table)
    token = _current.set(now)
    try:
        yield now
    finally:
        _current.reset(token)


def note_insert(table: TableName, count: int) -> None:
    """Count rows that ``make`` has inserted."""
    now = _current.get()
    if now is not None and now.table == table:
        now.inserted += count


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


def make_key(table: Makeable, key: Mapping[str, Any], make_kwargs: Mapping[str, Any]) -> None:
    """
    Make one key in one transaction.

    Raises
    ------
    EmptyMakeError
        ``make`` inserted no row of the table; what it did insert is undone.
    Exception
        Whatever ``make`` raises; nothing of the key is kept.
    """
    with table.connection.transaction(), making(table.name) as now:
        table.make(dict(key), **make_kwargs)
        if not now.inserted:
            raise EmptyMakeError.for_table(table.name.class_name, key)

"""Python's containers: how many items they have, and what is built of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from djnb.codecs.blob.layout import Kind
from djnb.codecs.blob.unpacking.cursor import Cursor, Pending

_MAX_COLLISIONS = 100


def _read_list(cursor: Cursor) -> Pending:
    return Pending(cursor.size(), lambda values: values)


def _read_tuple(cursor: Cursor) -> Pending:
    return Pending(cursor.size(), tuple)


def _read_set(cursor: Cursor) -> Pending:
    return Pending(cursor.size(), lambda values: set(_hashable(cursor, values)))


def _read_dict(cursor: Cursor) -> Pending:
    return Pending(
        2 * cursor.size(), lambda values: dict(zip(_hashable(cursor, values[::2]), values[1::2], strict=True))
    )


def _hashable(cursor: Cursor, values: list[Any]) -> list[Any]:
    """Return members of a set, or keys of a dict: what was packed as a frozenset is one again."""
    frozen = [value if type(value) is str else _freeze(value) for value in values]
    # Thousands of numbers with one hash never come about by chance, and would take a set ages to tell apart.
    if len(frozen) > _MAX_COLLISIONS and max(Counter(map(hash, frozen)).values()) > _MAX_COLLISIONS:
        cursor.fail("members of a set, or keys of a dict, were chosen to have the same hash")
    return frozen


def _freeze(value: Any) -> Any:
    if isinstance(value, set):
        return frozenset(value)
    if isinstance(value, tuple):
        return tuple(_freeze(member) for member in value)
    return value


READERS: dict[int, Callable[[Cursor], Any]] = {
    Kind.LIST: _read_list,
    Kind.TUPLE: _read_tuple,
    Kind.SET: _read_set,
    Kind.DICT: _read_dict,
}
"""By kind, what reads the head."""

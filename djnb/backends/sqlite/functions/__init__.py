"""
MySQL's functions for SQLite, so that a restriction means the same on both.

They are called ``mysql_…``: SQLite's own stay as they are. Each is NULL where an argument is NULL, unless it looks at
NULL itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from typing import Any

from djnb.backends.sqlite.dialect import DECIMAL_COLLATION, PREFIX
from djnb.backends.sqlite.functions import aggregates, conversions, documents, formats, numbers, texts, times

SCALARS: dict[str, Callable[..., Any]] = {
    **conversions.SCALARS,
    **documents.SCALARS,
    **formats.SCALARS,
    **numbers.SCALARS,
    **texts.SCALARS,
    **times.SCALARS,
}
"""Those that are NULL where an argument is NULL."""

NULLABLE = texts.NULLABLE
AGGREGATES = aggregates.AGGREGATES
_CHANGING = {*times.CHANGING, "rand"}


def _null_in_null_out(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*arguments: Any) -> Any:
        return None if None in arguments else function(*arguments)

    return call


def _compare_decimals(left: str, right: str) -> int:
    a, b = Decimal(left), Decimal(right)
    return (a > b) - (a < b)


_READY = {
    **{name: _null_in_null_out(function) for name, function in SCALARS.items()},
    **NULLABLE,
}


def register(connection: sqlite3.Connection) -> None:
    """Add the functions, and the order of long decimals, to a connection."""
    connection.create_collation(DECIMAL_COLLATION, _compare_decimals)
    for name, function in _READY.items():
        connection.create_function(PREFIX + name, -1, function, deterministic=name not in _CHANGING)
    for name, aggregate in AGGREGATES.items():
        connection.create_aggregate(PREFIX + name, -1, aggregate)
    connection.create_function(
        "regexp", 2, _null_in_null_out(lambda pattern, value: texts.SCALARS["regexp"](value, pattern))
    )

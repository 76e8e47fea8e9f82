"""
Functions of MySQL that SQLite lacks, so that a restriction means the same on both.

Each is NULL where an argument is NULL, as in MySQL. Times are UTC.
"""

from __future__ import annotations

import math
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache, wraps
from typing import Any

from djnb.backends.sqlite.dialect import DECIMAL_COLLATION


def _null_in_null_out(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*arguments: Any) -> Any:
        return None if any(argument is None for argument in arguments) else function(*arguments)

    return call


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _regexp(pattern: str, text: Any) -> int:
    return int(_pattern(str(pattern)).search(str(text)) is not None)


def _now(digits: int = 0) -> str:
    text = datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    return text[: 20 + digits] if digits else text[:19]


def _part(name: str) -> Callable[[str], int]:
    return lambda text: int(getattr(datetime.fromisoformat(text), name))


def _time_part(name: str, place: int) -> Callable[[str], int]:
    """Return the function for a part of a time, which may be a span of many hours, or of a day's time."""
    of_day = _part(name)
    return lambda text: of_day(text) if text[4:5] == "-" else int(float(text.lstrip("-").split(":")[place]))


class _Deviation:
    """Population standard deviation or variance in one pass (Welford's method)."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def step(self, value: Any) -> None:
        if value is not None:
            self.count += 1
            delta = float(value) - self.mean
            self.mean += delta / self.count
            self.squares += delta * (float(value) - self.mean)

    def variance(self, ddof: int) -> float | None:
        return self.squares / (self.count - ddof) if self.count > ddof else None


class _StdPop(_Deviation):
    def finalize(self) -> float | None:
        variance = self.variance(0)
        return None if variance is None else math.sqrt(variance)


class _StdSamp(_Deviation):
    def finalize(self) -> float | None:
        variance = self.variance(1)
        return None if variance is None else math.sqrt(variance)


class _VarPop(_Deviation):
    def finalize(self) -> float | None:
        return self.variance(0)


class _VarSamp(_Deviation):
    def finalize(self) -> float | None:
        return self.variance(1)


_SCALARS: dict[str, tuple[int, Callable[..., Any]]] = {
    "REGEXP": (2, _regexp),
    "CONCAT": (-1, lambda *parts: "".join(str(part) for part in parts)),
    **{name.upper(): (1, _part(name)) for name in ("year", "month", "day")},
    **{name.upper(): (1, _time_part(name, place)) for place, name in enumerate(("hour", "minute", "second"))},
    "DAYOFMONTH": (1, _part("day")),
    "DATEDIFF": (2, lambda a, b: (date.fromisoformat(a[:10]) - date.fromisoformat(b[:10])).days),
}
_AGGREGATES: dict[str, type[Any]] = {
    "STD": _StdPop, "STDDEV": _StdPop, "STDDEV_POP": _StdPop, "STDDEV_SAMP": _StdSamp,
    "VARIANCE": _VarPop, "VAR_POP": _VarPop, "VARIANCE_POP": _VarPop, "VAR_SAMP": _VarSamp,
}  # fmt: skip


def _compare_decimals(left: str, right: str) -> int:
    a, b = Decimal(left), Decimal(right)
    return (a > b) - (a < b)


def register(connection: sqlite3.Connection) -> None:
    """Add the functions, and the order of long decimals, to a connection."""
    connection.create_collation(DECIMAL_COLLATION, _compare_decimals)
    for name, (arguments, function) in _SCALARS.items():
        connection.create_function(name, arguments, _null_in_null_out(function), deterministic=True)
    for name in ("NOW", "UTC_TIMESTAMP"):
        connection.create_function(name, -1, _now)
    for name, aggregate in _AGGREGATES.items():
        connection.create_aggregate(name, 1, aggregate)

"""Functions of many rows that SQLite lacks."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from decimal import Decimal
from typing import Any

from djnb.backends.sqlite.functions.numbers import exact, number, plain, signed, whole
from djnb.backends.sqlite.functions.texts import text


class _Deviation:
    """Variance in one pass (Welford's method)."""

    ddof = 0
    takes_root = False

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, 0.0, 0.0

    def step(self, value: Any) -> None:
        if value is not None:
            self.count += 1
            delta = float(number(value)) - self.mean
            self.mean += delta / self.count
            self.squares += delta * (float(number(value)) - self.mean)

    def finalize(self) -> float | None:
        if self.count <= self.ddof:
            return None
        variance = self.squares / (self.count - self.ddof)
        return math.sqrt(variance) if self.takes_root else variance


class _StdPop(_Deviation):
    takes_root = True


class _StdSamp(_Deviation):
    ddof, takes_root = 1, True


class _VarSamp(_Deviation):
    ddof = 1


class _SumExact:
    """The sum of decimals, without a float's rounding."""

    def __init__(self) -> None:
        self.total: Decimal | None = None

    def step(self, value: Any) -> None:
        if value is not None:
            self.total = exact(value) + (self.total or 0)

    def finalize(self) -> int | float | None:
        return None if self.total is None else plain(self.total)


class _Bits(ABC):
    start = 0

    def __init__(self) -> None:
        self.bits = self.start

    def step(self, value: Any) -> None:
        if value is not None:
            self.bits = self.combine(self.bits, whole(value))

    @staticmethod
    @abstractmethod
    def combine(left: int, right: int) -> int: ...

    def finalize(self) -> int:
        return signed(self.bits)


class _BitAnd(_Bits):
    start = -1

    @staticmethod
    def combine(left: int, right: int) -> int:
        return left & right


class _BitOr(_Bits):
    @staticmethod
    def combine(left: int, right: int) -> int:
        return left | right


class _BitXor(_Bits):
    @staticmethod
    def combine(left: int, right: int) -> int:
        return left ^ right


class _GroupConcat:
    """Takes a `-` or `+` for each key of the order, whether it is DISTINCT, the separator, the value, and the keys."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, tuple[Any, ...]]] = []
        self.directions, self.is_distinct, self.separator = "", False, ","

    def step(self, directions: str, is_distinct: int, separator: str, value: Any, *keys: Any) -> None:
        self.directions, self.is_distinct, self.separator = directions, bool(is_distinct), separator
        if value is not None:
            self.rows.append((text(value), keys))

    def finalize(self) -> str | None:
        if not self.rows:
            return None
        for place in reversed(range(len(self.directions))):  # the sort is stable: the first key last
            down = self.directions[place] == "-"
            self.rows.sort(key=lambda row: _sortable(row[1][place]), reverse=down)
        values = [value for value, _ in self.rows]
        return self.separator.join(dict.fromkeys(values) if self.is_distinct else values)


def _sortable(value: Any) -> tuple[int, Any]:
    """NULL comes first, then numbers, then text."""
    return (0, 0) if value is None else (1, value) if isinstance(value, (int, float)) else (2, text(value))


class _CountDistinct:
    def __init__(self) -> None:
        self.seen: set[tuple[Any, ...]] = set()

    def step(self, *values: Any) -> None:
        if None not in values:
            self.seen.add(values)

    def finalize(self) -> int:
        return len(self.seen)


class _JsonArray:
    def __init__(self) -> None:
        self.values: list[Any] = []

    def step(self, value: Any) -> None:
        self.values.append(text(value) if isinstance(value, bytes) else value)

    def finalize(self) -> str | None:
        return json.dumps(self.values, ensure_ascii=False) if self.values else None


AGGREGATES: dict[str, type[Any]] = {
    "std": _StdPop, "stddev_samp": _StdSamp, "var_pop": _Deviation, "var_samp": _VarSamp,
    "sum_exact": _SumExact, "bit_and": _BitAnd, "bit_or": _BitOr, "bit_xor": _BitXor,
    "group_concat": _GroupConcat, "count_distinct": _CountDistinct, "json_arrayagg": _JsonArray,
}  # fmt: skip

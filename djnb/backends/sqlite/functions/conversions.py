"""What CAST makes of a value, and values compared across kinds."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from djnb.backends.sqlite.functions.numbers import exact, number, plain, round_exact_decimal, whole
from djnb.backends.sqlite.functions.texts import text

_LOWEST, _HIGHEST = -(2**63), 2**63 - 1


def _signed(value: Any) -> int:
    if isinstance(value, (str, bytes)):
        match = re.match(r"\s*[+-]?\d+", text(value))  # text is cut, not rounded
        found = int(match[0]) if match else 0
    else:
        found = whole(value)
    return min(max(found, _LOWEST), _HIGHEST)


def _signed_exact(value: Any) -> int:
    if isinstance(value, (str, bytes)):
        return _signed(value)
    return min(max(int(exact(value).to_integral_value(ROUND_HALF_UP)), _LOWEST), _HIGHEST)


def _decimal(value: Any, digits: int, scale: int) -> Any:
    given = exact(value)
    limit = Decimal(10) ** (digits - scale) - Decimal(1).scaleb(-scale)
    rounded = max(min(round_exact_decimal(given, scale, ROUND_HALF_UP), limit), -limit)
    return plain(rounded) if digits <= 15 else str(rounded)


def _greatest(*values: Any) -> Any:
    return max(_comparable(values))


def _least(*values: Any) -> Any:
    return min(_comparable(values))


def _comparable(values: tuple[Any, ...]) -> list[Any]:
    """Return values that compare: numbers, where one of them is a number, else text."""
    if any(isinstance(value, (int, float)) for value in values):
        numbers = [number(value) for value in values]
        return [float(n) for n in numbers] if any(isinstance(n, float) for n in numbers) else list(numbers)
    return list(values)


SCALARS: dict[str, Callable[..., Any]] = {
    "cast_signed": _signed, "cast_signed_exact": _signed_exact,
    "cast_char": lambda value, length=-1: text(value) if length < 0 else text(value)[:length],
    "cast_decimal": _decimal,
    "cast_double": lambda value: float(number(value)),
    "greatest": _greatest, "least": _least,
    "number": number,
}  # fmt: skip

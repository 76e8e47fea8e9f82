"""Which Python values stand for NULL."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

_NEVER_MISSING = frozenset({int, str, bool, bytes, date, datetime})
"""Types of which no value stands for NULL; exactly these, because pandas' NaT is of a type derived from one."""


def is_missing(value: Any) -> bool:
    """Whether a value stands for NULL: None, NaN, and the missing values of pandas and numpy."""
    if value is None:
        return True
    if isinstance(value, float):
        return math.isnan(value)
    kind = type(value).__name__
    if kind in ("NAType", "NaTType"):
        return True
    if kind in ("datetime64", "timedelta64", "float32", "float16"):
        return bool(value != value)
    return kind == "Decimal" and bool(value.is_nan())


def has_missing(values: Sequence[Any]) -> bool:
    """Whether any of the values stands for NULL."""
    doubtful = set(map(type, values)) - _NEVER_MISSING
    if doubtful <= {float}:
        return bool(doubtful) and any(value != value for value in values)
    return any(map(is_missing, values))

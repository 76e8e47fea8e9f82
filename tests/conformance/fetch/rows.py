"""A row with a value of each type, and the keys of the trials."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

FULL = {
    "id": 1,
    "i8": -128,
    "i16": 32767,
    "i32": -(2**31),
    "i64": 2**63 - 1,
    "u8": 255,
    "u64": 2**63 - 1,
    "f32": 0.1,
    "f64": 5e-324 * 2**60,
    "price": Decimal("-123456.70"),
    "flag": True,
    "short": "ab",
    "name": "Zoë 🐭\n'\"\\%",
    "story": "x" * 5000,
    "side": "it's",
    "day": date(2024, 2, 29),
    "t0": datetime(1999, 12, 31, 23, 59, 59),
    "t3": datetime(2024, 1, 5, 12, 0, 0, 120_000),
    "t6": datetime(2024, 1, 5, 12, 0, 0, 1),
    "span": -timedelta(hours=30, seconds=1),
    "token": UUID("12345678-1234-5678-1234-567812345678"),
    "doc": {"a": [1, 2.5, None, True], "ü": "🐭"},
    "raw": bytes(range(256)),
}


KEYS = [
    {"session": 1, "trial": 1},
    {"session": 1, "trial": 2},
    {"session": 2, "trial": 1},
    {"session": 2, "trial": 2},
]

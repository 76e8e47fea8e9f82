"""Values of Python's own that hold no others: read step by step, or at once where an item is nothing else."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from djnb.codecs.blob.layout import Kind
from djnb.codecs.blob.unpacking.cursor import Cursor

_FLOAT = struct.Struct("<d")
_COMPLEX = struct.Struct("<dd")


class Unread:
    """What is said of bytes that are not, from end to end, the value that they announce."""


UNREAD = Unread()


def _none_of(data: memoryview, length: struct.Struct) -> Unread | None:
    return UNREAD if data else None


def _bool_of(data: memoryview, length: struct.Struct) -> bool | Unread:
    return bool(data[0]) if len(data) == 1 and data[0] < 2 else UNREAD


def _int_of(data: memoryview, length: struct.Struct) -> int | Unread:
    if len(data) < 2 or len(data) != 2 + data[0] + 256 * data[1]:
        return UNREAD
    return int.from_bytes(data[2:], "little", signed=True)


def _float_of(data: memoryview, length: struct.Struct) -> float | Unread:
    if len(data) != 8:
        return UNREAD
    value: float = _FLOAT.unpack(data)[0]
    return value


def _str_of(data: memoryview, length: struct.Struct) -> str | Unread:
    if len(data) < length.size or length.unpack_from(data)[0] != len(data) - length.size:
        return UNREAD
    return str(data[length.size :], "utf-8")


WHOLE_READERS: dict[int, Callable[[memoryview, struct.Struct], Any]] = {
    int(Kind.NONE): _none_of,
    int(Kind.BOOL): _bool_of,
    int(Kind.INT): _int_of,
    int(Kind.FLOAT): _float_of,
    int(Kind.STR): _str_of,
}
"""What reads an item that is the whole of some bytes, without a step for each of its parts."""


def _read_none(cursor: Cursor) -> None:
    return None


def _read_bool(cursor: Cursor) -> bool:
    value = cursor.number(1)
    if value > 1:
        cursor.fail(f"{value} is no truth value")
    return bool(value)


def _read_int(cursor: Cursor) -> int:
    return cursor.number(cursor.number(2), signed=True)


def _read_float(cursor: Cursor) -> float:
    (value,) = _FLOAT.unpack(cursor.take(8))
    return float(value)


def _read_complex(cursor: Cursor) -> complex:
    return complex(*_COMPLEX.unpack(cursor.take(16)))


def _read_str(cursor: Cursor) -> str:
    return str(cursor.take(cursor.size()), "utf-8")


def _read_bytes(cursor: Cursor) -> bytes:
    return bytes(cursor.take(cursor.size()))


def _read_decimal(cursor: Cursor) -> Decimal:
    return Decimal(str(cursor.take(cursor.size()), "ascii"))


def _read_uuid(cursor: Cursor) -> UUID:
    return UUID(bytes=bytes(cursor.take(16)))


def _read_datetime(cursor: Cursor) -> date | time:
    day, clock = cursor.number(4, signed=True), cursor.number(8, signed=True)
    if day == clock == -1:
        cursor.fail("a date is announced, and neither a day nor a time is there")
    if day != -1:
        in_day = date(day // 10_000, day // 100 % 100, day % 100)
    if clock != -1:
        clock, microsecond = divmod(clock, 1_000_000)
        in_clock = time(clock // 10_000, clock // 100 % 100, clock % 100, microsecond)
    if clock == -1:
        return in_day
    return in_clock if day == -1 else datetime.combine(in_day, in_clock)


READERS: dict[int, Callable[[Cursor], Any]] = {
    Kind.NONE: _read_none,
    Kind.BOOL: _read_bool,
    Kind.INT: _read_int,
    Kind.FLOAT: _read_float,
    Kind.COMPLEX: _read_complex,
    Kind.STR: _read_str,
    Kind.BYTES: _read_bytes,
    Kind.DECIMAL: _read_decimal,
    Kind.UUID: _read_uuid,
    Kind.DATETIME: _read_datetime,
}
"""By kind, what reads the value."""

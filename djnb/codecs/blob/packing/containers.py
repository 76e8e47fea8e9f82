"""Python's containers, bytes, and dates and times: their heads, and what is inside them."""

from __future__ import annotations

import reprlib
import struct
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from djnb.codecs.blob.layout import KIND_SIZE, Kind
from djnb.codecs.blob.packing.parts import Children, Parts
from djnb.codecs.blob.packing.refusal import NotPackableError

_KIND_DATETIME = struct.Struct("<Biq")


def write_bytes(parts: Parts, value: bytes | bytearray) -> None:
    """Put down bytes."""
    parts.is_dj0 = True
    parts.put(KIND_SIZE.pack(Kind.BYTES, len(value)), 9)
    parts.put(value, len(value))


def write_datetime(parts: Parts, value: date | time) -> None:
    """Put down a date, a time of the day, or both."""
    if value != value:
        raise NotPackableError("it is NaT, which is no time at all", "Use None.")
    day, clock = -1, -1
    if isinstance(value, date):
        day = (value.year * 100 + value.month) * 100 + value.day
    if isinstance(value, (datetime, time)):
        clock = ((value.hour * 100 + value.minute) * 100 + value.second) * 1_000_000 + value.microsecond
        if value.tzinfo is not None:
            parts.note(
                "A blob keeps no time zone: an aware time was packed as its local time. Convert it to UTC first."
            )
        if getattr(value, "nanosecond", 0):
            parts.note("A blob keeps microseconds of a timestamp: nanoseconds were cut off. Use `datetime64[ns]`.")
    parts.scalar(_KIND_DATETIME.pack(Kind.DATETIME, day, clock))


def write_tuple(parts: Parts, value: Iterable[Any]) -> Children:
    """Put down the head of a tuple."""
    return _items(parts, Kind.TUPLE, value)


def write_list(parts: Parts, value: Iterable[Any]) -> Children:
    """Put down the head of a list."""
    return _items(parts, Kind.LIST, value)


def write_set(parts: Parts, value: Iterable[Any]) -> Children:
    """Put down the head of a set."""
    return _items(parts, Kind.SET, value)._replace(step=lambda _: "{…}")


def _items(parts: Parts, kind: Kind, values: Iterable[Any]) -> Children:
    parts.is_dj0 = True
    items = [*values]
    parts.put(KIND_SIZE.pack(kind, len(items)), 9)
    return Children(items, "[{}]".format)


def write_dict(parts: Parts, value: Mapping[Any, Any]) -> Children:
    """Put down the head of a dict; its items are keys and values by turns."""
    parts.is_dj0 = True
    pairs = [part for pair in value.items() for part in pair]
    parts.put(KIND_SIZE.pack(Kind.DICT, len(pairs) // 2), 9)
    return Children(pairs, lambda index: f"[{reprlib.repr(pairs[index - 1])}]" if index % 2 else ".keys()")

"""Values of Python's own that hold no others: each as bytes, its kind among them."""

from __future__ import annotations

import reprlib
import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from djnb.codecs.blob.layout import KIND_SIZE, MAX_INT_BYTES, Kind
from djnb.codecs.blob.packing.refusal import NotPackableError

_KIND_INT = struct.Struct("<BH")
_KIND_BOOL = struct.Struct("<B?")
_KIND_FLOAT = struct.Struct("<Bd")
_KIND_COMPLEX = struct.Struct("<Bdd")

# To look up a member of an enumeration takes longer than the rest of what is done here.
_BOOL, _INT, _FLOAT, _COMPLEX, _STR, _DECIMAL = map(
    int, (Kind.BOOL, Kind.INT, Kind.FLOAT, Kind.COMPLEX, Kind.STR, Kind.DECIMAL)
)
_NONE, _UUID = bytes((Kind.NONE,)), bytes((Kind.UUID,))


def _say_none(_: None) -> bytes:
    return _NONE


def _say_bool(value: Any) -> bytes:
    return _KIND_BOOL.pack(_BOOL, value)


def _say_int(value: int) -> bytes:
    length = value.bit_length() // 8 + 1
    if length > MAX_INT_BYTES:
        raise NotPackableError(
            f"it is an integer of {length} bytes, and a blob holds {MAX_INT_BYTES} at most",
            "Store it as text or as bytes.",
        )
    return _KIND_INT.pack(_INT, length) + value.to_bytes(length, "little", signed=True)


def _say_float(value: float) -> bytes:
    return _KIND_FLOAT.pack(_FLOAT, value)


def _say_complex(value: complex) -> bytes:
    return _KIND_COMPLEX.pack(_COMPLEX, value.real, value.imag)


def _say_str(value: str) -> bytes:
    try:
        encoded = value.encode()
    except UnicodeEncodeError as error:
        raise NotPackableError(
            f"the text {reprlib.repr(value)} holds half of a surrogate pair, which UTF-8 does not have",
            "Clean it with `text.encode('utf-8', 'replace').decode()`.",
        ) from error
    return KIND_SIZE.pack(_STR, len(encoded)) + encoded


def _say_decimal(value: Decimal) -> bytes:
    encoded = str(value).encode()
    return KIND_SIZE.pack(_DECIMAL, len(encoded)) + encoded


def _say_uuid(value: UUID) -> bytes:
    return _UUID + value.bytes


SCALARS: dict[type, Callable[[Any], bytes]] = {
    type(None): _say_none,
    bool: _say_bool,
    int: _say_int,
    float: _say_float,
    complex: _say_complex,
    str: _say_str,
    Decimal: _say_decimal,
    UUID: _say_uuid,
}
"""What says values of exactly these types."""

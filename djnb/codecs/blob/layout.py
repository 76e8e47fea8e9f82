r"""
The layout of a blob, as constants.

::

    blob     = [ZL123\0 + u64 size + zlib stream of] protocol + element
    protocol = mYm\0 | dj0\0
    element  = one byte of `Kind` + payload
    item     = u64 size + element             what containers hold

All numbers are little-endian, arrays are in Fortran order.
``mYm`` is what MATLAB reads; the whole blob is ``dj0`` as soon as one element is of a kind that mYm does not have.
"""

from __future__ import annotations

import struct
from enum import IntEnum

MYM = b"mYm\0"
DJ0 = b"dj0\0"
COMPRESSED = b"ZL123\0"

PROTOCOLS = (MYM, DJ0)

SIZE, SHORT_SIZE = struct.Struct("<Q"), struct.Struct("<I")
"""A length; the short one is that of very old mYm."""

KIND_SIZE = struct.Struct("<BQ")
"""The head of text, bytes and containers."""

ARRAY_HEAD = struct.Struct("<II")
"""What follows the shape of an array: the id of its type, and whether its numbers are complex."""

COMPRESS_ABOVE = 1000
"""A blob of more bytes than this is compressed if that makes it shorter."""

MAX_DEPTH = 200
"""Elements may be nested this deep; well below Python's limit on recursion."""

MAX_NDIM = 64
"""numpy has no arrays of more dimensions."""

MAX_FIELDS = 65_535
"""Of a structured array. Each field costs some hundred bytes of memory, however short its name."""

MAX_INT_BYTES = 65_535
"""The length of an integer is a u16."""

MAX_DEFLATE_RATIO = 1032
"""No zlib stream inflates to more than this many times its length."""

MAX_INFLATED, MAX_RATIO_OF_LARGE = 2**30, 100
"""What a blob inflates to: at most so many bytes, or so many times its length, whichever is more."""


class Kind(IntEnum):
    """The first byte of an element."""

    ARRAY = 0x41
    SPARSE = 0x50
    MAT_STRUCT = 0x53
    MAT_CELL = 0x43
    NONE = 0xFF
    TUPLE = 0x01
    LIST = 0x02
    SET = 0x03
    DICT = 0x04
    STR = 0x05
    BYTES = 0x06
    INT = 0x0A
    BOOL = 0x0B
    COMPLEX = 0x0C
    FLOAT = 0x0D
    STRUCTURED = 0x46
    DECIMAL = 0x64
    DATETIME = 0x74
    UUID = 0x75


NUMERIC_TYPES = {
    3: "|b1",
    6: "<f8",
    7: "<f4",
    8: "|i1",
    9: "|u1",
    10: "<i2",
    11: "<u2",
    12: "<i4",
    13: "<u4",
    14: "<i8",
    15: "<u8",
}
"""The type ids of arrays of numbers, and how numpy spells the type."""

BOOL_TYPE = 3
CHAR_TYPE = 4
OBJECT_TYPE = 5

DATETIME_TYPE = 65_536
"""The type id of ``datetime64`` is this plus the place of its unit in `DATETIME_UNITS`."""

DATETIME_UNITS = ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as")

MATLAB_TYPES = {0: "an unknown class", 1: "a cell", 2: "a struct", 16: "a function handle"}
"""Type ids that MATLAB has and that hold nothing that can be read."""


def is_packed(data: bytes | bytearray | memoryview) -> bool:
    """
    Tell whether bytes start as a blob does.

    A column of a database may hold blobs without saying so; this is how they are told from other bytes.
    """
    return bytes(data[:6]).startswith((*PROTOCOLS, COMPRESSED))

"""Values with their bytes, as DataJoint writes them; and when a value is the same as another."""

from __future__ import annotations

import struct
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np

from djnb.codecs.blob import MatCell, MatStruct


def cell(*values: Any) -> MatCell:
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.view(MatCell)


def same(left: Any, right: Any) -> bool:
    """Compare values with their types; NaN equals NaN, and -0.0 differs from 0.0."""
    if type(left) is not type(right):
        return False
    if isinstance(left, np.ndarray | np.generic):
        if left.dtype != right.dtype or left.shape != right.shape:
            return False
        if left.dtype.names:
            return all(same(np.asarray(left[name]), np.asarray(right[name])) for name in left.dtype.names)
        if left.dtype == object:
            return all(same(a, b) for a, b in zip(left.ravel(), right.ravel(), strict=True))
        return left.tobytes() == right.tobytes()
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict):
        return same(list(left.items()), list(right.items()))
    if isinstance(left, float):
        return struct.pack("<d", left) == struct.pack("<d", right)
    if isinstance(left, complex):
        return same((left.real, left.imag), (right.real, right.imag))
    return bool(left == right)


# Written by DataJoint 2.3.5 and, byte for byte, by 0.14.9: (what, value, bytes).
VECTORS: list[tuple[str, Any, str]] = [
    ("zero", 0, "646a30000a010000"),
    ("minus one", -1, "646a30000a0100ff"),
    ("128", 128, "646a30000a02008000"),
    ("-129", -129, "646a30000a02007fff"),
    ("2**64", 2**64, "646a30000a0900000000000000000001"),
    ("float", 1.5, "646a30000d000000000000f83f"),
    ("bool", True, "646a30000b01"),
    ("complex", 1 + 2j, "646a30000c000000000000f03f0000000000000040"),
    ("None", None, "646a3000ff"),
    ("str", "é", "646a3000050200000000000000c3a9"),
    ("bytes", b"\x00\x01", "646a30000602000000000000000001"),
    (
        "list",
        [1, "a", None],
        "646a300002030000000000000004000000000000000a0100010a00000000000000050100000000000000610100000000000000ff",
    ),
    (
        "tuple",
        (1, 2.5),
        "646a300001020000000000000004000000000000000a01000109000000000000000d0000000000000440",
    ),
    ("set", {3}, "646a300003010000000000000004000000000000000a010003"),
    (
        "dict",
        {"a": 1},
        "646a30000401000000000000000a000000000000000501000000000000006104000000000000000a010001",
    ),
    ("date", date(2024, 1, 31), "646a30007403d73401ffffffffffffffff"),
    ("datetime", datetime.fromisoformat("2024-01-31T13:05:09.123456"), "646a30007403d73401802ff3621e000000"),
    ("time", time(0, 0), "646a300074ffffffff0000000000000000"),
    ("UUID", UUID(int=1), "646a30007500000000000000000000000000000001"),
    ("Decimal", Decimal("1.50"), "646a3000640400000000000000312e3530"),
    (
        "int64 array",
        np.array([1, 2, 3], np.int64),
        "6d596d0041010000000000000003000000000000000e00000000000000010000000000000002000000000000000300000000000000",
    ),
    (
        "int32 matrix",
        np.array([[1, 2], [3, 4]], np.int32),
        "6d596d00410200000000000000020000000000000002000000000000000c0000000000000001000000030000000200000004000000",
    ),
    (
        "float32 array",
        np.array([1.0, 2.0], np.float32),
        "6d596d00410100000000000000020000000000000007000000000000000000803f00000040",
    ),
    (
        "uint16 array",
        np.array([1], np.uint16),
        "6d596d0041010000000000000001000000000000000b000000000000000100",
    ),
    (
        "bool array",
        np.array([True, False]),
        "6d596d00410100000000000000020000000000000003000000000000000100",
    ),
    (
        "complex128 array",
        np.array([1 + 2j]),
        "6d596d0041010000000000000001000000000000000600000001000000000000000000f03f0000000000000040",
    ),
    (
        "complex64 array",
        np.array([1 + 2j], np.complex64),
        "6d596d00410100000000000000010000000000000007000000010000000000803f00000040",
    ),
    (
        "empty array",
        np.array([], np.float64),
        "6d596d0041010000000000000000000000000000000600000000000000",
    ),
    (
        "empty array of three dimensions",
        np.zeros((2, 0, 3), np.int16),
        "6d596d004103000000000000000200000000000000000000000000000003000000000000000a00000000000000",
    ),
    ("int64 scalar", np.int64(5), "646a30004100000000000000000e000000000000000500000000000000"),
    ("float32 scalar", np.float32(1.5), "646a300041000000000000000007000000000000000000c03f"),
    ("bool scalar", np.bool_(True), "646a3000410000000000000000030000000000000001"),
    (
        "object array",
        np.array([1, "a", None], object),
        (
            "646a30004101000000000000000300000000000000050000000000000004000000000000000a0100010a000000000000000501000000"
            "00000000610100000000000000ff"
        ),
    ),
    (
        "datetime64 array",
        np.array(["2024-01-31"], "datetime64[D]"),
        "646a300041010000000000000001000000000000000300010000000000294d000000000000",
    ),
    (
        "structured array",
        np.array([(1, 2.5)], [("a", "i4"), ("b", "f8")]).view(np.recarray),
        (
            "646a300046020000006100620041010000000000000001000000000000000c00000000000000010000004101000000000000000100"
            "00000000000006000000000000000000000000000440"
        ),
    ),
    (
        "nested structured array",
        np.array([(1, (2, 3))], [("a", "i4"), ("s", [("x", "i2"), ("y", "i2")])]).view(np.recarray),
        (
            "646a300046020000006100730041010000000000000001000000000000000c000000000000000100000046020000007800790041"
            "010000000000000001000000000000000a00000000000000020041010000000000000001000000000000000a000000000000000300"
        ),
    ),
    (
        "MATLAB cell array",
        cell(1, "a"),
        "646a3000430100000000000000020000000000000004000000000000000a0100010a0000000000000005010000000000000061",
    ),
    (
        "MATLAB struct array",
        np.array([(1, "x")], [("a", object), ("b", object)]).view(MatStruct),
        (
            "646a30005301000000000000000100000000000000020000006100620004000000000000000a0100010a00000000000000050100"
            "00000000000078"
        ),
    ),
    (
        "array in a dict",
        {"x": np.array([1, 2], np.uint8)},
        (
            "646a30000401000000000000000a00000000000000050100000000000000781b0000000000000041010000000000000002000000"
            "0000000009000000000000000102"
        ),
    ),
]

# Values that come back as another type: (what, value, bytes, what comes back).
ONE_WAY: list[tuple[str, Any, str, Any]] = [
    (
        "range",
        range(3),
        "646a300001030000000000000004000000000000000a01000004000000000000000a01000104000000000000000a010002",
        (0, 1, 2),
    ),
    (
        "array without dimensions",
        np.array(5, np.int64),
        "646a30004100000000000000000e000000000000000500000000000000",
        np.int64(5),
    ),
    (
        "array of text",
        np.array(["ab", "c"]),
        (
            "646a3000410100000000000000020000000000000005000000000000000b0000000000000005020000000000000061620a00000000"
            "00000005010000000000000063"
        ),
        np.array(["ab", "c"], object),
    ),
    (
        "array of characters",
        np.array([b"a", b"b"], "S1"),
        "6d596d004101000000000000000200000000000000040000000000000061006200",
        np.array(["ab"]),
    ),
]

MATLAB_CHAR = "6d596d00410200000000000000010000000000000003000000000000000400000000000000610062006300"

COMPRESSED = [
    (
        "125 zeros",
        np.zeros(125),
        "5a4c313233000504000000000000789ccb8dcc6570646480805a28cdc6300a46c12818290000e53301f9",
    ),
    ("988 letters", "a" * 988, "5a4c31323300e903000000000000789c4bc9326060bdc3cc000689a360148c82610900a6db784e"),
]

"""What goes into a blob comes out of it, in the bytes that DataJoint and MATLAB know."""

from __future__ import annotations

import collections
import contextlib
import math
import struct
import sys
import time as clock
import tracemalloc
import zlib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from djnb.codecs.blob import MatCell, MatStruct, is_packed, pack, unpack
from djnb.codecs.registry import get_codec
from djnb.errors import BlobError


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


class TestBytes:
    @pytest.mark.parametrize(("value", "expected"), [pytest.param(v, x, id=what) for what, v, x in VECTORS])
    def test_are_those_of_datajoint(self, value, expected):
        """djnb writes the very bytes that DataJoint writes, so either reads the other's blobs."""
        assert expected == pack(value).hex()

    @pytest.mark.parametrize(("value", "expected"), [pytest.param(v, x, id=what) for what, v, x in VECTORS])
    def test_become_the_value_again(self, value, expected):
        """What DataJoint wrote comes back with its types."""
        assert same(value, unpack(bytes.fromhex(expected)))

    @pytest.mark.parametrize(
        ("value", "expected", "back"), [pytest.param(v, x, b, id=what) for what, v, x, b in ONE_WAY]
    )
    def test_of_a_type_that_blobs_lack_become_the_nearest_one(self, value, expected, back):
        """A range, a text array and the like are written as DataJoint does, and come back as the nearest type."""
        packed = pack(value)

        assert expected == packed.hex()
        assert same(back, unpack(packed))

    @pytest.mark.parametrize(("value", "expected"), [pytest.param(v, x, id=what) for what, v, x in COMPRESSED])
    def test_of_more_than_a_thousand_are_compressed(self, value, expected):
        """A blob of more than 1000 bytes is compressed; inflated, it is what DataJoint wrote."""
        packed = pack(value)
        head, stream = bytes.fromhex(expected)[:14], bytes.fromhex(expected)[14:]

        assert head == packed[:14]
        assert zlib.decompress(stream) == zlib.decompress(packed[14:])
        assert same(value, unpack(bytes.fromhex(expected)))

    def test_of_a_thousand_stay_as_they_are(self):
        """A blob of exactly 1000 bytes is not compressed."""
        assert pack("a" * 987) == b"dj0\0\x05" + struct.pack("<Q", 987) + b"a" * 987

    def test_that_do_not_get_fewer_stay_as_they_are(self):
        """Noise, which compression would lengthen, is kept as it is."""
        noise = np.random.default_rng(1).integers(0, 256, 5000, dtype=np.uint8)

        assert pack(noise, compress=False) == pack(noise)

    def test_are_compressed_only_where_wanted(self):
        """With compress=False a large blob starts with its protocol."""
        assert pack(np.zeros(1000), compress=False).startswith(b"mYm\0A")

    def test_may_be_a_memoryview(self):
        """Bytes, bytearrays and memoryviews are read alike, and the bytes may be let go of after."""
        packed = bytearray(pack([np.arange(3.0)]))
        [array] = unpack(memoryview(packed))
        packed[:] = bytes(len(packed))

        assert [0.0, 1.0, 2.0] == array.tolist()


class TestArrays:
    @pytest.mark.parametrize("dtype", ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8", "c8", "c16"])
    @pytest.mark.parametrize("shape", [(4,), (2, 3), (3, 1, 2), (0,), (0, 5)])
    def test_keep_type_and_shape(self, dtype, shape):
        """Arrays of numbers come back with their type, their shape and each element in its place."""
        array = (np.arange(math.prod(shape)) % 2).astype(dtype).reshape(shape)

        assert same(array, unpack(pack(array)))

    @pytest.mark.parametrize("unit", ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"])
    def test_of_times_keep_their_unit(self, unit):
        """datetime64 keeps its unit, and NaT stays NaT."""
        array = np.array([0, 1, -1], f"datetime64[{unit}]")
        array[2] = np.datetime64("NaT")

        assert same(array, unpack(pack(array)))

    @pytest.mark.parametrize(
        "make",
        [
            pytest.param(lambda a: a, id="C order"),
            pytest.param(np.asfortranarray, id="Fortran order"),
            pytest.param(lambda a: np.repeat(a, 2, axis=1)[:, ::2], id="strided"),
            pytest.param(lambda a: a[::-1][::-1], id="turned round"),
        ],
    )
    def test_lie_in_memory_as_they_like(self, make):
        """The bytes depend on the values, not on how numpy keeps them."""
        array = np.arange(12.0).reshape(3, 4)

        assert pack(array) == pack(make(array))

    def test_are_writable(self):
        """An array that was fetched can be worked on in place."""
        array = unpack(pack(np.zeros((2, 2))))
        array += 1

        assert [[1, 1], [1, 1]] == array.tolist()

    def test_of_complex_numbers_keep_infinities(self):
        """An infinite imaginary part does not turn the real part into NaN."""
        array = np.array([complex(1, math.inf), complex(math.inf, -0.0)])

        assert same(array, unpack(pack(array)))

    def test_of_objects_hold_anything(self):
        """Lists and arrays in an object array stay what they are, each in its place."""
        array = np.empty((2, 2), object)
        array[0, 0], array[0, 1], array[1, 0], array[1, 1] = [1, 2], np.arange(3), {"a": None}, "text"

        assert same(array, unpack(pack(array)))

    def test_of_characters_in_rows_stay_characters(self):
        """Several rows of characters come back as one text each, in place."""
        array = np.array([[b"a", b"b"], [b"c", b"d"]])

        assert same(np.array([["a", "b"], ["c", "d"]]), unpack(pack(array)))

    @pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
    def test_of_matrices_become_plain_arrays(self):
        """A numpy.matrix comes back as an array."""
        assert same(np.array([[1, 2]]), unpack(pack(np.asmatrix([[1, 2]]))))

    @pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3)])
    def test_with_fields_keep_names_and_types(self, shape):
        """A structured array comes back as a recarray with the same fields, whatever its shape."""
        array = np.zeros(shape, [("é", "i4"), ("t", "M8[ms]"), ("s", [("o", object), ("c", "c8")])])
        array["s"]["o"] = "text"

        assert same(array.view(np.recarray), unpack(pack(array)))

    def test_with_fields_that_hold_lists_keep_them(self):
        """A list in a field comes back as that list."""
        array = np.empty(2, [("id", "i4"), ("x", object)])
        array["id"] = [1, 2]
        array["x"][0], array["x"][1] = [1], [2, 3]

        assert [(1, [1]), (2, [2, 3])] == unpack(pack(array)).tolist()

    def test_masked_without_a_hidden_value_are_plain_arrays(self):
        """A mask that hides nothing is nothing to lose."""
        assert same(np.array([1, 2]), unpack(pack(np.ma.array([1, 2], mask=[False, False]))))

    def test_masked_lose_the_mask_with_a_warning(self):
        """A mask cannot be kept; the user is told, and the hidden values are those that DataJoint writes."""
        with pytest.warns(UserWarning, match="keeps no masks"):
            packed = pack(np.ma.array([1.0, 2.0], mask=[False, True], fill_value=-1))

        assert same(np.array([1.0, -1.0]), unpack(packed))

    def test_are_copied_once(self):
        """A large array costs its own size in memory, and no more, in either direction."""
        array = np.zeros(2_000_000)
        tracemalloc.start()
        try:
            packed = pack(array, compress=False)
            packing = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
            held = tracemalloc.get_traced_memory()[0]
            unpack(packed)
            unpacking = tracemalloc.get_traced_memory()[1] - held
        finally:
            tracemalloc.stop()

        assert [1, 1] == [round(packing / array.nbytes, 1), round(unpacking / array.nbytes, 1)]


class TestPythonValues:
    @pytest.mark.parametrize(
        ("value", "back"),
        [
            (collections.OrderedDict(a=1), {"a": 1}),
            (collections.UserDict(a=1), {"a": 1}),
            (collections.deque([1]), [1]),
            (frozenset({1}), {1}),
            ({1: 2}.keys(), {1}),
            (bytearray(b"ab"), b"ab"),
            (np.str_("ab"), "ab"),
            (np.bytes_(b"ab"), b"ab"),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_of_other_classes_become_the_plain_ones(self, value, back):
        """Subclasses and look-alikes of Python's containers come back as the plain ones."""
        assert same(back, unpack(pack(value)))

    def test_in_sets_and_keys_stay_hashable(self):
        """A set of frozensets can be read, though a frozenset alone comes back as a set."""
        value = {frozenset({1}), (2, frozenset({3}))}

        assert value == unpack(pack(value))
        assert {frozenset({1}): "x"} == unpack(pack({frozenset({1}): "x"}))

    @pytest.mark.parametrize("value", [127, -128, 255, 2**63, -(2**63), 2**64 - 1, -(10**300)])
    def test_that_are_integers_are_of_any_size(self, value):
        """Integers are exact at every boundary of their bytes."""
        assert value == unpack(pack(value))

    def test_with_a_time_zone_lose_it_with_a_warning(self):
        """A blob keeps no time zone; the user is told."""
        with pytest.warns(UserWarning, match="Convert it to UTC"):
            packed = pack([datetime(2024, 1, 1, 12, tzinfo=UTC)])

        assert [datetime.fromisoformat("2024-01-01T12:00")] == unpack(packed)


class TestMatlab:
    def test_text_is_read(self):
        """A char row of MATLAB is an array of one text."""
        assert same(np.array(["abc"]), unpack(bytes.fromhex(MATLAB_CHAR)))

    def test_text_beyond_ascii_is_read(self):
        """MATLAB's characters are UTF-16; all of it is read."""
        body = "aé€𝄞".encode("utf-16-le")
        blob = b"mYm\0A" + struct.pack("<QQQII", 2, 1, len(body) // 2, 4, 0) + body

        assert ["aé€𝄞"] == unpack(blob).tolist()

    def test_empty_text_is_read(self):
        """The empty text of MATLAB, 0 by 0 characters, is an empty array."""
        assert (0, 0) == unpack(b"mYm\0A" + struct.pack("<QQQII", 2, 0, 0, 4, 0)).shape

    def test_cells_keep_shape_and_order(self):
        """A cell array comes back as MatCell, each element in its place."""
        value = np.array([[1.5, "a"], [None, 2.5]], object).view(MatCell)

        assert same(value, unpack(pack(value)))

    def test_cells_hold_arrays_and_cells(self):
        """Cells nest."""
        value = cell(np.arange(3.0), cell(np.array([1.0])))

        assert same(value, unpack(pack(value)))

    def test_cells_of_arrays_are_what_matlab_reads(self):
        """A cell of arrays is written in MATLAB's own protocol."""
        assert pack(cell(np.arange(3.0))).startswith(b"mYm\0C")

    def test_structs_keep_shape_and_fields(self):
        """A struct array comes back as MatStruct, its fields in order."""
        value = np.empty((2, 2), [("x", object), ("label", object)]).view(MatStruct)
        for place in np.ndindex(2, 2):
            value["x"][place], value["label"][place] = np.arange(sum(place)), str(place)

        assert same(value, unpack(pack(value)))

    def test_struct_without_fields_is_nothing(self):
        """A struct that has no fields is an array that holds None."""
        back = unpack(b"mYm\0S" + struct.pack("<QQQI", 2, 1, 1, 0))

        assert same(np.array(None), back)

    @pytest.mark.parametrize(
        ("value", "back"),
        [
            (np.array([[5.0]]), 5.0),
            (np.array([[1.0, 2.0]]), np.array([1.0, 2.0])),
            (np.float32(1.5), 1.5),
            (np.array([["a"]], object), "a"),
            ([np.array([[True]])], [True]),
            (np.array([[[1, 2], [3, 4]]], object).view(MatCell), np.array([[1, 2], [3, 4]], object).view(MatCell)),
        ],
    )
    def test_dimensions_of_one_are_dropped_on_demand(self, value, back):
        """With squeeze=True, MATLAB's 1 by 1 matrices are numbers and its rows vectors."""
        assert same(back, unpack(pack(value), squeeze=True))

    def test_dimensions_of_32_bits_are_read_on_demand(self):
        """Blobs of very old mYm, whose lengths have four bytes, are read if asked for."""
        array = b"A" + struct.pack("<IIIII", 2, 1, 2, 9, 0) + b"\x01\x02"
        blob = b"mYm\0C" + struct.pack("<III", 1, 1, len(array)) + array
        whole = b"ZL123\0" + struct.pack("<I", len(blob)) + zlib.compress(blob)

        assert same(cell(np.array([[1, 2]], np.uint8)), unpack(whole, use_32bit_dims=True))

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"P" + bytes(40), "sparse array of MATLAB"),
            (b"A" + struct.pack("<QQII", 1, 0, 16, 0), "function handle of MATLAB"),
        ],
    )
    def test_kinds_that_cannot_be_read_are_named(self, body, message):
        """What of MATLAB cannot be read is named."""
        with pytest.raises(BlobError, match=message):
            unpack(b"mYm\0" + body)


finite = st.floats() | st.integers(-(2**70), 2**70) | st.booleans() | st.complex_numbers()
scalars = (
    st.none()
    | finite
    | st.text(max_size=20)
    | st.binary(max_size=20)
    | st.dates()
    | st.times()
    | st.datetimes()
    | st.uuids()
    | st.decimals(allow_nan=False)
)
dtypes = (
    hnp.boolean_dtypes()
    | hnp.integer_dtypes(endianness="=")
    | hnp.unsigned_integer_dtypes(endianness="=")
    | hnp.floating_dtypes(endianness="=", sizes=(32, 64))
    | hnp.complex_number_dtypes(endianness="=", sizes=(64, 128))
    | hnp.datetime64_dtypes(endianness="=", max_period="ns")
)
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4))
hashables = st.text(max_size=5) | st.integers() | st.uuids() | st.tuples(st.integers(), st.text(max_size=3))


def object_arrays(values: list[Any]) -> np.ndarray[Any, Any]:
    array = np.empty(len(values), object)
    for place, value in enumerate(values):
        array[place] = value
    return array


values = st.recursive(
    scalars | arrays,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(hashables, inner, max_size=4)
        | st.sets(hashables, max_size=4)
        | st.lists(inner, max_size=4).map(object_arrays)
        | st.lists(inner, max_size=4).map(lambda found: object_arrays(found).view(MatCell))
    ),
    max_leaves=12,
)


class TestAnyValue:
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(values)
    def test_comes_back_equal_and_of_the_same_type(self, value):
        """Whatever is nested in whatever, it comes back with its types."""
        assert same(value, unpack(pack(value)))

    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(values)
    def test_is_recognised_as_packed(self, value):
        """Every blob is told from other bytes by how it starts, compressed or not."""
        assert is_packed(pack(value))


class Opaque:
    """A class that blobs know nothing of."""


def endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


class TestRefusedValue:
    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (timedelta(1), r"`value` cannot be packed: a blob has no form for `datetime\.timedelta`\. .*total_seconds"),
            (np.timedelta64(1, "s"), r"timedelta64\[s\].*numpy\.timedelta64\(1, 's'\)"),
            (np.zeros(2, np.float16), r"arrays of `float16`.*astype\('float32'\)"),
            (np.zeros(2, np.longdouble), r"astype\('float64'\)"),
            (np.zeros(2, ">f8"), r"arrays of `>f8`.*newbyteorder"),
            (np.array([b"ab"]), r"arrays of `\|S2`.*tolist"),
            (np.zeros(2, "M8[25s]"), r"astype\('datetime64\[ns\]'\)"),
            (np.zeros(2, [("a", "i4")])[0], r"`numpy\.void`.*an array of one"),
            (np.zeros(2, [("a", "i4", 3)]), r"field 'a'.*holds an array in each row"),
            (np.ma.masked, "masked value"),
            (Path("x"), r"Store `str\(path\)`"),
            (iter([]), r"Store `list\(x\)`"),
            (Opaque(), r"Opaque`.*dj\.Codec"),
            (2 ** (8 * 65535), "65535 at most"),
            ("\ud800", "surrogate"),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_is_named_with_a_remedy(self, value, message):
        """A value that has no form in a blob is refused; the message names its type and what to store instead."""
        with pytest.raises(BlobError, match=message):
            pack(value)

    @pytest.mark.parametrize(
        ("value", "place"),
        [
            ({"spikes": [1, 2, 3, Opaque()]}, "value['spikes'][3]"),
            ({"a": {1: (Opaque(),)}}, "value['a'][1][0]"),
            ({Opaque(): 1}, "value.keys()"),
            ([{Opaque()}], "value[0]{…}"),
            (np.array([[1, 2], [3, Opaque()]], object), "value[1, 1]"),
            (np.array(Opaque(), object), "value[()]"),
            ({"t": np.zeros(1, [("a", ">i4")])}, "value['t']['a']"),
            (np.array([(1, Opaque())], [("a", "i4"), ("b", object)]), "value['b'][0]"),
            (np.array([(1, 2), (3, Opaque())], [("a", object), ("b", object)]).view(MatStruct), "value[1]['b']"),
            (cell([1, Opaque()]), "value[0][1]"),
        ],
    )
    def test_is_found_in_what_is_nested(self, value, place):
        """The message says where the value stands, as Python spells it."""
        with pytest.raises(BlobError) as refused:
            pack(value)

        assert str(refused.value).startswith(f"`{place}` cannot be packed: ")

    def test_may_not_contain_itself(self):
        """A list that contains itself is refused instead of overflowing the stack."""
        with pytest.raises(BlobError, match=r"more than 200 levels.*does not contain itself"):
            pack(endless())

    def test_is_nested_no_deeper_than_can_be_read(self):
        """What is nested as deep as a blob allows can be read again; one level more is refused."""
        value: Any = 0
        for _ in range(200):
            value = [value]

        assert value == unpack(pack(value))
        with pytest.raises(BlobError, match="200 levels"):
            pack([value])

    def test_deep_in_the_stack_is_an_error_of_djnb(self):
        """Where Python's stack is nearly full, packing and reading deep values fail as blobs do."""
        value: Any = 0
        for _ in range(150):
            value = [value]
        packed = pack(value)

        def descend(left: int, act: Any) -> Any:
            return descend(left - 1, act) if left else act()

        depth, frame = 0, sys._getframe()
        while frame is not None:
            depth, frame = depth + 1, frame.f_back
        left = sys.getrecursionlimit() - depth - 60

        with pytest.raises(BlobError, match="nested too deep"):
            descend(left, lambda: pack(value))
        with pytest.raises(BlobError, match="nested too deep"):
            descend(left, lambda: unpack(packed))


def item(element: bytes) -> bytes:
    return struct.pack("<Q", len(element)) + element


class TestDamagedBlob:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"", "are not a blob"),
            (b"\x89PNG\r\n\x1a\n", r"start b'\\x89PNG.*`bytes`; a packed one is `<blob>`"),
            (b"dj1\0\xff", "are not a blob"),
            (b"ZL123\0" + struct.pack("<Q", 9) + zlib.compress(b"ZL123\0\0\0\0"), "are not a blob"),
        ],
    )
    def test_of_an_unknown_protocol_is_refused(self, data, message):
        """Bytes that are no blob are never taken for None; the message shows how they start."""
        with pytest.raises(BlobError, match=message):
            unpack(data)

    def test_must_be_bytes(self):
        """Text is no blob."""
        with pytest.raises(BlobError, match="this is `str`"):
            unpack("mYm")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"", "1 bytes are announced where 0 are left"),
            (b"\x99", "0x99 is no kind of value"),
            (b"\xff\xff", "1 bytes follow the end"),
            (b"\x05" + struct.pack("<Q", 3) + b"ab", "3 bytes are announced where 2 are left"),
            (b"\x05" + struct.pack("<Q", 1) + b"\xe9", "utf-8"),
            (b"\x0b\x02", "2 is no truth value"),
            (b"\x64" + struct.pack("<Q", 1) + b"x", "damaged"),
            (b"\x74" + struct.pack("<iq", 20241301, -1), "month must be in 1..12"),
            (b"\x74" + struct.pack("<iq", -1, -1), "neither a day nor a time"),
            (b"\x02" + struct.pack("<Q", 1) + struct.pack("<Q", 2) + b"\xff", "an item of 2 bytes is announced"),
            (b"\x02" + struct.pack("<Q", 1) + item(b"\xff\xff"), "an item ends 1 bytes too early"),
            (b"\x04" + struct.pack("<Q", 1) + item(b"\x02" + bytes(8)) + item(b"\xff"), "unhashable"),
            (b"A" + struct.pack("<Q", 65), "65 dimensions"),
            (b"A" + struct.pack("<QQII", 1, 0, 99, 0), "99 is no type of arrays"),
            (b"A" + struct.pack("<QQII", 1, 0, 6, 7), "mark for complex"),
            (b"A" + struct.pack("<QQII", 1, 0, 5, 1), "mark for complex"),
            (b"A" + struct.pack("<QQII", 1, 0, 65536, 1), "mark for complex"),
            (b"A" + struct.pack("<QQQQII", 3, 2**62, 0, 2**62, 6, 0), "damaged"),
            (b"F" + struct.pack("<I", 0), "no fields"),
            (b"F" + struct.pack("<I", 1) + b"\0" + bytes(20), "a field has no name"),
            (b"F" + struct.pack("<I", 1) + b"a\0\xff", "is not an array"),
            (
                b"F" + struct.pack("<I", 2) + b"a\0b\0" + b"A" + struct.pack("<QQIIB", 1, 1, 9, 0, 1)
                + b"A" + struct.pack("<QQIIH", 1, 2, 9, 0, 1),
                "differ in shape",
            ),
            (b"F" + struct.pack("<I", 2) + b"a\0a\0" + (b"A" + struct.pack("<QQII", 1, 0, 9, 0)) * 2, "damaged"),
        ],
    )  # fmt: skip
    def test_says_what_does_not_fit(self, body, message):
        """The message says what does not fit, and at which byte."""
        with pytest.raises(BlobError, match=message):
            unpack(b"dj0\0" + body)

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b"dj0\0\x05" + struct.pack("<Q", 2**63), id="text"),
            pytest.param(b"dj0\0\x02" + struct.pack("<Q", 2**40) + bytes(100), id="list"),
            pytest.param(b"dj0\0\x04" + struct.pack("<Q", 2**40) + bytes(100), id="dict"),
            pytest.param(b"mYm\0A" + struct.pack("<QQQII", 2, 2**31, 2**31, 6, 0) + bytes(100), id="array"),
            pytest.param(b"mYm\0A" + struct.pack("<QQII", 1, 2**40, 6, 1) + bytes(100), id="complex array"),
            pytest.param(b"dj0\0A" + struct.pack("<QQII", 1, 2**40, 5, 0) + bytes(100), id="object array"),
            pytest.param(b"mYm\0C" + struct.pack("<QQ", 1, 2**40) + bytes(100), id="cell"),
            pytest.param(b"mYm\0S" + struct.pack("<QQI", 1, 2**40, 1) + b"a\0" + bytes(100), id="struct"),
            pytest.param(b"mYm\0S" + struct.pack("<QQI", 1, 0, 2**32 - 1) + b"a\0" + bytes(100), id="struct fields"),
            pytest.param(b"dj0\0F" + struct.pack("<I", 2**32 - 1) + bytes(100), id="structured"),
            pytest.param(b"ZL123\0" + struct.pack("<Q", 2**62) + zlib.compress(b"dj0\0\xff"), id="compressed"),
            pytest.param(b"ZL123\0" + struct.pack("<Q", 5) + zlib.compress(bytes(200_000_000)), id="bomb"),
        ],
    )
    def test_cannot_make_the_reader_take_memory(self, data):
        """A few bytes that announce terabytes are refused before anything of that size is made."""
        tracemalloc.start()
        try:
            with pytest.raises(BlobError):
                unpack(data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert peak < 2_000_000

    @pytest.mark.parametrize(
        ("size", "message", "options"),
        [
            (2**30 + 13, "would take 1073741837 bytes of memory", {}),
            (2**28, "are not a blob: they start", {}),
            (2**30 + 13, "are not a blob: they start", {"is_trusted": True}),
        ],
    )
    def test_that_truthfully_announces_what_takes_all_memory_is_refused(self, size, message, options):
        """A megabyte that inflates to a gibibyte needs trust; what is no blob is found out by its first bytes."""
        packer = zlib.compressobj()
        zeros = bytes(2**20)
        parts = [packer.compress(zeros) for _ in range(size // 2**20)]
        stream = b"".join([*parts, packer.compress(bytes(size % 2**20)), packer.flush()])
        data = b"ZL123\0" + struct.pack("<Q", size) + stream

        tracemalloc.start()
        try:
            with pytest.raises(BlobError, match=message):
                unpack(data, **options)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert peak < 2_000_000

    def test_cannot_make_the_reader_recurse(self):
        """A blob nested thousands of levels deep is refused."""
        data = b"\xff"
        for _ in range(3000):
            data = b"\x02" + struct.pack("<Q", 1) + item(data)

        with pytest.raises(BlobError, match="200 levels"):
            unpack(b"dj0\0" + data)

    def test_cannot_make_the_reader_recurse_through_fields(self):
        """Fields of structured arrays, which have no lengths, cannot nest without end either."""
        with pytest.raises(BlobError, match="200 levels"):
            unpack(b"dj0\0" + (b"F" + struct.pack("<I", 1) + b"a\0") * 3000)

    def test_cannot_make_the_reader_hang(self):
        """Numbers chosen to have one hash, which take a set ages, are refused at once."""
        prime = sys.hash_info.modulus
        data = pack([prime * n for n in range(1, 20_000)], compress=False)
        data = data[:4] + b"\x03" + data[5:]
        start = clock.monotonic()

        with pytest.raises(BlobError, match="same hash"):
            unpack(data)

        assert clock.monotonic() - start < 5

    @pytest.mark.parametrize("cut", [1, 10, 14, 20])
    def test_that_was_cut_while_compressed_is_refused(self, cut):
        """A compressed blob that ends too early is refused."""
        with pytest.raises(BlobError):
            unpack(pack(np.zeros(1000))[:-cut])

    def test_with_a_wrong_checksum_is_refused(self):
        """zlib's checksum is looked at."""
        packed = pack(np.zeros(1000))

        with pytest.raises(BlobError, match="incorrect data check"):
            unpack(packed[:-1] + bytes([packed[-1] ^ 1]))


seeds = [bytes.fromhex(x) for _, _, x in VECTORS] + [bytes.fromhex(x) for _, _, x in COMPRESSED]
seeds += [bytes.fromhex(MATLAB_CHAR), pack({"a": [np.zeros((2, 2), "c8"), {1, 2}], "b": (cell("x"), None)})]

fuzz = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def read(data: bytes) -> None:
    """Read bytes in every way; the only error that may come is BlobError."""
    for options in ({}, {"squeeze": True}, {"use_32bit_dims": True}):
        with contextlib.suppress(BlobError):
            unpack(data, **options)


class TestHostileBytes:
    @pytest.mark.parametrize("packed", seeds)
    def test_cut_anywhere_are_an_error(self, packed):
        """A blob that lost its end, wherever it was cut, is an error and never a wrong value."""
        for end in range(len(packed)):
            with pytest.raises(BlobError):
                unpack(packed[:end])

    @pytest.mark.parametrize("packed", seeds)
    def test_changed_in_one_place_give_a_value_or_an_error(self, packed):
        """A byte that was changed leads to a value or to BlobError, never to anything else."""
        for place in range(len(packed)):
            for change in (0x01, 0x80, 0xFF):
                read(packed[:place] + bytes([packed[place] ^ change]) + packed[place + 1 :])

    @fuzz
    @given(st.sampled_from(seeds), st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4), st.data())
    def test_changed_in_several_places_give_a_value_or_an_error(self, packed, changes, data):
        """Bytes changed, doubled and moved lead to a value or to BlobError, never to anything else."""
        mutated = bytearray(packed)
        for place, byte in changes:
            mutated[place % len(mutated)] = byte
        start = data.draw(st.integers(4, len(mutated)))
        piece = mutated[data.draw(st.integers(0, len(mutated))) :]

        read(bytes(mutated[:start] + piece))

    @fuzz
    @given(st.sampled_from([b"mYm\0", b"dj0\0"]), st.binary(max_size=200))
    @example(b"dj0\0", b"\x03" + struct.pack("<Q", 1) + item(b"\x03" + bytes(8)))
    def test_at_random_give_a_value_or_an_error(self, protocol, body):
        """Random bytes after a true head lead to a value or to BlobError, never to anything else."""
        read(protocol + body)

    @fuzz
    @given(st.binary(max_size=200), st.integers(0, 2**64 - 1) | st.integers(0, 300))
    def test_compressed_at_random_give_a_value_or_an_error(self, body, size):
        """Random bytes in a compressed blob lead to a value or to BlobError, never to anything else."""
        head = b"ZL123\0" + struct.pack("<Q", size)

        read(head + body)
        read(head + zlib.compress(b"dj0\0" + body))


class TestIsPacked:
    @pytest.mark.parametrize("data", [b"mYm\0", b"dj0\0\xff", b"ZL123\0", bytearray(b"mYm\0"), memoryview(b"dj0\0x")])
    def test_knows_the_heads_of_blobs(self, data):
        """Bytes that start as a blob does are taken for one."""
        assert is_packed(data)

    @pytest.mark.parametrize("data", [b"", b"mYm", b"\x89PNG\r\n", b"ZL123", b"dj1\0"])
    def test_knows_other_bytes(self, data):
        """Other bytes are left alone."""
        assert not is_packed(data)


class TestCodec:
    def test_blob_keeps_packed_bytes(self):
        """`<blob>` is kept as bytes, in the blob layout."""
        codec = get_codec("blob")

        assert "bytes" == codec.get_dtype(is_store=False)
        assert pack([1, 2.5]) == codec.encode([1, 2.5])
        assert [1, 2.5] == codec.decode(codec.encode([1, 2.5]))

    def test_blob_in_a_store_is_a_file_named_by_its_hash(self):
        """`<blob@store>` hands its bytes to the codec that keeps files by their hash."""
        assert "<hash>" == get_codec("blob").get_dtype(is_store=True)

    def test_unmarked_values_are_read_where_they_are_packed(self):
        """A blob column without a marker holds packed values, or bytes that others wrote; each is read as it is."""
        codec = get_codec("unmarked")

        assert [1, 2.5] == codec.decode(pack([1, 2.5]))
        assert b"\x89PNG" == codec.decode(b"\x89PNG")
        assert b"\x89PNG" == codec.decode(codec.encode(b"\x89PNG"))

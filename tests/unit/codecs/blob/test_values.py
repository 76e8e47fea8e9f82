"""What goes into a blob comes out of it, with its type."""

from __future__ import annotations

import collections
import math
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from djnb.codecs.blob import MatCell, is_packed, pack, unpack
from tests.unit.codecs.blob.samples import same


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

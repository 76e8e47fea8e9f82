"""What a blob holds, told by its first bytes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djnb.codecs.blob import pack
from djnb.codecs.blob.head import look
from djnb.codecs.blob.layout import COMPRESSED

RANDOM = np.random.default_rng(0)
RECORDS = np.zeros(400, [("x", "f8"), ("y", "i4")])
RECORDS["x"] = RANDOM.normal(size=400)


def told(value, *, count=512):
    """Return what the first bytes tell of a value."""
    packed = pack(value)
    return look(packed[:count], len(packed))


class TestArrays:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (np.zeros((2000, 3)), "float64 (2000, 3)"),
            (RANDOM.normal(size=(50, 60)), "float64 (50, 60)"),
            (RANDOM.integers(0, 255, (40, 50, 3)).astype("u1"), "uint8 (40, 50, 3)"),
            (RANDOM.normal(size=300).astype("c8"), "complex64 (300,)"),
            (np.array([True, False]), "bool (2,)"),
            (np.array(["2024-01-01"], "M8[D]"), "datetime64[D] (1,)"),
            (np.array([None, "a"], object), "object (2,)"),
            (np.empty((0, 4)), "float64 (0, 4)"),
        ],
    )
    def test_tell_dtype_and_shape(self, value, text):
        """Compressed or not, the head of an array is enough."""
        found = told(value)

        assert (text, value.dtype, value.shape) == (found.text, found.dtype, found.shape)
        assert value.nbytes == found.nbytes

    def test_of_records_tell_their_fields(self):
        """A structured array is known by its fields."""
        assert "records (400,): x, y" == told(RECORDS).text


class TestOtherValues:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (None, "None"),
            (True, "True"),
            (np.float64(2.5), "2.5"),
            ("note", "'note'"),
            ({"gain": 2, "on": [1, 2]}, "{'gain': 2, 'on': [1, 2]}"),
            (Decimal("2.50"), "Decimal('2.50')"),
            (UUID(int=5), "UUID('00000000-0000-0000-0000-000000000005')"),
            (datetime(2024, 1, 5), "datetime.datetime(2024, 1, 5, 0, 0)"),
        ],
    )
    def test_are_shown_themselves_where_they_are_short(self, value, text):
        """A setting in a blob is read in the preview."""
        assert (text, True) == (told(value).text, told(value).is_whole)

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (RANDOM.bytes(2000), "bytes"),
            (list(range(1000)), "list of 1000"),
            ({"gain": 2, "trace": RANDOM.normal(size=900), "z": 1}, "dict of 3: gain, trace, …"),
            ({n: "x" * n for n in range(100)}, "dict of 100"),
        ],
    )
    def test_are_outlined_where_they_are_long(self, value, text):
        """How many items a container has, and the first names in a dict."""
        assert text == told(value).text

    def test_long_text_is_begun(self):
        """A text that is not there whole shows how it begins."""
        text = "".join(map(chr, RANDOM.integers(200, 900, 3000)))

        assert text[:50] == told(text).text[1:51]


class TestWhatIsNoBlob:
    @pytest.mark.parametrize("head", [b"", b"mYm\0", b"dj0\0A", b"plain bytes", COMPRESSED, COMPRESSED + b"\1" * 40])
    def test_tells_nothing(self, head):
        """Damaged bytes, or those of other programs, are no error of a preview."""
        assert look(head, 5000) is None

    @given(st.binary(max_size=60), st.integers(0, 10**12))
    @settings(max_examples=300)
    def test_never_raises(self, tail, size):
        """Whatever stands in a column, a preview is shown."""
        for start in (b"mYm\0A", b"mYm\0", b"dj0\0", b"dj0\0\x04", b"dj0\0F", COMPRESSED):
            look(start + tail, size)
            look(start + tail, len(start + tail))

    def test_large_value_is_neither_read_nor_made(self):
        """An announced size is told, and costs nothing."""
        head = b"mYm\0A" + b"".join(n.to_bytes(8, "little") for n in (1, 10**15)) + b"\6\0\0\0\0\0\0\0"

        assert "float64 (1000000000000000,)" == look(head, 10**16).text

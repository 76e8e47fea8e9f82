"""The bytes of a blob are those that DataJoint writes, and its codec keeps them."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from djnb.codecs.blob import is_packed, pack, unpack
from djnb.codecs.registry import get_codec
from tests.unit.codecs.blob.samples import COMPRESSED, ONE_WAY, VECTORS, same


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

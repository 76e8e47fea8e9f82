"""Bytes that are no blob, damaged or made to do harm, are an error of djnb and nothing worse."""

from __future__ import annotations

import contextlib
import struct
import sys
import time as clock
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from djnb.codecs.blob import pack, unpack
from djnb.errors import BlobError
from tests.unit.codecs.blob.samples import COMPRESSED, MATLAB_CHAR, VECTORS, cell


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
            unpack("mYm")

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

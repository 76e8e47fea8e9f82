"""What MATLAB has put into a blob can be read."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from djnb.codecs.blob import MatCell, MatStruct, pack, unpack
from djnb.errors import BlobError
from tests.unit.codecs.blob.samples import MATLAB_CHAR, cell, same


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

"""What has no form in a blob is refused with its place and a remedy."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from djnb.codecs.blob import MatStruct, pack, unpack
from djnb.errors import BlobError
from tests.unit.codecs.blob.samples import cell


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

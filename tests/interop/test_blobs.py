"""Blobs are the same bytes in both worlds."""

from __future__ import annotations

import importlib
import zlib
from typing import Any

import pytest

from djnb.codecs.blob import pack, unpack
from tests.peers import Peer

pytestmark = pytest.mark.mysql

SEED, COUNT = 20_240_131, 300


@pytest.fixture(params=["datajoint_2", "datajoint_0_14"])
def peer(request: pytest.FixtureRequest) -> Peer:
    """Each DataJoint in turn."""
    found: Peer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def values(own: Any) -> Any:
    """Give the module that makes and compares values."""
    return importlib.import_module("values")


def inflated(packed: bytes) -> bytes:
    """Return what is compressed in a blob: builds of zlib differ in their bytes."""
    return zlib.decompress(packed[14:]) if packed.startswith(b"ZL123\0") else packed


def test_generated_values_have_the_bytes_that_datajoint_gives_them(peer, values):
    """djnb packs 300 values of all kinds into the same bytes as DataJoint."""
    theirs = [bytes.fromhex(packed) for packed in peer.run("blobs.pack", seed=SEED, count=COUNT)]

    ours = [pack(value) for value in values.generated(SEED, COUNT)]

    assert [inflated(packed) for packed in ours] == [inflated(packed) for packed in theirs]
    assert [packed[:6] == b"ZL123\0" for packed in ours] == [packed[:6] == b"ZL123\0" for packed in theirs]


def test_what_datajoint_packed_comes_back_equal(peer, values):
    """djnb unpacks 300 values that DataJoint packed."""
    theirs = peer.run("blobs.pack", seed=SEED + 1, count=COUNT)

    differences = [
        values.difference(unpack(bytes.fromhex(packed)), value)
        for packed, value in zip(theirs, values.generated(SEED + 1, COUNT), strict=True)
    ]

    assert differences == [None] * COUNT


def test_what_djnb_packed_comes_back_equal_in_datajoint(peer, values):
    """DataJoint unpacks 300 values that djnb packed."""
    ours = [pack(value).hex() for value in values.generated(SEED + 2, COUNT)]

    assert peer.run("blobs.unpack", blobs=ours, seed=SEED + 2) == []

"""Packing and unpacking large arrays, beside copying their memory; and small values, beside DataJoint."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np

import djnb
from djnb.codecs.blob import pack, unpack
from tests.benchmarks.measure import Ways
from tests.interop.both import speed
from tests.peers import Peer


def small(times: int, peer: Peer) -> Iterator[Ways]:
    """Give the ways of packing and unpacking small values, so many times."""
    yield Ways(
        f"pack and unpack {times * len(speed.SMALL):,} small values, uncompressed",
        "DataJoint 2.3.5",
        lambda: speed.small_blobs(djnb, times),
        lambda: peer.run("speed.small_blobs", times=times),
    )


def ways(megabytes: int) -> Iterator[Ways]:
    """Give the ways of turning a float64 array of so many megabytes into bytes and back."""
    array = np.random.default_rng(7).normal(size=megabytes * 125_000)
    raw, blob = array.tobytes(), pack(array, compress=False)
    size = f"{megabytes} MB of float64"
    yield Ways(f"pack {size}, uncompressed", "a copy in memory", lambda: pack(array, compress=False), array.tobytes)
    yield Ways(f"unpack {size}", "a copy in memory", lambda: unpack(blob), lambda: np.frombuffer(raw).copy())
    small = array[: array.size // 10]
    yield Ways(
        f"pack {megabytes / 10:g} MB of float64, compressed",
        "zlib.compress",
        lambda: pack(small),
        lambda: zlib.compress(small.tobytes()),
    )

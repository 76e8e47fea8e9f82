"""What is timed in both worlds: rows in and out, and small blobs. Every function returns its own seconds."""

from __future__ import annotations

import gc
import importlib
import time
from datetime import datetime, timedelta
from random import Random

import numpy as np

NAMES = ["sample_id", "amplitude", "label", "measured_at"]

SMALL = [
    None,
    7,
    2.5,
    "sweep 12",
    {"gain": 1.5, "filter": "bessel", "channels": [0, 1, 2, 3], "is_on": True},
    [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
    ("left", 3, None),
    np.arange(16, dtype=float),
    {"offset": np.float64(0.5), "trace": np.arange(8, dtype=np.int32)},
    [{"onset": 1.25, "label": "a"}, {"onset": 2.5, "label": "b"}, {"onset": 3.75, "label": "c"}],
]
"""Values as parameters of an analysis are: a few dozen bytes each."""


def samples(count):
    """Return rows as an experiment might give them, the same in every run."""
    random, start = Random(7), datetime(2024, 1, 1)
    return [
        (number, random.gauss(0, 1), f"channel {number % 384}", start + timedelta(seconds=number))
        for number in range(count)
    ]


def insert(dj, schema, count, as_dicts):
    """Insert rows, given as tuples or as dicts, into the table of the benchmark, which is there and empty."""
    table, rows = _table(dj, schema), samples(count)
    if as_dicts:
        rows = [dict(zip(NAMES, row, strict=True)) for row in rows]
    return _time(lambda: table.insert(rows))


def fetch(dj, schema):
    """Fetch all rows of the table of the benchmark as a DataFrame."""
    return _time(_table(dj, schema).to_pandas)


def small_blobs(dj, times):
    """Pack and unpack small values, uncompressed."""
    blob = importlib.import_module("djnb.codecs.blob" if dj.__name__ == "djnb" else f"{dj.__name__}.blob")
    pack, unpack = blob.pack, blob.unpack

    def run():
        for _ in range(times):
            for value in SMALL:
                unpack(pack(value, compress=False))

    return _time(run)


def _table(dj, schema):
    return dj.FreeTable(dj.conn(), f"`{schema}`.`sample`")


def _time(run):
    gc.collect()
    started = time.perf_counter()
    run()
    return time.perf_counter() - started

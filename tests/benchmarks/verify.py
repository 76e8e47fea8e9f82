"""
How long it takes to find out, before its result is kept, that what a make has read is unchanged.

    python -m tests.benchmarks.verify sqlite:////tmp/inputs.sqlite
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from typing import Any

import numpy as np

import djnb as dj
from djnb.events import StatementSent

SCHEMA = "djnb_test_verify"


class Trace(dj.Manual):
    definition = "trace : int32"


class Piece(dj.Manual):
    definition = """
    -> Trace
    piece : int32
    ---
    samples : longblob
    """


class Beat(dj.Manual):
    definition = "beat : int32"


class Mean(dj.Computed):
    definition = """
    -> Trace
    ---
    mean : float64
    """

    def make(self, key: dict[str, Any]) -> None:
        pieces = (Piece & key).to_arrays("samples")
        # Somebody else writes, so that a file does not know by itself that nothing has changed.
        with dj.Connection(str(ASKED.url)) as other:
            other.query(f"INSERT INTO {other.dialect.table(Beat.name)} VALUES ({time.time_ns() % 2**31})")
        self.insert1(dict(key, mean=np.mean([piece.mean() for piece in pieces])))


ASKED = argparse.Namespace(url="")


def main() -> None:
    """Insert arrays, make a key of them as often as asked, and print how long reading and looking again took."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.verify")
    parser.add_argument("url")
    parser.add_argument("--floats", type=int, default=10**7)
    parser.add_argument("--turns", type=int, default=7)
    parser.parse_args(namespace=ASKED)
    size = min(10**6, ASKED.floats)
    random = np.random.default_rng(1)
    sent: list[StatementSent] = []
    with dj.Connection(ASKED.url) as connection:
        schema = dj.Schema(SCHEMA, connection=connection)
        for table in (Trace, Piece, Beat, Mean):
            schema(table, context=globals())
        try:
            Trace.insert1((0,))
            for number in range(ASKED.floats // size):
                Piece.insert1((0, number, random.random(size)))
            reading, looking = [], []
            for _ in range(ASKED.turns):
                with connection.bus.subscribed(sent.append, StatementSent):
                    Mean.populate()
                (Mean & {"trace": 0}).delete_quick()
                (begun,) = [number for number, event in enumerate(sent) if "BEGIN" in event.sql]
                last = next(number for number, event in enumerate(sent) if event.sql.startswith("INSERT"))
                reading.append(sent[begun - 1].duration)
                looking.append(sum(event.duration for event in sent[begun:last]))
                sent.clear()
            print(
                f"{ASKED.floats:,} floats: read in {median(reading):.3f} s, "
                f"found unchanged in {median(looking):.3f} s, at best {min(looking):.3f} s"
            )
        finally:
            connection.drop_schema(SCHEMA)


if __name__ == "__main__":
    main()

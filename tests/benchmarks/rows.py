"""Many rows in, and out into a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import djnb
from tests.benchmarks.databases import Database, Row
from tests.benchmarks.measure import Ways

NAMES = ["sample_id", "amplitude", "label", "measured_at"]


class Sample(djnb.Manual):
    definition = """
    sample_id : int32
    ---
    amplitude : float64
    label : varchar(32)
    measured_at : datetime
    """


def samples(count: int) -> list[Row]:
    """Return rows as an experiment might give them, the same in every run."""
    random, start = Random(7), datetime(2024, 1, 1)  # noqa: DTZ001 -- the database's times are UTC, without a zone
    return [
        (number, random.gauss(), f"channel {number % 384}", start + timedelta(seconds=number))
        for number in range(count)
    ]


def ways(database: Database, count: int) -> Iterator[Ways]:
    """Give the ways of moving ``count`` rows."""
    database.schema(Sample)
    name = database.table(Sample)
    rows = samples(count)
    dicts = [dict(zip(NAMES, row, strict=True)) for row in rows]
    insert = f"INSERT INTO {name} ({', '.join(NAMES)}) VALUES ({', '.join('?' * len(NAMES))})"
    select = f"SELECT {', '.join(NAMES)} FROM {name} ORDER BY sample_id"

    def insert_by_hand() -> None:
        database.send_many(insert, database.storable(rows))

    def clear() -> None:
        database.send(f"DELETE FROM {name}")

    other = f"{database.driver}.executemany"
    yield Ways(f"insert {count:,} rows, given as tuples", other, lambda: Sample.insert(rows), insert_by_hand, clear)
    yield Ways(f"insert {count:,} rows, given as dicts", other, lambda: Sample.insert(dicts), insert_by_hand, clear)

    clear()
    insert_by_hand()
    yield Ways(
        f"fetch {count:,} rows as a DataFrame",
        f"{database.driver}, pandas.DataFrame",
        Sample.to_pandas,
        lambda: database.frame(database.send(select), NAMES).set_index("sample_id"),
    )

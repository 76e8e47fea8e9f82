"""Many rows in, and out into a DataFrame."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import djnb
from tests.benchmarks.databases import SCHEMA, Database
from tests.benchmarks.measure import Ways
from tests.interop.both.speed import NAMES, samples
from tests.peers import Peer


class Sample(djnb.Manual):
    definition = """
    sample_id : int32
    ---
    amplitude : float64
    label : varchar(32)
    measured_at : datetime
    """


def ways(database: Database, count: int, peer: Peer | None = None) -> Iterator[Ways]:
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
    for given, form in ((rows, "tuples"), (dicts, "dicts")):

        def insert_by_peer(form: str = form) -> object:
            return peer and peer.run("speed.insert", schema=SCHEMA, count=count, as_dicts=form == "dicts")

        yield Ways(
            f"insert {count:,} rows, given as {form}",
            other,
            partial(Sample.insert, given),
            insert_by_hand,
            clear,
            peer=peer and insert_by_peer,
        )

    clear()
    insert_by_hand()

    def fetch_by_hand() -> object:
        return database.frame(database.send(select), NAMES).set_index("sample_id")

    def fetch_from_rows() -> None:
        with djnb.config.override(database__use_connectorx=False):
            Sample.to_pandas()

    other = f"{database.driver}, pandas.DataFrame"
    yield Ways(
        f"fetch {count:,} rows as a DataFrame",
        other,
        fetch_from_rows,
        fetch_by_hand,
        peer=peer and (lambda: peer.run("speed.fetch", schema=SCHEMA)),
    )
    if database.has_arrow:
        yield Ways(f"fetch {count:,} rows as a DataFrame, by connectorx", other, Sample.to_pandas, fetch_by_hand)

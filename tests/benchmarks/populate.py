"""Populate trivial keys: one fetch and one insert for each, so that what is measured is everything else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import djnb
from tests.benchmarks.databases import Database
from tests.benchmarks.measure import Ways


class Source(djnb.Manual):
    definition = """
    source_id : int32
    ---
    value : float64
    """


class Doubled(djnb.Computed):
    definition = """
    -> Source
    ---
    doubled : float64
    """

    def make(self, key: dict[str, Any]) -> None:
        value = (Source & key).fetch1("value")
        self.insert1(dict(key, doubled=2 * value))


def ways(database: Database, count: int) -> Iterator[Ways]:
    """Give the ways of computing ``count`` keys, one transaction for each."""
    database.schema(Source, context=globals())
    database.schema(Doubled, context=globals())
    source, doubled = database.table(Source), database.table(Doubled)
    Source.insert((number, number / 7) for number in range(count))

    def by_hand() -> None:
        missing = database.send(
            f"SELECT source_id FROM {source} WHERE source_id NOT IN (SELECT source_id FROM {doubled}) ORDER BY 1"
        )
        for (key,) in missing:
            database.begin()
            ((value,),) = database.send(f"SELECT value FROM {source} WHERE source_id = ?", (key,))
            database.send(f"INSERT INTO {doubled} (source_id, doubled) VALUES (?, ?)", (key, 2 * value))
            database.plain.commit()

    yield Ways(
        f"populate {count:,} trivial keys",
        f"the same statements, {database.driver}",
        Doubled.populate,
        by_hand,
        lambda: database.send(f"DELETE FROM {doubled}"),
    )

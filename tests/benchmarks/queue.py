"""A queue: adding a job for every key, and taking jobs from a queue that has many done ones beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from djnb.jobs.job import Holder
from djnb.jobs.queue import Queue
from tests.benchmarks.databases import Database
from tests.benchmarks.measure import Ways
from tests.benchmarks.populate import Doubled, Source
from tests.peers import Peer

CLAIMS = 50


def ways(database: Database, count: int, peer: Peer | None = None) -> Iterator[Ways]:
    """Give the ways of adding ``count`` jobs, and of taking some of them."""
    database.schema(Source, context=globals())
    database.schema(Doubled, context=globals())
    source, doubled = database.table(Source), database.table(Doubled)
    database.send(f"DELETE FROM {doubled}")
    database.send(f"DELETE FROM {source}")
    Source.insert((number, number / 7) for number in range(count))
    queue = Queue(database.connection, Doubled.spec)
    jobs = queue.words.table

    def empty() -> None:
        database.empty(jobs)

    def row_by_row() -> None:
        missing = database.send(f"SELECT source_id FROM {source} WHERE source_id NOT IN (SELECT source_id FROM {jobs})")
        for (key,) in missing:
            database.send(f"INSERT INTO {jobs} (source_id, status, priority) VALUES (?, 'pending', 5)", (key,))

    yield Ways(
        f"refresh {count:,} jobs",
        f"a row at a time, {database.driver}",
        lambda: queue.refresh(Doubled().wanted_keys()),
        row_by_row,
        empty,
        peer=None if peer is None else lambda: float(peer.run("queue_speed.refresh", schema=database.schema.name)),
    )

    def claim() -> None:
        own = Queue(database.connection, Doubled.spec)
        for _ in range(CLAIMS):
            own.claim(Holder(1))

    def among_few() -> None:
        empty()
        database.send(
            f"INSERT INTO {jobs} (source_id, status, priority) SELECT source_id, 'pending', 5 FROM {source}"
            f" WHERE source_id < {2 * CLAIMS}"
        )

    def among_many() -> None:
        among_few()
        database.send(
            f"INSERT INTO {jobs} (source_id, status, priority) SELECT source_id, 'success', 5 FROM {source}"
            f" WHERE source_id >= {2 * CLAIMS}"
        )

    yield Ways(
        f"claim {CLAIMS} jobs one by one beside {count:,} done ones",
        "the same, without the done ones",
        lambda: _timed(claim, among_many),
        lambda: _timed(claim, among_few),
    )


def _timed(run: Callable[[], None], prepare: Callable[[], None]) -> float:
    """Return the seconds of what is run after something that is not timed."""
    prepare()
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun

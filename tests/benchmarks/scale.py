"""
A queue of a million jobs: how long it takes to refresh it, to take jobs from it, and to page through it.

    python -m tests.benchmarks.scale sqlite:////tmp/queue.sqlite

Beside it stands how long the database takes to count, in plain SQL, the keys without a job.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median

import djnb as dj
from djnb.jobs.job import Holder
from djnb.jobs.queue import Queue
from djnb.sql.statement import Statement
from tests.benchmarks.populate import Doubled, Source

SCHEMA = "djnb_test_scale"
TURNS = 3
CLAIMS = 100


def main() -> None:
    """Add a job for each of so many keys, and print what it takes to work with them."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scale")
    parser.add_argument("url")
    parser.add_argument("--jobs", type=int, default=1_000_000)
    asked = parser.parse_args()
    with dj.Connection(asked.url) as connection:
        schema = dj.Schema(SCHEMA, connection=connection)
        schema(Source, context=globals())
        schema(Doubled, context=globals())
        try:
            Source.insert((number, number / 7) for number in range(asked.jobs))
            _measure(connection, asked.jobs)
        finally:
            connection.drop_schema(SCHEMA)


def _measure(connection: dj.Connection, count: int) -> None:
    queue, keys = Queue(connection, Doubled.spec), Doubled().wanted_keys()
    source, jobs = connection.dialect.table(Source().name), queue.words.table
    lacking = f"SELECT count(*) FROM {source} AS s WHERE NOT EXISTS (SELECT 1 FROM {jobs} AS j WHERE {{}})"
    bare = Statement(lacking.format("j.source_id = s.source_id"))
    _tell(f"refresh: {count:,} new keys", lambda: queue.refresh(keys), turns=1)
    _tell("refresh: nothing to be done", lambda: queue.refresh(keys))
    _tell("the same, keys without a job counted in plain SQL", lambda: connection.execute(bare))
    _tell("claim", lambda: queue.claim(Holder(1)), turns=CLAIMS)
    pending = Doubled.jobs.pending
    (middle,) = pending.page(size=1, after={**pending.page(size=1)[0], "source_id": count // 2})
    _tell("first page of 100 pending jobs", pending.page)
    _tell("page in the middle", lambda: pending.page(after=middle))
    _tell("page before it", lambda: pending.page(before=middle))
    _tell("page in the middle by an offset", lambda: pending.to_dicts(limit=100, offset=count // 2))
    _tell("progress of the jobs", Doubled.jobs.progress)


def _tell(what: str, do: Callable[[], object], *, turns: int = TURNS) -> None:
    times = []
    for _ in range(turns):
        begun = time.perf_counter()
        do()
        times.append(time.perf_counter() - begun)
    print(f"{what:<50} {median(times):>10.4f} s", flush=True)


if __name__ == "__main__":
    main()

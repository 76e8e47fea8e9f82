"""The command: measure everything and print a table."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tests import peers
from tests.benchmarks import blobs, databases, diagrams, imports, lab, populate, queue, rows, workers
from tests.benchmarks.measure import Figure, as_table, compare
from tests.peers import Peer


def of_database(database: databases.Database, *, quick: bool, peer: Peer | None = None) -> Iterator[Figure]:
    """Measure what takes a database."""
    many, keys, turns = (1_000, 20, 1) if quick else (100_000, 500, 7)
    for ways in chain(rows.ways(database, many, peer), populate.ways(database, keys)):
        yield compare(ways, database=database.name, turns=turns)
    for ways in queue.ways(database, 200 if quick else 20_000, peer):
        yield compare(ways, database=database.name, turns=min(turns, 3))
    if peer is not None:
        for ways in blobs.small(10 if quick else 1_000, peer):
            yield compare(ways, turns=turns)


def of_the_rest(*, quick: bool) -> Iterator[Figure]:
    """Measure what takes none."""
    megabytes, tables, turns = (10, 30, 1) if quick else (100, 300, 7)
    for ways in chain(blobs.ways(megabytes), imports.ways(), diagrams.ways(tables)):
        yield compare(ways, turns=turns)


def main() -> None:
    """Read the command line and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="How fast djnb is, as ratios.")
    parser.add_argument("--backend", choices=["sqlite", "mysql"], help="one database rather than both")
    parser.add_argument("--quick", action="store_true", help="few rows, once: whether it runs, not how fast it is")
    parser.add_argument("--no-peer", action="store_true", help="without DataJoint")
    asked = parser.parse_args()
    backends = [asked.backend] if asked.backend else ["sqlite", "mysql"]
    figures: list[Figure] = []
    loads: list[lab.Load] = []
    raced: list[workers.Race] = []
    for backend in backends:
        with tempfile.TemporaryDirectory() as folder, databases.opened(backend, Path(folder)) as database:
            peer = None
            if backend == "mysql" and not asked.no_peer:
                peer = peers.current(peers.environment("datajoint-2", peers.CURRENT), database.url)
            figures += of_database(database, quick=asked.quick, peer=peer)
            if backend == "mysql":
                loads += lab.loads(database.url, quick=asked.quick)
            if peer is not None:
                raced += workers.races(database.url, peer, quick=asked.quick)
    figures += of_the_rest(quick=asked.quick)
    print(as_table(figures))
    if raced:
        print(f"\n{workers.as_table(raced)}")
    if loads:
        print(f"\n{lab.as_table(loads)}")


if __name__ == "__main__":
    main()

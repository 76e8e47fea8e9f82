"""
Workers that share a queue of trivial keys: djnb's and DataJoint's, in turns, in one run.

Each worker is a process that imports, connects and then waits for the word; the time is from the word until the last
of them has found the queue empty. Statements are counted by each worker, so that several which travel together count
as one round trip.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import djnb
from djnb.jobs.queue import Queue
from tests.peers import Peer

SCHEMA = "djnb_benchmark_workers"

_ROOT = str(Path(__file__).parents[2])

_PIPELINE = """
import sys
{head}
schema = dj.Schema({schema!r})

@schema
class Source(dj.Manual):
    definition = '''
    source_id : int32
    ---
    value : float64
    '''

@schema
class Doubled(dj.Computed):
    definition = '''
    -> Source
    ---
    doubled : float64
    '''

    def make(self, key):
        value = (Source & key).fetch1("value")
        self.insert1(dict(key, doubled=2 * value))

{count}
print("ready", flush=True)
sys.stdin.readline()
Doubled.populate(reserve_jobs=True, refresh=False)
print(len(sent), flush=True)
"""

_DJNB = {
    "head": "import djnb as dj\nfrom djnb.events import StatementSent",
    "count": "sent = []\ndj.conn().bus.subscribe(lambda event: sent.append(event.sql), StatementSent)",
}
_DATAJOINT = {
    "head": "import datajoint as dj",
    "count": """
sent = []
query = dj.conn().query

def counted(*arguments, **named):
    sent.append(arguments[0])
    return query(*arguments, **named)

dj.conn().query = counted
""",
}


@dataclass(frozen=True)
class Race:
    """
    What some workers did with the same keys, both ways.

    Attributes
    ----------
    workers : int
        How many at once.
    keys : int
        How many there were.
    seconds, peer_seconds : float
        Medians of the times.
    ratio : float
        How many times as many keys djnb makes per second, the median of the turns.
    round_trips, peer_round_trips : float
        For each key, over all workers.
    """

    workers: int
    keys: int
    seconds: float
    peer_seconds: float
    ratio: float
    round_trips: float
    peer_round_trips: float


def races(url: str, peer: Peer, *, quick: bool) -> Iterator[Race]:
    """Measure one worker, four and eight."""
    keys, turns = (20, 1) if quick else (1_000, 3)
    for workers in (2,) if quick else (1, 4, 8):
        yield race(url, peer, workers=workers, keys=keys, turns=turns)


def race(url: str, peer: Peer, *, workers: int, keys: int, turns: int) -> Race:
    """Let djnb's workers and DataJoint's take turns."""
    ours = {"DJNB_DATABASE_URL": url, "PYTHONPATH": _ROOT}
    times: list[tuple[float, float]] = []
    trips = [0.0, 0.0]
    with djnb.Connection(url) as connection:
        try:
            for turn in range(turns):
                pair = [
                    lambda: _run(Path(sys.executable), ours, _DJNB, workers),
                    lambda: _run(peer.python, peer.variables, _DATAJOINT, workers),
                ]
                found: dict[int, tuple[float, int]] = {}
                for way in (0, 1) if turn % 2 else (1, 0):
                    _prepare(connection, keys)
                    found[way] = pair[way]()
                times.append((found[0][0], found[1][0]))
                trips = [found[0][1] / keys, found[1][1] / keys]
        finally:
            connection.drop_schema(SCHEMA)
    ratio = median(theirs / own for own, theirs in times)
    return Race(workers, keys, median(t[0] for t in times), median(t[1] for t in times), ratio, trips[0], trips[1])


def _prepare(connection: djnb.Connection, keys: int) -> None:
    """Declare the tables anew, with so many keys to make and their jobs in the queue."""
    if SCHEMA in connection.list_schemas():
        connection.drop_schema(SCHEMA)
    schema = djnb.Schema(SCHEMA, connection=connection)

    @schema
    class Source(djnb.Manual):
        definition = """
        source_id : int32
        ---
        value : float64
        """

    @schema
    class Doubled(djnb.Computed):
        definition = """
        -> Source
        ---
        doubled : float64
        """

    Source.insert((number, number / 7) for number in range(keys))
    Queue(connection, Doubled.spec).refresh(Doubled().wanted_keys())


def _run(python: Path, variables: Mapping[str, str], names: dict[str, str], workers: int) -> tuple[float, int]:
    """Run workers over the queue; return how long it took and how many statements they sent."""
    own = {k: v for k, v in os.environ.items() if not k.startswith(("DJ_", "DJNB_", "PYTHON"))}
    children = [
        subprocess.Popen(
            [str(python), "-W", "ignore", "-c", _PIPELINE.format(schema=SCHEMA, **names)],
            env={**own, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(workers)
    ]
    try:
        for child in children:
            assert child.stdout is not None
            line = child.stdout.readline()
            if line != "ready\n":
                raise RuntimeError(f"A worker has not begun: {line}")
        begun = time.perf_counter()
        for child in children:
            assert child.stdin is not None
            child.stdin.write("\n")
            child.stdin.flush()
        sent = [int(child.stdout.readline()) for child in children if child.stdout is not None]
        return time.perf_counter() - begun, sum(sent)
    finally:
        for child in children:
            if child.poll() is None and sys.exc_info()[0] is not None:
                child.kill()
            child.communicate()


def as_table(found: list[Race]) -> str:
    """Return the races as a table in Markdown."""
    lines = [
        "| workers on a queue of trivial keys | djnb | DataJoint | ratio | round trips per key, djnb | DataJoint |",
        "|---|---|---|---|---|---|",
    ]
    for each in found:
        rates = f"{each.keys / each.seconds:.0f}/s | {each.keys / each.peer_seconds:.0f}/s | {each.ratio:.1f}"
        lines.append(f"| {each.workers} | {rates} | {each.round_trips:.1f} | {each.peer_round_trips:.1f} |")
    return "\n".join(lines)

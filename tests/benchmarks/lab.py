"""
A thousand workers on one server: what they ask of it, and what it can give.

Each worker gives a sign of life every `jobs.heartbeat_interval` seconds and looks for the dead every second time,
whether it computes or not; and for each key it claims a job, reads its input, and commits its row. So many of each per
second are what a lab needs. What they cost the server is measured as the time of its processors, while four clients do
one kind of work beside a registry of a thousand workers: how busy the machine is otherwise makes little difference.
A load of 100 % is one core of the server, all of the time; the disk of a real server takes its time besides,
for a commit of each key.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import djnb
from djnb.events import StatementSent
from djnb.jobs.fence import JobFence
from djnb.jobs.heartbeat import heartbeat_of
from djnb.jobs.queue import Queue
from djnb.jobs.registry import registry_of
from djnb.jobs.workers import Worker
from djnb.populate.contract import make_key
from djnb.settings import get_config
from djnb.sql.statement import Statement
from tests.benchmarks.populate import Doubled, Source

SCHEMA = "djnb_test_lab"
WORKERS = 1_000
DURATIONS = {"1 s": 1.0, "10 s": 10.0, "10 min": 600.0}
"""How long a job takes."""

KINDS = ("sign of life", "look for the dead", "key")

_CLIENTS = 4


@dataclass(frozen=True)
class Load:
    """
    What one kind of work is to a server.

    Attributes
    ----------
    kind : str
        The work.
    round_trips : float
        Messages to the server for one of it.
    seconds : float
        Of a core of the server, for one of it.
    """

    kind: str
    round_trips: float
    seconds: float

    def asked(self, duration: float) -> float:
        """Return how many of it the workers do per second whose jobs take so many seconds."""
        interval = get_config().jobs.heartbeat_interval
        every = {"sign of life": interval, "look for the dead": 2 * interval}.get(self.kind, duration)
        return WORKERS / every


def loads(url: str, *, quick: bool) -> list[Load]:
    """Measure what each kind of work costs a server on this machine."""
    workers, count = (50, 10) if quick else (WORKERS, 2_000)
    with djnb.Connection(url) as connection:
        ((pid_file,),) = connection.execute(Statement("SELECT @@pid_file")).rows
        pid = int(Path(pid_file).read_text())
        try:
            _declare(connection, workers, count)
            return [_measure(connection, pid, kind, count) for kind in KINDS]
        finally:
            connection.drop_schema(SCHEMA)


def _declare(connection: djnb.Connection, workers: int, keys: int) -> None:
    """Declare the tables, with the keys to be made and with workers who never die."""
    schema = djnb.Schema(SCHEMA, connection=connection)
    schema(Source, context=globals())
    schema(Doubled, context=globals())
    Source.insert((number, number / 7) for number in range(keys))
    Queue(connection, Doubled().spec).refresh(Doubled().wanted_keys())
    Worker.of(connection, SCHEMA)
    registry = connection.dialect.table(registry_of(SCHEMA))
    rows = ", ".join(f"({n}, 'node', {n}, 'lab', '', 1, '2000-01-01', '2100-01-01')" for n in range(1, workers + 1))
    names = "worker, host, pid, user, version, connection_id, started, heartbeat"
    connection.execute(Statement(f"INSERT INTO {registry} ({names}) VALUES {rows}"))


def _measure(connection: djnb.Connection, pid: int, kind: str, count: int) -> Load:
    turns = itertools.count()
    sent = itertools.count()

    def work() -> None:
        act = _work(connection, kind)
        while next(turns) < count:
            act()

    with ThreadPoolExecutor(_CLIENTS) as clients, connection.bus.subscribed(lambda event: next(sent), StatementSent):
        before = _processor_seconds(pid)
        for client in [clients.submit(work) for _ in range(_CLIENTS)]:
            client.result()
        seconds = _processor_seconds(pid) - before
    # What a worker sends over the connection of its signs of life is not heard here: it is one message each.
    return Load(kind, (next(sent) / count) if kind == "key" else 1.0, seconds / count)


def _processor_seconds(pid: int) -> float:
    """Return how much time of the processors a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _work(connection: djnb.Connection, kind: str) -> Callable[[], Any]:
    """Return what does one piece of a kind of work."""
    worker = Worker.of(connection, SCHEMA)
    if kind == "sign of life":
        heart = heartbeat_of(connection)

        def beat() -> None:
            with heart.lock:
                heart.liveness.beat(registry_of(SCHEMA), worker.id)

        return beat
    if kind == "look for the dead":
        return worker.sweep
    table = Doubled()
    queue, target = Queue(connection, table.spec), table._stored()

    def make() -> None:
        for job in queue.claim(worker):
            make_key(table, target, job.key, {}, fence=JobFence(queue, job))

    return make


def as_table(found: list[Load]) -> str:
    """Return the loads as a table in Markdown."""
    head = [f"work of {WORKERS:,} workers", "messages", "time of a core", *(f"with jobs of {n}" for n in DURATIONS)]
    rows = [head]
    for load in found:
        asked = [load.asked(duration) for duration in DURATIONS.values()]
        shares = [f"{n:,.0f} per second: {n * load.seconds:.1%}" for n in asked]
        rows.append([load.kind, f"{load.round_trips:.1f}", f"{load.seconds * 1000:.2f} ms", *shares])
    sums = [f"{sum(load.asked(n) * load.seconds for load in found):.1%} of a core" for n in DURATIONS.values()]
    rows.append(["all together", "", "", *sums])
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(map(str.ljust, cells, widths)) + " |" for cells in rows)

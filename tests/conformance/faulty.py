"""
A pipeline that shows every row which is lost or there twice, and what a worker's process does with it.

`Total` sums up a sample: its value and the levels of its readings, times a gain that no foreign key leads to. Whatever
commits a result leaves one entry of a number drawn at random, in a part and in a log, so that a second commit shows.
Samples are good; or flaky, and fail at first; or bad, and always fail; or poison, and kill whoever computes them.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import djnb as dj
from djnb.cli import main
from djnb.jobs import points
from djnb.sql.statement import Statement

PATIENCE = {"jobs.heartbeat_interval": 0.1, "jobs.grace_period": 0.4, "jobs.lease_time": 1.0}
"""Short, for tests: a server ends the connections of a process that is stopped for longer than a second."""

ENVIRONMENT = {f"DJNB_{name.upper().replace('.', '__')}": str(value) for name, value in PATIENCE.items()}
"""The same, for processes."""


class FlakyError(Exception):
    """It fails at first."""


class BadError(Exception):
    """It always fails."""


def declare(
    schema: dj.Schema,
    folder: Path,
    *,
    seconds: float = 0.0,
    in_parts: bool = False,
    is_lax: bool = False,
    is_classic: bool = False,
) -> SimpleNamespace:
    """
    Declare the tables; the folder remembers what has failed before, and each key takes some seconds.

    Totals are computed by a `make` in one piece or in three parts. A lax one would not mind a total that is there, so
    that nothing but the job keeps a key from being computed twice. A classic one is one transaction altogether.
    """

    @schema
    class Sample(dj.Manual):
        definition = """
        sample : int32
        ---
        kind : varchar(8)
        value : int64
        """

        class Reading(dj.Part):
            definition = """
            -> master
            reading : int32
            ---
            level : int64
            """

    @schema
    class Gain(dj.Manual):
        definition = """
        sample : int32
        ---
        gain : int64
        """

    @schema
    class Log(dj.Manual):
        definition = """
        entry : int64
        ---
        sample : int32
        by : int64
        """

    @schema
    class Total(dj.Computed):
        definition = """
        -> Sample
        ---
        total : int64
        """

        class Entry(dj.Part):
            definition = """
            -> master
            entry : int64
            """

        make_in_transaction = is_classic

        def make_fetch(self, key: dict[str, Any]) -> tuple[Any, ...]:
            kind, value = (Sample & key).fetch1("kind", "value")
            levels = (Sample.Reading & key).to_arrays("level")
            return kind, value, levels, (Gain & key).fetch1("gain")

        def make_compute(self, key: dict[str, Any], kind: str, value: int, levels: Any, gain: int) -> tuple[Any, ...]:
            behave(kind, folder / f"tried-{key['sample']}")
            threading.Event().wait(seconds * (0.5 + secrets.randbelow(1000) / 1000))
            return (gain * (value + int(levels.sum())),)

        def make_insert(self, key: dict[str, Any], total: int) -> None:
            self.insert1(dict(key, total=total), skip_duplicates=is_lax)
            self.Entry.insert1(dict(key, entry=secrets.randbits(62)))
            Log.insert1(dict(key, entry=secrets.randbits(62), by=os.getpid()))

        if not in_parts:

            def make(self, key: dict[str, Any]) -> None:
                fetched = self.make_fetch(key)
                points.reach("in_fetch")
                points.reach("in_compute")
                self.make_insert(key, *self.make_compute(key, *fetched))

    return SimpleNamespace(schema=schema, Sample=Sample, Gain=Gain, Log=Log, Total=Total)


def behave(kind: str, tried: Path) -> None:
    """Do what a sample of a kind does to whoever computes it."""
    if kind == "bad":
        raise BadError("nothing can be done about this sample")
    if kind == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "flaky" and not tried.exists():
        tried.touch()
        raise FlakyError("not yet")


def add(pipeline: SimpleNamespace, kinds: dict[int, str]) -> None:
    """Insert samples of some kinds, with two readings each."""
    with pipeline.schema.connection.transaction():
        pipeline.Sample.insert({"sample": n, "kind": kind, "value": n % 7} for n, kind in kinds.items())
        pipeline.Sample.Reading.insert(
            {"sample": n, "reading": reading, "level": reading + 1} for n in kinds for reading in range(2)
        )
        pipeline.Gain.insert({"sample": n, "gain": 1 + n % 3} for n in kinds)


def work(url: str, schema: str, folder: str, doom: str = "", seconds: float = 0.0, in_parts: bool = False) -> None:
    """Be a worker until there is a file `done` in the folder; whatever a doom says happens at its point."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    points.ask(doom)
    place = Path(folder)
    with dj.Connection(url) as connection:
        where = dj.Schema(schema, connection=connection)
        pipeline = declare(where, place, seconds=seconds, in_parts=in_parts, is_lax=True)
        while not (place / "done").exists():
            if not populate(pipeline.Total, max_calls=20).success_count:
                threading.Event().wait(0.05)


def work_by_command(
    url: str, schema: str, folder: str, doom: str = "", seconds: float = 0.0, in_parts: bool = False
) -> None:
    """Be a worker of the command line, for some keys."""
    points.ask(doom)
    name = f"pipeline_{os.getpid()}"
    Path(folder, f"{name}.py").write_text(
        "from pathlib import Path\n"
        "import djnb as dj\n"
        "from tests.conformance import faulty\n"
        f"how = dict(seconds={seconds}, in_parts={in_parts}, is_lax=True)\n"
        f"made = faulty.declare(dj.Schema({schema!r}), Path({folder!r}), **how)\n"
        "Total = made.Total\n"
    )
    raise SystemExit(main(["work", name, "--database", url, "--max-calls", "30", "--idle-exit", "0.2"]))


def work_once(url: str, schema: str, folder: str, doom: str = "") -> None:
    """Make what is to be made; whatever a doom says happens at its point."""
    points.ask(doom)
    with dj.Connection(url) as connection:
        populate(declare(dj.Schema(schema, connection=connection), Path(folder)).Total)


def work_classically(url: str, schema: str, folder: str, doom: str = "") -> None:
    """Make what is to be made, each key in one transaction altogether."""
    points.ask(doom)
    with dj.Connection(url) as connection:
        populate(declare(dj.Schema(schema, connection=connection), Path(folder), is_lax=True, is_classic=True).Total)


def populate(table: Any, **options: Any) -> Any:
    """Populate as workers do."""
    return table.populate(reserve_jobs=True, suppress_errors=True, **options)


# ---- what is there


def counts(pipeline: SimpleNamespace) -> dict[str, Counter[int]]:
    """Return how often each sample is in the results, in their parts, and in the log."""
    tables = pipeline.Total, pipeline.Total.Entry, pipeline.Log
    return {table.__name__: Counter(map(int, table.to_arrays("sample"))) for table in tables}


def once(numbers: Any) -> dict[str, Counter[int]]:
    """Return the counts where each of these samples is there once, and no other."""
    each = Counter(numbers)
    return dict.fromkeys(("Total", "Entry", "Log"), each)


def totals(pipeline: SimpleNamespace) -> tuple[dict[int, int], dict[int, int]]:
    """Return the results that are there, and what they must be by the inputs as they are now."""
    levels = Counter[int]()
    for row in pipeline.Sample.Reading.to_dicts():
        levels[row["sample"]] += row["level"]
    gains = {row["sample"]: row["gain"] for row in pipeline.Gain.to_dicts()}
    values = {row["sample"]: row["value"] for row in pipeline.Sample.to_dicts()}
    found = {row["sample"]: row["total"] for row in pipeline.Total.to_dicts()}
    return found, {number: gains[number] * (values[number] + levels[number]) for number in found}


def jobs(pipeline: SimpleNamespace) -> dict[int, SimpleNamespace]:
    """Return all jobs of `Total` by their samples, with what is hidden of them."""
    names = "sample", "status", "error_message", "_worker", "_token", "_attempts", "_deaths", "_retry_time"
    connection = pipeline.schema.connection
    table = connection.dialect.table(pipeline.Total.jobs.name)
    rows = connection.execute(Statement(f"SELECT {', '.join(names)} FROM {table} ORDER BY sample")).rows
    return {row[0]: SimpleNamespace(**dict(zip(names, row, strict=True))) for row in rows}


def reserved(pipeline: SimpleNamespace) -> list[int]:
    """Return the samples whose jobs a worker has."""
    return [int(number) for number in pipeline.Total.jobs.reserved.to_arrays("sample")]


def suspects(pipeline: SimpleNamespace) -> int:
    """Return over how many jobs of `Total` a worker has died."""
    connection = pipeline.schema.connection
    table = connection.dialect.table(pipeline.Total.jobs.name)
    ((count,),) = connection.execute(Statement(f"SELECT COUNT(*) FROM {table} WHERE _deaths > 0")).rows
    return int(count)


def unfinished(pipeline: SimpleNamespace) -> dict[int, SimpleNamespace]:
    """Return the jobs of `Total` for which something is still to be done."""
    return {n: job for n, job in jobs(pipeline).items() if is_unfinished(job)}


def is_unfinished(job: SimpleNamespace) -> bool:
    """Tell whether something is still to be done for a job."""
    return job.status in ("pending", "reserved") or bool(job._retry_time)


def forget_columns(pipeline: SimpleNamespace) -> None:
    """Take what is djnb's own from the job table of `Total`, as if DataJoint had declared it."""
    connection = pipeline.schema.connection
    spec = pipeline.Total.jobs.spec
    table = connection.dialect.table(spec.name)
    own = [attribute.name for attribute in spec.attributes if attribute.is_hidden]
    if connection.dialect.sqlglot_name == "sqlite":  # a server drops the indexes with the columns
        rows = connection.execute(Statement("SELECT name, sql FROM sqlite_master WHERE type = 'index'")).rows
        for name in (name for name, sql in rows if sql and f"{table} " in sql and any(f'("{n}")' in sql for n in own)):
            connection.execute(Statement(f'DROP INDEX "{name}"'))
    for name in own:
        connection.execute(Statement(f"ALTER TABLE {table} DROP COLUMN {name}"))
    connection.catalogue.forget(pipeline.schema.name)

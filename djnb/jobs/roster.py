"""Who is at work on a schema, as people want to know it: where, since when, on what, and whether still alive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from djnb.backends.liveness import Liveness, Sighting
from djnb.connection import Connection
from djnb.jobs import registry
from djnb.jobs.reaping import Patience, is_dead
from djnb.layout import Cell, Column, Preview, Viewable, key_text, lay_out
from djnb.model.naming import TableName
from djnb.rows.fetch import decode_rows, to_dicts
from djnb.sql.workers import reservations

State = Literal["alive", "stalled", "dead", "unknown"]

_SHOWN = 3
"""How many keys of a worker a display shows."""


@dataclass(frozen=True)
class HeldJob:
    """
    A job that somebody holds.

    Attributes
    ----------
    table : str
        The class that is to be filled, as far as the table's name tells.
    key : dict
        Of the row to be made.
    since : datetime or None
        When it was reserved, in the zone of the server.
    """

    table: str
    key: dict[str, Any]
    since: datetime | None


@dataclass(frozen=True)
class WorkerState:
    """
    A worker as it looks from here.

    Attributes
    ----------
    worker : int
        Its number; 0 for one of DataJoint, which has none.
    state : str
        ``"alive"``; ``"stalled"`` if it was not heard for longer than the grace although its process is there;
        ``"dead"``, until somebody gives back its jobs; ``"unknown"`` for workers of DataJoint, which give no sign.
    host, user, version : str
        Where it runs, as whom, and the version of djnb.
    pid : int
        Its process.
    started : datetime or None
        In UTC.
    silent : float or None
        Seconds since it was last heard by the server; None where nobody needs to be heard, and for DataJoint's.
    jobs : tuple of HeldJob
        What it holds.
    """

    worker: int
    state: State
    host: str
    pid: int
    user: str
    version: str
    started: datetime | None
    silent: float | None
    jobs: tuple[HeldJob, ...] = ()


class Roster(Viewable, Sequence[WorkerState]):
    """
    The workers of a schema, those that are dead or stalled first.

    Parameters
    ----------
    title : str
        What they work on.
    workers : sequence of WorkerState
        In any order.
    """

    def __init__(self, title: str, workers: Sequence[WorkerState]) -> None:
        order = "dead", "stalled", "alive", "unknown"
        self._title = title
        self._workers = sorted(workers, key=lambda w: (order.index(w.state), w.host, w.pid, w.worker))

    def __getitem__(self, index: Any) -> Any:
        return self._workers[index]

    def __len__(self) -> int:
        return len(self._workers)

    def __iter__(self) -> Iterator[WorkerState]:
        return iter(self._workers)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one dict for each worker; its jobs are dicts too."""
        return [asdict(worker) for worker in self._workers]

    def preview(self) -> Preview:
        """Return them as a table, one a line."""
        heads = ["state", "host", "pid", "user", "started", "silent", "jobs"]
        cells = [
            [
                Cell(worker.state),
                Cell(worker.host),
                Cell(str(worker.pid), "number"),
                Cell(worker.user),
                Cell(str(worker.started)[:19]) if worker.started else Cell("", "null"),
                Cell(f"{worker.silent:.0f} s", "number") if worker.silent is not None else Cell(""),
                Cell(_told(worker.jobs)),
            ]
            for worker in self._workers
        ]
        count = len(self._workers)
        return lay_out(self._title, f"{count} worker{'' if count == 1 else 's'}", "", [Column(h) for h in heads], cells)


def _told(jobs: Sequence[HeldJob]) -> str:
    shown = "; ".join(f"{job.table} {key_text(job.key)}" for job in jobs[:_SHOWN])
    return shown + (f"; and {len(jobs) - _SHOWN} more" if len(jobs) > _SHOWN else "")


def workers_of(connection: Connection, schema: str, *, table: TableName | None = None) -> Roster:
    """
    Return the workers of a schema, or those that hold jobs of one job table.

    One statement for the registry, one for the job tables, and one for each of them; fewer where one is named.
    """
    patience = Patience.of_settings()
    liveness = connection.liveness(lease=patience.lease)
    seen = liveness.survey(registry.registry_of(schema), connection.execute)
    workers = {s.worker: _state(s, patience, is_prompt=liveness.is_prompt) for s in seen}
    foreign: dict[tuple[Any, ...], WorkerState] = {}
    for name in [table] if table is not None else _job_tables(connection, liveness, schema):
        for worker, host, pid, user, version, job in _held(connection, name):
            if worker in workers:
                workers[worker] = replace(workers[worker], jobs=(*workers[worker].jobs, job))
                continue
            # Of DataJoint, or one that was struck off while its claim was under way.
            known = foreign.setdefault(
                (worker, host, pid, user),
                WorkerState(worker, "dead" if worker else "unknown", host, pid, user, version, None, None),
            )
            foreign[worker, host, pid, user] = replace(known, jobs=(*known.jobs, job))
    found = [*workers.values(), *foreign.values()]
    if table is not None:
        return Roster(_class_of(table), [worker for worker in found if worker.jobs])
    return Roster(schema, found)


def _state(seen: Sighting, patience: Patience, *, is_prompt: bool) -> WorkerState:
    state: State = "alive"
    if is_dead(seen, patience, is_prompt=is_prompt):
        state = "dead"
    elif not is_prompt and seen.age > patience.grace:
        state = "stalled"
    started = seen.started if isinstance(seen.started, datetime) else datetime.fromisoformat(seen.started)
    silent = None if is_prompt else seen.age
    return WorkerState(seen.worker, state, seen.host, seen.pid, seen.user, seen.version, started, silent)


def _job_tables(connection: Connection, liveness: Liveness, schema: str) -> list[TableName]:
    """Return those that this connection knows, of DataJoint too, and those that others have declared since."""
    known = [spec.name for spec in (connection.catalogue.schema(schema) or {}).values()]
    found = {name for name in known if name.is_job_table and not name.is_classic_jobs}
    return sorted(found | set(liveness.job_tables(schema, connection.execute)))


def _held(connection: Connection, name: TableName) -> Iterator[tuple[int, str, int, str, str, HeldJob]]:
    stored = connection.catalogue.stored(name)
    spec = connection.catalogue.table(name)
    knows_workers = spec is not None and any(attribute.name == "_worker" for attribute in spec.attributes)
    names = [*stored.heading.primary_key, "reserved_time"]
    rows = connection.execute(reservations(stored, connection.dialect, names, knows_workers=knows_workers)).rows
    decoded = to_dicts(decode_rows(connection, [row[5:] for row in rows], names, stored))
    for row, values in zip(rows, decoded, strict=True):
        since = values.pop("reserved_time")
        yield (*row[:5], HeldJob(_class_of(name), values, since))


def _class_of(name: TableName) -> str:
    return TableName(name.schema, name.table.lstrip("~")).class_name

"""
Giving back what the dead have left: the jobs of workers that are gone become pending again.

The worker's row of the registry goes in the same transaction: whoever is declared dead holds nothing any more, and what
holds something is in the registry.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from dataclasses import dataclass

from djnb.backends.liveness import Liveness, Sighting
from djnb.jobs import points, registry
from djnb.jobs.layout import LONGEST_MESSAGE
from djnb.model.naming import TableName
from djnb.settings import get_config
from djnb.sql.statement import Statement, compose

logger = logging.getLogger(__name__)

MAX_DEATHS = 3
"""So many workers may die with a job before it becomes an error."""

DIED = "WorkerDied: "
"""What the message of a job begins with that lost a worker."""

ERROR_HASH = hashlib.blake2b(DIED.encode(), digest_size=8).hexdigest()
"""The signature of such errors."""


@dataclass(frozen=True)
class Patience:
    """
    How long workers wait for each other, in seconds.

    Attributes
    ----------
    interval : float
        Between two signs of life.
    grace : float
        Without one, after which a worker is dead if its lock is free as well.
    lease : float
        After which the server ends the connection of a worker that is out of reach, and after which one is dead whose
        lock cannot be seen.
    """

    interval: float
    grace: float
    lease: float

    @classmethod
    def of_settings(cls) -> Patience:
        """Return what the settings say."""
        jobs = get_config().jobs
        return cls(jobs.heartbeat_interval, jobs.grace_period, jobs.lease_time)


def is_dead(seen: Sighting, patience: Patience, *, is_prompt: bool) -> bool:
    """
    Tell whether a worker is dead.

    ==================== ============================= =====================================
    its sign of life is  where signs are prompt        elsewhere
    ==================== ============================= =====================================
    there                it lives                      it lives, up to twice the lease
    not there            it is dead                    it is dead after the grace
    not to be seen       it is dead after the lease    it is dead after the lease
    ==================== ============================= =====================================
    """
    if seen.is_shown is None:
        return seen.age > patience.lease
    if is_prompt:
        return not seen.is_shown
    return seen.age > (2 * patience.lease if seen.is_shown else patience.grace)


def sweep(liveness: Liveness, schema: str, patience: Patience, *, own: int) -> list[int]:
    """
    Give back the jobs of dead workers and take these off the registry.

    Costs one statement if nobody is dead. One sweeper works at a time; the others have nothing to do.

    Parameters
    ----------
    liveness : Liveness
        Looks, and writes.
    schema : str
        Whose workers.
    patience : Patience
        When they are dead.
    own : int
        The worker who sweeps, who is not dead.

    Returns
    -------
    list of int
        The workers that were dead.
    """
    dead = find_dead(liveness, schema, patience, own=own)
    if not dead:
        return []
    with liveness.exclusive(f"reap:{schema}") as is_alone:
        if not is_alone:
            return []
        tables = liveness.job_tables(schema)
        return [seen.worker for seen in dead if _reap(liveness, schema, seen, tables)]


def sweep_unregistered(liveness: Liveness, schema: str) -> list[int]:
    """
    Give back jobs whose workers are not in the registry, which nobody will ever find dead.

    That takes two accidents at once: a claim that was under way while its worker was declared dead, or a row of the
    registry that somebody has deleted. Costs two statements if there are none, whose effort grows with the tables.

    Returns
    -------
    list of int
        The workers that held them.
    """
    tables = liveness.job_tables(schema)
    if not tables:
        return []
    dialect = liveness.dialect
    known = dialect.table(registry.registry_of(schema))
    # A read first: an update would look at the jobs as they are and at the registry as it was when it began.
    parts = (
        f"SELECT j._worker FROM {dialect.table(table)} j LEFT JOIN {known} w ON w.worker = j._worker "
        "WHERE j.status = 'reserved' AND j._worker <> 0 AND w.worker IS NULL"
        for table in tables
    )
    lost = sorted({worker for (worker,) in liveness.execute(Statement(" UNION ALL ".join(parts))).rows})
    for worker in lost:
        with liveness.transaction():
            for table in tables:
                _bury(liveness, table, worker, "somebody who is not in the registry of workers")
    return lost


def find_dead(liveness: Liveness, schema: str, patience: Patience, *, own: int) -> list[Sighting]:
    """Return the workers that are dead."""
    return [
        seen
        for seen in liveness.survey(registry.registry_of(schema), unheard_for=min(patience.grace, patience.lease))
        if seen.worker != own and is_dead(seen, patience, is_prompt=liveness.is_prompt)
    ]


def bury_process(liveness: Liveness, schema: str, host: str, pid: int, cause: str) -> int:
    """
    Give back the jobs of a process of this machine that is known to be dead, without waiting for its silence.

    Parameters
    ----------
    liveness : Liveness
        Looks, and writes.
    schema : str
        Whose jobs.
    host : str
        This machine.
    pid : int
        The process.
    cause : str
        What it died of.

    Returns
    -------
    int
        How many workers it was.
    """
    found = [seen for seen in liveness.survey(registry.registry_of(schema)) if (seen.host, seen.pid) == (host, pid)]
    tables = liveness.job_tables(schema) if found else []
    return sum(_reap(liveness, schema, seen, tables, cause=cause) for seen in found)


def _reap(liveness: Liveness, schema: str, seen: Sighting, tables: list[TableName], *, cause: str = "") -> bool:
    with liveness.transaction():
        # Between the look and here it may have come back.
        if not registry.strike(liveness, schema, seen.worker, unheard_since=seen):
            return False
        points.reach("in_reap")
        count = sum(_bury(liveness, table, seen.worker, who_died(seen.host, seen.pid, cause)) for table in tables)
    logger.warning(
        "A worker of '%s' is dead, process %s on %s; %s of its jobs are given back", schema, seen.pid, seen.host, count
    )
    return True


def who_died(host: str, pid: int, cause: str = "") -> str:
    """Return what the message of a job calls a process that has died, and what of, as far as that is known."""
    return f"{host} (pid {pid}{', ' if cause else ''}{cause})"


def _bury(liveness: Liveness, table: TableName, worker: int, where: str) -> int:
    """Give back the jobs that a dead worker held in one table and return how many they are."""
    dialect = liveness.dialect
    mark, name = dialect.placeholder, dialect.table(table)
    held = f"_worker = {mark} AND status = 'reserved'"
    found = liveness.execute(Statement(f"SELECT DISTINCT _deaths, error_message FROM {name} WHERE {held}", (worker,)))
    count = 0
    for deaths, message in found.rows:
        told = _tell_deaths(message, where)
        if deaths + 1 >= MAX_DEATHS:
            state = f"status = 'error', completed_time = {dialect.server_now}, _error_hash = {mark}, _retry_time = NULL"
            values: tuple[object, ...] = (ERROR_HASH, _explain(told, deaths + 1))
        else:
            state, values = f"status = 'pending', scheduled_time = {dialect.server_now}", (told,)
        # Without an expression of the columns themselves: a server would see them as they are set already.
        sql = (
            f"UPDATE {name} SET {state}, error_message = {mark}, _deaths = {mark}, _worker = 0, _token = 0 "
            f"WHERE {held} AND _deaths = {mark} AND error_message = {mark}"
        )
        count += liveness.execute(Statement(sql, (*values, deaths + 1, worker, deaths, message))).affected
    return count


def _tell_deaths(message: str, where: str) -> str:
    """Return the message of a job of which one more worker has died."""
    before = message.removeprefix(DIED) if message.startswith(DIED) else ""
    return DIED + ", ".join(filter(None, [before, where]))[-1500:]


def _explain(told: str, deaths: int) -> str:
    text = (
        f"{DIED}{deaths} workers died while they had this job: {told.removeprefix(DIED)}. "
        "Something in this computation ends the process: it was killed, as for want of memory, or crashed in compiled "
        "code. Call `make` for this key in a process of its own to see how; then delete this job, or retry it."
    )
    return text[:LONGEST_MESSAGE]


def give_back(liveness: Liveness, schema: str, worker: int) -> None:
    """Take a worker that ends in order off the registry and give back what it held, as if it had not been claimed."""
    tables = liveness.job_tables(schema)
    with liveness.transaction():
        for table in tables:
            _release(liveness, table, _held_by(liveness, worker))
        registry.strike(liveness, schema, worker)


def give_back_forgotten(liveness: Liveness, schema: str, worker: int, known: Collection[int]) -> int:
    """
    Give back what a living worker holds by the database, but is not at, as if it had not been claimed.

    Its end could not be noted because the server was away; or the server has lost, when it crashed, what it had kept.
    Costs a statement for each job table, whose effort grows with the jobs that are reserved.

    Parameters
    ----------
    liveness : Liveness
        Looks, and writes.
    schema : str
        Whose jobs.
    worker : int
        Who holds them.
    known : collection of int
        The tokens of the jobs that it is at, or is about to take.

    Returns
    -------
    int
        How many jobs.
    """
    held = _held_by(liveness, worker)
    count = 0
    for table in liveness.job_tables(schema):
        tokens = f"SELECT DISTINCT _token FROM {liveness.dialect.table(table)} WHERE "
        for (token,) in liveness.execute(compose("{}{}", tokens, held)).rows:
            if token not in known:
                mark = Statement(liveness.dialect.placeholder, (token,))
                count += _release(liveness, table, compose("{} AND _token = {}", held, mark))
    if count:
        logger.warning("%s jobs of '%s' are given back that this process held and was not at", count, schema)
    return count


def _held_by(liveness: Liveness, worker: int) -> Statement:
    return Statement(f"_worker = {liveness.dialect.placeholder} AND status = 'reserved'", (worker,))


def _release(liveness: Liveness, table: TableName, held: Statement) -> int:
    sql = (
        f"UPDATE {liveness.dialect.table(table)} SET status = 'pending', _worker = 0, _token = 0, "
        "_attempts = CASE WHEN _attempts > 0 THEN _attempts - 1 ELSE 0 END WHERE "
    )
    return liveness.execute(compose("{}{}", sql, held)).affected

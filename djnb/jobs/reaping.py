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
from functools import cached_property

from djnb.backends.liveness import Liveness, Sighting
from djnb.jobs import points
from djnb.jobs.layout import LONGEST_MESSAGE
from djnb.jobs.registry import registry_of, words_of
from djnb.model.naming import TableName
from djnb.settings import get_config
from djnb.sql.workers import Lost, WorkerWords

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


class Reaper:
    """
    Gives back what the workers of one schema have left.

    Parameters
    ----------
    liveness : Liveness
        Looks, and writes.
    schema : str
        Whose workers and jobs.
    """

    def __init__(self, liveness: Liveness, schema: str) -> None:
        self._liveness = liveness
        self._schema = schema

    @cached_property
    def _words(self) -> WorkerWords:
        return words_of(self._liveness, self._schema)

    def sweep(self, patience: Patience, *, own: int) -> list[int]:
        """
        Give back the jobs of dead workers and take these off the registry.

        Costs one statement if nobody is dead. One sweeper works at a time; the others have nothing to do.

        Parameters
        ----------
        patience : Patience
            When they are dead.
        own : int
            The worker who sweeps, who is not dead.

        Returns
        -------
        list of int
            The workers that were dead.
        """
        dead = self.find_dead(patience, own=own)
        if not dead:
            return []
        with self._liveness.exclusive(f"reap:{self._schema}") as is_alone:
            if not is_alone:
                return []
            tables = self._tables()
            return [seen.worker for seen in dead if self._reap(seen, tables)]

    def sweep_unregistered(self) -> list[int]:
        """
        Give back jobs whose workers are not in the registry, which nobody will ever find dead.

        That takes two accidents at once: a claim that was under way while its worker was declared dead, or a row of the
        registry that somebody has deleted. Costs two statements if there are none, whose effort grows with the tables.

        Returns
        -------
        list of int
            The workers that held them.
        """
        tables = self._tables()
        if not tables:
            return []
        lost = sorted({worker for (worker,) in self._liveness.execute(self._words.unregistered(tables)).rows})
        for worker in lost:
            with self._liveness.transaction():
                for table in tables:
                    self._bury(table, worker, "somebody who is not in the registry of workers")
        return lost

    def find_dead(self, patience: Patience, *, own: int) -> list[Sighting]:
        """Return the workers that are dead."""
        seen_silent = self._liveness.survey(registry_of(self._schema), unheard_for=min(patience.grace, patience.lease))
        return [
            seen
            for seen in seen_silent
            if seen.worker != own and is_dead(seen, patience, is_prompt=self._liveness.is_prompt)
        ]

    def bury_process(self, host: str, pid: int, cause: str) -> int:
        """
        Give back the jobs of a process of this machine that is known to be dead, without waiting for its silence.

        Parameters
        ----------
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
        all_seen = self._liveness.survey(registry_of(self._schema))
        found = [seen for seen in all_seen if (seen.host, seen.pid) == (host, pid)]
        tables = self._tables() if found else []
        return sum(self._reap(seen, tables, cause=cause) for seen in found)

    def give_back(self, worker: int) -> None:
        """Take a worker that ends in order off the registry, and give back what it held as if it had not been taken."""
        tables = self._tables()
        with self._liveness.transaction():
            for table in tables:
                self._liveness.execute(self._words.release(table, worker))
            self._liveness.execute(self._words.strike(worker))

    def give_back_forgotten(self, worker: int, known: Collection[int]) -> int:
        """
        Give back what a living worker holds by the database, but is not at, as if it had not been claimed.

        Its end could not be noted because the server was away; or the server has lost, when it crashed, what it had
        kept. Costs a statement for each job table, whose effort grows with the jobs that are reserved.

        Parameters
        ----------
        worker : int
            Who holds them.
        known : collection of int
            The tokens of the jobs that it is at, or is about to take.

        Returns
        -------
        int
            How many jobs.
        """
        count = 0
        for table in self._tables():
            for (token,) in self._liveness.execute(self._words.tokens(table, worker)).rows:
                if token not in known:
                    count += self._liveness.execute(self._words.release(table, worker, token=token)).affected
        if count:
            logger.warning("%s jobs of '%s' are given back that this process held and was not at", count, self._schema)
        return count

    def _tables(self) -> list[TableName]:
        return self._liveness.job_tables(self._schema)

    def _reap(self, seen: Sighting, tables: list[TableName], *, cause: str = "") -> bool:
        with self._liveness.transaction():
            # Between the look and here it may have come back.
            if not self._liveness.execute(self._words.strike(seen.worker, heard=seen.heartbeat)).affected:
                return False
            points.reach("in_reap")
            # A process that is stopped amid a transaction would keep from others what it has locked, its job perhaps.
            for number in self._connections(seen.worker, tables):
                self._liveness.end_connection(number, idle_for=seen.age / 2)
            where = who_died(seen.host, seen.pid, cause)
            count = sum(self._bury(table, seen.worker, where) for table in tables)
        logger.warning(
            "A worker of '%s' is dead, process %s on %s; %s of its jobs are given back",
            self._schema,
            seen.pid,
            seen.host,
            count,
        )
        return True

    def _connections(self, worker: int, tables: list[TableName]) -> set[int]:
        asked = (self._words.connections(table, worker) for table in tables)
        return {int(number) for statement in asked for (number,) in self._liveness.execute(statement).rows}

    def _bury(self, table: TableName, worker: int, where: str) -> int:
        """Give back the jobs that a dead worker held in one table and return how many they are."""
        count = 0
        for row in self._liveness.execute(self._words.losses(table, worker)).rows:
            lost = Lost(*row)
            told = _tell_deaths(lost.message, where)
            is_fatal = lost.deaths + 1 >= MAX_DEATHS
            message, given_up = (_explain(told, lost.deaths + 1), ERROR_HASH) if is_fatal else (told, None)
            count += self._liveness.execute(self._words.bury(table, worker, lost, message, given_up=given_up)).affected
        return count


def who_died(host: str, pid: int, cause: str = "") -> str:
    """Return what the message of a job calls a process that has died, and what of, as far as that is known."""
    return f"{host} (pid {pid}{', ' if cause else ''}{cause})"


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

"""Workers: processes that may hold jobs of a schema, as long as they live."""

from __future__ import annotations

import logging
import os
import time

from djnb.connection import Connection
from djnb.errors import LockError, LostConnectionError, MissingTableError, UnreachableError
from djnb.jobs.heartbeat import Heartbeat, heartbeat_of
from djnb.jobs.job import Holder
from djnb.jobs.registry import host_name, registry_of

logger = logging.getLogger(__name__)

_AUDIT_SECONDS = 60.0
"""Between two looks for jobs that nobody is at, which costs more than to look for dead workers."""


class Worker(Holder):
    """
    A process as a worker of one schema, for as long as it is not declared dead.

    All threads of a process share it. Ask `of` anew for each claim: whoever was declared dead while it was out of reach
    is another worker afterwards, and what it held belongs to others.

    Attributes
    ----------
    id : int
        What the jobs that it holds say in ``_worker``.
    tokens : set of int
        Of the reservations that it is at.
    schema : str
        Whose jobs it may hold.
    is_dead : bool
        Whether it was declared dead or has ended; also in a forked child, which is not its parent.
    """

    def __init__(self, heart: Heartbeat, schema: str, number: int) -> None:
        super().__init__(number)
        self.schema = schema
        self._heart = heart
        self._pid = os.getpid()
        self._is_dead = False
        self._audit_due = 0.0

    @classmethod
    def of(cls, connection: Connection, schema: str) -> Worker:
        """
        Return this process as a worker of a schema; it is registered when it is first asked for, and after a fork.

        Its signs of life are given by a thread until the connection is closed.

        Raises
        ------
        AccessError
            The user may not create or write the registry.
        TransactionError
            The registry is to be created while a transaction is open.
        """
        heart = heartbeat_of(connection)
        worker = heart.workers.get(schema)
        if worker is not None and worker._may_go_on(connection):
            return worker
        with heart.lock:
            worker = heart.workers.get(schema)
            if worker is not None and worker._may_go_on(connection):  # another thread was faster
                return worker
            if worker is not None:
                heart.forget(worker)
            try:
                number = heart.register(connection, schema)
            except BaseException:
                heart.end_unused()
                raise
            worker = heart.workers[schema] = cls(heart, schema, number)
            heart.start()
            worker.sweep()
        return worker

    def _may_go_on(self, connection: Connection) -> bool:
        # A schema that was dropped and declared again knows nobody.
        return not self.is_dead and connection.catalogue.table(registry_of(self.schema)) is not None

    @property
    def is_dead(self) -> bool:
        """Whether what it held belongs to others."""
        return self._is_dead or self._pid != os.getpid()

    @is_dead.setter
    def is_dead(self, value: bool) -> None:
        self._is_dead = value

    def sweep(self) -> list[int]:
        """
        Give back the jobs of workers that are dead, and return who they were; cheap if nobody is.

        It happens every two heartbeats by itself. Where others are at the same, it is left to them. Every minute, jobs
        are given back too that nobody is at although their worker lives.
        """
        reaper = self._heart.reaper(self.schema)
        with self._heart.lock:
            try:
                dead = reaper.sweep(self._heart.patience, own=self.id)
                if time.monotonic() >= self._audit_due:
                    self._audit_due = time.monotonic() + _AUDIT_SECONDS
                    dead += reaper.sweep_unregistered()
                    reaper.give_back_forgotten(self.id, self.tokens)
                return dead
            except (LockError, LostConnectionError, MissingTableError, UnreachableError) as error:
                # A claim is at the same rows, the server is not there, or the schema is not; there will be a next time.
                logger.info("The dead were not looked for: %s", error)
                return []

    def bury(self, pid: int, cause: str) -> int:
        """Give back at once what a child of this process held that has died, and return how many workers it was."""
        with self._heart.lock:
            return self._heart.reaper(self.schema).bury_process(host_name(), pid, cause)

    def close(self) -> None:
        """Leave the registry; what is still held is given back, and nobody is charged for it."""
        with self._heart.lock:
            if self.is_dead:
                return
            self.is_dead = True
            self._heart.workers.pop(self.schema, None)
            self._heart.reaper(self.schema).give_back(self.id)
            self._heart.liveness.release(self.id)

    def __repr__(self) -> str:
        return f"Worker({self.id}, '{self.schema}'{', dead' if self.is_dead else ''})"

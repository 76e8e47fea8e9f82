"""The thread that keeps a process's workers alive in the eyes of others, and looks after the dead meanwhile."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING

from djnb.connection import Connection
from djnb.errors import DataJointError, LostConnectionError, MissingSchemaError, MissingTableError
from djnb.jobs import points, registry
from djnb.jobs.reaping import Patience, Reaper

if TYPE_CHECKING:
    from djnb.jobs.workers import Worker

logger = logging.getLogger(__name__)

_SWEEP_EVERY = 2
"""Heartbeats between two looks for the dead."""

_GOODBYE_SECONDS = 15.0
"""How long the end of a connection, or of the process, waits for the workers to be taken off the registry."""


class Heartbeat:
    """
    The workers of this process on one connection, and the thread that gives their signs of life.

    The thread ends with the connection and with the process, and it raises nothing into anybody's face.

    Parameters
    ----------
    connection : Connection
        Where; it is not kept.
    """

    def __init__(self, connection: Connection) -> None:
        self.patience = Patience.of_settings()
        self.liveness = connection.liveness(lease=self.patience.lease)
        self.lock = threading.RLock()
        self.workers: dict[str, Worker] = {}
        self._pid = os.getpid()
        self._end = threading.Event()
        self._is_forgotten = False
        self._thread: threading.Thread | None = None

    def register(self, connection: Connection, schema: str) -> int:
        """Register a worker and return its number; again, if the connection was lost while it was idle."""
        try:
            return registry.register(connection, self.liveness, schema)
        except LostConnectionError:
            return registry.register(connection, self.liveness, schema)

    def reaper(self, schema: str) -> Reaper:
        """Return what gives back what the workers of a schema have left."""
        return Reaper(self.liveness, schema)

    def start(self) -> None:
        """Begin to beat, if it does not yet."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="djnb-heartbeat", daemon=True)
            self._thread.start()

    @property
    def is_ended(self) -> bool:
        """Whether it has ended, or belongs to the process that this one was forked from."""
        return self._end.is_set() or self._is_forgotten or self._pid != os.getpid()

    def _run(self) -> None:
        beats = 0
        while not self._end.wait(self.patience.interval) and not self._is_forgotten:
            beats += 1
            with self.lock:
                for worker in list(self.workers.values()):
                    self._quietly(self._beat, worker)
                    if beats % _SWEEP_EVERY == 0:
                        self._quietly(self._sweep, worker)
        with self.lock:
            for worker in list(self.workers.values()):
                self._quietly(self._leave, worker)
            self._quietly(self.liveness.close)

    def _beat(self, worker: Worker) -> None:
        points.reach("in_beat")
        try:
            if self.liveness.beat(registry.registry_of(worker.schema), worker.id):
                return
            logger.warning(
                "This process was declared dead as a worker of '%s'; what it held is given to others", worker.schema
            )
        except (MissingTableError, MissingSchemaError):
            pass  # the schema was dropped
        self.forget(worker)

    def forget(self, worker: Worker) -> None:
        """Take a worker for dead that is not registered any more."""
        worker.is_dead = True
        del self.workers[worker.schema]
        self.liveness.release(worker.id)

    def _sweep(self, worker: Worker) -> None:
        if not worker.is_dead and not self._end.is_set():
            worker.sweep()

    def _leave(self, worker: Worker) -> None:
        worker.is_dead = True
        del self.workers[worker.schema]
        self.reaper(worker.schema).give_back(worker.id)

    def _quietly(self, act: Callable[..., None], *arguments: Worker) -> None:
        try:
            act(*arguments)
        except DataJointError as error:  # the next beat connects again
            logger.info("A sign of life could not be given: %s", error)
        except Exception:
            logger.exception("A sign of life could not be given")

    def end(self) -> None:
        """Let the thread end: it gives back what its workers hold and takes them off the registry."""
        self._end.set()

    def end_soon(self) -> None:
        """
        Let the thread end at its next beat.

        Nothing is locked for it: the garbage collector may call this amid anything, in the thread itself too.
        """
        self._is_forgotten = True

    def end_unused(self) -> None:
        """End, if there was never a worker."""
        if self._thread is None:
            self.end()
            self.liveness.close()

    def close(self) -> None:
        """End, and wait for it."""
        if self.is_ended:
            return
        self.end_unused()
        self.end()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_GOODBYE_SECONDS)

    def abandon(self) -> None:
        """Leave everything to the process that this one was forked from."""
        self.liveness.abandon()


_hearts: weakref.WeakKeyDictionary[Connection, Heartbeat] = weakref.WeakKeyDictionary()
_guard = threading.Lock()


def heartbeat_of(connection: Connection) -> Heartbeat:
    """Return the heartbeat of a connection, which begins with its first worker."""
    with _guard:
        heart = _hearts.get(connection)
        if heart is None or heart.is_ended:
            heart = _hearts[connection] = Heartbeat(connection)
            connection.on_close(heart.close)
            # A connection that is forgotten rather than closed.
            weakref.finalize(connection, heart.end_soon).atexit = False
        return heart


def _close_all() -> None:
    for heart in list(_hearts.values()):
        heart.end()
    for heart in list(_hearts.values()):
        if heart._thread is not None and heart._pid == os.getpid():
            heart._thread.join(_GOODBYE_SECONDS)


def _leave_to_parent() -> None:
    global _guard
    _guard = threading.Lock()
    for heart in list(_hearts.values()):
        heart.abandon()
    _hearts.clear()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)

"""A driver connection for each thread that asks, and what becomes of it when the thread, or the connection, ends."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from djnb.backends.base import Backend, Driver
from djnb.errors import DataJointError, LostConnectionError, UnreachableError

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 120.0
"""How long whoever is patient waits for a server that has gone away."""

_LONGEST_WAIT = 2.0
"""Seconds between two tries."""


@dataclass
class Session:
    """A thread's driver connection; ``pid`` tells a forked child that it is not its own."""

    driver: Driver
    thread: weakref.ref[threading.Thread]
    pid: int = field(default_factory=os.getpid)
    last_used: float = field(default_factory=time.monotonic)
    in_transaction: bool = False

    @property
    def is_ended(self) -> bool:
        """Whether the thread is gone."""
        thread = self.thread()
        return thread is None or not thread.is_alive()

    def close(self) -> None:
        """Close the driver connection; a forked child must not say good-bye on one that its parent goes on using."""
        if self.pid == os.getpid():
            self.driver.close()


class _Own(threading.local):
    """
    What a thread has of its own.

    Its session; why the transaction is gone whose block it is still in; and, while it waits for a server that does not
    answer, what tells that it has waited enough.
    """

    session: Session | None = None
    broken: DataJointError | None = None
    has_enough: Callable[[], bool] | None = None


class Sessions:
    """
    The sessions of a connection.

    Parameters
    ----------
    backend : Backend
        Makes their drivers.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._own = _Own()
        self._all: list[Session] = []
        self._lock = threading.Lock()
        self.is_closed = False

    def __len__(self) -> int:
        return len(self._all)

    @property
    def open_one(self) -> Session | None:
        """The calling thread's session, if it has one that is its own."""
        session = self._own.session
        return session if session is not None and session.pid == os.getpid() else None

    @property
    def in_transaction(self) -> bool:
        """Whether the calling thread has a transaction open."""
        session = self.open_one
        return session is not None and session.in_transaction

    def current(self) -> Session:
        """
        Return the calling thread's session, connecting if need be.

        Raises
        ------
        LostConnectionError
            `close` was called.
        UnreachableError
            No server answers; where the thread is patient, for so long.
        """
        session = self.open_one
        if session is not None:
            return session
        if self.is_closed:
            raise LostConnectionError(f"The connection to {self._backend.address} was closed.", remedy="Connect again.")
        session = Session(self._connect(), weakref.ref(threading.current_thread()))
        self._own.session = session
        with self._lock:
            ended = [s for s in self._all if s.is_ended]
            self._all = [s for s in self._all if s not in ended] + [session]
        for old in ended:
            old.close()
        return session

    def _connect(self) -> Driver:
        began = time.monotonic()
        tries = 0
        while True:
            try:
                return self._backend.connect()
            except UnreachableError as error:
                is_over = self._own.has_enough
                if is_over is None or is_over() or time.monotonic() - began > PATIENCE_SECONDS:
                    raise
                if not tries:
                    logger.warning("%s Waiting for it, %.0f seconds at most.", error.message, PATIENCE_SECONDS)
            tries += 1
            wait_a_while(tries, longest=_LONGEST_WAIT)

    @property
    def is_patient(self) -> bool:
        """Whether the calling thread waits for a server that has gone away."""
        return self._own.has_enough is not None

    @contextmanager
    def patient(self, has_enough: Callable[[], bool]) -> Iterator[None]:
        """Have the calling thread wait, in a ``with`` block, for a server that does not answer; see `Connection`."""
        before, self._own.has_enough = self._own.has_enough, has_enough
        try:
            yield
        finally:
            self._own.has_enough = before

    def drop(self, session: Session, cause: DataJointError) -> None:
        """Give up a driver connection, and with it the transaction that was open on it."""
        self.end_transaction(session, cause)
        self._own.session = None
        with self._lock:
            self._all = [s for s in self._all if s is not session]
        session.close()

    def end_transaction(self, session: Session, cause: DataJointError) -> None:
        """Note that the database has undone the transaction, if there was one."""
        # Whatever the block of a broken transaction sends on must not be kept without what came before.
        if session.in_transaction:
            self._own.broken = cause
        session.in_transaction = False

    def check_block(self) -> None:
        """Refuse to go on with a block whose transaction is gone."""
        cause = self._own.broken
        if cause is not None:
            raise type(cause)(f"The transaction is undone: {cause.message}", remedy="Do all of it again.") from cause

    def leave_block(self) -> None:
        """Forget why the transaction of a block was gone: the block has ended."""
        self._own.broken = None

    def lost(self, what: str) -> LostConnectionError:
        """Return an error that says what became of the connection."""
        return LostConnectionError(f"The connection to {self._backend.address} {what}.")

    def close(self) -> None:
        """Close the driver connections of all threads."""
        self.is_closed = True
        with self._lock:
            sessions, self._all = self._all, []
        self._own = _Own()
        for session in sessions:
            session.close()


def wait_a_while(times: int, *, longest: float = 5.0) -> None:
    """Wait longer each time, and not as long as another who waits."""
    seconds = min(0.02 * 2 ** min(times, 8), longest)
    time.sleep(random.uniform(seconds / 2, seconds))

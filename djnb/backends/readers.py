"""Answers that are read bit by bit, each on a driver connection that nobody else uses meanwhile."""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections.abc import Iterator, Sequence

from djnb.backends.base import Backend, Driver
from djnb.backends.spool import Row, Spool, portions
from djnb.errors import LostConnectionError
from djnb.sql.statement import Statement

_KEPT = 2
"""How many connections wait for the next answer rather than being closed."""

_IDLE_SECONDS = 30.0
"""After this long, a waiting connection is tried before an answer is entrusted to it."""


class Reader:
    """
    An answer that is under way.

    Whoever does not read it to its end closes it, and with it the driver connection: what is left of an answer may be
    gigabytes, and reading on is the only way past it.
    """

    def __init__(self, driver: Driver, statement: Statement, large: Sequence[int]) -> None:
        self.driver = driver
        self.thread = threading.get_ident()
        self.pid = os.getpid()
        self.is_read = False
        self.error: Exception | None = None
        self._lock = threading.Lock()
        self._rows = driver.stream(statement.sql, statement.params)
        self._portions: Iterator[list[Row]] = portions(self._rows, large)

    def __iter__(self) -> Iterator[list[Row]]:
        return self

    def __next__(self) -> list[Row]:
        with self._lock:
            if self.error is not None:
                raise self.error
            try:
                return next(self._portions)
            except StopIteration:
                self.is_read = True
                raise

    def settle(self) -> None:
        """Take the rest of the answer, so that the database is done with it."""
        with self._lock:
            if self.is_read or isinstance(self._portions, Spool):
                return
            try:
                self._portions = Spool(self._portions)
            except Exception as error:  # noqa: BLE001 -- it is of him who reads, not of him who has it settled
                self.error = error

    def close(self) -> None:
        """Give up what is not read yet."""
        if isinstance(self._portions, Spool):
            self._portions.close()
        if self.pid == os.getpid():  # else the connection is that of the process which forked this one
            self._rows.close()


class Readers:
    """
    The driver connections of a connection on which answers are read bit by bit.

    Parameters
    ----------
    backend : Backend
        Makes them.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        self._waiting: list[tuple[Driver, int, float]] = []
        self._open: weakref.WeakSet[Reader] = weakref.WeakSet()

    def open(self, statement: Statement, large: Sequence[int], *, fresh: bool = False) -> Reader:
        """Return a reader of the answer to a statement; with ``fresh``, on a new connection."""
        if fresh:
            self._close_waiting()
        reader = Reader(self._take() or self._backend.connect(), statement, large)
        with self._lock:
            self._open.add(reader)
        return reader

    def _take(self) -> Driver | None:
        while True:
            with self._lock:
                if not self._waiting:
                    return None
                driver, pid, since = self._waiting.pop()
            if pid != os.getpid():
                continue
            if time.monotonic() - since < _IDLE_SECONDS or driver.ping():
                return driver
            driver.close()

    def release(self, reader: Reader) -> None:
        """Keep the connection of an answer that was read to its end; close that of another."""
        reader.close()
        with self._lock:
            self._open.discard(reader)
            if reader.is_read and reader.pid == os.getpid() and len(self._waiting) < _KEPT:
                self._waiting.append((reader.driver, reader.pid, time.monotonic()))
                return
        if reader.pid == os.getpid():
            reader.driver.close()

    def settle(self) -> None:
        """
        Take the rest of all answers that the calling thread is reading.

        A server does not change a table while an answer about it is under way, and the thread that asks for the change
        could wait for itself.
        """
        with self._lock:
            mine = [r for r in self._open if r.thread == threading.get_ident() and r.pid == os.getpid()]
        for reader in mine:
            reader.settle()

    def _close_waiting(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for driver, pid, _ in waiting:
            if pid == os.getpid():
                driver.close()

    def close(self) -> None:
        """Close all connections, those of answers under way too."""
        self._close_waiting()
        with self._lock:
            readers = list(self._open)
        for reader in readers:
            reader.error = LostConnectionError(
                f"The connection to {self._backend.address} was closed while rows were read.", remedy="Connect again."
            )
            if reader.pid == os.getpid():
                reader.driver.close()

"""Answers that come in portions, each on a driver connection of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing

from djnb.backends.base import Backend
from djnb.backends.readers import Reader, Readers
from djnb.backends.spool import Row, Spool, portions
from djnb.connection.sending import Sender
from djnb.connection.sessions import Sessions
from djnb.errors import LostConnectionError
from djnb.sql.statement import Statement


class Streams:
    """
    The answers of a connection that are read bit by bit.

    Parameters
    ----------
    backend : Backend
        Makes the driver connections for them.
    sessions : Sessions
        The driver connections of the threads.
    sender : Sender
        Sends what must be read at once.
    """

    def __init__(self, backend: Backend, sessions: Sessions, sender: Sender) -> None:
        self._backend = backend
        self._sessions = sessions
        self._sender = sender
        self._readers = Readers(backend)

    def stream(self, statement: Statement, large: Sequence[int]) -> Iterator[list[Row]]:
        """Yield the rows of an answer in portions; within a transaction, of an answer that was taken at once."""
        sql = statement.sql
        if self._sessions.in_transaction or not self._sessions.current().driver.is_isolated:
            spool = self._sender.send(
                sql, lambda driver: Spool(portions(driver.stream(sql, statement.params), large)), may_repeat=True
            )
            with closing(spool):
                yield from spool
            return
        self._sessions.check_block()
        reader, portion = self._open(statement, large)
        try:
            while portion:
                yield portion
                portion = self._next_portion(reader, sql)
        finally:
            self._readers.release(reader)

    def _open(self, statement: Statement, large: Sequence[int]) -> tuple[Reader, list[Row]]:
        """Return a reader and its first portion; on a new connection where a waiting one turns out to be lost."""
        started = time.perf_counter()
        reader = self._readers.open(statement, large)
        try:
            try:
                return reader, self._next_portion(reader, statement.sql)
            except LostConnectionError:
                self._readers.release(reader)
                if not self._sender.reconnects:
                    raise
                reader = self._readers.open(statement, large, fresh=True)
                return reader, self._next_portion(reader, statement.sql)
        except BaseException:
            self._readers.release(reader)
            raise
        finally:
            self._sender.tell(statement.sql, started)

    def _next_portion(self, reader: Reader, sql: str) -> list[Row]:
        try:
            return next(reader, [])
        except Exception as error:
            translated = self._backend.translate(error, sql)
            if translated is None:
                raise
            raise translated from error

    def settle(self) -> None:
        """Take the rest of all answers that the calling thread is reading: a server would wait for their end."""
        self._readers.settle()

    def close(self) -> None:
        """Close the driver connections, those of answers under way too."""
        self._readers.close()

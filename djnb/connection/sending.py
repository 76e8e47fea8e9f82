"""Statements sent by the calling thread's driver connection, and again on a new one where nothing is lost by it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from djnb.backends.base import Answer, Backend, Driver
from djnb.connection.digest import Digest
from djnb.connection.sessions import Session, Sessions
from djnb.errors import AccessError, LostConnectionError
from djnb.events import Bus, StatementSent
from djnb.sql.statement import Statement

logger = logging.getLogger(__name__)

IDLE_SECONDS = 30.0
"""After this long without a statement, a connection is tried before a statement that writes is entrusted to it."""

T = TypeVar("T")


class Sender:
    """
    What sends the statements of a connection.

    Parameters
    ----------
    backend : Backend
        Tells what the driver's errors mean.
    sessions : Sessions
        The driver connections.
    bus : Bus
        Is told of every statement.
    reconnects : bool
        Whether a lost connection is replaced where that does no harm.
    """

    def __init__(self, backend: Backend, sessions: Sessions, bus: Bus, *, reconnects: bool) -> None:
        self._backend = backend
        self._sessions = sessions
        self._bus = bus
        self.reconnects = reconnects

    def send(self, sql: str, send: Callable[[Driver], T], *, may_repeat: bool, is_told: bool = True) -> T:
        """Send with the calling thread's driver; connect anew where nothing can be lost by it."""
        self._sessions.check_block()
        session = self._sessions.current()
        # A server drops idle connections, or is restarted. A statement that writes is not sent twice, so look before.
        if not may_repeat and not session.in_transaction and self.reconnects and self._is_gone(session):
            self._sessions.drop(session, self._sessions.lost("was lost while it was idle"))
            session = self._sessions.current()
        can_repeat = may_repeat and self.reconnects and not session.in_transaction
        started = time.perf_counter()
        try:
            while True:
                try:
                    return self._send_once(session, sql, send)
                except LostConnectionError:
                    if not can_repeat:
                        raise
                logger.info("The connection to %s was lost; connecting again", self._backend.address)
                session = self._sessions.current()
                can_repeat = self._sessions.is_patient
        finally:
            session.last_used = time.monotonic()
            if is_told:
                self.tell(sql, started)

    def _is_gone(self, session: Session) -> bool:
        """Tell whether the server has given up a connection; it is asked only where there is reason to doubt."""
        is_idle = time.monotonic() - session.last_used > IDLE_SECONDS
        return (is_idle or session.driver.has_been_told) and not session.driver.ping()

    def _send_once(self, session: Session, sql: str, send: Callable[[Driver], T]) -> T:
        try:
            return send(session.driver)
        except Exception as error:
            translated = self._backend.translate(error, sql)
            if translated is None:
                raise
            if isinstance(translated, AccessError):
                # Beside the ways that count and repeat statements, in the middle of which it is raised.
                translated = self._backend.explain(translated, sql, lambda s: session.driver.execute(s.sql, s.params))
            if isinstance(translated, LostConnectionError):
                self._sessions.drop(session, translated)
            elif not session.driver.in_transaction:
                # To break a deadlock, the database undoes a transaction by itself.
                self._sessions.end_transaction(session, translated)
            raise translated from error
        except BaseException:
            # Ctrl-C amid an answer: its rest would be taken for the answer to the next statement.
            self._sessions.drop(session, self._sessions.lost("was given up, because a statement was interrupted"))
            raise

    def tell(self, sql: str, started: float) -> None:
        """Tell those who listen that a statement was sent; ``started`` is by `time.perf_counter`."""
        if self._bus.wants(StatementSent):
            self._bus.emit(StatementSent(sql, time.perf_counter() - started))

    def execute(self, statement: Statement) -> Answer:
        """Send a statement and return its answer."""
        reads = statement.sql.lstrip()[:6].upper() == "SELECT"
        return self.send(
            statement.sql, lambda driver: driver.execute(statement.sql, statement.params), may_repeat=reads
        )

    def look(self, statement: Statement) -> Answer:
        """Send a statement that asks for no rows of the user's."""
        return self.execute(statement)

    def execute_together(self, statements: Sequence[Statement]) -> list[Answer]:
        """Send small statements that belong together, as one, and return their answers."""
        return self.send(
            "; ".join(statement.sql for statement in statements),
            lambda driver: driver.execute_together(statements),
            may_repeat=False,
        )

    def begin(self, statements: Sequence[Statement]) -> list[Answer]:
        """Send what begins a transaction, and what comes first in it, and return the answers."""
        answers = self.execute_together(statements)
        self._sessions.current().in_transaction = True
        return answers

    def digest(self, statement: Statement, hashed: Collection[int] = ()) -> Digest:
        """Return the digest of an answer, without keeping its rows; some of their places have the SHA-1 of bytes."""

        def take(driver: Driver) -> Digest:
            digest = Digest()
            digest.add(driver.stream(statement.sql, statement.params), hashed=hashed)
            return digest

        return self.send(statement.sql, take, may_repeat=True)

    def version(self) -> int | None:
        """Return the number by which a file knows its state; nobody is told, since nothing is sent anywhere."""
        return self.send("", lambda driver: driver.version(), may_repeat=True, is_told=False)

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Send one statement for many rows and return how many were changed."""
        return self.send(sql, lambda driver: driver.execute_many(sql, rows), may_repeat=False)

    def message_limit(self) -> int | None:
        """Return how many bytes the statement for one row may have; None if that does not matter."""
        return self.send("SELECT @@max_allowed_packet", lambda driver: driver.message_limit(), may_repeat=True)

    def fetch_arrow(self, statement: Statement) -> Any:
        """Return the answer to a statement without values as an Arrow table, of what is committed; None if it fails."""
        self._sessions.check_block()
        started = time.perf_counter()
        table = self._sessions.current().driver.fetch_arrow(statement.sql)
        if table is not None:
            self.tell(statement.sql, started)
        return table

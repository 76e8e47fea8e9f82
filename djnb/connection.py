"""
A connection: what answers queries.

One backend, one bus of events, one catalogue of tables, and a driver connection for each thread that asks.
A transaction belongs to the thread that opened it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from djnb.backends import open_backend
from djnb.backends.base import Address, Answer, Driver
from djnb.catalogue import Catalogue
from djnb.errors import LostConnectionError, TransactionError
from djnb.events import Bus, StatementSent
from djnb.settings import get_config
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement

logger = logging.getLogger(__name__)

DEFAULT_FILE = "djnb.sqlite"
"""Where a pipeline lives if nothing is configured: in the working directory."""

_IDLE_SECONDS = 30.0
"""After this long without a statement, a connection is tried before a statement that writes is entrusted to it."""

T = TypeVar("T")


@dataclass
class _Session:
    """A thread's driver connection; ``pid`` tells a forked child that it is not its own."""

    driver: Driver
    thread: weakref.ref[threading.Thread]
    pid: int = field(default_factory=os.getpid)
    last_used: float = field(default_factory=time.monotonic)
    in_transaction: bool = False


class Connection:
    """
    A database that can be asked, from any thread.

    Parameters
    ----------
    url : str, optional
        ``sqlite:///pipeline.sqlite`` or ``mysql://user@host:3306``; by default what the settings say, else the file
        ``djnb.sqlite`` in the working directory.
    use_tls : bool, optional
        Encrypt the connection to a server; by default what the settings say.

    Attributes
    ----------
    bus : Bus
        Carries what happens on this connection.
    catalogue : Catalogue
        What the database holds.

    Raises
    ------
    SettingsError
        The address cannot be read.
    UnreachableError, AuthenticationError
        Nobody answers there, or the user is not let in.

    Examples
    --------
    >>> connection = Connection("sqlite:///pipeline.sqlite")
    >>> schema = djnb.Schema("lab", connection=connection)
    """

    def __init__(self, url: str | None = None, *, use_tls: bool | None = None) -> None:
        settings = get_config().database
        address = _address(url)
        self._backend = open_backend(address, use_tls=settings.use_tls if use_tls is None else use_tls)
        self._reconnects: bool = settings.reconnect
        self._local = threading.local()
        self._sessions: list[_Session] = []
        self._lock = threading.Lock()
        self.bus = Bus()
        self.catalogue = Catalogue(self._backend, self.execute)
        self._is_closed = False
        self._session()

    @property
    def dialect(self) -> Dialect:
        """How the database is spoken to."""
        return self._backend.dialect

    @property
    def address(self) -> Address:
        """Where the database is; its text hides the password."""
        return self._backend.address

    @property
    def in_transaction(self) -> bool:
        """Whether the calling thread has a transaction open."""
        session: _Session | None = getattr(self._local, "session", None)
        return session is not None and session.in_transaction

    def __repr__(self) -> str:
        return f"Connection({str(self.address)!r})"

    def _session(self) -> _Session:
        session: _Session | None = getattr(self._local, "session", None)
        if session is not None and session.pid == os.getpid():
            return session
        if self._is_closed:
            raise LostConnectionError(f"The connection to {self.address} was closed.", remedy="Connect again.")
        session = _Session(self._backend.connect(), weakref.ref(threading.current_thread()))
        self._local.session = session
        with self._lock:
            ended = [s for s in self._sessions if (t := s.thread()) is None or not t.is_alive()]
            self._sessions = [s for s in self._sessions if s not in ended] + [session]
        for old in ended:
            # A forked child must not say good-bye on a connection that its parent goes on using.
            if old.pid == os.getpid():
                old.driver.close()
        return session

    def _drop(self, session: _Session) -> None:
        # Whatever the block of a broken transaction sends on must not be kept on a fresh connection.
        self._local.is_broken = session.in_transaction
        session.in_transaction = False
        self._local.session = None
        with self._lock:
            self._sessions = [s for s in self._sessions if s is not session]
        session.driver.close()

    def _send(self, sql: str, send: Callable[[Driver], T], *, may_repeat: bool) -> T:
        """Send with the calling thread's driver; connect anew where nothing can be lost by it."""
        if getattr(self._local, "is_broken", False):
            raise self._broken()
        session = self._session()
        is_idle = not session.in_transaction and time.monotonic() - session.last_used > _IDLE_SECONDS
        # A server drops idle connections. A statement that writes is not sent twice, so try before.
        if is_idle and not may_repeat and not session.driver.ping():
            self._drop(session)
            session = self._session()
        started = time.perf_counter()
        try:
            try:
                answer = send(session.driver)
            except Exception as error:
                translated = self._backend.translate(error, sql)
                if translated is None:
                    raise
                if isinstance(translated, LostConnectionError):
                    was_open = session.in_transaction
                    self._drop(session)
                    if may_repeat and not was_open and self._reconnects:
                        logger.info("The connection to %s was lost; connecting again", self.address)
                        session = self._session()
                        return send(session.driver)
                raise translated from error
            return answer
        finally:
            session.last_used = time.monotonic()
            if self.bus.wants(StatementSent):
                self.bus.emit(StatementSent(sql, time.perf_counter() - started))

    def execute(self, statement: Statement) -> Answer:
        """
        Send a statement and return its answer.

        Raises
        ------
        DataJointError
            The kind says what is wrong; the driver's error is its cause.
        """
        reads = statement.sql.lstrip()[:6].upper() == "SELECT"
        return self._send(
            statement.sql, lambda driver: driver.execute(statement.sql, statement.params), may_repeat=reads
        )

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Send one statement for many rows and return how many were changed."""
        return self._send(sql, lambda driver: driver.execute_many(sql, rows), may_repeat=False)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """
        Run a ``with`` block as one transaction of this thread: all of it is kept, or none.

        Raises
        ------
        TransactionError
            The thread has a transaction open already.
        """
        if self.in_transaction:
            raise TransactionError(
                "A transaction is open already in this thread.",
                remedy="Do everything within the outer one; transactions do not nest.",
            )
        self._send("BEGIN", lambda driver: driver.begin(), may_repeat=True)
        session = self._session()
        session.in_transaction = True
        try:
            yield
        except BaseException:
            self._local.is_broken = False
            if session.in_transaction:
                session.in_transaction = False
                self._end(session, "ROLLBACK", session.driver.rollback)
            raise
        if not session.in_transaction:
            self._local.is_broken = False
            raise self._broken()
        try:
            self._send("COMMIT", lambda driver: driver.commit(), may_repeat=False)
        except BaseException:
            session.driver.rollback()
            raise
        finally:
            session.in_transaction = False

    def _broken(self) -> LostConnectionError:
        return LostConnectionError(
            f"The connection to {self.address} was lost during a transaction, which is undone.", remedy="Do it again."
        )

    def _end(self, session: _Session, sql: str, end: Callable[[], None]) -> None:
        try:
            end()
        except Exception:
            logger.warning("%s failed; the connection is given up, which undoes the transaction", sql, exc_info=True)
            self._drop(session)
        if self.bus.wants(StatementSent):
            self.bus.emit(StatementSent(sql, 0.0))

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Run a ``with`` block within the thread's transaction, or in one of its own."""
        if self.in_transaction:
            yield
        else:
            with self.transaction():
                yield

    def list_schemas(self) -> list[str]:
        """Return the names of the schemas that the user can see."""
        return self._backend.list_schemas(self.execute)

    def create_schema(self, name: str) -> None:
        """Create a schema if it is not there."""
        self._backend.create_schema(self.execute, name)
        self.catalogue.forget(name)

    def drop_schema(self, name: str) -> None:
        """Drop a schema and all its tables, without asking."""
        self.catalogue.forget(name)
        specs = self.catalogue.schema(name) or {}
        order = self.catalogue.dependencies().order(spec.name for spec in specs.values())
        self._backend.drop_schema(self.execute, name, order[::-1])
        self.catalogue.forget(name)

    def close(self) -> None:
        """Close the driver connections of all threads."""
        self._is_closed = True
        with self._lock:
            sessions, self._sessions = self._sessions, []
        self._local = threading.local()
        for session in sessions:
            if session.pid == os.getpid():
                session.driver.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _address(url: str | None) -> str:
    """Return where to connect: what is given, else what the settings say, else a file in the working directory."""
    from urllib.parse import quote, urlsplit

    settings = get_config().database
    url = url or settings.url
    if url is None and settings.host is None:
        if not Path(DEFAULT_FILE).exists():
            logger.warning("No database is configured: creating '%s' in the working directory", DEFAULT_FILE)
        return f"sqlite:///{DEFAULT_FILE}"
    if url is None:
        url = f"mysql://{settings.host}:{settings.port}"
    if url.startswith("sqlite:"):
        return url
    parts = urlsplit(url)
    if "@" in parts.netloc or settings.user is None:
        if parts.password is None and parts.username and settings.password is not None:
            login, _, host = parts.netloc.rpartition("@")
            return parts._replace(
                netloc=f"{login}:{quote(settings.password.get_secret_value(), safe='')}@{host}"
            ).geturl()
        return url
    login = quote(settings.user, safe="")
    if settings.password is not None:
        login += ":" + quote(settings.password.get_secret_value(), safe="")
    return parts._replace(netloc=f"{login}@{parts.netloc}").geturl()


_default: Connection | None = None
_default_lock = threading.Lock()


def connect(url: str | None = None) -> Connection:
    """
    Connect, and make this the connection that schemas use unless they are given another.

    Parameters
    ----------
    url : str, optional
        As for `Connection`.
    """
    global _default
    fresh = Connection(url)
    with _default_lock:
        _default = fresh
    return fresh


def conn() -> Connection:
    """Return the connection that schemas use unless they are given another, connecting if need be."""
    global _default
    with _default_lock:
        if _default is None or _default._is_closed:
            _default = Connection()
        return _default

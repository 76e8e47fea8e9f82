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
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from djnb.backends import open_backend
from djnb.backends.base import Address, Answer, Driver
from djnb.backends.cursor import Cursor
from djnb.backends.readers import Reader, Readers
from djnb.backends.spool import Spool, portions
from djnb.catalogue import Catalogue
from djnb.errors import (
    AccessError,
    DataJointError,
    LostConnectionError,
    ReferencedError,
    TransactionError,
)
from djnb.events import Bus, StatementSent
from djnb.model.naming import TableName
from djnb.model.privileges import Privileges
from djnb.settings import get_config
from djnb.settings.address import address_of, whole_address
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement

logger = logging.getLogger(__name__)

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
    savepoints: int = 0


class _Cancelled(Exception):  # noqa: N818 -- no error: it ends a transaction that is to be undone
    """A transaction is to be undone."""


class Transaction:
    """What ``with`` takes for a transaction, with parentheses or without."""

    def __init__(self, transact: Callable[[], AbstractContextManager[None]]) -> None:
        self._transact = transact
        self._open: AbstractContextManager[None] | None = None

    def __call__(self) -> Transaction:
        """Return itself: ``with connection.transaction():``."""
        return self

    def __enter__(self) -> None:
        self._open = self._transact()
        self._open.__enter__()

    def __exit__(self, *raised: Any) -> None:
        if self._open is not None:
            self._open.__exit__(*raised)


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
        # No name is given to the whole address: tracebacks may show the values of names, and it has the password.
        self._backend = open_backend(whole_address(url), use_tls=settings.use_tls if use_tls is None else use_tls)
        self._reconnects: bool = settings.reconnect
        self._local = threading.local()
        self._sessions: list[_Session] = []
        self._lock = threading.Lock()
        self._readers = Readers(self._backend)
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
        return session is not None and session.in_transaction and session.pid == os.getpid()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._is_closed

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

    def _drop(self, session: _Session, cause: DataJointError) -> None:
        """Give up a driver connection, and with it the transaction that was open on it."""
        self._break(session, cause)
        self._local.session = None
        with self._lock:
            self._sessions = [s for s in self._sessions if s is not session]
        # A forked child must not say good-bye on a connection that its parent goes on using.
        if session.pid == os.getpid():
            session.driver.close()

    def _break(self, session: _Session, cause: DataJointError) -> None:
        # Whatever the block of a broken transaction sends on must not be kept without what came before.
        if session.in_transaction:
            self._local.broken = cause
        session.in_transaction = False

    def _check_block(self) -> None:
        """Refuse to go on with a block whose transaction is gone."""
        cause: DataJointError | None = getattr(self._local, "broken", None)
        if cause is not None:
            raise type(cause)(f"The transaction is undone: {cause.message}", remedy="Do all of it again.") from cause

    def _send(self, sql: str, send: Callable[[Driver], T], *, may_repeat: bool) -> T:
        """Send with the calling thread's driver; connect anew where nothing can be lost by it."""
        self._check_block()
        session = self._session()
        # A server drops idle connections, or is restarted. A statement that writes is not sent twice, so look before.
        if not may_repeat and not session.in_transaction and self._reconnects and self._is_gone(session):
            self._drop(session, self._given_up("was lost while it was idle"))
            session = self._session()
        can_repeat = may_repeat and self._reconnects and not session.in_transaction
        started = time.perf_counter()
        try:
            try:
                return self._send_once(session, sql, send)
            except LostConnectionError:
                if not can_repeat:
                    raise
                logger.info("The connection to %s was lost; connecting again", self.address)
                session = self._session()
                return self._send_once(session, sql, send)
        finally:
            session.last_used = time.monotonic()
            if self.bus.wants(StatementSent):
                self.bus.emit(StatementSent(sql, time.perf_counter() - started))

    def _is_gone(self, session: _Session) -> bool:
        """Tell whether the server has given up a connection; it is asked only where there is reason to doubt."""
        is_idle = time.monotonic() - session.last_used > _IDLE_SECONDS
        return (is_idle or session.driver.has_been_told) and not session.driver.ping()

    def _send_once(self, session: _Session, sql: str, send: Callable[[Driver], T]) -> T:
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
                self._drop(session, translated)
            elif not session.driver.in_transaction:
                self._break(session, translated)  # to break a deadlock, the database undoes a transaction by itself
            raise translated from error
        except BaseException:
            # Ctrl-C amid an answer: its rest would be taken for the answer to the next statement.
            self._drop(session, self._given_up("was given up, because a statement was interrupted"))
            raise

    def _given_up(self, what: str) -> LostConnectionError:
        return LostConnectionError(f"The connection to {self.address} {what}.")

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

    def message_limit(self) -> int | None:
        """Return how many bytes the statement for one row may have, in one statement; None if that does not matter."""
        return self._send("SELECT @@max_allowed_packet", lambda driver: driver.message_limit(), may_repeat=True)

    def fetch_arrow(self, statement: Statement) -> Any:
        """
        Return the answer to a statement that reads as an Arrow table, much sooner than ``execute`` gives its rows.

        None where the database's driver cannot, where the statement has values, and within a transaction, whose rows
        nobody else can see: there ``execute`` is to be asked, which also reports what is wrong.
        """
        if statement.params or self.in_transaction or not get_config().database.use_connectorx:
            return None
        self._check_block()
        started = time.perf_counter()
        table = self._session().driver.fetch_arrow(statement.sql)
        if table is not None and self.bus.wants(StatementSent):
            self.bus.emit(StatementSent(statement.sql, time.perf_counter() - started))
        return table

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Send one statement for many rows and return how many were changed."""
        return self._send(sql, lambda driver: driver.execute_many(sql, rows), may_repeat=False)

    def stream(self, statement: Statement, *, large: Sequence[int] = ()) -> Iterator[list[tuple[Any, ...]]]:
        """
        Send a statement that reads and yield the rows of its answer in portions, in bounded memory.

        The rows are those that are there when the first portion is asked for. Other statements may be sent meanwhile:
        the answer comes on a driver connection of its own. Only within a transaction, whose rows nobody else can see,
        it is taken at once, what is too much for memory into a temporary file.

        Parameters
        ----------
        statement : Statement
            A SELECT.
        large : sequence of int
            The places in a row whose values may be large.

        Raises
        ------
        DataJointError
            As for ``execute``; ``LostConnectionError`` also amid the answer.
        """
        sql = statement.sql
        if self.in_transaction or not self._session().driver.is_isolated:
            spool = self._send(
                sql, lambda driver: Spool(portions(driver.stream(sql, statement.params), large)), may_repeat=True
            )
            with closing(spool):
                yield from spool
            return
        self._check_block()
        reader, portion = self._open_reader(statement, large)
        try:
            while portion:
                yield portion
                portion = self._next_portion(reader, sql)
        finally:
            self._readers.release(reader)

    def _open_reader(self, statement: Statement, large: Sequence[int]) -> tuple[Reader, list[tuple[Any, ...]]]:
        """Return a reader and its first portion; on a new connection where a waiting one turns out to be lost."""
        started = time.perf_counter()
        reader = self._readers.open(statement, large)
        try:
            try:
                return reader, self._next_portion(reader, statement.sql)
            except LostConnectionError:
                self._readers.release(reader)
                if not self._reconnects:
                    raise
                reader = self._readers.open(statement, large, fresh=True)
                return reader, self._next_portion(reader, statement.sql)
        except BaseException:
            self._readers.release(reader)
            raise
        finally:
            if self.bus.wants(StatementSent):
                self.bus.emit(StatementSent(statement.sql, time.perf_counter() - started))

    def _next_portion(self, reader: Reader, sql: str) -> list[tuple[Any, ...]]:
        try:
            return next(reader, [])
        except Exception as error:
            translated = self._backend.translate(error, sql)
            if translated is None:
                raise
            raise translated from error

    @property
    def transaction(self) -> Transaction:
        """
        Run a ``with`` block as one transaction of this thread: all of it is kept, or none.

        With parentheses or without: ``with connection.transaction():``, ``with connection.transaction:``.

        Raises
        ------
        TransactionError
            The thread has a transaction open already.
        LostConnectionError
            The connection broke within the block or at its end. What the block sends on is refused, even where it
            has caught the error.
        LockError
            The database undid the transaction to break a deadlock; likewise.
        """
        return Transaction(self._transact)

    @contextmanager
    def _transact(self) -> Iterator[None]:
        if self.in_transaction:
            raise TransactionError(
                "A transaction is open already in this thread.",
                remedy="Do everything within the outer one; transactions do not nest.",
            )
        session = self._begin()
        self._local.undoing = []
        is_committing = False
        try:
            yield
            self._check_block()
            is_committing = True
            self._commit(session)
        except BaseException:
            if session.in_transaction:
                self._roll_back(session)
            if not is_committing:  # else all of it may be kept
                self._undo(0)
            raise
        finally:
            self._local.broken = None
            self._local.undoing = []

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """Have something undone with the transaction of this thread, if that is undone: files that it has written."""
        if self.in_transaction:
            self._local.undoing.append(undo)

    def _undo(self, mark: int) -> None:
        """Undo what was noted from a mark on, the last first."""
        undoing: list[Callable[[], None]] = self._local.undoing
        while len(undoing) > mark:
            undoing.pop()()

    def _begin(self) -> _Session:
        try:
            self._send("BEGIN", lambda driver: driver.begin(), may_repeat=True)
            session = self._session()
            session.in_transaction = True
        except BaseException:
            # Ctrl-C after the database has begun: nobody would end the transaction.
            open_session: _Session | None = getattr(self._local, "session", None)
            if open_session is not None and open_session.driver.in_transaction:
                self._drop(open_session, self._given_up("was given up at the beginning of a transaction"))
            raise
        return session

    def _commit(self, session: _Session) -> None:
        try:
            self._send("COMMIT", lambda driver: driver.commit(), may_repeat=False)
        except LostConnectionError as error:
            raise LostConnectionError(
                f"The connection to {self.address} was lost while a transaction was being committed: "
                "all of it is kept, or nothing.",
                remedy="Look whether its rows are there before you do it again.",
            ) from error
        session.in_transaction = False

    def _roll_back(self, session: _Session) -> None:
        session.in_transaction = False
        try:
            session.driver.rollback()
        except BaseException as error:
            self._drop(session, self._given_up("was given up, which undoes the transaction"))
            if not isinstance(error, Exception):
                raise
            logger.warning("ROLLBACK failed; the connection is given up, which undoes the transaction", exc_info=True)
        if self.bus.wants(StatementSent):
            self.bus.emit(StatementSent("ROLLBACK", 0.0))

    def start_transaction(self) -> None:
        """Open a transaction of this thread; `transaction` in a ``with`` block ends it by itself."""
        begun = self._transact()
        begun.__enter__()
        self._local.begun = begun

    def commit_transaction(self) -> None:
        """Keep what was done since `start_transaction`."""
        self._begun().__exit__(None, None, None)

    def cancel_transaction(self) -> None:
        """Undo what was done since `start_transaction`."""
        # An error that the block raises itself comes out of it again: here it is only the sign that it is to be undone.
        self._begun().__exit__(_Cancelled, _Cancelled(), None)

    def _begun(self) -> AbstractContextManager[None]:
        begun: AbstractContextManager[None] | None = getattr(self._local, "begun", None)
        if begun is None:
            raise TransactionError(
                "No transaction was started in this thread by `start_transaction()`.", remedy="Start one first."
            )
        self._local.begun = None
        return begun

    def query(self, query: str, args: Sequence[Any] = (), *, as_dict: bool = False) -> Cursor:
        """
        Send a statement in SQL of your own and return its answer, for what djnb has no word for.

        Parameters
        ----------
        query : str
            In the database's own SQL, with its own places for values: ``%s`` on a server, ``?`` in a file.
        args : sequence
            The values, in the order of their places; they are bound, never written into the text.
        as_dict : bool
            Give rows as dicts.

        Raises
        ------
        DataJointError
            As for ``execute``.
        """
        return Cursor(self.execute(Statement(query, tuple(args))), as_dict=as_dict)

    @property
    def connection_id(self) -> int:
        """The number of the calling thread's connection at the server, as `KILL` takes it; 0 for a file."""
        return self._session().driver.number()

    @property
    def conn_info(self) -> dict[str, Any]:
        """Where the database is, without the password."""
        return {"host": self.address.host, "port": self.address.port, "user": self.address.user}

    def get_user(self) -> str:
        """Return the account at the server, ``user@host``; for a file, an empty text."""
        return f"{self.address.user}@{self.address.host}" if self.address.host else ""

    @property
    def is_connected(self) -> bool:
        """Whether the database answers."""
        return not self._is_closed and self._session().driver.ping()

    def ping(self) -> None:
        """
        Ask the database for a sign of life.

        Raises
        ------
        LostConnectionError
            It gives none.
        """
        if not self.is_connected:
            raise self._given_up("does not answer")

    def set_query_cache(self, query_cache: str | None = None) -> None:
        """Do nothing: results are not cached. DataJoint's word, for programs that say it."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Without the password: the process that receives it has settings of its own.
        return _connect_again, (self.address.scheme, self.address.path, str(replace(self.address, password=None)))

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """
        Run a ``with`` block of which all is kept or nothing, also within a transaction of the thread that goes on.

        Within a transaction it costs two statements, for a savepoint.
        """
        if not self.in_transaction:
            with self.transaction():
                yield
            return
        session = self._session()
        mark = len(self._local.undoing)
        session.savepoints += 1
        # A name of its own: on a server, a savepoint takes the place of an earlier one of its name.
        name = f"djnb_{session.savepoints}"
        try:
            self.execute(Statement(f"SAVEPOINT {name}"))
            yield
        except BaseException:
            if self.in_transaction:  # else a deadlock, or a lost connection, has undone the whole transaction
                self.execute(Statement(f"ROLLBACK TO SAVEPOINT {name}"))
                self.execute(Statement(f"RELEASE SAVEPOINT {name}"))
                self._undo(mark)
            raise
        else:
            self.execute(Statement(f"RELEASE SAVEPOINT {name}"))
        finally:
            session.savepoints -= 1

    def check_outside_transaction(self, refused: str) -> None:
        """
        Refuse what would end a transaction on a server: creating and dropping tables and schemas.

        Raises
        ------
        TransactionError
            The thread has a transaction open; the message begins with ``refused``.
        """
        if self.in_transaction:
            raise TransactionError(
                f"{refused} while a transaction is open.",
                remedy="Do it before or after, outside of `make` and of `with connection.transaction()`.",
            )
        self._readers.settle()  # a server would wait for the answers that this thread is still reading

    def privileges(self) -> Privileges:
        """Return what the user may do where, as the database says now."""
        return self._backend.load_privileges(self.execute)

    def size_on_disk(self, schema: str) -> int:
        """Return how many bytes the tables of a schema and their indexes take, as far as the database knows."""
        return self._backend.size_on_disk(self.execute, schema)

    def list_schemas(self) -> list[str]:
        """Return the names of the schemas that the user can see."""
        return self._backend.list_schemas(self.execute)

    def create_schema(self, name: str) -> None:
        """Create a schema if it is not there; not within a transaction."""
        self.check_outside_transaction(f"The schema '{name}' cannot be created")
        self._backend.create_schema(self.execute, name)
        self.catalogue.forget(name)

    def drop_order(self, name: str) -> list[TableName]:
        """
        Return the tables that go with a schema as the database has them now, hidden ones too, parents before children.

        Raises
        ------
        TransactionError
            The thread has a transaction open, which dropping a table would end on a server.
        ReferencedError
            Tables of other schemas refer to it.
        """
        return self._drop_order(name)[0]

    def _drop_order(self, name: str) -> tuple[list[TableName], bool]:
        """Return the tables, and whether no order of them is right, because they refer to each other in a ring."""
        self.check_outside_transaction(f"The schema '{name}' cannot be dropped")
        self.catalogue.forget(name)
        specs = self.catalogue.schema(name) or {}
        dependencies = self.catalogue.dependencies()
        outside = sorted(k.child for k in dependencies.foreign_keys if k.parent.schema == name != k.child.schema)
        if outside:
            raise ReferencedError(
                f"The schema '{name}' cannot be dropped: tables of other schemas refer to it, "
                f"{', '.join(map(str, dict.fromkeys(outside)))}.",
                remedy="Drop those first.",
            )
        order = dependencies.order(spec.name for spec in specs.values())
        return order, bool(dependencies.rings(order))

    def drop_schema(self, name: str) -> None:
        """Drop a schema and all its tables, without asking; refused where `drop_order` is."""
        order, is_ring = self._drop_order(name)
        before, after = self.dialect.without_references() if is_ring else ((), ())
        for statement in before:
            self.execute(statement)
        try:
            # A file undoes all of it where one drop fails; a server keeps what is dropped.
            with self.transaction():
                self._backend.drop_schema(self.execute, name, order[::-1])
        finally:
            self.catalogue.forget(name)
            for statement in after:
                self.execute(statement)

    def close(self) -> None:
        """Close the driver connections of all threads."""
        self._is_closed = True
        with self._lock:
            sessions, self._sessions = self._sessions, []
        self._local = threading.local()
        self._readers.close()
        for session in sessions:
            if session.pid == os.getpid():
                session.driver.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_default: Connection | None = None
_default_lock = threading.Lock()


def _connect_again(scheme: str, path: str, url: str) -> Connection:
    """Return a connection to an address that another process has sent."""
    return Connection(f"{scheme}:///{path}" if path else url)


def connect(
    url: str | None = None,
    *,
    host: str | None = None,
    user: str | None = None,
    password: str | None = None,
    port: int | None = None,
) -> Connection:
    """
    Connect, and make this the connection that schemas use unless they are given another.

    Parameters
    ----------
    url : str, optional
        As for `Connection`.
    host, user, password, port
        A server in parts, in the place of ``url``; what is not given comes from the settings.
    """
    global _default
    # No name is given to the whole address: tracebacks may show the values of names, and it has the password.
    fresh = Connection(url if url is not None else address_of(host, user, password, port))
    with _default_lock:
        _default = fresh
    return fresh


def conn(
    host: str | None = None, user: str | None = None, password: str | None = None, *, reset: bool = False
) -> Connection:
    """
    Return the connection that schemas use unless they are given another, connecting if need be.

    Parameters
    ----------
    host, user, password : str, optional
        A server, where a connection is made; one that is open already stays as it is.
    reset : bool
        Connect anew.
    """
    global _default
    with _default_lock:
        if reset or _default is None or _default._is_closed:
            _default = Connection(address_of(host, user, password, None))
        return _default

"""
A connection: what answers queries.

One backend, one bus of events, one catalogue of tables, and a driver connection for each thread that asks.
A transaction belongs to the thread that opened it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from djnb.backends import open_backend
from djnb.backends.base import Address, Answer
from djnb.backends.liveness import Liveness
from djnb.catalogue import Catalogue
from djnb.connection.datajoint import DataJointWords
from djnb.connection.deferred import Deferred
from djnb.connection.schemas import Schemas
from djnb.connection.sending import Sender
from djnb.connection.sent import sent
from djnb.connection.sessions import Sessions
from djnb.connection.streams import Streams
from djnb.connection.together import GroupWatcher, Together
from djnb.connection.transactions import Transaction, Transactions
from djnb.connection.watching import Watcher
from djnb.errors import LostConnectionError
from djnb.events import Bus
from djnb.model.naming import TableName
from djnb.settings import get_config
from djnb.settings.address import whole_address
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement


class Connection(Schemas, DataJointWords):
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
        self._endings: list[Callable[[], None]] = []
        self.bus = Bus()
        self._sessions = Sessions(self._backend)
        self._sender = Sender(self._backend, self._sessions, self.bus, reconnects=settings.reconnect)
        self._transactions = Transactions(self._sessions, self._sender)
        self._streams = Streams(self._backend, self._sessions, self._sender)
        self.catalogue = Catalogue(self._backend, self._look)
        self._sessions.current()

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
        return self._transactions.in_transaction

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._sessions.is_closed

    def patient(self, has_enough: Callable[[], bool]) -> AbstractContextManager[None]:
        """
        Have the calling thread wait, in a ``with`` block, for a server that does not answer, rather than raise at once.

        A server that is started again has its clients back then; statements that write are not sent twice by it.

        Parameters
        ----------
        has_enough : callable
            Tells whether to wait no longer. After two minutes nobody does.
        """
        return self._sessions.patient(has_enough)

    def __repr__(self) -> str:
        return f"Connection({str(self.address)!r})"

    def execute(self, statement: Statement) -> Answer:
        """
        Send a statement and return its answer.

        Raises
        ------
        DataJointError
            The kind says what is wrong; the driver's error is its cause.
        """
        return self._asking.execute(statement)

    @property
    def _asking(self) -> Sender | Deferred:
        """What sends the statements of the calling thread."""
        return self._transactions.deferred or self._sender

    def _look(self, statement: Statement) -> Answer:
        """Send a statement that asks for no rows of the user's."""
        return self._asking.look(statement)

    def execute_together(self, statements: Sequence[Statement]) -> list[Answer]:
        """
        Send small statements that belong together in one round trip, and return their answers.

        They are told of as one, with their texts joined by ``; ``.

        Raises
        ------
        DataJointError
            The first that the database gave; on a server, the statements after it are carried out all the same.
        """
        return self._asking.execute_together(statements)

    def message_limit(self) -> int | None:
        """Return how many bytes the statement for one row may have, in one statement; None if that does not matter."""
        return self._asking.message_limit()

    def fetch_arrow(self, statement: Statement) -> Any:
        """
        Return the answer to a statement that reads as an Arrow table, much sooner than ``execute`` gives its rows.

        None where the database's driver cannot, where the statement has values, and within a transaction, whose rows
        nobody else can see: there ``execute`` is to be asked, which also reports what is wrong.
        """
        if statement.params or self.in_transaction or not get_config().database.use_connectorx:
            return None
        return self._sender.fetch_arrow(statement)

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Send one statement for many rows and return how many were changed."""
        return self._asking.execute_many(sql, rows)

    def stream(
        self, statement: Statement, *, large: Sequence[int] = (), names: Sequence[str] = ()
    ) -> Iterator[list[tuple[Any, ...]]]:
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
        names : sequence of str
            The columns of the answer.

        Raises
        ------
        DataJointError
            As for ``execute``; ``LostConnectionError`` also amid the answer.
        """
        deferred = self._transactions.deferred
        if deferred is not None:
            return deferred.stream(statement, large, names)
        return self._streams.stream(statement, large)

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
        return Transaction(self._transactions.transact)

    def atomic(self) -> AbstractContextManager[None]:
        """
        Run a ``with`` block of which all is kept or nothing, also within a transaction of the thread that goes on.

        Within a transaction it costs two statements, for a savepoint.
        """
        return self._transactions.atomic()

    def defer(
        self, watcher: Watcher, *, passed_over: TableName | None = None, may_wait: bool = False
    ) -> AbstractContextManager[Deferred]:
        """
        Run a ``with`` block as a transaction of this thread that opens when something is written.

        What is read before is sent by itself; when the transaction opens, it must be as it was.

        Parameters
        ----------
        watcher : Watcher
            What comes first in the transaction, and what became of it when its end was lost.
        passed_over : TableName, optional
            A table that may have changed, and its parts.
        may_wait : bool
            If the block does nothing but read and then insert rows, its transaction may not be opened yet: it
            ``waits``, for `keep_together` or `keep_late`.

        Raises
        ------
        TransactionError
            The thread has a transaction already.
        InputsChangedError
            What was read has changed; nothing is kept.
        """
        return self._transactions.defer(self.dialect, watcher, passed_over, may_wait=may_wait)

    def keep_together(self, watcher: GroupWatcher, waiting: Sequence[Deferred]) -> bool:
        """
        Keep transactions that wait as one of the calling thread; False if none is kept, and each is to be kept alone.

        Raises
        ------
        LostConnectionError
            The answer to COMMIT was lost: all are kept, or none.
        """
        with self._transactions.suspended():
            together = Together(self._transactions, self._sessions, self._sender, self.dialect)
            return together.keep(watcher, [each.finishing for each in waiting])

    def rehearse(self, deferred: Deferred) -> bool:
        """Tell whether a transaction of which rows are held back would take them as given; nothing is kept."""
        with self._transactions.suspended():
            return deferred.finishing.rehearse()

    def keep_late(self, deferred: Deferred, *, doubt: LostConnectionError | None = None) -> None:
        """
        Keep a transaction that waits by itself; it may be kept already, where ``doubt`` is what `keep_together` raised.

        Raises
        ------
        InputsChangedError
            Something that was read has changed, or the rows cannot be inserted: it is to be computed again.
        DataJointError
            Nothing is kept; a LostConnectionError if that cannot be found out.
        """
        with self._transactions.suspended():
            self._transactions.keep_late(deferred, doubt=doubt)

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """Have something undone with the transaction of this thread, if that is undone: files that it has written."""
        self._transactions.on_rollback(undo)

    def check_outside_transaction(self, refused: str) -> None:
        """
        Refuse what would end a transaction on a server: creating and dropping tables and schemas.

        Raises
        ------
        TransactionError
            The thread has a transaction open; the message begins with ``refused``.
        """
        self._transactions.check_outside(refused)
        self._streams.settle()  # a server would wait for the answers that this thread is still reading

    @property
    def connection_id(self) -> int:
        """The number of the calling thread's connection at the server, as `KILL` takes it; 0 for a file."""
        return self._sessions.current().driver.number()

    @property
    def is_connected(self) -> bool:
        """Whether the database answers."""
        return not self.is_closed and self._sessions.current().driver.ping()

    def liveness(self, *, lease: float) -> Liveness:
        """Return what shows others that this process lives, on a driver connection of its own; ``lease`` in seconds."""
        return self._backend.liveness(lease=lease)

    def on_close(self, end: Callable[[], None]) -> None:
        """Have something ended by `close`."""
        self._endings.append(end)

    def close(self) -> None:
        """Close the driver connections of all threads."""
        while self._endings:
            self._endings.pop()()
        self._sessions.close()
        self._streams.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return sent(self)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

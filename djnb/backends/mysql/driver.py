"""A thread's connection to a MySQL or MariaDB server."""

from __future__ import annotations

import os
import selectors
import socket
import ssl
import weakref
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import Any

import pymysql
import pymysql.cursors
from pymysql import converters
from pymysql.constants import FIELD_TYPE, SERVER_STATUS

from djnb.backends.base import Address, Answer
from djnb.backends.mysql import pipeline
from djnb.backends.mysql.arrow import read_arrow
from djnb.sql.statement import Statement

_CONNECT_SECONDS = 10
_PATIENCE_SECONDS = 7 * 24 * 3600
_SQL_MODE = ",".join(
    [
        "STRICT_ALL_TABLES",
        "NO_ZERO_DATE",
        "NO_ZERO_IN_DATE",
        "ERROR_FOR_DIVISION_BY_ZERO",
        "NO_ENGINE_SUBSTITUTION",
        "ONLY_FULL_GROUP_BY",
        # The difference of unsigned numbers may be negative.
        "NO_UNSIGNED_SUBTRACTION",
    ]
)

_SETTINGS = (
    "SET NAMES utf8mb4 COLLATE utf8mb4_bin",
    f"SET SESSION sql_mode = '{_SQL_MODE}', time_zone = '+00:00'",
    "SET SESSION TRANSACTION READ ONLY",
)
"""What makes a connection that only reads like the one below."""


def _read_datetime(text: str) -> Any:
    try:
        return datetime.fromisoformat(text)
    except ValueError:  # a date of zeros, which stays text
        return converters.convert_datetime(text)


def _read_date(text: str) -> Any:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return converters.convert_date(text)


# What the standard library does in C, PyMySQL does with regular expressions and templates: ten times slower.
_CONVERSIONS: dict[Any, Any] = {
    **converters.conversions,
    FIELD_TYPE.DATETIME: _read_datetime,
    FIELD_TYPE.TIMESTAMP: _read_datetime,
    FIELD_TYPE.DATE: _read_date,
    datetime: lambda value, mapping: f"'{value}'",
}

_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""What costs least for one look; on Linux, the default asks the kernel for a file first."""


class MySQLDriver:
    """One PyMySQL connection: autocommit, strict, times in UTC."""

    def __init__(self, address: Address, *, use_tls: bool | None, patience: float | None = None) -> None:
        self._address = address
        self._connection = _connect(address, use_tls, patience)
        _open.add(self)
        version: str = self._connection.get_server_info()
        self.is_mariadb = "mariadb" in version.lower()

    @property
    def in_transaction(self) -> bool:
        """Whether the server's last answer said that a transaction is open."""
        return bool(self._connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    @contextmanager
    def _cursor(self, kind: type[Any] | None = None) -> Iterator[Any]:
        try:
            with self._connection.cursor(kind) as cursor:
                yield cursor
        except pymysql.Error:
            # A refusal does not say whether the transaction goes on; that of a deadlock has ended it.
            if self.in_transaction:
                self.ping()
            raise

    def execute(self, sql: str, params: Sequence[Any]) -> Answer:
        """Send one statement and take its whole answer."""
        with self._cursor() as cursor:
            count = cursor.execute(sql, tuple(params))
            names = tuple(column[0] for column in cursor.description or ())
            return Answer(cursor.fetchall(), count, names)

    def execute_together(self, statements: Sequence[Statement]) -> list[Answer]:
        """
        Write the statements one after the other, then read their answers: one round trip.

        Not by statements with semicolons in them, which the connection would have to allow: a text from a user could
        then hold a second one.
        """
        answers: list[Answer] = []
        with self._cursor() as cursor:
            texts = [cursor.mogrify(statement.sql, tuple(statement.params)) for statement in statements]
            for group in pipeline.journeys(texts):
                answers += pipeline.exchange(self._connection, group)
        return answers

    @property
    def is_isolated(self) -> bool:
        """The server shows every statement the rows as they were when it began."""
        return True

    def number(self) -> int:
        """Return the number of the connection at the server."""
        return int(self._connection.thread_id())

    def stream(self, sql: str, params: Sequence[Any]) -> Generator[tuple[Any, ...]]:
        """Send one statement and take its answer row by row; one that is not read to its end closes the connection."""
        pid = os.getpid()
        with self._cursor(pymysql.cursors.SSCursor) as cursor:
            try:
                cursor.execute(sql, tuple(params))
                yield from iter(cursor.fetchone, None)
            finally:
                result = self._connection._result
                if result is not None and result.unbuffered_active:
                    # PyMySQL would read the rest, however long it is.
                    result.unbuffered_active = False
                    if pid == os.getpid():  # else the connection is that of the process which forked this one
                        self.close()

    def message_limit(self) -> int:
        """Return what the server says; it closes the connection over a longer message."""
        with self._cursor() as cursor:
            cursor.execute("SELECT @@max_allowed_packet")
            return int(cursor.fetchone()[0])

    def fetch_arrow(self, sql: str) -> Any:
        """Read by connectorx, if it is installed; not over an encrypted connection, which it would not be."""
        if self._connection._secure:
            return None
        return read_arrow(self._address, sql % (), _SETTINGS)

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> int:
        """Send the rows in statements of many rows each; PyMySQL keeps each below the server's limit."""
        with self._cursor() as cursor:
            changed: int | None = cursor.executemany(sql, list(rows))
            return changed or 0

    def version(self) -> None:
        """Return None: a server has no such number."""
        return

    def begin(self) -> str:
        """Open a transaction."""
        self._connection.begin()
        return "BEGIN"

    def commit(self) -> None:
        """Keep the transaction."""
        self._connection.commit()

    def rollback(self) -> None:
        """Undo the transaction."""
        self._connection.rollback()

    @property
    def has_been_told(self) -> bool:
        """Whether something can be read although nothing was asked: the server's farewell, or the end of the stream."""
        socket_of_it = self._connection._sock
        if socket_of_it is None:
            return True
        with _Selector() as selector:
            selector.register(socket_of_it, selectors.EVENT_READ)
            return bool(selector.select(0))

    def ping(self) -> bool:
        """Tell whether the server still answers on this connection."""
        try:
            self._connection.ping(reconnect=False)
        except (pymysql.Error, OSError):
            return False
        return True

    def close(self) -> None:
        """Say good-bye, or close what is left of the connection."""
        with suppress(pymysql.Error, OSError):
            self._connection.close()

    def abandon(self) -> None:
        """Close this process's end of the connection without a word to the server, which may serve another process."""
        stream = self._connection._rfile
        self._connection._force_close()
        if stream is not None:
            stream.close()


_open: weakref.WeakSet[MySQLDriver] = weakref.WeakSet()


def _close_inherited() -> None:
    """Let a forked child have no socket of its parent: the server would take the parent for alive after its end."""
    for driver in list(_open):
        driver.abandon()
    _open.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_inherited)


def _connect(address: Address, use_tls: bool | None, patience: float | None) -> Any:
    def connect(tls: Any) -> Any:
        return pymysql.connect(
            host=address.host,
            port=address.port,
            user=address.user or None,
            password=address.password or "",
            charset="utf8mb4",
            # What is computed compares byte by byte too; columns have collations of their own.
            collation="utf8mb4_bin",
            autocommit=True,
            sql_mode=_SQL_MODE,
            # The server is to wait for who thinks about a row before asking for the next one.
            init_command=f"SET time_zone = '+00:00', net_write_timeout = {_PATIENCE_SECONDS}",
            conv=_CONVERSIONS,
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=patience,
            write_timeout=patience,
            ssl=tls,
            # Else PyMySQL would try encryption of its own accord, and load the machine's certificates for it.
            ssl_disabled=tls is None,
        )

    if use_tls is False or (use_tls is None and _is_local(address.host)):
        return connect(None)
    # As the other clients of labs' servers do: encrypt, but take the certificate that the server made for itself.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return connect(context)
    except pymysql.err.OperationalError as error:
        if use_tls is None and error.args[0] == 2026:  # the server has no TLS
            return connect(None)
        raise


def _is_local(host: str) -> bool:
    if host == "::1":
        return True
    try:
        return socket.gethostbyname(host).startswith("127.")
    except OSError:
        return False

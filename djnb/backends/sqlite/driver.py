"""A thread's connection to a SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from typing import Any

from djnb.backends.base import Answer
from djnb.backends.sqlite.functions import register
from djnb.sql.statement import Statement

_BUSY_SECONDS = 60.0
"""How long a writer waits for the file's one writer lock."""


class SQLiteDriver:
    """One ``sqlite3`` connection: autocommit, WAL, foreign keys enforced."""

    def __init__(self, path: str) -> None:
        # Connections are used by one thread only; they may be closed by another when theirs has ended.
        self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            with suppress(sqlite3.OperationalError):  # it may only be read, or another program sets it at this moment
                self._connection.execute("PRAGMA journal_mode = WAL").close()
            for setting in ("synchronous = NORMAL", "foreign_keys = ON", "case_sensitive_like = ON"):
                self._connection.execute(f"PRAGMA {setting}").close()
            self._connection.execute("SELECT count(*) FROM sqlite_master").close()
            register(self._connection)
        except BaseException:
            self._connection.close()
            raise

    @property
    def in_transaction(self) -> bool:
        """Whether SQLite says that a transaction is open; a full disk, for one, ends it by itself."""
        return self._connection.in_transaction

    def execute(self, sql: str, params: Sequence[Any]) -> Answer:
        """Send one statement and take its whole answer."""
        cursor = self._connection.execute(sql, params)
        try:
            names = tuple(column[0] for column in cursor.description or ())
            return Answer(cursor.fetchall(), cursor.rowcount, names)
        finally:
            cursor.close()

    def execute_together(self, statements: Sequence[Statement]) -> list[Answer]:
        """Send one after the other: a file is not far."""
        return [self.execute(statement.sql, statement.params) for statement in statements]

    @property
    def is_isolated(self) -> bool:
        """Without a write-ahead log, which not every file system allows, who reads keeps others from writing."""
        # Looked up each time: who opens a new file at the same moment as others may see the log come only later.
        self._connection.execute("SELECT count(*) FROM sqlite_master").close()
        ((mode,),) = self._connection.execute("PRAGMA journal_mode").fetchall()
        return bool(mode == "wal")

    def number(self) -> int:
        """Files count no connections."""
        return 0

    def stream(self, sql: str, params: Sequence[Any]) -> Generator[tuple[Any, ...]]:
        """Send one statement and take its answer row by row."""
        cursor = self._connection.execute(sql, params)
        try:
            for row in cursor:  # noqa: UP028 -- `yield from` would close the cursor, unsuppressed
                yield row
        finally:
            with suppress(sqlite3.ProgrammingError):  # the whole connection is closed already
                cursor.close()

    def message_limit(self) -> None:
        """Return None: values are bound, and no message carries them."""
        return

    def fetch_arrow(self, sql: str) -> None:
        """Return None: there is no such driver for SQLite."""
        return

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> int:
        """Send one prepared statement for many rows."""
        cursor = self._connection.executemany(sql, rows)
        try:
            return cursor.rowcount
        finally:
            cursor.close()

    def version(self) -> int:
        """Return what SQLite counts for this connection: it changes when another one has written."""
        cursor = self._connection.execute("PRAGMA data_version")
        try:
            return int(cursor.fetchone()[0])
        finally:
            cursor.close()

    def begin(self) -> str:
        """Open a transaction with the writer's lock: one that reads first and writes later could not wait for it."""
        self._connection.execute("BEGIN IMMEDIATE").close()
        return "BEGIN IMMEDIATE"

    def commit(self) -> None:
        """Keep the transaction."""
        self._connection.execute("COMMIT").close()

    def rollback(self) -> None:
        """Undo the transaction, unless SQLite has done so itself."""
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK").close()

    @property
    def has_been_told(self) -> bool:
        """A file says nothing unasked."""
        return False

    def ping(self) -> bool:
        """A file does not go away."""
        return True

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

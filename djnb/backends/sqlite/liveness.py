"""Signs of life beside a file: a byte that is locked as long as the process lives. Nothing is written for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from djnb.backends.base import Execute
from djnb.backends.liveness import Line, Sighting
from djnb.backends.sqlite import locks
from djnb.backends.sqlite.driver import SQLiteDriver
from djnb.errors import AccessError, DataJointError, MissingTableError
from djnb.model.naming import TableName
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement

_LOCK_MILLISECONDS = 5_000
"""How long a statement waits for other writers; the next round comes soon."""

_SURVEY = """
SELECT worker, host, pid, user, version, connection_id, started, heartbeat,
       (julianday('now') - julianday(heartbeat)) * 86400.0
  FROM {}
"""

_JOB_TABLES = """
SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
 WHERE m.type = 'table' AND substr(m.name, 1, length(?1)) = ?1 AND c.name = '_worker' ORDER BY m.name
"""


class SQLiteLiveness:
    """
    The signs of life of this process beside a database file.

    Parameters
    ----------
    connect : callable
        Opens the file.
    translate : callable
        Returns djnb's error for the driver's, or None.
    dialect : Dialect
        SQLite's.
    path : Path
        The database.
    """

    is_prompt = True

    def __init__(
        self,
        connect: Callable[[], SQLiteDriver],
        translate: Callable[[Exception, str], DataJointError | None],
        dialect: Dialect,
        path: Path,
    ) -> None:
        self.dialect = dialect
        self._new = connect
        self._line = Line(self._connect, translate)
        # Whatever links lead to the database, there is one such file beside it.
        self._path = str(path.resolve()) + locks.SUFFIX
        self._held: set[int] = set()
        self.execute = self._line.execute
        self.transaction = self._line.transaction

    def _connect(self) -> SQLiteDriver:
        driver = self._new()
        driver.execute(f"PRAGMA busy_timeout = {_LOCK_MILLISECONDS}", ())
        return driver

    def hold(self, worker: int, seen_by: Execute) -> int | None:
        """
        Lock the worker's byte.

        Raises
        ------
        AccessError
            The file of the locks may not be written.
        """
        try:
            is_taken = locks.take(self._path, worker)
        except OSError as error:
            raise AccessError(
                f"The file '{self._path}', which shows who is at work, cannot be opened: {error.strerror}.",
                remedy="Ask for write access to it and its folder.",
            ) from error
        if not is_taken:
            return None
        self._held.add(worker)
        return 0

    def beat(self, registry: TableName, worker: int) -> bool:
        """Look at the registry, and write nothing: a write would tell every other process to read again."""
        locks.renew(self._path)
        sql = f"SELECT 1 FROM {self.dialect.table(registry)} WHERE worker = ?"
        return bool(self.execute(Statement(sql, (worker,))).rows)

    def release(self, worker: int) -> None:
        """Unlock the byte."""
        self._held.discard(worker)
        locks.give_back(self._path, worker)

    def survey(
        self, registry: TableName, execute: Execute | None = None, *, unheard_for: float | None = None
    ) -> list[Sighting]:
        """Return the workers, and whether their bytes are locked."""
        try:
            rows = (execute or self.execute)(Statement(_SURVEY.format(self.dialect.table(registry)))).rows
        except MissingTableError:
            return []
        return [Sighting.read(row, locks.is_taken(self._path, row[0])) for row in rows]

    @contextmanager
    def exclusive(self, purpose: str) -> Iterator[bool]:
        """Answer yes: a file has one writer at a time."""
        yield True

    def job_tables(self, schema: str, execute: Execute | None = None) -> list[TableName]:
        """Look into the file, now: other processes declare job tables too."""
        rows = (execute or self.execute)(Statement(_JOB_TABLES, (f"{schema}.~~",))).rows
        return [TableName(schema, name.removeprefix(f"{schema}.")) for (name,) in rows]

    def end_connection(self, number: int, *, idle_for: float) -> None:
        """Do nothing: the system closes the file for who is dead, and nobody can for a process that is stopped."""

    def close(self) -> None:
        """Unlock all bytes and close the file."""
        while self._held:
            locks.give_back(self._path, self._held.pop())
        self._line.close()

    def abandon(self) -> None:
        """Forget the file's connection, which is the parent's; the locks were never inherited."""
        self._held.clear()
        self._line.forget()

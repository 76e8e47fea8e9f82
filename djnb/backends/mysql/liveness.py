"""
Signs of life on a server: a lock by name, held by a connection that is used for nothing else.

The lock ends with the connection, and the server ends a connection that is silent for the length of the lease: a
process that was killed loses it at once, one that is out of reach, after the lease. A long computation, a stopped
process or code that keeps the interpreter to itself does not touch it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from djnb.backends.base import Driver, Execute
from djnb.backends.liveness import Line, Sighting
from djnb.backends.mysql.dialect import lock_name
from djnb.backends.mysql.driver import MySQLDriver
from djnb.errors import DatabaseError, DataJointError, LostConnectionError, MissingTableError
from djnb.model.naming import TableName
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement, compose

logger = logging.getLogger(__name__)

_LOCK_SECONDS = 3
"""How long a statement waits for rows or tables that others are at; the next round comes soon."""

_CAPABILITIES = "SHOW VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format', 'wsrep_on')"

_LOCK = "SELECT GET_LOCK(%s, 0)"

_SURVEY = """
SELECT worker, host, pid, user, version, connection_id, started, heartbeat,
       TIMESTAMPDIFF(MICROSECOND, heartbeat, {now}) / 1e6,
       CASE WHEN connection_id <> 0 THEN IS_USED_LOCK(CONCAT('djnb:', LOWER(HEX(worker)))) IS NOT NULL END
  FROM {registry}
"""

_UPTIME = "SHOW GLOBAL STATUS LIKE 'Uptime'"

_IDLE = """
SELECT 1 FROM information_schema.processlist
 WHERE id = %s AND user = SUBSTRING_INDEX(USER(), '@', 1) AND command = 'Sleep' AND time >= %s
"""

_JOB_TABLES = """
SELECT table_name FROM information_schema.columns
 WHERE table_schema = %s AND column_name = '_worker' AND table_name LIKE '~~%%' ORDER BY table_name
"""


class MySQLLiveness:
    """
    The signs of life of this process on a server.

    Parameters
    ----------
    connect : callable
        Makes a connection.
    translate : callable
        Returns djnb's error for the driver's, or None.
    dialect : Dialect
        The server's.
    lease : float
        Seconds of silence after which the server ends the connection.
    """

    is_prompt = False

    def __init__(
        self,
        connect: Callable[[], MySQLDriver],
        translate: Callable[[Exception, str], DataJointError | None],
        dialect: Dialect,
        lease: float,
    ) -> None:
        self.dialect = dialect
        self._new = connect
        self._line = Line(self._connect, translate)
        self._lease = max(1, round(lease))
        self._held: dict[int, int] = {}
        self._shares_locks = True
        self.execute = self._line.execute
        self.transaction = self._line.transaction

    def _connect(self) -> MySQLDriver:
        driver = self._new()
        try:
            found = dict(driver.execute(_CAPABILITIES, ()).rows)
            # The nodes of a cluster do not see each other's locks.
            self._shares_locks = self._shares_locks and found.get("wsrep_on", "OFF") != "ON"
            is_read_committed = not (found.get("log_bin") == "ON" and found.get("binlog_format") == "STATEMENT")
            level = "READ COMMITTED" if is_read_committed else "REPEATABLE READ"
            driver.execute(f"SET SESSION TRANSACTION ISOLATION LEVEL {level}", ())
            driver.execute(
                f"SET SESSION wait_timeout = {self._lease}, innodb_lock_wait_timeout = {_LOCK_SECONDS}, "
                f"lock_wait_timeout = {_LOCK_SECONDS}",
                (),
            )
            for worker in self._held:
                ((has_it,),) = driver.execute(_LOCK, (_lock_name(worker),)).rows
                self._held[worker] = self._number(driver, has_it)
        except BaseException:
            driver.close()
            raise
        return driver

    def _number(self, driver: Driver, has_lock: int | None) -> int:
        return driver.number() if has_lock and self._shares_locks else 0

    def hold(self, worker: int, seen_by: Execute) -> int | None:
        """Take the lock and look at it from another connection: behind some proxies, nobody can see it."""
        name = _lock_name(worker)
        ((has_it,),) = self.execute(Statement(_LOCK, (name,))).rows
        if has_it == 0:
            return None
        if has_it and self._shares_locks:
            ((holder,),) = seen_by(Statement("SELECT IS_USED_LOCK(%s)", (name,))).rows
            self._shares_locks = holder is not None
        self._held[worker] = self._number(self._line.driver, has_it)
        return self._held[worker]

    def beat(self, registry: TableName, worker: int) -> bool:
        """Renew the time in the registry; after a new connection, with its number."""
        self._line.connect()  # which may be another one, so that the number is known then
        if not self._held[worker] and self._shares_locks:  # the server had not noticed the end of the last one
            ((has_it,),) = self.execute(Statement(_LOCK, (_lock_name(worker),))).rows
            self._held[worker] = self._number(self._line.driver, has_it)
        table = self.dialect.table(registry)
        renew = f"UPDATE {table} SET heartbeat = {self.dialect.utc_now}, connection_id = %s WHERE worker = %s"
        if self.execute(Statement(renew, (self._held[worker], worker))).affected:
            return True
        # Within one millisecond, nothing was changed.
        return bool(self.execute(Statement(f"SELECT 1 FROM {table} WHERE worker = %s", (worker,))).rows)

    def release(self, worker: int) -> None:
        """Give the lock back."""
        if self._held.pop(worker, 0) and self._line.is_connected:
            with suppress(LostConnectionError):  # then the lock is gone too
                self.execute(Statement("SELECT RELEASE_LOCK(%s)", (_lock_name(worker),)))

    def survey(
        self, registry: TableName, execute: Execute | None = None, *, unheard_for: float | None = None
    ) -> list[Sighting]:
        """
        Return the workers with their ages, and whether their locks are held by anybody.

        With ``unheard_for``, nobody is silent for longer than the server is there to listen: when it was started again,
        it has forgotten the locks, and those who live are about to come back.
        """
        asked = Statement(_SURVEY.format(now=self.dialect.utc_now, registry=self.dialect.table(registry)))
        if unheard_for is not None:  # a thousand workers who all read about a thousand would be a load
            asked = compose("{} WHERE heartbeat < {}", asked, self.dialect.later(self.dialect.utc_now, -unheard_for))
        try:
            rows = (execute or self.execute)(asked).rows
        except MissingTableError:
            return []
        found = [Sighting.read(row, self._sight(row[-1])) for row in rows]
        if unheard_for is None or not found:
            return found
        ((_, uptime),) = (execute or self.execute)(Statement(_UPTIME)).rows
        return [replace(seen, age=min(seen.age, float(uptime))) for seen in found if float(uptime) >= unheard_for]

    def _sight(self, is_held: int | None) -> bool | None:
        return bool(is_held) if is_held is not None and self._shares_locks else None

    @contextmanager
    def exclusive(self, purpose: str) -> Iterator[bool]:
        """Take a lock by the name of the purpose, without waiting for it."""
        name = lock_name(purpose)
        ((has_it,),) = self.execute(Statement(_LOCK, (name,))).rows
        try:
            yield bool(has_it)
        finally:
            if has_it:
                self.execute(Statement("SELECT RELEASE_LOCK(%s)", (name,)))

    def job_tables(self, schema: str, execute: Execute | None = None) -> list[TableName]:
        """Ask the server, now: other processes declare job tables too."""
        rows = (execute or self.execute)(Statement(_JOB_TABLES, (schema,))).rows
        return [TableName(schema, table) for (table,) in rows]

    def end_connection(self, number: int, *, idle_for: float) -> None:
        """
        End a connection of this account, for which no privilege is needed; others cannot be told from one another.

        Its number may be somebody else's, where the server was started again: nobody misses what lies idle for long.
        """
        if self.execute(Statement(_IDLE, (number, int(idle_for)))).rows:
            try:
                self.execute(Statement("KILL %s", (number,)))
                logger.warning("The connection %d of a dead worker is ended, and its transaction undone", number)
            except DatabaseError as error:  # it has ended by itself
                logger.info("The connection %d of a dead worker is not ended: %s", number, error)

    def close(self) -> None:
        """End the connection, which gives back the locks."""
        self._held.clear()
        self._line.close()

    def abandon(self) -> None:
        """Forget the connection; its socket is closed by the driver in every forked child."""
        self._held.clear()
        self._line.forget()


def _lock_name(worker: int) -> str:
    return f"djnb:{worker:x}"

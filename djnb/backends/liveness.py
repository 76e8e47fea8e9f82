"""What a process shows of itself on a database so that others know whether it lives, and how they look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from djnb.backends.base import Answer, Driver, Execute
from djnb.errors import DataJointError, LostConnectionError
from djnb.model.naming import TableName
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement


@dataclass(frozen=True)
class Sighting:
    """
    A registered worker as it looks from here.

    Attributes
    ----------
    worker : int
        Its number.
    host, user, version : str
        Where it runs, as whom, and the version of djnb.
    pid : int
        Its process.
    connection_id : int
        The server's connection that shows its sign of life; 0 if it could get none.
    started, heartbeat
        When it began and when it was last heard, as the database stores times.
    age : float
        Seconds since it was last heard, by the database's clock.
    is_shown : bool or None
        Whether its sign of life is there; None where nobody could see it from here.
    """

    worker: int
    host: str
    pid: int
    user: str
    version: str
    connection_id: int
    started: Any
    heartbeat: Any
    age: float
    is_shown: bool | None

    @classmethod
    def read(cls, row: Sequence[Any], is_shown: bool | None) -> Sighting:
        """Return a worker from its row: the attributes but the last, in this order."""
        worker, host, pid, user, version, connection_id, started, heartbeat, age, *_ = row
        return cls(worker, host, pid, user, version, connection_id, started, heartbeat, float(age), is_shown)


class Liveness(Protocol):
    """
    A process's signs of life on one database, over a driver connection that is used for nothing else.

    One thread at a time may use it.
    """

    dialect: Dialect

    is_prompt: bool
    """Whether a sign of life ends with its process at once, so that nobody needs to be heard of."""

    def hold(self, worker: int, seen_by: Execute) -> int | None:
        """
        Give the sign of life of a new worker.

        Parameters
        ----------
        worker : int
            Its number.
        seen_by : callable
            Sends a statement over another connection, to try whether the sign can be seen from there.

        Returns
        -------
        int or None
            The number of the connection that shows it, 0 if there is none or it cannot be seen;
            None if somebody else has the number.
        """
        ...

    def beat(self, registry: TableName, worker: int) -> bool:
        """Renew the sign of life and say so in the registry; False if the worker is not registered any more."""
        ...

    def release(self, worker: int) -> None:
        """Take the sign of life away."""
        ...

    def survey(
        self, registry: TableName, execute: Execute | None = None, *, unheard_for: float | None = None
    ) -> list[Sighting]:
        """
        Return the registered workers, none if there is no registry; asked by ``execute``, if it is given.

        With ``unheard_for``, where signs of life are not prompt, only those that were not heard of for so many seconds.
        """
        ...

    def exclusive(self, purpose: str) -> AbstractContextManager[bool]:
        """Tell within the block whether nobody else has the purpose at heart, in any process."""
        ...

    def job_tables(self, schema: str, execute: Execute | None = None) -> list[TableName]:
        """Return the job tables of a schema whose jobs know their workers; asked by ``execute``, if it is given."""
        ...

    def end_connection(self, number: int, *, idle_for: float) -> None:
        """
        End a connection of a dead worker, by the server's number, which undoes its transaction.

        One that is not this account's, or that has sent something in so many seconds, is left alone.
        """
        ...

    def execute(self, statement: Statement) -> Answer:
        """Send a statement; raises as a connection does."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Keep all of a block or nothing."""
        ...

    def close(self) -> None:
        """Take away all signs of life and end the connection."""
        ...

    def abandon(self) -> None:
        """Let go of what a forked child has inherited, without a word to the database."""
        ...


T = TypeVar("T")

_inherited: list[Driver] = []
"""Connections that a forked child must not even close."""


class Line:
    """
    A driver connection that is made when it is needed, and again after it was lost.

    Parameters
    ----------
    connect : callable
        Makes one.
    translate : callable
        Returns djnb's error for the driver's, or None.
    """

    def __init__(
        self, connect: Callable[[], Driver], translate: Callable[[Exception, str], DataJointError | None]
    ) -> None:
        self._connect = connect
        self._translate = translate
        self._driver: Driver | None = None

    @property
    def driver(self) -> Driver:
        """The driver, connected."""
        if self._driver is None:
            self._driver = self._connect()
        return self._driver

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection, as far as is known."""
        return self._driver is not None

    def connect(self) -> None:
        """
        Connect, if there is no connection.

        Raises
        ------
        DatabaseError
            The database is out of reach.
        """
        self._send(lambda driver: None, "")

    def execute(self, statement: Statement) -> Answer:
        """Send a statement; a lost connection is given up."""
        return self._send(lambda driver: driver.execute(statement.sql, statement.params), statement.sql)

    def _send(self, send: Callable[[Driver], T], sql: str) -> T:
        try:
            return send(self.driver)
        except Exception as error:
            translated = self._translate(error, sql)
            if translated is None or isinstance(translated, LostConnectionError):
                self.close()
            if translated is None:
                raise
            raise translated from error
        except BaseException:  # amid an answer
            self.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all of a block or nothing."""
        self._send(lambda driver: driver.begin(), "BEGIN")
        try:
            yield
            if self._driver is None:
                raise LostConnectionError("The connection was lost within a transaction.")
            self._send(lambda driver: driver.commit(), "COMMIT")
        except BaseException:
            if self._driver is not None:
                try:
                    self._driver.rollback()
                except Exception:  # noqa: BLE001 -- its end undoes the transaction too
                    self.close()
            raise

    def close(self) -> None:
        """End the connection, if there is one."""
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.close()

    def forget(self) -> None:
        """Leave the connection to the process that this one was forked from."""
        driver, self._driver = self._driver, None
        if driver is not None:
            _inherited.append(driver)

"""What is said to the registry of a schema's workers, and to job tables about what workers hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from djnb.algebra.nodes import Stored
from djnb.model.naming import TableName
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement, compose, join

_RESERVED = "status = 'reserved'"


class Lost(NamedTuple):
    """
    Jobs that a worker held when it died, which are alike.

    Attributes
    ----------
    deaths : int
        How many workers had died over them before.
    message : str
        What their error message was.
    """

    deaths: int
    message: str


class WorkerWords:
    """
    The statements about the workers of one schema.

    Parameters
    ----------
    dialect : Dialect
        Of the database.
    registry : TableName
        Of the workers.
    """

    def __init__(self, dialect: Dialect, registry: TableName) -> None:
        self.dialect = dialect
        self.registry = dialect.table(registry)

    def value(self, value: Any) -> Statement:
        """Return a place for a value."""
        return Statement(self.dialect.placeholder, (value,))

    # -- the registry

    def register(self, worker: int, host: str, pid: int, user: str, version: str, connection_id: int) -> Statement:
        """Return the INSERT of a worker that begins now."""
        return compose(
            "INSERT INTO {} (worker, host, pid, user, version, connection_id, started, heartbeat) VALUES ({}, {}, {})",
            self.registry,
            join(", ", map(self.value, (worker, host, pid, user, version, connection_id))),
            self.dialect.utc_now,
            self.dialect.utc_now,
        )

    def strike(self, worker: int, *, heard: Any = None) -> Statement:
        """Return the DELETE of a worker; with ``heard``, a time of the registry, only if it was not heard of since."""
        same = Statement("") if heard is None else compose(" AND heartbeat = {}", self.value(heard))
        return compose("DELETE FROM {} WHERE worker = {}{}", self.registry, self.value(worker), same)

    # -- what workers hold

    def unregistered(self, tables: Sequence[TableName]) -> Statement:
        """Return the SELECT of the workers who hold jobs and are not in the registry."""
        # A read: an update would look at the jobs as they are and at the registry as it was when it began.
        parts = (
            compose(
                "SELECT j._worker FROM {} j LEFT JOIN {} w ON w.worker = j._worker"
                f" WHERE j.{_RESERVED} AND j._worker <> 0 AND w.worker IS NULL",
                self.dialect.table(table),
                self.registry,
            )
            for table in tables
        )
        return join(" UNION ALL ", parts)

    def tokens(self, table: TableName, worker: int) -> Statement:
        """Return the SELECT of the tokens of the reservations that a worker has."""
        return compose("SELECT DISTINCT _token FROM {} WHERE {}", self.dialect.table(table), self._held(worker))

    def release(self, table: TableName, worker: int, *, token: int | None = None) -> Statement:
        """Return what gives back all that a worker holds, or one reservation, as if it had not been claimed."""
        one = Statement("") if token is None else compose(" AND _token = {}", self.value(token))
        return compose(
            "UPDATE {} SET status = 'pending', _worker = 0, _token = 0,"
            " _attempts = CASE WHEN _attempts > 0 THEN _attempts - 1 ELSE 0 END WHERE {}{}",
            self.dialect.table(table),
            self._held(worker),
            one,
        )

    def connections(self, table: TableName, worker: int) -> Statement:
        """Return the SELECT of the server's numbers of the connections by which a worker took what it holds."""
        return compose(
            "SELECT DISTINCT connection_id FROM {} WHERE {} AND connection_id > 0",
            self.dialect.table(table),
            self._held(worker),
        )

    def losses(self, table: TableName, worker: int) -> Statement:
        """Return the SELECT of the kinds of jobs that a dead worker held: each is a `Lost`."""
        return compose(
            "SELECT DISTINCT _deaths, error_message FROM {} WHERE {}", self.dialect.table(table), self._held(worker)
        )

    def bury(self, table: TableName, worker: int, lost: Lost, message: str, *, given_up: str | None) -> Statement:
        """
        Return what gives back a kind of jobs that a dead worker held, with one death more and a message.

        With ``given_up``, the signature of their error, they are not pending again but have failed.
        """
        if given_up is None:
            state = compose("status = 'pending', scheduled_time = {}", self.dialect.server_now)
        else:
            state = compose(
                "status = 'error', completed_time = {}, _error_hash = {}, _retry_time = NULL",
                self.dialect.server_now,
                self.value(given_up),
            )
        # Without an expression of the columns themselves: a server would see them as they are set already.
        return compose(
            "UPDATE {} SET {}, error_message = {}, _deaths = {}, _worker = 0, _token = 0"
            " WHERE {} AND _deaths = {} AND error_message = {}",
            self.dialect.table(table),
            state,
            self.value(message),
            self.value(lost.deaths + 1),
            self._held(worker),
            self.value(lost.deaths),
            self.value(lost.message),
        )

    def _held(self, worker: int) -> Statement:
        return compose(f"_worker = {{}} AND {_RESERVED}", self.value(worker))


def reservations(jobs: Stored, dialect: Dialect, names: Sequence[str], *, knows_workers: bool) -> Statement:
    """
    Return the SELECT of the jobs that somebody holds: worker, host, pid, user, version, and attributes, oldest first.

    Without ``knows_workers``, the job table is one of DataJoint's, and the worker is 0.
    """
    columns = [dialect.output(Statement(dialect.quote(name)), jobs.heading[name]) for name in names]
    return compose(
        f"SELECT {{}}, host, pid, {{}}, version, {{}} FROM {{}} WHERE {_RESERVED} ORDER BY reserved_time",
        "_worker" if knows_workers else "0",
        dialect.quote("user"),
        join(", ", columns),
        dialect.table(jobs.name),
    )

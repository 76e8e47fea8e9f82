"""
What is said to a job table: reading candidates, taking them, and moving jobs from one state to another.

Jobs are named one by one, ``a = 1 AND b = 2``, joined by OR. Lists of row values would make MariaDB scan, and lock, the
whole table where the list has one row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from djnb.algebra.conditions import Condition, Equals, Matches, both
from djnb.algebra.nodes import Node, Stored
from djnb.sql.dialect import Dialect
from djnb.sql.select import where_of
from djnb.sql.statement import Statement, compose, join
from djnb.sql.values import UnfitError, encoder

HIDDEN_STATUS = "COALESCE(status, '')"
"""
The state of a job, for conditions that have named the job already.

By its mere name, a server whose statistics are not of today would find jobs by their state rather than by their key:
it would read, and lock, a million of them to change one.
"""

PLAIN = {"_worker": "0", "_token": "0"}
"""What is said of a job that nobody holds."""

FRESH = {
    **PLAIN,
    "_attempts": "0",
    "_deaths": "0",
    "_retry_time": "NULL",
    "_error_hash": "NULL",
    "error_message": "''",
    "error_stack": "NULL",
}
"""What is said of a job of which nothing has been tried."""


class Held(NamedTuple):
    """A reservation: the key of a job and the token that it was taken with."""

    key: Mapping[str, Any]
    token: int


class QueueWords:
    """
    The statements about one job table.

    Parameters
    ----------
    jobs : Stored
        The job table.
    dialect : Dialect
        Of the database.
    mark : int
        Of the task that ends jobs, for which they stay until it is noted; 0 for none.
    """

    def __init__(self, jobs: Stored, dialect: Dialect, mark: int = 0) -> None:
        self.jobs = jobs
        self.dialect = dialect
        self.mark = mark
        self.table = dialect.table(jobs.name)
        self.key = tuple(jobs.heading.primary_key)

    # -- pieces

    def value(self, value: Any) -> Statement:
        """Return a place for a value."""
        return Statement(self.dialect.placeholder, (value,))

    def where(self, condition: Condition) -> Statement:
        """Return a condition on the visible attributes."""
        return where_of(self.jobs, condition, self.dialect)

    def is_key(self, key: Mapping[str, Any]) -> Statement:
        """Return the condition that it is the job of a key."""
        try:
            return Statement(self._is_key, tuple(encode(key[name]) for name, encode in self._encoders))
        except UnfitError:
            return self.where(both(Equals(name, key[name]) for name in self.key))  # which says what does not fit

    @cached_property
    def _is_key(self) -> str:
        places = (f"{self.table}.{self.dialect.quote(name)} = {self.dialect.placeholder}" for name in self.key)
        return " AND ".join(places) or "1=1"

    @cached_property
    def _encoders(self) -> list[tuple[str, Callable[[Any], Any]]]:
        return [(name, encoder(self.jobs.heading[name].type, self.dialect)) for name in self.key]

    def agrees(self, node: Node) -> Condition:
        """Return the condition that some row of a query has the job's key, as far as the query has its attributes."""
        return Matches(node, tuple((name, name) for name in self.key if name in node.heading))

    def key_columns(self) -> Statement:
        """Return the attributes of the key as they are selected."""
        columns = []
        for name in self.key:
            quoted = self.dialect.quote(name)
            column = self.dialect.output(Statement(f"{self.table}.{quoted}"), self.jobs.heading[name])
            columns.append(compose("{} AS {}", column, quoted))
        return join(", ", columns)

    def is_free(self, key: Mapping[str, Any]) -> Statement:
        """Return the condition that it is the job of a key and nobody holds it."""
        return compose("{} <> 'reserved' AND {}", HIDDEN_STATUS, self.is_key(key))

    def is_due(self, *, by_key: bool = False) -> Statement:
        """Return the condition that a job may be begun now; ``by_key``: as a mere check of jobs that are named."""
        status = HIDDEN_STATUS if by_key else "status"
        return compose("{} = 'pending' AND scheduled_time <= {}", status, self.now())

    def update(self, changes: Mapping[str, Statement | str], where: Statement) -> Statement:
        """Return the UPDATE of the jobs that meet a condition. Servers carry the changes out from left to right."""
        said = join(", ", (compose("{} = {}", self.dialect.quote(name), value) for name, value in changes.items()))
        return compose("UPDATE {} SET {} WHERE {}", self.table, said, where)

    def is_held(self, held: Sequence[Held]) -> Statement:
        """Return the condition that a job is one of these reservations, which still stands."""
        each = [compose("({} AND _token = {})", self.is_key(h.key), self.value(h.token)) for h in held]
        return compose("{} = 'reserved' AND ({})", HIDDEN_STATUS, join(" OR ", each))

    def now(self, after: float = 0.0) -> Statement:
        """Return the time in the server's own zone, in which DataJoint writes it, or so many seconds later."""
        now = self.dialect.server_now
        return self.dialect.later(now, after) if after else Statement(now)

    # -- taking

    def candidates(self, *, among: Node | None, priority: int | None, is_suspect: bool, limit: int) -> Statement:
        """
        Return the SELECT of jobs that may be begun, in the order of the index: key, time, attempts, deaths, priority.

        ``is_suspect`` asks for those that workers have died over; otherwise they are left out.
        """
        where = [self._may_be_begun(priority=priority, is_suspect=is_suspect)]
        if among is not None:
            where.append(self.where(self.agrees(among)))
        return compose(
            "SELECT {}, scheduled_time, _attempts, _deaths, priority FROM {} WHERE {}"
            " ORDER BY priority, scheduled_time{}",
            self.key_columns(),
            self.table,
            join(" AND ", where),
            self.dialect.limit(limit, 0),
        )

    def _may_be_begun(self, *, priority: int | None, is_suspect: bool) -> Statement:
        where = [self.is_due(), Statement(f"_deaths {'>' if is_suspect else '='} 0")]
        if priority is not None:
            where.append(compose("priority <= {}", self.value(priority)))
        return join(" AND ", where)

    def take_first(
        self,
        changes: Mapping[str, Any],
        *,
        registry: str | None,
        priority: int | None,
        is_suspect: bool,
        limit: int,
    ) -> Statement:
        """
        Return the UPDATE that reserves the jobs which come first, and gives those: the columns of `candidates`.

        It is for a database that ``takes_at_once``; the other parameters are those of `candidates` and `take`.
        """
        names = ", ".join(self.dialect.quote(name) for name in self.key)
        first = compose(
            f"({names}) IN (SELECT {names} FROM {{}} WHERE {{}} ORDER BY priority, scheduled_time{{}})",
            self.table,
            self._may_be_begun(priority=priority, is_suspect=is_suspect),
            self.dialect.limit(limit, 0),
        )
        return compose(
            "{} RETURNING {}, scheduled_time, _attempts, _deaths, priority",
            self._reserve(changes, [first], registry=registry),
            self.key_columns(),
        )

    def take(
        self, seen: Sequence[tuple[Mapping[str, Any], int]], changes: Mapping[str, Any], *, registry: str | None
    ) -> Statement:
        """
        Return the UPDATE that reserves jobs which are still as they were seen, with so many attempts each.

        ``registry`` is the table of workers: one that is not in it any more, because it was taken for dead, takes none.
        Nobody is taken for dead in the middle of it: whoever strikes a worker off sees all that it has taken.
        """
        each = [compose("({} AND _attempts = {})", self.is_key(key), self.value(attempts)) for key, attempts in seen]
        where = [compose("({})", join(" OR ", each)), self.is_due(by_key=True)]
        return self._reserve(changes, where, registry=registry)

    def _reserve(self, changes: Mapping[str, Any], where: list[Statement], *, registry: str | None) -> Statement:
        if registry is not None:
            worker = self.value(changes["_worker"])
            where.append(
                compose("EXISTS (SELECT 1 FROM {} WHERE worker = {}{})", registry, worker, self.dialect.and_stays)
            )
        said: dict[str, Statement | str] = {
            "status": "'reserved'",
            "reserved_time": self.now(),
            "completed_time": "NULL",
            "_attempts": "_attempts + 1",
            **{name: self.value(value) for name, value in changes.items()},
        }
        return self.update(said, join(" AND ", where))

    def attempts(self, key: Mapping[str, Any]) -> Statement:
        """Return the SELECT of how often the job of a key was begun, and how many workers died over it."""
        return compose("SELECT _attempts, _deaths FROM {} WHERE {}", self.table, self.is_key(key))

    def is_registered(self, worker: int, registry: str) -> Statement:
        """Return the SELECT of a worker in the table of workers."""
        return compose("SELECT 1 FROM {} WHERE worker = {}", registry, self.value(worker))

    def taken(self, worker: int, token: int) -> Statement:
        """Return the SELECT of the jobs that a worker has taken with a token."""
        return compose(
            "SELECT {}, _attempts, _deaths FROM {} WHERE _worker = {} AND _token = {} AND status = 'reserved'",
            self.key_columns(),
            self.table,
            self.value(worker),
            self.value(token),
        )

    # -- ending

    def succeed(self, where: Statement, *, duration: float | None, keeps: bool) -> Statement:
        """Return what completes a job: it stays as a success, which keeps its token, or goes."""
        return self._succeed(where, self.value(duration), keeps=keeps)

    def succeed_all(self, held: Sequence[Held], durations: Sequence[float | None], *, keeps: bool) -> Statement:
        """Return what completes several jobs, each of so many seconds, at once."""
        if len(held) == 1:
            return self.succeed(self.is_held(held), duration=durations[0], keeps=keeps)
        each = zip(held, durations, strict=True)
        cases = (compose("WHEN {} THEN {}", self.is_key(h.key), self.value(seconds)) for h, seconds in each)
        return self._succeed(self.is_held(held), compose("CASE {} END", join(" ", cases)), keeps=keeps)

    def _succeed(self, where: Statement, duration: Statement, *, keeps: bool) -> Statement:
        if not (keeps or self.mark):
            return compose("DELETE FROM {} WHERE {}", self.table, where)
        changes: dict[str, Statement | str] = {
            "status": "'success'",
            "completed_time": self.now(),
            "duration": duration,
            "error_message": "''",
            "error_stack": "NULL",
            "_error_hash": "NULL",
            "_retry_time": "NULL",
            "_worker": self._marked(self.mark),
        }
        return self.update(changes, where)

    def fail(self, where: Statement, values: Mapping[str, Any], *, retry_after: float | None) -> Statement:
        """Return what notes the failure of a job, and when it is to be tried again if it is."""
        retry: Statement | str = "NULL"
        if retry_after is not None:
            retry = self.dialect.later(self.dialect.utc_now, retry_after)
        changes: dict[str, Statement | str] = {
            "status": "'error'",
            "completed_time": self.now(),
            "_retry_time": retry,
            **{name: self.value(value) for name, value in values.items()},
            **PLAIN,
            "_worker": self._marked(self.mark),
        }
        return self.update(changes, where)

    @staticmethod
    def _marked(mark: int) -> str:
        """Return what is said of a worker that has ended a job: it holds nothing; below zero, for which task."""
        return str(-mark)

    def ended(self, mark: int) -> Statement:
        """Return the SELECT of jobs that a task has ended: key, state, duration, message and stack of the error."""
        return compose(
            f"SELECT {{}}, status, duration, error_message, error_stack FROM {{}} WHERE _worker = {self._marked(mark)}"
            " AND status IN ('success', 'error')",
            self.key_columns(),
            self.table,
        )

    def unmark(self, mark: int, keys: Sequence[Mapping[str, Any]], *, keeps: bool) -> list[Statement]:
        """Return what takes the mark of a task from jobs, and removes those that are completed and not kept."""
        said = compose(f"_worker = {self._marked(mark)} AND ({{}})", join(" OR ", map(self._one, keys)))
        gone = [] if keeps else [compose("DELETE FROM {} WHERE {} = 'success' AND {}", self.table, HIDDEN_STATUS, said)]
        return [*gone, self.update({"_worker": "0"}, said)]

    def _one(self, key: Mapping[str, Any]) -> Statement:
        return compose("({})", self.is_key(key))

    def release(self, held: Sequence[Held]) -> Statement:
        """Return what gives jobs back that were not tried: they keep their place, and the attempt does not count."""
        changes: dict[str, Statement | str] = {
            "status": "'pending'",
            "_attempts": "_attempts - 1",
            **PLAIN,
        }
        return self.update(changes, self.is_held(held))

    def correct(self, key: Mapping[str, Any], before: str, after: str, *, longest: int) -> Statement:
        """Return the UPDATE that says something otherwise in the message of a key's job, cut to so many characters."""
        said = compose(f"SUBSTR(REPLACE(error_message, {{}}, {{}}), 1, {longest})", *map(self.value, (before, after)))
        return self.update({"error_message": said}, self.is_key(key))

    def pass_over(self, held: Held, message: str) -> Statement:
        """Return what has a job ignored from now on."""
        changes: dict[str, Statement | str] = {
            "status": "'ignore'",
            "completed_time": self.now(),
            "error_message": self.value(message),
            **PLAIN,
        }
        return self.update(changes, self.is_held([held]))

    def look_at(self, key: Mapping[str, Any]) -> Statement:
        """Return the SELECT of a job's state and token."""
        return compose("SELECT status, _token FROM {} WHERE {}", self.table, self.is_key(key))

    def stage(self) -> Statement:
        """Return what makes failed jobs pending whose time to be tried again has come."""
        changes: dict[str, Statement | str] = {
            "status": "'pending'",
            "scheduled_time": self.now(),
            "_retry_time": "NULL",
        }
        return self.update(changes, self._is_due())

    def is_any_due(self) -> Statement:
        """Return the SELECT of whether `stage` would find any, which locks none of those that have failed for good."""
        return compose("SELECT EXISTS (SELECT 1 FROM {} WHERE {})", self.table, self._is_due())

    def _is_due(self) -> Statement:
        return compose("status = 'error' AND _retry_time <= {}", self.dialect.utc_now)

    def waits(self, *, among: Node | None, priority: int | None) -> Statement:
        """Return the SELECT of whether any job is pending, whenever it is due, or waits to be tried again."""
        where: list[Statement] = []
        if priority is not None:
            where.append(compose("priority <= {}", self.value(priority)))
        if among is not None:
            where.append(self.where(self.agrees(among)))
        further = join("", (compose(" AND {}", item) for item in where))
        exists = "EXISTS (SELECT 1 FROM {} WHERE {}{})"
        return compose(
            f"SELECT {exists} OR {exists}",
            self.table,
            "status = 'pending'",
            further,
            self.table,
            "status = 'error' AND _retry_time IS NOT NULL",
            further,
        )

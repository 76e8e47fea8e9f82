"""
The contract of ``make(key)``: what it inserts is one transaction, with its job done, and it must insert.

No transaction is open while it computes. If what it has read is not the same any more when it begins to insert, it
computes again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from djnb.algebra.conditions import Equals, both
from djnb.algebra.nodes import Restrict, Stored
from djnb.connection import Connection
from djnb.connection.deferred import Deferred
from djnb.errors import (
    DuplicateError,
    EmptyMakeError,
    InputsChangedError,
    LockError,
    LostConnectionError,
    LostReservationError,
)
from djnb.jobs import metadata, points
from djnb.model.naming import TableName
from djnb.populate import signals
from djnb.populate.forms import run_make
from djnb.populate.making import making
from djnb.rows.fetch import exists
from djnb.settings import get_config
from djnb.sql.statement import Statement

ATTEMPTS = 5
"""How often a key is computed at most, if what it follows from changes each time."""


class Makeable(Protocol):
    """What ``populate`` needs of a table."""

    @property
    def name(self) -> TableName:
        """The table in the database."""
        ...

    @property
    def connection(self) -> Connection:
        """Where it is."""
        ...

    @property
    def make_in_transaction(self) -> bool:
        """Whether all of ``make`` is one transaction."""
        ...

    @property
    def make(self) -> Callable[..., Any]:
        """Computes the rows of a key and inserts them, or is a generator that does; see `forms`."""
        ...


class Fence(Protocol):
    """What keeps a worker that was declared dead from inserting: its job, which must still be its own."""

    def statement(self, duration: float) -> Statement:
        """Return what completes the job after so many seconds; it changes one row, or none if the job is lost."""
        ...

    def was_completed(self) -> bool | None:
        """Tell, after a lost COMMIT, whether the job was completed; None if somebody else has it."""
        ...


def has_row(connection: Connection, target: Stored, key: Mapping[str, Any]) -> bool:
    """Tell whether a table has a row of a key, in one statement."""
    condition = both(Equals(name, value) for name, value in key.items())
    return exists(connection, Restrict(target, condition))


def make_key(
    table: Makeable,
    target: Stored,
    key: Mapping[str, Any],
    make_kwargs: Mapping[str, Any],
    *,
    fence: Fence | None = None,
) -> bool:
    """
    Make one key; its rows and the completion of its job, if it has one, are one transaction.

    Parameters
    ----------
    table : Makeable
        Has ``make``.
    target : Stored
        The table as a question.
    key : mapping
        The key.
    make_kwargs : mapping
        Further arguments for ``make``.
    fence : Fence, optional
        Completes the job of the key, if it is still this worker's.

    Returns
    -------
    bool
        False if somebody else had inserted rows of the key meanwhile; its job is completed then too.

    Raises
    ------
    EmptyMakeError
        ``make`` inserted no row for its key; what it did insert is undone.
    LostReservationError
        The job is not this worker's any more.
    Exception
        Whatever ``make`` raises; nothing of the key is kept.
    """
    return Attempt(table, target, key, make_kwargs, fence).make()


@dataclass
class Attempt:
    """
    The making of a key, as often as what it reads changes meanwhile; the watcher of its transaction.

    Attributes
    ----------
    table, target, key, make_kwargs, fence
        As for `make_key`.
    on_read : callable, optional
        Hears, before anything is written, that rows of tables are about to be read; of any table, if none is named.
    seconds : float or None
        How long it took to compute what waits to be kept.
    """

    table: Makeable
    target: Stored
    key: Mapping[str, Any]
    make_kwargs: Mapping[str, Any]
    fence: Fence | None
    on_read: Callable[[Sequence[TableName]], None] | None = None
    seconds: float | None = None
    _started: float = field(default_factory=time.monotonic)

    def make(self) -> bool:
        """Make the key; see `make_key`."""
        made = self._conclude(self._make_in_transaction if self.table.make_in_transaction else self._make)
        assert isinstance(made, bool)
        return made

    def anew(self) -> Attempt:
        """Return the same, to be made from its beginning."""
        return Attempt(self.table, self.target, self.key, self.make_kwargs, self.fence)

    def draft(self) -> Deferred | bool:
        """
        Make the key, or only compute it, if what is to be kept of it is little and was held back until the end.

        Returns
        -------
        Deferred or bool
            What waits, for `Connection.keep_together` or for `keep`; otherwise as `make_key`.
        """
        if self.table.make_in_transaction:
            return self.make()
        return self._conclude(lambda: self._make(may_wait=True))

    def keep(self, waiting: Deferred, *, doubt: LostConnectionError | None = None) -> bool:
        """
        Keep what waits by itself.

        Parameters
        ----------
        waiting : Deferred
            What `draft` has returned.
        doubt : LostConnectionError, optional
            It may be kept already.

        Returns
        -------
        bool
            False if it must be computed again, by `make`.

        Raises
        ------
        LostReservationError
            The job is not this worker's any more.
        DataJointError
            Nothing of the key is kept.
        """
        try:
            self.table.connection.keep_late(waiting, doubt=doubt)
        except InputsChangedError:
            return False
        except (LockError, LostConnectionError):
            if not waiting.fate.may_be_made_again:
                raise
            return False
        points.reach("after_commit")
        return True

    def _conclude(self, make: Callable[[], Deferred | None]) -> Deferred | bool:
        try:
            waiting = make()
        except DuplicateError:
            # Asked only now: mostly, nobody else has made the key.
            if not has_row(self.table.connection, self.target, self.key):
                raise
            self.complete()
            return False
        if waiting is not None:
            self.seconds = time.monotonic() - self._started
            return waiting
        points.reach("after_commit")
        return True

    def _make_in_transaction(self) -> Deferred | None:
        try:
            with self.table.connection.transaction():
                self._compute()
                # Not before: it would keep everybody from the job for as long as make takes.
                self.complete()
                self.opened()
        except LostConnectionError as error:
            is_kept = self.was_committed()
            if is_kept is None:
                raise self.refusal() from error
            if not is_kept:
                raise
        return None

    def _make(self, *, may_wait: bool = False) -> Deferred | None:
        for left in reversed(range(ATTEMPTS)):
            if left < ATTEMPTS - 1:
                signals.open_again()
                may_wait = False
            connection = self.table.connection
            transaction = connection.defer(self, passed_over=self.table.name, may_wait=may_wait)
            deferred: Deferred | None = None
            try:
                with transaction as deferred:
                    self._compute_here(deferred)
            except InputsChangedError:
                if not left:
                    raise
            except Exception as error:
                if not left or deferred is None:
                    raise
                is_passing = isinstance(error, (LockError, LostConnectionError)) and deferred.fate.may_be_made_again
                # It might not have come to this if what was held back had been refused where it was inserted.
                is_misled = deferred.finishing.holds and not connection.rehearse(deferred)
                if not is_passing and not is_misled:
                    raise
            else:
                return deferred if deferred.waits else None
        raise AssertionError("the last attempt raises or returns")

    def _compute_here(self, deferred: Deferred) -> None:
        try:
            self._compute()
        finally:
            if deferred.is_elsewhere:
                raise SystemExit("A process that was forked within `make` has come out of it, and ends here.")

    def _compute(self) -> None:
        with metadata.timed(), making(self.table.name, self.key) as now:
            points.reach("before_make")
            run_make(self.table, self.key, self.make_kwargs)
            # A date may have been inserted as text; only then is the database asked.
            if not now.has_key and not (now.count and has_row(self.table.connection, self.target, self.key)):
                raise EmptyMakeError.for_table(self.table.name.class_name, self.key)
        signals.hold()
        points.reach("before_commit")

    def complete(self) -> None:
        """Complete the job, if there is one."""
        first = self._completion()
        if first is not None and self.table.connection.execute(first).affected != 1:
            raise self.refusal()

    @property
    def idle_seconds(self) -> float:
        """For how long its transaction may lie idle: as long as a worker may be out of reach that keeps its jobs."""
        return get_config().jobs.lease_time

    def about_to_read(self, tables: Sequence[TableName]) -> None:
        """Hear that rows of tables are about to be read, before anything is written."""
        if self.on_read is not None:
            self.on_read(tables)

    def first(self) -> Statement | None:
        """Return what completes the job, for a transaction that is to begin."""
        points.reach("before_begin")
        return self._completion()

    def _completion(self) -> Statement | None:
        if self.fence is None:
            return None
        return self.fence.statement(time.monotonic() - self._started if self.seconds is None else self.seconds)

    def opened(self) -> None:
        """Hear that the job is completed in the open transaction, and that nothing it follows from has changed."""
        points.reach("after_verify")

    def refusal(self) -> LostReservationError:
        """Return the error for a job that is not to be completed."""
        return LostReservationError.for_key(self.table.name.class_name, self.key)

    def was_committed(self) -> bool | None:
        """Ask whether the job is completed, or whether there are rows of the key."""
        if self.fence is not None:
            return self.fence.was_completed()
        return has_row(self.table.connection, self.target, self.key)

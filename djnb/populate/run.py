"""
Populate: the missing keys, one after the other, each in a transaction of its own.

The run tells what happens by events; whoever shows progress subscribes.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from djnb.algebra.nodes import Node, Stored
from djnb.connection import Connection
from djnb.errors import EmptyMakeError, MakeError, PopulateError, PopulateInterrupted, describe
from djnb.events import (
    KeyFailed,
    KeyFinished,
    KeySkipped,
    KeyStarted,
    PopulateFinished,
    PopulateStarted,
)
from djnb.populate import progress_bar
from djnb.populate.contract import Makeable, make_key
from djnb.populate.key_source import missing
from djnb.populate.result import PopulateResult, Progress
from djnb.rows.fetch import fetch_columns, to_dicts
from djnb.sql.select import count_progress


@dataclass(eq=False)
class Run:
    """
    A populate under way.

    Attributes
    ----------
    table : str
        The class.
    total : int
        How many keys are to be made at most.
    id : str
        Tells runs apart.
    """

    table: str
    total: int
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)

    def stop(self) -> None:
        """End the run after the current key; from any thread."""
        self._stop.set()

    @property
    def is_stopping(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stop.is_set()


def populate(
    table: Makeable,
    target: Stored,
    keys: Node,
    *,
    suppress_errors: bool = False,
    return_exception_objects: bool = False,
    display_progress: bool = False,
    max_calls: int | None = None,
    make_kwargs: Mapping[str, Any] | None = None,
) -> PopulateResult:
    """
    Make the missing keys of a table.

    Parameters
    ----------
    table : Makeable
        Has ``make``.
    target : Stored
        The table as a question.
    keys : Node
        The keys that it should have, restricted as asked.
    suppress_errors, return_exception_objects, display_progress, max_calls, make_kwargs
        As for ``Table.populate``.

    Raises
    ------
    PopulateError
        A transaction is open.
    MakeError
        ``make`` raised, and errors are not suppressed.
    PopulateInterrupted
        Ctrl-C; the key that was being made is undone.
    """
    connection = table.connection
    if connection.in_transaction:
        raise PopulateError(
            f"`{table.name.class_name}.populate` was called within a transaction.",
            remedy="Every key has a transaction of its own: call it outside.",
        )
    if max_calls is not None and max_calls < 0:
        raise PopulateError(f"max_calls={max_calls} is negative.", remedy="Give the greatest number of keys to make.")
    wanted = missing(keys, target)
    names = wanted.heading.names
    found = to_dicts(fetch_columns(connection, wanted, names, purpose="internal"))
    count = len(found) if max_calls is None else min(len(found), max_calls)
    run = Run(table.name.class_name, count)
    with ExitStack() as stack:
        if display_progress:
            stack.enter_context(progress_bar.display(connection, run))
        return _Loop(table, target, run, suppress_errors, return_exception_objects, make_kwargs or {}).go(
            found[:count], len(found)
        )


class _Loop:
    """The keys of one run, and the tally."""

    def __init__(
        self,
        table: Makeable,
        target: Stored,
        run: Run,
        suppress_errors: bool,
        return_exception_objects: bool,
        make_kwargs: Mapping[str, Any],
    ) -> None:
        self.table, self.target, self.run = table, target, run
        self.suppress_errors = suppress_errors
        self.return_exception_objects = return_exception_objects
        self.make_kwargs = make_kwargs
        self.made = self.skipped = 0
        self.errors: list[tuple[Mapping[str, Any], Any]] = []
        self.connection: Connection = table.connection
        self.started = time.monotonic()

    def go(self, keys: list[dict[str, Any]], missing_count: int) -> PopulateResult:
        emit = self.connection.bus.emit
        try:
            emit(PopulateStarted(self.run, self.run.table, self.run.total, time.time()))
            for key in keys:
                if self.run.is_stopping:
                    break
                self._make(key)
        except KeyboardInterrupt:
            result = self._result(missing_count, is_interrupted=True)
            emit(PopulateFinished(self.run, result))
            raise PopulateInterrupted(result) from None
        except BaseException as error:
            result = self._result(missing_count)
            if isinstance(error, MakeError):
                error.result = result
            emit(PopulateFinished(self.run, result))
            raise
        result = self._result(missing_count)
        emit(PopulateFinished(self.run, result))
        return result

    def _make(self, key: dict[str, Any]) -> None:
        emit = self.connection.bus.emit
        started = time.monotonic()
        emit(KeyStarted(self.run, key, time.time()))
        try:
            is_made = make_key(self.table, self.target, key, self.make_kwargs)
        except Exception as error:
            emit(KeyFailed(self.run, key, error, time.monotonic() - started))
            self.errors.append((key, error if self.return_exception_objects else describe(error)))
            if self.suppress_errors:
                return
            if isinstance(error, EmptyMakeError):
                raise
            raise MakeError.for_key(self.run.table, key, error) from error
        if not is_made:
            self.skipped += 1
            emit(KeySkipped(self.run, key))
            return
        self.made += 1
        emit(KeyFinished(self.run, key, time.monotonic() - started))

    def _result(self, missing_count: int, *, is_interrupted: bool = False) -> PopulateResult:
        return PopulateResult(
            self.run.table,
            self.made,
            list(self.errors),
            self.skipped,
            missing_count - self.made - self.skipped - len(self.errors),
            is_interrupted,
            self.run.is_stopping,
            time.monotonic() - self.started,
        )


def progress(connection: Connection, target: Stored, keys: Node) -> Progress:
    """Return how many keys there should be and how many are there, in one statement."""
    statement = count_progress(keys, missing(keys, target), connection.dialect)
    total, remaining = connection.execute(statement).rows[0]
    return Progress(int(total) - int(remaining), int(total))

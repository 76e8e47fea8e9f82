"""
A worker: makes the jobs of some tables, parents first, and looks again for as long as it is wanted.

It is told to end by SIGTERM or Ctrl-C: after the key in hand at the first, at once at the second.
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from djnb.connection import Connection
from djnb.errors import (
    LockError,
    LostConnectionError,
    PopulateError,
    PopulateInterrupted,
    UnreachableError,
    describe,
    did_you_mean,
)
from djnb.events import Event, KeyFailed, KeyFinished, KeySkipped, KeyStarted
from djnb.populate.result import key_text
from djnb.populate.signals import Guard, guarded
from djnb.tables.autopopulate import AutoPopulate

logger = logging.getLogger(__name__)

_FIRST_WAIT = 0.5
"""Seconds until the second look at tables that had nothing to do; then twice as long each time."""

_LONGEST_WAIT = 30.0

_LOOK_SECONDS = 0.2
"""How often a waiting worker looks for signals."""

DONE, FAILED_KEYS = 0, 3
"""Exit codes: it ended as asked; some keys have failed, whose errors are in the job tables."""


def find_tables(module_name: str, names: Sequence[str] = ()) -> list[type[AutoPopulate]]:
    """
    Import a module and return its tables that fill themselves, parents before children.

    Parameters
    ----------
    module_name : str
        ``package.module``; it may be in the working directory. Of a package, its modules that it imports count too.
    names : sequence of str
        Classes, ``Analysis`` or ``module.Analysis``; all if there are none.

    Raises
    ------
    PopulateError
        There is no such module, or no such table in it.
    """
    module = _import(module_name)
    found = dict(_tables_of(module, module_name.partition(".")[0], set()))
    chosen = {cls: None for name in names for cls in [_choose(name, found, module_name)]} if names else found.values()
    tables = list(dict.fromkeys(chosen))
    if not tables:
        raise PopulateError(
            f"`{module_name}` has no Imported or Computed table with a `make` that a schema has decorated.",
            remedy="Name the module in which the tables are declared.",
        )
    connection = tables[0]().connection
    order = connection.catalogue.dependencies().order(table().name for table in tables)
    return sorted(tables, key=lambda table: order.index(table().name))


def _import(name: str) -> ModuleType:
    if "" not in sys.path and "." not in sys.path:
        sys.path.insert(0, "")  # as `python -m` has it
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and not (name + ".").startswith(error.name + "."):
            raise
        raise PopulateError(
            f"There is no module '{name}'.",
            remedy="Give the name by which Python imports it, `package.module`, in its folder or with it installed.",
        ) from error


def _tables_of(module: ModuleType, package: str, seen: set[str]) -> Iterator[tuple[str, type[AutoPopulate]]]:
    seen.add(module.__name__)
    for name, value in list(vars(module).items()):
        if isinstance(value, type) and issubclass(value, AutoPopulate) and value._table is not None:
            if value.has_make():
                yield f"{module.__name__}.{name}", value
        elif isinstance(value, ModuleType) and _is_within(value, package) and value.__name__ not in seen:
            yield from _tables_of(value, package, seen)


def _is_within(module: ModuleType, package: str) -> bool:
    return module.__name__.partition(".")[0] == package


def _choose(name: str, found: dict[str, type[AutoPopulate]], module: str) -> type[AutoPopulate]:
    fitting = {cls for full, cls in found.items() if f".{full}".endswith(f".{name}")}
    if len(fitting) == 1:
        return fitting.pop()
    if fitting:
        raise PopulateError(f"'{name}' may be several tables of `{module}`.", remedy="Say which: `module.Table`.")
    known = sorted({full.rpartition(".")[2] for full in found})
    raise PopulateError(
        f"`{module}` has no table '{name}' that fills itself.",
        remedy=f"{did_you_mean(name, known)}There are: {', '.join(known) or 'none'}.",
    )


@dataclass
class Work:
    """
    A worker's rounds.

    Attributes
    ----------
    tables : sequence of class
        In the order in which they are looked at.
    say : callable
        Takes a line, for whoever looks on.
    as_json : bool
        Say objects of JSON, one a line.
    max_calls : int, optional
        How many keys to make at most.
    idle_exit : float, optional
        After how many seconds without work to end. By default it waits for more.
    processes : int or None
        How many processes make keys; None for all cores.
    """

    tables: Sequence[type[AutoPopulate]]
    say: Callable[[str], None]
    as_json: bool = False
    max_calls: int | None = None
    idle_exit: float | None = None
    processes: int | None = 1
    _calls: int = field(default=0, init=False)
    _failed: int = field(default=0, init=False)

    def go(self) -> int:
        """
        Work until it is enough, and return the exit code.

        Raises
        ------
        PopulateInterrupted
            A second signal; the key in hand is undone, and its job is given back.
        DataJointError
            A table cannot be populated: privileges are missing, or its key source is wrong.
        """
        kinds: tuple[type[Event], ...] = (KeyStarted, KeyFinished, KeySkipped, KeyFailed)
        connections = {id(table().connection): table().connection for table in self.tables}
        endings = [connection.bus.subscribe(self._follow, *kinds) for connection in connections.values()]
        try:
            with guarded(is_gentle=True) as guard:
                self._tell("began", text=f"working at {', '.join(table.__name__ for table in self.tables)}")
                reason = self._rounds(guard, list(connections.values()))
                self._tell("ended", text=f"ended: {reason}", reason=reason, calls=self._calls, failed=self._failed)
        finally:
            for end in endings:
                end()
        return FAILED_KEYS if self._failed else DONE

    def _rounds(self, guard: Guard, connections: Sequence[Connection]) -> str:
        wait, idle_since = _FIRST_WAIT, time.monotonic()
        while True:
            before = self._calls
            for table in self.tables:
                if self._calls == self.max_calls:
                    return "max-calls"
                self._populate(table)
                if guard.is_stopping:
                    return "signal"
            if self._calls > before:
                wait, idle_since = _FIRST_WAIT, time.monotonic()
                continue
            idle = time.monotonic() - idle_since
            if self.idle_exit is not None and idle >= self.idle_exit:
                return "idle"
            self._wait(wait if self.idle_exit is None else min(wait, self.idle_exit - idle), guard)
            if guard.is_stopping:
                return "signal"
            wait = min(2 * wait, _LONGEST_WAIT)

    def _populate(self, table: type[AutoPopulate]) -> None:
        try:
            result = table.populate(
                reserve_jobs=True,
                suppress_errors=True,
                max_calls=None if self.max_calls is None else self.max_calls - self._calls,
                processes=self.processes,
            )
        except PopulateInterrupted as interrupt:
            self._tell("interrupted", table, text=str(interrupt.result))
            raise
        except (UnreachableError, LostConnectionError, LockError) as error:
            # The database is away, or busy: it comes again.
            self._tell("waiting", table, text=describe(error), error=describe(error))
            return
        self._calls += result.success_count + len(result.error_list)
        self._failed += len(result.error_list)

    @staticmethod
    def _wait(seconds: float, guard: Guard) -> None:
        end = time.monotonic() + seconds
        while not guard.is_stopping and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))

    def _follow(self, event: Any) -> None:
        key = dict(event.key)
        what = {KeyStarted: "started", KeyFinished: "made", KeySkipped: "skipped", KeyFailed: "failed"}[type(event)]
        more: dict[str, Any] = {"key": key}
        text = f"{event.run.table} {key_text(key)}: {what}"
        if what in ("made", "failed"):
            more["seconds"] = round(event.duration, 3)
            text += f" in {event.duration:.3f} s" if what == "made" else f", {describe(event.error)}"
        if what == "failed":
            more["error"] = describe(event.error)
        self._tell(what, event.run.table, text=text, **more)

    def _tell(self, what: str, table: Any = None, *, text: str, **more: Any) -> None:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        if self.as_json:
            name = table if isinstance(table, str) or table is None else table.__name__
            said = {"time": now, "event": what, **({"table": name} if name else {}), **more}
            self.say(json.dumps(said, default=str))
        else:
            # One line for one thing, whatever the text of an error has.
            self.say(f"{now} {' '.join(text.splitlines())}")

"""The rounds of a worker: one table after the other, and again, with longer and longer waits where nothing is to do."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from djnb.errors import LockError, LostConnectionError, PopulateInterrupted, UnreachableError, describe
from djnb.populate.signals import Guard, guarded
from djnb.rounds.log import KINDS, Log
from djnb.tables.autopopulate import AutoPopulate

_FIRST_WAIT = 0.5
"""Seconds until the second look at tables that had nothing to do; then twice as long each time."""

_LONGEST_WAIT = 30.0
"""Seconds between two looks at most: so late may new keys be seen."""

_LOOK_SECONDS = 0.2
"""How often a waiting worker looks for signals."""

DONE, FAILED_KEYS = 0, 3
"""Exit codes: it ended as asked; some keys have failed, whose errors are in the job tables."""


@dataclass
class Work:
    """
    A worker's rounds.

    Attributes
    ----------
    tables : sequence of class
        In the order in which they are looked at.
    log : Log
        Is told what happens.
    max_calls : int, optional
        How many keys to make at most.
    idle_exit : float, optional
        After how many seconds without work to end. By default it waits for more.
    processes : int or None
        How many processes make keys; None for all cores.
    """

    tables: Sequence[type[AutoPopulate]]
    log: Log
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
        with ExitStack() as stack:
            for connection in dict.fromkeys(table().connection for table in self.tables):
                stack.enter_context(connection.bus.subscribed(self.log.follow, *KINDS))
            guard = stack.enter_context(guarded(is_gentle=True))
            self.log.tell("began", text=f"working at {', '.join(table.__name__ for table in self.tables)}")
            reason = self._rounds(guard)
            self.log.tell("ended", text=f"ended: {reason}", reason=reason, calls=self._calls, failed=self._failed)
        return FAILED_KEYS if self._failed else DONE

    def _rounds(self, guard: Guard) -> str:
        """Go round until it is enough, and return why it is."""
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
            _wait(wait if self.idle_exit is None else min(wait, self.idle_exit - idle), guard)
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
            self.log.tell("interrupted", table.__name__, text=str(interrupt.result))
            raise
        except (UnreachableError, LostConnectionError, LockError) as error:
            # The database is away, or busy: it comes again.
            self.log.tell("waiting", table.__name__, text=describe(error), error=describe(error))
            return
        self._calls += result.success_count + len(result.error_list)
        self._failed += len(result.error_list)


def _wait(seconds: float, guard: Guard) -> None:
    """Wait so long, or until the worker is told to end."""
    end = time.monotonic() + seconds
    while not guard.is_stopping and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _LOOK_SECONDS))

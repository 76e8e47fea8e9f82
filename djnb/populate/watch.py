"""
What there is to see of a run: counts, pace, time left, errors, the keys in hand, how long keys took.

Every run has a ``RunWatch`` from its beginning, so that whoever looks later has missed nothing. It can be looked at
from any thread, and what it keeps is bounded.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from djnb.errors import MakeError, describe
from djnb.events import Event, KeyFailed, KeyFinished, KeySkipped, KeyStarted, PopulateFinished, PopulateStarted
from djnb.populate.view import Hand, RunErrors, Stage, View

if TYPE_CHECKING:
    from djnb.populate.run import Run

_PACE_KEYS = 32
"""The pace is that of the last so many keys: a pipeline's keys are seldom alike."""

_DURATIONS = 10_000
"""Of so many keys, the last ones, it is known how long they took."""

_GROUPS = 100
"""So many kinds of errors are told apart."""

_OTHERS = "other errors"

_AWAY_SECONDS = 15.0
"""So long after its last try, a run that has been waiting for the database is taken to have found it."""

_VARYING = re.compile(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?")


class RunWatch:
    """
    Follows one run by its events.

    Parameters
    ----------
    run : Run
        The run; events of others are passed over.
    clock : callable
        Seconds that never go back.
    """

    def __init__(self, run: Run, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._run = run
        self._clock = clock
        self._lock = threading.Lock()
        self._stages = [Stage(table) for table in run.tables]
        self._current = 0
        self._started = clock()
        self._hands: dict[str | tuple[tuple[str, Any], ...], tuple[Mapping[str, Any], float, str]] = {}
        self._ends: deque[float] = deque([self._started], maxlen=_PACE_KEYS + 1)
        self._durations: deque[float] = deque(maxlen=_DURATIONS)
        self._errors: dict[str, RunErrors] = {}
        self._away: tuple[float, float] | None = None

    def receive(self, event: Event) -> None:
        """Take note of an event."""
        if getattr(event, "run", None) is not self._run:
            return
        with self._lock:
            self._away = None
            match event:
                case PopulateStarted():
                    self._begin(event)
                case KeyStarted():
                    key = dict(event.key)
                    self._hands[event.worker or _identity(key)] = key, self._clock(), event.worker
                case KeyFinished():
                    self._count(made=1)
                    self._end(event.key, event.duration)
                case KeySkipped():
                    self._count(skipped=1)
                    self._put_down(event.key)
                case KeyFailed():
                    self._count(failed=1)
                    self._end(event.key, event.duration)
                    self._note(event)
                case PopulateFinished():
                    self._hands.clear()
                    self._stages[self._current] = replace(self._stages[self._current], is_over=True)

    def miss(self) -> None:
        """Take note that the database does not answer now."""
        now = self._clock()
        with self._lock:
            self._away = (now if self._away is None else self._away[0]), now

    def look(self) -> View:
        """Return what there is to see now."""
        now = self._clock()
        with self._lock:
            stage = self._stages[self._current]
            rate = self._rate(now)
            left = max((stage.total or 0) - stage.done, 0)
            away = self._away if self._away is not None and now - self._away[1] < _AWAY_SECONDS else None
            return View(
                stages=tuple(self._stages),
                current=self._current,
                hands=tuple(Hand(key, now - since, worker) for key, since, worker in self._hands.values()),
                elapsed=now - self._started,
                rate=rate,
                seconds_left=left / rate if rate else None,
                errors=tuple(sorted(self._errors.values(), key=lambda group: -group.count)),
                is_stopping=self._run.is_stopping,
                is_paused=self._run.is_paused,
                is_over=not self._run.is_running,
                seconds_away=None if away is None else now - away[0],
            )

    def durations(self) -> tuple[float, ...]:
        """Return how long the last keys of the current table took, in seconds."""
        with self._lock:
            return tuple(self._durations)

    def _begin(self, event: PopulateStarted) -> None:
        names = [stage.table for stage in self._stages]
        self._current = names.index(event.table) if event.table in names else self._current
        self._stages[self._current] = replace(self._stages[self._current], table=event.table, total=event.total)
        self._started = self._clock()
        self._ends = deque([self._started], maxlen=_PACE_KEYS + 1)
        self._durations.clear()

    def _count(self, *, made: int = 0, skipped: int = 0, failed: int = 0) -> None:
        stage = self._stages[self._current]
        self._stages[self._current] = replace(
            stage, made=stage.made + made, skipped=stage.skipped + skipped, failed=stage.failed + failed
        )

    def _end(self, key: Mapping[str, Any], duration: float) -> None:
        self._put_down(key)
        self._ends.append(self._clock())
        self._durations.append(duration)

    def _put_down(self, key: Mapping[str, Any]) -> None:
        for place, (held, _, _) in self._hands.items():
            if held == key:
                del self._hands[place]
                return

    def _rate(self, now: float) -> float | None:
        # Up to now, not up to the last end: during a long key the pace falls instead of promising too much.
        keys, seconds = len(self._ends) - 1, now - self._ends[0]
        return keys / seconds if keys and seconds > 0 else None

    def _note(self, event: KeyFailed) -> None:
        text, table = error_text(event.error), self._stages[self._current].table
        signature = _VARYING.sub("…", text)
        place = f"{table}: {signature}"
        if place not in self._errors and len(self._errors) >= _GROUPS:
            place = text = signature = _OTHERS
        group = self._errors.get(place)
        if group is None:
            self._errors[place] = RunErrors(text, 1, event.key, table)
        else:
            said = text if text == group.text else signature
            self._errors[place] = replace(group, text=said, count=group.count + 1)


def _identity(key: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(key.items())


def error_text(error: BaseException) -> str:
    """Return the first line of what ``make()`` raised, ``ValueError: bad spike``."""
    if isinstance(error, MakeError) and error.__cause__ is not None:
        error = error.__cause__
    return describe(error).splitlines()[0]

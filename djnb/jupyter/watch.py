"""
What there is to see of a running populate, without a widget: counts, pace, time left, errors, the key in hand.

A ``RunWatch`` receives the events of one run and can be looked at from any thread.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from djnb.errors import MakeError, describe
from djnb.events import Event, KeyFailed, KeyFinished, KeySkipped, KeyStarted, PopulateFinished, PopulateStarted
from djnb.layout import key_text

if TYPE_CHECKING:
    from djnb.populate.run import Run

WATCHED: tuple[type[Event], ...] = (
    PopulateStarted,
    KeyStarted,
    KeyFinished,
    KeySkipped,
    KeyFailed,
    PopulateFinished,
)
"""The events that a watch wants."""

_PACE_KEYS = 32
"""The pace is that of the last so many keys: a pipeline's keys are seldom alike."""

_KEY_WIDTH = 120
_VARYING = re.compile(r"0x[0-9a-fA-F]+|\d+(?:\.\d+)?")


@dataclass(frozen=True)
class RunErrors:
    """
    Errors of a run that differ in numbers only.

    Attributes
    ----------
    text : str
        The error in one line; where the messages differ, ``…`` stands for the numbers.
    count : int
        How many keys failed with it.
    key : dict
        The first of these keys.
    """

    text: str
    count: int
    key: Mapping[str, Any]


@dataclass(frozen=True)
class View:
    """
    A run at one moment.

    Attributes
    ----------
    table : str
        The class that is populated.
    total : int
        How many keys there are to make.
    made, skipped, failed : int
        How many keys were made, were there already, raised.
    key : dict or None
        The key in hand; the one that was begun first, where there are several.
    in_hand : int
        How many keys are being made.
    key_seconds : float
        How long the key in hand takes already.
    elapsed : float
        Seconds since the start.
    rate : float or None
        Keys per second, lately.
    seconds_left : float or None
        What is left to do at this pace, in seconds.
    errors : tuple of RunErrors
        The most frequent first.
    is_stopping : bool
        The run stops after the key in hand.
    """

    table: str = ""
    total: int = 0
    made: int = 0
    skipped: int = 0
    failed: int = 0
    key: Mapping[str, Any] | None = None
    in_hand: int = 0
    key_seconds: float = 0.0
    elapsed: float = 0.0
    rate: float | None = None
    seconds_left: float | None = None
    errors: tuple[RunErrors, ...] = ()
    is_stopping: bool = False

    @property
    def done(self) -> int:
        """How many keys need no more work in this run."""
        return self.made + self.skipped + self.failed


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
        self._table = ""
        self._total = self._made = self._skipped = self._failed = 0
        self._started = clock()
        self._in_hand: dict[tuple[tuple[str, Any], ...], float] = {}
        self._ends: deque[float] = deque([self._started], maxlen=_PACE_KEYS + 1)
        self._errors: dict[str, RunErrors] = {}

    def receive(self, event: Any) -> None:
        """Take note of an event."""
        if event.run is not self._run:
            return
        with self._lock:
            match event:
                case PopulateStarted():
                    self._table, self._total = event.table, event.total
                    self._started = self._clock()
                    self._ends = deque([self._started], maxlen=_PACE_KEYS + 1)
                case KeyStarted():
                    self._in_hand[_identity(event.key)] = self._clock()
                case KeyFinished():
                    self._made += 1
                    self._end(event.key)
                case KeySkipped():
                    self._skipped += 1
                    self._in_hand.pop(_identity(event.key), None)
                case KeyFailed():
                    self._failed += 1
                    self._end(event.key)
                    self._note(event)
                case PopulateFinished():
                    self._in_hand.clear()

    def look(self) -> View:
        """Return what there is to see now."""
        now = self._clock()
        with self._lock:
            key, since = next(iter(self._in_hand.items()), (None, now))
            rate = self._rate(now)
            left = max(self._total - self._made - self._skipped - self._failed, 0)
            return View(
                table=self._table,
                total=self._total,
                made=self._made,
                skipped=self._skipped,
                failed=self._failed,
                key=None if key is None else dict(key),
                in_hand=len(self._in_hand),
                key_seconds=now - since,
                elapsed=now - self._started,
                rate=rate,
                seconds_left=left / rate if rate else None,
                errors=tuple(sorted(self._errors.values(), key=lambda group: -group.count)),
                is_stopping=self._run.is_stopping,
            )

    def _end(self, key: Mapping[str, Any]) -> None:
        self._in_hand.pop(_identity(key), None)
        self._ends.append(self._clock())

    def _rate(self, now: float) -> float | None:
        # Up to now, not up to the last end: during a long key the pace falls instead of promising too much.
        keys, seconds = len(self._ends) - 1, now - self._ends[0]
        return keys / seconds if keys and seconds > 0 else None

    def _note(self, event: KeyFailed) -> None:
        text = error_text(event.error)
        signature = _VARYING.sub("…", text)
        group = self._errors.get(signature)
        if group is None:
            self._errors[signature] = RunErrors(text, 1, event.key)
        else:
            self._errors[signature] = RunErrors(text if text == group.text else signature, group.count + 1, group.key)


def _identity(key: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(key.items())


def error_text(error: BaseException) -> str:
    """Return the first line of what ``make()`` raised, ``ValueError: bad spike``."""
    if isinstance(error, MakeError) and error.__cause__ is not None:
        error = error.__cause__
    return describe(error).splitlines()[0]


def short_key_text(key: Mapping[str, Any]) -> str:
    """Return a key as it is read, ``subject_id=1, session=2``, cut where it is long."""
    text = key_text(key)
    return text if len(text) <= _KEY_WIDTH else text[: _KEY_WIDTH - 1] + "…"


def seconds_text(seconds: float) -> str:
    """Return a time as it is read: ``12 s``, ``3:05``, ``1:02:03``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rate_text(rate: float) -> str:
    """Return a pace as it is read: ``12.3 keys/s``, and ``4.2 s per key`` where it is slower than one."""
    if rate >= 1:
        return f"{rate:.0f} keys/s" if rate >= 99.95 else f"{rate:.1f} keys/s"
    return f"{1 / rate:.1f} s per key" if rate > 0.1 else f"{seconds_text(1 / rate)} per key"


def count_text(count: int, noun: str) -> str:
    """Return a count with its noun, ``1 error``, ``2 errors``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

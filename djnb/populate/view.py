"""A run at one moment, as values, and how its numbers are said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from djnb.layout import key_text

_KEY_WIDTH = 120

_BINS = 12
"""How many bars a histogram has."""


@dataclass(frozen=True)
class RunErrors:
    """
    Errors that differ in numbers only.

    Attributes
    ----------
    text : str
        The error in one line; where the messages differ, ``…`` stands for the numbers.
    count : int
        How many keys failed with it.
    key : dict
        The first of these keys.
    table : str
        Whose keys.
    """

    text: str
    count: int
    key: Mapping[str, Any]
    table: str = ""


@dataclass(frozen=True)
class Hand:
    """
    A key that is being made.

    Attributes
    ----------
    key : dict
        The key.
    seconds : float
        How long it takes already.
    worker : str
        Which of several workers is at it; empty where there is one.
    """

    key: Mapping[str, Any]
    seconds: float
    worker: str = ""


@dataclass(frozen=True)
class Stage:
    """
    One table of a run.

    Attributes
    ----------
    table : str
        The class.
    total : int or None
        How many keys there are to make; None before its turn.
    made, skipped, failed : int
        How many keys were made, were there already, raised.
    is_over : bool
        Whether the run is done with it.
    """

    table: str
    total: int | None = None
    made: int = 0
    skipped: int = 0
    failed: int = 0
    is_over: bool = False

    @property
    def done(self) -> int:
        """How many keys need no more work in this run."""
        return self.made + self.skipped + self.failed


@dataclass(frozen=True)
class View:
    """
    A run at one moment.

    Attributes
    ----------
    stages : tuple of Stage
        Its tables, in their order.
    current : int
        Which of them it is at.
    hands : tuple of Hand
        The keys that are being made, the one that was begun first at the front.
    elapsed : float
        Seconds since the table was begun.
    rate : float or None
        Keys per second, lately.
    seconds_left : float or None
        What is left to do of the table at this pace, in seconds.
    errors : tuple of RunErrors
        Of all tables, the most frequent first.
    is_stopping, is_paused, is_over : bool
        The run stops after the key in hand; begins no further key for now; has ended.
    seconds_away : float or None
        For how long the database has not answered; None where it does.
    """

    stages: tuple[Stage, ...] = (Stage(""),)
    current: int = 0
    hands: tuple[Hand, ...] = ()
    elapsed: float = 0.0
    rate: float | None = None
    seconds_left: float | None = None
    errors: tuple[RunErrors, ...] = ()
    is_stopping: bool = False
    is_paused: bool = False
    is_over: bool = False
    seconds_away: float | None = None

    @property
    def stage(self) -> Stage:
        """The table that it is at."""
        return self.stages[self.current]


@dataclass(frozen=True)
class Bin:
    """So many durations from ``low`` up to below ``high``, in seconds."""

    low: float
    high: float
    count: int


def histogram(durations: Sequence[float]) -> tuple[Bin, ...]:
    """Return how many durations, in seconds, lie where; bins of one width, none where there are no durations."""
    if not durations:
        return ()
    low, high = min(durations), max(durations)
    if high - low < 1e-9:
        return (Bin(low, high, len(durations)),)
    width = (high - low) / _BINS
    counts = [0] * _BINS
    for each in durations:
        counts[min(int((each - low) / width), _BINS - 1)] += 1
    edges = [low + width * number for number in range(_BINS)] + [high]
    return tuple(Bin(left, right, count) for (left, right), count in zip(pairwise(edges), counts, strict=True))


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


def duration_text(seconds: float) -> str:
    """Return how long a key took as it is read, also where that was short: ``35 ms``, ``1.2 s``, ``3:05``."""
    if seconds < 0.9995:
        return f"{1000 * seconds:.3g} ms"
    return f"{seconds:.3g} s" if seconds < 59.5 else seconds_text(seconds)


def rate_text(rate: float) -> str:
    """Return a pace as it is read: ``12.3 keys/s``, and ``4.2 s per key`` where it is slower than one."""
    if rate >= 1:
        return f"{rate:.0f} keys/s" if rate >= 99.95 else f"{rate:.1f} keys/s"
    return f"{1 / rate:.1f} s per key" if rate > 0.1 else f"{seconds_text(1 / rate)} per key"


def count_text(count: int, noun: str) -> str:
    """Return a count with its noun, ``1 error``, ``2 errors``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

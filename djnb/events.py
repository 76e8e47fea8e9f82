"""
What the core tells, and the bus that carries it.

The core emits frozen events; progress bars, widgets, logs and recorders subscribe.
Nothing of the core waits for a subscriber, and a subscriber that raises is logged and passed over.

Times are seconds; a ``time`` is a Unix time, a ``duration`` a difference of monotonic clocks.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from djnb.populate.result import PopulateResult
    from djnb.populate.run import Run

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """Something that happened."""


@dataclass(frozen=True)
class StatementSent(Event):
    """A statement went to the database; ``sql`` holds placeholders, never values."""

    sql: str
    duration: float


@dataclass(frozen=True)
class Fetched(Event):
    """
    Rows were fetched.

    ``node`` is the question (an ``algebra`` node); ``purpose`` is ``read`` for what a user asked for,
    ``preview`` for a display and ``internal`` for what djnb needs itself.
    """

    node: Any
    purpose: str
    count: int


@dataclass(frozen=True)
class RowsInserted(Event):
    """Rows went into a table (``count`` as given; duplicates that were skipped are among them)."""

    table: str
    count: int


@dataclass(frozen=True)
class RowsDeleted(Event):
    """Rows left a table."""

    table: str
    count: int


@dataclass(frozen=True)
class TableDeclared(Event):
    """A table was created in the database."""

    table: str


@dataclass(frozen=True)
class TableAltered(Event):
    """A table in the database was altered; ``changes`` says how, one sentence each."""

    table: str
    changes: tuple[str, ...]


@dataclass(frozen=True)
class PopulateStarted(Event):
    """A populate begins: ``run`` can be stopped, ``total`` keys are to be made at most."""

    run: Run
    table: str
    total: int
    time: float


@dataclass(frozen=True)
class KeyStarted(Event):
    """``make()`` is called for a key; ``worker`` tells several workers of a run apart, where that is known."""

    run: Run
    key: Mapping[str, Any]
    time: float
    worker: str = ""


@dataclass(frozen=True)
class KeyFinished(Event):
    """The rows of a key are committed."""

    run: Run
    key: Mapping[str, Any]
    duration: float


@dataclass(frozen=True)
class KeySkipped(Event):
    """A key was there already when its turn came: somebody else made it."""

    run: Run
    key: Mapping[str, Any]


@dataclass(frozen=True)
class KeyFailed(Event):
    """``make()`` raised; the key's rows are rolled back."""

    run: Run
    key: Mapping[str, Any]
    error: BaseException
    duration: float


@dataclass(frozen=True)
class PopulateFinished(Event):
    """A populate has ended: by itself, by a stop, by an error or by an interrupt."""

    run: Run
    result: PopulateResult


Subscriber = Callable[[Any], None]


class Bus:
    """Carries the events of one connection to those who subscribed."""

    def __init__(self) -> None:
        self._subscribers: tuple[tuple[Subscriber, tuple[type[Event], ...]], ...] = ()
        self._lock = threading.Lock()

    def subscribe(self, subscriber: Subscriber, *kinds: type[Event]) -> Callable[[], None]:
        """
        Call ``subscriber(event)`` for every event of these kinds, in the thread that emits it.

        Parameters
        ----------
        subscriber : callable
            Takes one event. What it raises is logged, never passed on.
        *kinds : type
            Classes of events; none for all.

        Returns
        -------
        callable
            Call it to unsubscribe; calling it twice does nothing more.
        """
        entry = (subscriber, kinds or (Event,))
        with self._lock:
            self._subscribers = (*self._subscribers, entry)

        def unsubscribe() -> None:
            with self._lock:
                self._subscribers = tuple(e for e in self._subscribers if e is not entry)

        return unsubscribe

    @contextmanager
    def subscribed(self, subscriber: Subscriber, *kinds: type[Event]) -> Iterator[None]:
        """Subscribe for the length of a ``with`` block."""
        unsubscribe = self.subscribe(subscriber, *kinds)
        try:
            yield
        finally:
            unsubscribe()

    def emit(self, event: Event) -> None:
        """Hand an event to its subscribers, in the order in which they came."""
        for subscriber, kinds in self._subscribers:
            if isinstance(event, kinds):
                try:
                    subscriber(event)
                except Exception:
                    logger.exception("A subscriber of %s failed", type(event).__name__)

    def wants(self, kind: type[Event]) -> bool:
        """Tell whether anybody subscribed to this kind; spares the making of events for nobody."""
        return any(issubclass(kind, kinds) for _, kinds in self._subscribers)

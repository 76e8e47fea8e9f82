"""
Signals during a run: SIGINT and SIGTERM end it where nothing is left half done.

A signal interrupts a computation at once. Anywhere else, within a claim or a commit for example, it waits until that is
over, which takes moments. The second signal waits for nothing.

Python hears signals in the main thread only, so a run in another thread has no handlers: it is ended by ``run.stop()``.
A handler that the user has set stays in charge.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_PYTHONS_OWN: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}
"""The signals that end a run, and the handlers which a run may put its own in the place of."""


class Interrupted(KeyboardInterrupt):
    """
    A signal came.

    Attributes
    ----------
    signal : int
        Which.
    """

    def __init__(self, number: int) -> None:
        self.signal = number
        super().__init__(signal.Signals(number).name)


class Guard:
    """
    What a run asks about signals.

    Parameters
    ----------
    is_gentle : bool
        The first signal only asks the run to end after the key in hand; the next one interrupts that.
    """

    def __init__(self, *, is_gentle: bool = False) -> None:
        self._is_gentle = is_gentle
        self._received: list[int] = []
        self._is_open = False

    @property
    def has_heard(self) -> bool:
        """Whether a signal has come."""
        return bool(self._received)

    @property
    def is_stopping(self) -> bool:
        """Whether a signal has asked for an end after the key in hand."""
        return self._is_gentle and bool(self._received)

    def receive(self, number: int, frame: FrameType | None = None) -> None:
        """Take note of a signal; raise where it may interrupt. The handler of the signals."""
        self._received.append(number)
        urgent = len(self._received) - self._is_gentle
        if urgent > 1 or (urgent == 1 and self._is_open):
            raise Interrupted(number)

    def check(self) -> None:
        """
        Raise if a signal has come, also one that was raised before and caught by the user's code.

        Raises
        ------
        Interrupted
            It has.
        """
        if len(self._received) > self._is_gentle:
            raise Interrupted(self._received[-1])

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let a signal interrupt the block, up to where it is held."""
        self.check()
        self._is_open = True
        try:
            yield
        finally:
            self._is_open = False

    def open_again(self) -> None:
        """Let a signal interrupt again what it did before it was held."""
        if not self._is_open:
            self.check()
            self._is_open = True

    def hold(self) -> None:
        """Let signals wait, until the next block that is interruptible."""
        self._is_open = False


_active: Guard | None = None
"""Of the main thread; there is at most one, since only one run can be in a thread."""


@contextmanager
def guarded(*, is_gentle: bool = False) -> Iterator[Guard]:
    """
    Give the guard of this thread for the length of a ``with`` block; then the handlers are as they were.

    A block within another has the guard of the outer one.
    """
    global _active
    if threading.current_thread() is not threading.main_thread():
        yield Guard()
        return
    if _active is not None:
        yield _active
        return
    guard = Guard(is_gentle=is_gentle)
    before: dict[signal.Signals, Any] = {}
    _active = guard
    try:
        for number, own in _PYTHONS_OWN.items():
            handler = signal.getsignal(number)
            if handler is own:
                before[number] = handler
                signal.signal(number, guard.receive)
        yield guard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _active = None


def hold() -> None:
    """
    Let signals wait from here on: what follows is short and must not be cut.

    Called before a commit: a signal amid it would leave nobody knowing whether the rows are kept. The loop opens itself
    to signals again with the next key.
    """
    guard = _guard_here()
    if guard is not None:
        guard.hold()


def open_again() -> None:
    """Let signals interrupt again: what was to be committed must be computed once more."""
    guard = _guard_here()
    if guard is not None:
        guard.open_again()


def _guard_here() -> Guard | None:
    """Return the guard of this thread, if it has one that hears signals."""
    return _active if threading.current_thread() is threading.main_thread() else None

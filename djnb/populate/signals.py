"""
Signals during a run: SIGINT and SIGTERM end it where nothing is left half done.

A signal interrupts a computation at once. Anywhere else, within a claim or a commit for example, it waits until that is
over, which takes moments. The second signal waits for nothing.

Python hears signals in the main thread only. A run in another thread is interrupted by an exception that another thread
puts into it: where it may be, between two steps of Python, and so not amid a call of compiled code. A handler that the
user has set stays in charge.
"""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_PYTHONS_OWN: dict[signal.Signals, Any] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
}
"""The signals that end a run, and the handlers which a run may put its own in the place of."""


_CALLS, _CALL_SECONDS = 20, 0.05
"""How often another thread sends a signal that is not heard, and the time between two."""


class Interrupted(KeyboardInterrupt):
    """
    A signal came.

    Attributes
    ----------
    signal : int
        Which.
    """

    def __init__(self, number: int = signal.SIGINT) -> None:
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
        self._thread = threading.get_ident()
        self._lock = threading.Lock()
        self._is_over = self._is_calling = False

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
        if self._is_calling and self._received:
            return  # sent again, and heard before
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

    def interrupt(self) -> None:
        """Do what a signal does, from any thread; nothing where one has come, or the run has ended."""
        with self._lock:
            if self._is_over or len(self._received) > self._is_gentle:
                return
            self._is_gentle = False
            if threading.get_ident() != self._thread:
                self._interrupt()
                return
        self.receive(signal.SIGINT)

    def _interrupt(self) -> None:
        """Interrupt from another thread, by a signal, which wakes one that sleeps."""
        # A signal that comes when the thread is about to sleep is heard when it wakes; so it is sent again.
        self._is_calling = True
        for _ in range(_CALLS):
            if self._received:
                break
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(self._thread, signal.SIGINT)
            else:
                signal.raise_signal(signal.SIGINT)
            time.sleep(_CALL_SECONDS)
        time.sleep(_CALL_SECONDS)
        self._is_calling = False

    def end(self) -> None:
        """Hear nothing more: what comes from now on is for whoever comes next."""
        with self._lock:
            self._is_over = True

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let a signal interrupt the block, up to where it is held."""
        self.check()
        self._is_open = True
        try:
            yield
        finally:
            self._is_open = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let signals wait within the block, and interrupt after it what they did before."""
        was_open = self._is_open
        self.hold()
        try:
            yield
        finally:
            if was_open:
                self.open_again()

    def open_again(self) -> None:
        """Let a signal interrupt again what it did before it was held."""
        if not self._is_open:
            self.check()
            self._is_open = True

    def hold(self) -> None:
        """Let signals wait, until the next block that is interruptible."""
        self._is_open = False


class ThreadGuard(Guard):
    """The guard of a run in a thread that hears no signals."""

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Let an interruption come into the block, up to where it is held."""
        with self._lock:
            self.check()
            self._is_open = True
        try:
            yield
        finally:
            self.hold()

    def open_again(self) -> None:
        """Let an interruption come again, as before it was held."""
        with self._lock:
            if not self._is_open:
                self.check()
                self._is_open = True

    def hold(self) -> None:
        """Let interruptions wait; one that is on its way comes now or not before the next block."""
        with self._lock:
            self._is_open = False
            if self._received:
                _put_into(self._thread, None)

    def _interrupt(self) -> None:
        self._received.append(signal.SIGINT)
        if self._is_open:
            _put_into(self._thread, Interrupted)


def _put_into(thread: int, kind: type[BaseException] | None) -> None:
    """Have a thread raise an exception at its next step; None takes back what it has not raised yet."""
    kind_or_null = ctypes.py_object() if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), kind_or_null)


class _Active(threading.local):
    """The guard of a thread; there is at most one, since only one run can be in a thread."""

    guard: Guard | None = None


_active = _Active()


@contextmanager
def guarded(*, is_gentle: bool = False) -> Iterator[Guard]:
    """
    Give the guard of this thread for the length of a ``with`` block; then the handlers are as they were.

    A block within another has the guard of the outer one.
    """
    if _active.guard is not None:
        yield _active.guard
        return
    is_main = threading.current_thread() is threading.main_thread()
    before: dict[signal.Signals, Any] = {}
    if is_main:
        handlers = {number: signal.getsignal(number) for number in _PYTHONS_OWN}
        before = {number: own for number, own in _PYTHONS_OWN.items() if handlers[number] is own}
    # Where SIGINT is the user's, it is not for a run to send it.
    hears = signal.SIGINT in before
    guard = _active.guard = Guard(is_gentle=is_gentle) if hears else ThreadGuard(is_gentle=is_gentle)
    try:
        for number in before:
            signal.signal(number, guard.receive)
        yield guard
    finally:
        # First of all: an interruption that is on its way finds the handlers that it was meant for.
        guard.end()
        for number, handler in before.items():
            signal.signal(number, handler)
        _active.guard = None


def hold() -> None:
    """
    Let signals wait from here on: what follows is short and must not be cut.

    Called before a commit: a signal amid it would leave nobody knowing whether the rows are kept. The loop opens itself
    to signals again with the next key.
    """
    if _active.guard is not None:
        _active.guard.hold()


def open_again() -> None:
    """Let signals interrupt again: what was to be committed must be computed once more."""
    if _active.guard is not None:
        _active.guard.open_again()

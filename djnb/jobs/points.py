"""
Places in the life of a job where a test can have something happen: a death, a halt, an error.

In the process of a test::

    with points.at("after_claim", lambda: os.kill(os.getpid(), signal.SIGKILL)):
        ...

In a process that a test starts, by the environment variable ``DJNB_STOP_AT``::

    after_claim=kill              the process is killed there
    after_claim@3=kill            the third time that it comes there
    in_compute=stop,in_reap=exit  stopped as by SIGSTOP; ended as by `os._exit(1)`
    before_commit=wait:/tmp/x     makes the file /tmp/x and goes on when it is gone

Nothing happens, and nothing is asked, where nobody wants anything.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from djnb.errors import SettingsError, did_you_mean

POINTS = (
    "after_window",  # the keys that may be claimed are known
    "after_claim",  # a job is reserved
    "before_make",
    "in_fetch",
    "in_compute",
    "before_begin",  # the finishing transaction is to begin
    "after_verify",  # within it, the job is completed, and what was fetched is still so
    "after_insert",  # within it, rows are inserted
    "before_commit",
    "after_commit",
    "in_fail",  # an error is being recorded
    "in_release",  # a job is being given back
    "in_reap",  # the row of a dead worker is deleted, and its jobs are still reserved
    "in_beat",  # a sign of life is to be given
    "in_refresh",
    "in_stage",
)
"""All there are, in the order in which a job meets them."""

VARIABLE = "DJNB_STOP_AT"

_actions: dict[str, Callable[[], object]] = {}


def reach(name: str) -> None:
    """Let happen what somebody wants to happen at a point."""
    if _actions and name in _actions:
        _actions[name]()


@contextmanager
def at(name: str, action: Callable[[], object]) -> Iterator[None]:
    """
    Have something done within a block whenever the point is reached, by whichever thread.

    Raises
    ------
    SettingsError
        There is no such point.
    """
    _check(name)
    before = _actions.get(name)
    _actions[name] = action
    try:
        yield
    finally:
        if before is None:
            del _actions[name]
        else:
            _actions[name] = before


def _check(name: str) -> None:
    if name not in POINTS:
        raise SettingsError(
            f"There is no point '{name}' in the life of a job.",
            remedy=f"{did_you_mean(name, list(POINTS))}They are: {', '.join(POINTS)}.",
        )


def _wait(path: str) -> None:
    place = Path(path)
    place.touch()
    while place.exists():
        threading.Event().wait(0.01)


def _action(text: str) -> Callable[[], object]:
    what, _, argument = text.partition(":")
    if what == "wait" and argument:
        return lambda: _wait(argument)
    actions: dict[str, Callable[[], object]] = {
        "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
        "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
        "exit": lambda: os._exit(1),
    }
    if text not in actions:
        raise SettingsError(
            f"{VARIABLE} asks for '{text}' at a point in the life of a job.",
            remedy=f"Write one of {', '.join(actions)}, wait:FILE.",
        )
    return actions[text]


class _Countdown:
    """An action that is due once, at the n-th time."""

    def __init__(self, count: int, action: Callable[[], object]) -> None:
        self._left = count
        self._action = action
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            self._left -= 1
            is_due = self._left == 0
        if is_due:
            self._action()


def ask(text: str) -> None:
    """
    Have happen what a text asks for, from now on, as if the environment had asked for it.

    Raises
    ------
    SettingsError
        It cannot be read.
    """
    found: dict[str, Callable[[], object]] = {}
    for part in filter(None, text.split(",")):
        place, _, wanted = part.partition("=")
        name, _, count = place.strip().partition("@")
        _check(name)
        found[name] = _Countdown(int(count or 1), _action(wanted.strip()))
    _actions.update(found)


ask(os.environ.get(VARIABLE, ""))

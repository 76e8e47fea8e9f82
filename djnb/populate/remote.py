"""
What runs in the processes and threads of an executor: a few keys, or a second's work on a queue, and a report.

A task is small, so that a run can be stopped and a lost worker loses little; whoever gives out the tasks gives out the
next one. A maker is sent once to each process, which keeps it.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from djnb.populate.contract import has_row
from djnb.populate.maker import Maker
from djnb.populate.outcome import Outcome, Packed
from djnb.populate.recorder import Recorder
from djnb.populate.signals import guarded

_KEPT = 8
"""How many makers a process keeps: one for each run that it works for, or has worked for lately."""


@dataclass(frozen=True)
class Report:
    """
    What came of a task.

    Attributes
    ----------
    outcomes : list
        Of the keys that were tried, in their order.
    is_interrupted : bool
        Whether a signal ended it; the key that was in hand is undone.
    is_drained : bool
        Whether there is nothing to do in the queue.
    """

    outcomes: Sequence[Outcome | Packed] = field(default_factory=list)
    is_interrupted: bool = False
    is_drained: bool = False

    def unpacked(self) -> Iterator[Outcome]:
        """Yield what came of the keys, in the process that wants to know."""
        for outcome in self.outcomes:
            yield outcome.unpack() if isinstance(outcome, Packed) else outcome


@dataclass(frozen=True)
class Known:
    """A maker, and the process whose own it is; 0 if it was sent."""

    maker: Maker
    pid: int

    @property
    def is_here(self) -> bool:
        """Whether it is this process's own."""
        return self.pid == os.getpid()

    def sent(self, outcome: Outcome) -> Outcome | Packed:
        """Return what came of a key as it goes back: as it is within a process, packed to another one."""
        return outcome if self.is_here else Packed.of(outcome)


_known: OrderedDict[str, Known] = OrderedDict()
_lock = threading.Lock()


def introduce(token: str, maker: Maker) -> None:
    """Let threads of this process, and children that are forked from it, have a maker without its being sent."""
    with _lock:
        _known[token] = Known(maker, os.getpid())
        while len(_known) > _KEPT:
            _known.popitem(last=False)


def forget(token: str) -> None:
    """Undo `introduce`."""
    with _lock:
        _known.pop(token, None)


def find(token: str, parcel: bytes | None) -> Known | None:
    """Return a maker that is known here, or that comes with the parcel; None if it is neither."""
    with _lock:
        known = _known.get(token)
    if known is None and parcel is not None:
        from djnb.populate.parcel import unpack

        introduce(token, unpack(parcel))
        # Sent from another process, whose objects this one has not.
        with _lock:
            known = _known[token] = Known(_known[token].maker, 0)
    return known


def make_keys(
    token: str,
    parcel: bytes | None,
    *,
    number: int,
    keys: Sequence[Mapping[str, Any]],
    seconds: float,
    is_doubtful: bool,
    is_captured: bool = False,
) -> Report | None:
    """
    Make keys for some time, at least one of them, and report what came of those that were tried.

    Parameters
    ----------
    token : str
        Names the maker.
    parcel : bytes or None
        The maker, if it is to be sent.
    number : int
        Of the task.
    keys : sequence of dict
        The keys.
    seconds : float
        No further key is begun after this time.
    is_doubtful : bool
        Whether a worker was lost with these keys, so that they may be made already.
    is_captured : bool
        Whether to report also what `make` prints and draws.

    Returns
    -------
    Report or None
        None where the maker is not known: send the parcel.
    """
    known = find(token, parcel)
    if known is None:
        return None
    maker, outcomes = known.maker, list[Outcome | Packed]()
    end = time.monotonic() + seconds
    with (
        guarded() as guard,
        maker.connection.patient(lambda: guard.has_heard),
        Recorder(is_on=is_captured) as recorder,
    ):
        try:
            for key in keys:
                if outcomes and time.monotonic() >= end:
                    break
                if is_doubtful and has_row(maker.connection, maker.target, key):
                    outcome = Outcome(key, "made", time.time(), 0.0)
                else:
                    recorder.begin(key)
                    outcome = maker.make(key, guard)
                    outcome = replace(outcome, output=recorder.end())
                outcomes.append(known.sent(outcome))
            return Report(outcomes)
        except KeyboardInterrupt:
            return Report(outcomes, is_interrupted=True)


def begin_child() -> None:
    """Let Ctrl-C, which a terminal sends to all its processes, be the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

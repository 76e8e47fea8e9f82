"""The missing keys, given out to workers one at a time, or some together while they take moments only."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from djnb.populate.foreman import Task
from djnb.populate.lanes import Loss
from djnb.populate.outcome import Outcome
from djnb.populate.pace import Pace
from djnb.populate.remote import Report, make_keys
from djnb.populate.tally import Tally

_TASK_SECONDS = 0.1
"""Keys go together into one task up to this time: sending one takes a millisecond, and a stop waits for the task."""

_LARGEST = 64


class PushedKeys:
    """
    Gives out keys.

    Parameters
    ----------
    keys : iterable of dict
        The keys.
    tally : Tally
        Is told what came of them.
    most : int, optional
        How many to try at most.
    lanes : int
        How many workers share them.
    is_made : callable
        Asks whether the table has rows of a key.
    """

    def __init__(
        self,
        keys: Iterable[Mapping[str, Any]],
        tally: Tally,
        most: int | None,
        lanes: int,
        is_made: Callable[[Mapping[str, Any]], bool],
    ) -> None:
        self._waiting = deque(keys)
        self._doubtful: deque[Mapping[str, Any]] = deque()
        self._tally, self._most, self._lanes = tally, most, lanes
        self._pace = Pace()
        self._is_made = is_made

    def next(self, in_hand: list[Task]) -> Task | None:
        """Return the next keys; those that a worker was lost with come alone."""
        left = len(self._waiting) + len(self._doubtful)
        if self._most is not None:
            left = min(left, self._most - self._tally.calls - sum(len(task.keys) for task in in_hand))
        if left <= 0:
            return None
        if self._doubtful:
            return self._task((self._doubtful.popleft(),), is_doubtful=True)
        fair = len(self._waiting) // self._lanes
        count = max(1, min(self._pace.fitting(_TASK_SECONDS), fair, left, _LARGEST))
        return self._task(tuple(self._waiting.popleft() for _ in range(count)), is_doubtful=False)

    def look(self, in_hand: list[tuple[int, Task]]) -> None:
        """Do nothing: a key that takes long is given out alone, and was told then."""

    def take(self, task: Task, report: Report) -> None:
        """Tell what came of keys; what was not tried waits again."""
        for outcome in report.unpacked():
            if len(task.keys) > 1:
                self._tally.start(outcome.key, outcome.started)
            self._pace = self._pace.after(outcome.duration)
            self._tally.take(outcome)
        self._waiting.extendleft(reversed(task.keys[len(report.outcomes) :]))

    def lose(self, task: Task, loss: Loss, *, is_known: bool) -> None:
        """Blame a key that was alone, unless its rows are there already; several are tried again, each alone."""
        if len(task.keys) == 1 and self._is_made(task.keys[0]):
            self._tally.take(Outcome(task.keys[0], "made", time.time(), 0.0))
        elif is_known and len(task.keys) == 1:
            self._tally.take_death(task.keys[0], loss.cause)
        else:
            self._doubtful.extend(task.keys)

    def _task(self, keys: tuple[Mapping[str, Any], ...], *, is_doubtful: bool) -> Task:
        how = {"seconds": _TASK_SECONDS, "is_doubtful": is_doubtful, "is_captured": self._tally.is_captured}
        return Task(make_keys, {"keys": keys, **how}, keys)

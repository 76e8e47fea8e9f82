"""Keys one after the other, in the thread that calls populate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from djnb.populate.drafts import Drafts
from djnb.populate.maker import Maker, judge_of
from djnb.populate.pace import Pace
from djnb.populate.signals import Guard
from djnb.populate.tally import Tally


def make_each(maker: Maker, keys: Iterable[Mapping[str, Any]], tally: Tally, guard: Guard, most: int | None) -> None:
    """
    Make keys until they are all made, or until ``most`` were tried, or the run is to end.

    Raises
    ------
    KeyboardInterrupt
        A signal; the key in hand is undone.
    """
    drafts, pace = Drafts(maker.connection, guard, end_output=tally.recorder.end), Pace()
    try:
        for key in keys:
            if not may_begin(tally, guard):
                return
            if most is not None and tally.calls + len(drafts) >= most:
                # Of those that wait, some may have been made by somebody else, which does not count.
                drafts.keep()
                pace = _take(drafts, tally, pace)
                if tally.calls >= most:
                    return
            tally.start_here(key)
            drafts.make(maker.attempt(key), judge_of(key), may_wait=pace.is_short)
            pace = _take(drafts, tally, pace)
    finally:
        drafts.keep()
        _take(drafts, tally, pace)


def _take(drafts: Drafts, tally: Tally, pace: Pace) -> Pace:
    """Count the keys that have ended, and return the pace after them."""
    for outcome in drafts.ended():
        tally.take(outcome)
        pace = pace.after(outcome.duration)
    return pace


def may_begin(tally: Tally, guard: Guard) -> bool:
    """Tell whether a further key may begin, once the run is not paused any more."""
    while tally.run.is_paused and not guard.is_stopping:
        guard.check()
        tally.run.wait_while_paused(timeout=0.2)  # signals are heard between two waits only
    guard.check()
    if guard.is_stopping:
        tally.run.stop()
    return not tally.is_over

"""Keys one after the other, in the thread that calls populate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from djnb.populate.maker import Maker
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
    for key in keys:
        if not may_begin(tally, guard) or tally.calls == most:
            return
        tally.start_here(key)
        tally.take_here(maker.make(key, guard))


def may_begin(tally: Tally, guard: Guard) -> bool:
    """Tell whether a further key may begin, once the run is not paused any more."""
    while tally.run.is_paused and not guard.is_stopping:
        guard.check()
        tally.run.wait_while_paused(timeout=0.2)  # signals are heard between two waits only
    guard.check()
    if guard.is_stopping:
        tally.run.stop()
    return not tally.is_over

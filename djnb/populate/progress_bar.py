"""
What shows a run that was asked to be shown: a ``tqdm`` bar, unless a face has put its own display in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from djnb.events import Event, KeyFailed, KeyFinished, KeySkipped, KeyStarted, PopulateStarted
from djnb.layout import key_text

if TYPE_CHECKING:
    from djnb.connection import Connection
    from djnb.populate.run import Run

Display = Callable[["Connection", Any], AbstractContextManager[None]]
"""Takes a connection and a run; shows the run as long as its ``with`` block lasts."""

_display: Display | None = None


def set_display(factory: Display | None) -> None:
    """Put a display in the bar's place; None brings the bar back."""
    global _display
    _display = factory


def display(connection: Connection, run: Run) -> AbstractContextManager[None]:
    """Return the display of a run."""
    return (_display or bar)(connection, run)


def say(text: str) -> None:
    """Write a line to standard output, without tearing a bar that is there."""
    from tqdm import tqdm

    tqdm.write(text)


@contextmanager
def bar(connection: Connection, run: Run) -> Iterator[None]:
    """Show a run as a ``tqdm`` bar for each table: count, rate, time left, errors, the current key."""
    from tqdm import tqdm

    failed = 0
    with ExitStack() as stack:

        def begin(table: str, total: int) -> Any:
            nonlocal failed
            failed = 0
            return stack.enter_context(tqdm(total=total, desc=table, unit="key", dynamic_ncols=True))

        shown = begin(run.table, run.total) if len(run.tables) == 1 else None

        def follow(event: Any) -> None:
            nonlocal failed, shown
            if event.run is not run:
                return
            if isinstance(event, PopulateStarted):
                if len(run.tables) > 1:
                    stack.close()  # the bar of the table before stays where it is
                    shown = begin(event.table, event.total)
                return
            assert shown is not None
            if isinstance(event, KeyStarted):
                current = key_text(event.key)
                shown.set_postfix_str(f"{failed} failed, {current}" if failed else current, refresh=False)
                return
            failed += isinstance(event, KeyFailed)
            shown.update()

        kinds: tuple[type[Event], ...] = (PopulateStarted, KeyStarted, KeyFinished, KeyFailed, KeySkipped)
        try:
            with connection.bus.subscribed(follow, *kinds):
                yield
        finally:
            if shown is not None:
                shown.set_postfix_str(f"{failed} failed" if failed else "")

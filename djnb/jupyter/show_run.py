"""
How a run is shown: a panel in a notebook, a bar of text in a terminal, nothing to nobody.

A run in the background is shown until it ends, by whatever cell asks for it, and also after the page was loaded anew.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from djnb.jupyter.live import Place, can_click, place
from djnb.jupyter.threads import repeated, spawn
from djnb.populate import progress_bar
from djnb.populate.listing import Runs, picture
from djnb.populate.run import Run

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from djnb.connection import Connection

PAINT_SECONDS = 0.1
"""Between two paints. A server drops what comes much faster, and with it the outputs of other cells."""

_ended: deque[Callable[[], None]] = deque()
"""What closes the last panels of runs that have ended: a page that was loaded anew shows them still."""

_ENDED = 10


def install(shell: InteractiveShell) -> Callable[[], None]:
    """Show runs in this shell's way; return what undoes it."""

    def show(connection: Connection, run: Run) -> AbstractContextManager[None]:
        where = place(shell)
        if where is Place.TERMINAL:
            return progress_bar.bar(connection, run)
        if where is Place.NOBODY or (run.total == 0 and len(run.tables) == 1):
            return nullcontext()
        if run.is_background:
            follow([run], run)
            return nullcontext()
        return panel(run, can_click=can_click(shell))

    def show_live(value: Run | Runs) -> None:
        shown = [run for run in ([value] if isinstance(value, Run) else value) if run.is_running]
        if not shown or place(shell) is not Place.NOTEBOOK:
            raise NotImplementedError  # IPython then asks the value for a picture that does not change
        follow(shown, value)

    assert shell.display_formatter is not None
    formatter: Any = shell.display_formatter.ipython_display_formatter
    with ExitStack() as undo:
        for kind in (Run, Runs):
            formatter.for_type(kind, show_live)
            undo.callback(formatter.pop, kind, None)
        progress_bar.set_display(show)
        undo.callback(progress_bar.set_display, None)
        return undo.pop_all().close


@contextmanager
def panel(run: Run, *, can_click: bool) -> Iterator[None]:
    """
    Show a run as a panel, as long as the block lasts.

    Then the panel gives way to an empty output: a widget that is left in a saved notebook cannot be opened again.
    """
    # ipywidgets takes a while to import, and most cells show no panel.
    from IPython.core import display_functions

    from djnb.jupyter.widgets.populate_panel import PopulatePanel

    shown = PopulatePanel(run, can_click=can_click)
    display: Any = display_functions.display
    handle = display(shown.widget, display_id=True)
    try:
        # Painted by a thread of its own: the time of a long key runs on, and no key waits for a paint.
        with repeated(shown.paint, seconds=PAINT_SECONDS):
            yield
    finally:
        handle.update({}, raw=True)
        shown.close()


def follow(runs: Sequence[Run], value: Run | Runs) -> None:
    """Show runs in the background until all have ended; then a picture of ``value`` takes the place of the panels."""
    from IPython.core import display_functions

    from djnb.jupyter.widgets.runs_panel import RunsPanel

    shown = RunsPanel(runs, value if isinstance(value, Runs) else None)
    display: Any = display_functions.display
    handle = display(shown.widget, display_id=True)

    def watch() -> None:
        for run in runs:
            while not run.wait(PAINT_SECONDS):
                shown.paint()
        # Not closed yet: a page that was loaded anew does not hear of the update, and shows the panels still.
        shown.paint()
        shown.end()
        handle.update(_bundle(value), raw=True)
        _ended.append(shown.close)
        while len(_ended) > _ENDED:
            _ended.popleft()()

    spawn(watch)


def _bundle(value: Run | Runs) -> dict[str, str]:
    if isinstance(value, Run):
        return {"text/plain": repr(value), "text/html": picture(value)}
    return value._repr_mimebundle_()

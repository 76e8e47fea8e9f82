"""How a run is shown that wants to be: a panel in a notebook, a bar of text in a terminal, nothing to nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from djnb.jupyter.live import Place, can_click, place
from djnb.jupyter.threads import repeated
from djnb.jupyter.watch import WATCHED, RunWatch
from djnb.populate import progress_bar

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from djnb.connection import Connection
    from djnb.populate.run import Run

PAINT_SECONDS = 0.1
"""Between two paints. A server drops what comes much faster, and with it the outputs of other cells."""


def install(shell: InteractiveShell) -> Callable[[], None]:
    """Show runs in this shell's way; return what undoes it."""

    def show(connection: Connection, run: Run) -> AbstractContextManager[None]:
        where = place(shell)
        if where is Place.TERMINAL:
            return progress_bar.bar(connection, run)
        if where is Place.NOBODY or run.total == 0:
            return nullcontext()
        return panel(connection, run, can_click=can_click(shell))

    progress_bar.set_display(show)
    return lambda: progress_bar.set_display(None)


@contextmanager
def panel(connection: Connection, run: Run, *, can_click: bool) -> Iterator[None]:
    """
    Show a run as a panel, as long as the block lasts.

    Then the panel gives way to an empty output: a widget that is left in a saved notebook cannot be opened again.
    """
    # ipywidgets takes a while to import, and most cells show no panel.
    from IPython.core import display_functions

    from djnb.jupyter.widgets.populate_panel import PopulatePanel

    watch = RunWatch(run)
    with connection.bus.subscribed(watch.receive, *WATCHED):
        shown = PopulatePanel(run, watch, can_click=can_click)
        display: Any = display_functions.display
        handle = display(shown.widget, display_id=True)
        try:
            # Painted by a thread of its own: the time of a long key runs on, and no key waits for a paint.
            with repeated(shown.paint, seconds=PAINT_SECONDS):
                yield
        finally:
            handle.update({}, raw=True)
            shown.close()

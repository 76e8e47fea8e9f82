"""The panel of a running populate: a picture that is painted again and again, and a Stop button."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from djnb.errors import describe
from djnb.jupyter.live import free_comm, safe
from djnb.jupyter.watch import RunWatch
from djnb.jupyter.widgets import run_html
from djnb.jupyter.widgets.closing import close

if TYPE_CHECKING:
    from djnb.populate.run import Run

INTERRUPT_HINT = "To stop, interrupt the kernel (■): the key in hand is undone, and what was made before is kept."


class PopulatePanel:
    """
    Shows a run.

    Parameters
    ----------
    run : Run
        The run, to stop it.
    watch : RunWatch
        What there is to see of it.
    can_click : bool
        Whether a click can arrive while the cell runs; without it, the panel tells how to interrupt the kernel.

    Attributes
    ----------
    widget : Widget
        What to display.
    stop : Button
        Ends the run after the key in hand.
    """

    def __init__(self, run: Run, watch: RunWatch, *, can_click: bool) -> None:
        self._run = run
        self._watch = watch
        self._lock = threading.Lock()
        self.status = widgets.HTML(layout=widgets.Layout(flex="1 1 auto", width="auto", min_width="0"))
        self.errors = widgets.HTML()
        self.message = widgets.HTML()
        self.stop = widgets.Button(
            description="Stop",
            icon="stop",
            tooltip=f"Stop {run.table} after the key in hand",
            layout=widgets.Layout(flex="0 0 auto", width="auto", display=None if can_click else "none"),
        )
        free_comm(self.stop)
        self.stop.on_click(safe(self.alert)(self._on_stop))
        if not can_click:
            self.message.value = run_html.hint(INTERRUPT_HINT)
        line = widgets.HBox(
            [self.status, self.stop], layout=widgets.Layout(align_items="center", grid_gap="12px", width="auto")
        )
        style = widgets.HTML(run_html.STYLE, layout=widgets.Layout(display="none"))
        self.widget = widgets.VBox(
            [style, line, self.errors, self.message], layout=widgets.Layout(max_width="56em", overflow="hidden")
        )
        self.paint()

    def paint(self) -> None:
        """Show how things stand; a trait is sent only if its value has changed."""
        with self._lock:
            view = self._watch.look()
            self.status.value = run_html.status(view)
            self.errors.value = run_html.errors(view.errors)

    def alert(self, error: Exception) -> None:
        """Show what a click has raised."""
        self.message.value = run_html.alert(describe(error))

    def _on_stop(self, button: Any) -> None:
        self._run.stop()
        button.disabled = True
        button.description = "Stopping"
        self.paint()

    def close(self) -> None:
        """Take the widgets out of the kernel."""
        with self._lock:
            close(self.widget)

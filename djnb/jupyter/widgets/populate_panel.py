"""The panel of a running populate: a picture that is painted again and again, and buttons."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from djnb.errors import describe
from djnb.jupyter.live import free_comm, safe
from djnb.jupyter.widgets.closing import close
from djnb.jupyter.widgets.output_view import OutputView
from djnb.populate import run_html
from djnb.populate.listing import picture

if TYPE_CHECKING:
    from djnb.populate.run import Run

INTERRUPT_HINT = "To stop, interrupt the kernel (■): the key in hand is undone, and what was made before is kept."

NOW_HINT = (
    "Undo the key in hand and stop. Python hears it between two of its steps: "
    "a long call of compiled code, or a task on another machine, ends first."
)

_SLOW_SECONDS = 1.0
"""Between two paints of what is opened on demand."""


class PopulatePanel:
    """
    Shows a run.

    Parameters
    ----------
    run : Run
        The run.
    can_click : bool
        Whether a click can arrive while the run goes; without it, the panel tells how to interrupt the kernel.

    Attributes
    ----------
    widget : Widget
        What to display.
    stop, stop_now, pause : Button
        End the run after the key in hand, or at once; hold it between two keys.
    durations, output : ToggleButton
        Open how long keys took, and what they have printed and drawn.
    """

    def __init__(self, run: Run, *, can_click: bool) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._slow = 0.0
        self._is_over = False
        self.status = widgets.HTML(layout=widgets.Layout(width="auto", min_width="0"))
        self.errors = widgets.HTML()
        self.message = widgets.HTML()
        self.histogram = widgets.HTML(layout=widgets.Layout(display="none", max_width="32em"))
        self.outputs = OutputView(run.outputs)
        self.pause = _button("Pause", "pause", f"Begin no further key of {run.table} until it is resumed")
        self.stop = _button("Stop", "stop", f"Stop {run.table} after the key in hand")
        self.stop_now = _button("Stop now", "times", NOW_HINT)
        self.durations = _toggle("Durations", "bar-chart", "Show how long keys took")
        self.output = _toggle("Output", "terminal", "Show what make has printed and drawn, key by key")
        self.output.layout.display = "none"
        self._connect()
        self.buttons = widgets.HBox(
            [self.pause, self.stop, self.stop_now, self.durations, self.output],
            layout=widgets.Layout(grid_gap="4px", flex_flow="row wrap", display=None if can_click else "none"),
        )
        if not can_click:
            self.message.value = run_html.hint(INTERRUPT_HINT)
        style = widgets.HTML(run_html.STYLE, layout=widgets.Layout(display="none"))
        self.widget = widgets.VBox(
            [style, self.status, self.buttons, self.errors, self.histogram, self.outputs.widget, self.message],
            layout=widgets.Layout(max_width="56em", overflow="hidden"),
        )
        self.paint()

    def _connect(self) -> None:
        told = safe(self.alert)
        free_comm(self.pause, self.stop, self.stop_now, self.durations, self.output, self.outputs.choice)
        self.pause.on_click(told(self._on_pause))
        self.stop.on_click(told(self._on_stop))
        self.stop_now.on_click(told(self._on_stop_now))
        self.durations.observe(told(self._on_toggle), "value")
        self.output.observe(told(self._on_toggle), "value")
        self.outputs.choice.observe(told(lambda change: self.outputs.paint()), "value")

    def paint(self) -> None:
        """Show how things stand; a trait is sent only if its value has changed."""
        with self._lock:
            if self._is_over:
                return
            view = self._run.view()
            self.status.value = run_html.status(view)
            self.errors.value = run_html.errors(view.errors)
            self.pause.description, self.pause.icon = ("Resume", "play") if view.is_paused else ("Pause", "pause")
            if view.is_stopping:
                self.pause.disabled = self.stop.disabled = True
                self.stop.description = "Stopping"
            if time.monotonic() - self._slow >= _SLOW_SECONDS:
                self._paint_slow()

    def _paint_slow(self) -> None:
        """Show what is open of that which changes less often."""
        self._slow = time.monotonic()
        if self._run.outputs:
            self.output.layout.display = None
        if self.durations.value:
            self.histogram.value = run_html.durations(self._run.watch.durations())
        if self.output.value:
            self.outputs.paint()

    def alert(self, error: Exception) -> None:
        """Show what a click has raised."""
        self.message.value = run_html.alert(describe(error))

    def _on_pause(self, button: Any) -> None:
        if self._run.is_paused:
            self._run.resume()
        else:
            self._run.pause()
        self.paint()

    def _on_stop(self, button: Any) -> None:
        self._run.stop()
        self.paint()

    def _on_stop_now(self, button: Any) -> None:
        button.disabled = True
        button.description = "Stopping now"
        self._run.stop(now=True)
        self.paint()

    def _on_toggle(self, change: Any) -> None:
        with self._lock:
            self.histogram.layout.display = None if self.durations.value else "none"
            self.outputs.widget.layout.display = None if self.output.value else "none"
            self._paint_slow()

    def end(self) -> None:
        """Show what came of the run, without buttons."""
        with self._lock:
            self._is_over = True
            self.buttons.layout.display = self.histogram.layout.display = "none"
            self.outputs.widget.layout.display = "none"
            self.errors.value = ""
            self.status.value = picture(self._run)

    def close(self) -> None:
        """Take the widgets out of the kernel."""
        with self._lock:
            self._is_over = True
            close(self.widget)


def _layout() -> Any:
    return widgets.Layout(flex="0 0 auto", width="auto")


def _button(words: str, icon: str, tooltip: str) -> Any:
    return widgets.Button(description=words, icon=icon, tooltip=tooltip, layout=_layout())


def _toggle(words: str, icon: str, tooltip: str) -> Any:
    return widgets.ToggleButton(description=words, icon=icon, tooltip=tooltip, layout=_layout())

"""What ``make`` has printed and drawn: a key to choose, and what there is of it."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from djnb.populate import run_html
from djnb.populate.output import Output, Outputs
from djnb.populate.output_html import body
from djnb.populate.view import short_key_text

_NOW = "the key in hand"

_OFFERED = 50
"""So many keys can be chosen, the last ones."""


class OutputView:
    """
    Shows outputs.

    Parameters
    ----------
    outputs : Outputs
        Those of a run.

    Attributes
    ----------
    widget : Widget
        What to display; hidden at first.
    choice : Dropdown
        The key whose output is shown: the key in hand, or one that has ended.
    """

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs
        self._found: list[Output] = []
        self.choice = widgets.Dropdown(
            options=[(_NOW, None)], description="Output of", layout=widgets.Layout(max_width="40em")
        )
        self.shown = widgets.HTML()
        self.widget = widgets.VBox([self.choice, self.shown], layout=widgets.Layout(display="none"))

    def paint(self) -> None:
        """Show the output of the key that is chosen, and offer the keys that have one by now."""
        found = self._outputs.ended()[-_OFFERED:]
        if found != self._found:
            self._found = found
            chosen = self.choice.value
            options: list[tuple[str, Any]] = [(_NOW, None)]
            options += [(_label(output), _name(output)) for output in reversed(found)]
            self.choice.options = options
            self.choice.value = chosen if chosen in {value for _, value in options} else None
        self.shown.value = self._html(self.choice.value)

    def _html(self, chosen: str | None) -> str:
        if chosen is None:
            now = [output for output in self._outputs.now() if output.size]
            html = "".join(body(output) for output in now)
            return f'<div class="djnb-run">{html}</div>' if html else run_html.hint("Nothing yet.")
        html = "".join(body(output) for output in self._found if _name(output) == chosen)
        return f'<div class="djnb-run">{html}</div>'


def _name(output: Output) -> str:
    return f"{output.table}: {short_key_text(output.key)}"


def _label(output: Output) -> str:
    return f"{short_key_text(output.key)} ({output.extent}{', failed' if output.is_failed else ''})"

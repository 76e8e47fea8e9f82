"""Several runs in the background, each with its panel, under a list of all of them."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets

from djnb.jupyter.widgets.closing import close
from djnb.jupyter.widgets.populate_panel import PopulatePanel
from djnb.populate.listing import Runs
from djnb.populate.run import Run


class RunsPanel:
    """
    Shows runs.

    Parameters
    ----------
    runs : sequence of Run
        Those that have a panel.
    listed : Runs, optional
        What stands in the list above the panels; without it there is no list.

    Attributes
    ----------
    widget : Widget
        What to display.
    panels : list of PopulatePanel
        One for each run.
    """

    def __init__(self, runs: Sequence[Run], listed: Runs | None = None) -> None:
        self._listed = listed
        self.list = widgets.HTML()
        # Clicks arrive: the cell has returned.
        self.panels = [PopulatePanel(run, can_click=True) for run in runs]
        shown = [panel.widget for panel in self.panels]
        self.widget = widgets.VBox(shown if listed is None else [self.list, *shown])
        self.paint()

    def paint(self) -> None:
        """Show how things stand."""
        if self._listed is not None:
            self.list.value = self._listed.preview().html
        for panel in self.panels:
            panel.paint()

    def end(self) -> None:
        """Show what came of the runs, without buttons."""
        for panel in self.panels:
            panel.end()

    def close(self) -> None:
        """Take the widgets out of the kernel."""
        close(self.widget)

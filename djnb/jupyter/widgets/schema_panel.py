"""The jobs of a schema: a table is chosen, and its panel shown."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from djnb.jobs.states import Status
from djnb.jupyter.live import free_comm
from djnb.jupyter.widgets.closing import close
from djnb.jupyter.widgets.job_panel import JobPanel
from djnb.tables.schema_jobs import JobTables
from djnb.triage.board import Board
from djnb.triage.picture import counts_text


class SchemaPanel:
    """
    Shows the panel of one table of several, at first of the one where most has failed.

    Parameters
    ----------
    jobs : JobTables
        The tables.
    changed : callable, optional
        Called when something else is to be seen.

    Attributes
    ----------
    widget : Widget
        What to display.
    tables : Dropdown
        The tables, each with the counts of its states.
    panel : JobPanel
        That of the chosen table.
    """

    def __init__(self, jobs: JobTables, changed: Callable[[], None] | None = None) -> None:
        self._changed = changed
        self._jobs = [table for table in jobs if not table.name.is_classic_jobs]
        counted = [table.progress() for table in self._jobs]
        worst = max(range(len(counted)), key=lambda place: counted[place][Status.ERROR])
        names = [table.class_name_of_target for table in self._jobs]
        self.tables = widgets.Dropdown(
            description="Table",
            options=[(f"{name}: {counts_text(counted[place])}", place) for place, name in enumerate(names)],
            value=worst,
            layout=widgets.Layout(width="auto", max_width="60em"),
        )
        free_comm(self.tables)
        self.panel = JobPanel(Board(self._jobs[worst]), changed)
        self.widget = widgets.VBox([self.tables, self.panel.widget])
        self.tables.observe(lambda change: self.panel.alerting(self._choose)(), "value")

    @property
    def board(self) -> Board:
        """The board of the chosen table."""
        return self.panel.board

    def _choose(self) -> None:
        before, self.panel = self.panel, JobPanel(Board(self._jobs[self.tables.value]), self._changed)
        self.widget.children = [self.tables, self.panel.widget]
        if self._changed is not None:
            self._changed()
        close(before.widget)

    def close(self) -> None:
        """Take the widgets out of the kernel."""
        close(self.widget)

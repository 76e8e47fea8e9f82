"""The runs of this process, and pictures of them."""

from __future__ import annotations

from html import escape
from typing import Any

from djnb.errors import describe
from djnb.layout import Cell, Column, Preview, Viewable, lay_out
from djnb.populate import run_html
from djnb.populate.run import Run, running
from djnb.populate.view import count_text, seconds_text


class Runs(list[Run], Viewable):
    """Runs in the background: a list that shows how each of them stands."""

    def preview(self) -> Preview:
        """Return a line for each run."""
        columns = [Column("run", in_key=True), Column("table"), Column("state"), Column("done"), Column("keys")]
        columns += [Column("failed"), Column("left")]
        cells = [[Cell(str(number), "number"), *_cells(run)] for number, run in enumerate(self)]
        return lay_out("Runs", count_text(len(self), "run"), "the number is the place: dj.runs()[0]", columns, cells)

    def __repr__(self) -> str:
        return self.preview().text if self else "No run was started in the background of this process."

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        html = self.preview().html if self else escape(repr(self))
        return {"text/plain": repr(self), "text/html": html}


def runs() -> Runs:
    """
    Return the runs that were started in the background of this process, the latest last, with some that ended.

    A notebook shows them live, so that a run is found again after the page was loaded anew.

    Examples
    --------
    >>> djnb.runs()[-1].stop()
    """
    return Runs(running())


def state(run: Run) -> str:
    """Return in a word or two what a run is doing."""
    view = run.view()
    if run.is_running:
        if view.seconds_away is not None:
            return "the database does not answer"
        return "stopping" if view.is_stopping else "paused" if view.is_paused else "running"
    if run.error is not None:
        return f"ended by {type(run.error).__name__}"
    return "stopped" if view.is_stopping else "ended"


def _cells(run: Run) -> list[Cell]:
    view = run.view()
    stage = view.stage
    left = view.seconds_left if run.is_running and not view.is_paused else None
    table = stage.table if len(run.tables) == 1 else f"{run.table}: {stage.table}"
    numbers = [Cell(str(number), "number") for number in (stage.done, stage.total or 0, stage.failed)]
    return [Cell(table), Cell(state(run)), *numbers, Cell("" if left is None else seconds_text(left), "number")]


def picture(run: Run) -> str:
    """Return a run as HTML that does not change: how it stands now, or what came of it."""
    if run.is_running:
        view = run.view()
        return f"{run_html.STYLE}{run_html.status(view)}{run_html.errors(view.errors)}"
    error = run.error
    if error is None:
        return run.result()._repr_html_()
    result = getattr(error, "result", None)
    before = "" if result is None else result._repr_html_()
    return f"{run_html.STYLE}{before}{run_html.alert(describe(error))}"

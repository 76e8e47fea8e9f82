"""How jobs alone in a cell are shown: a panel to look through and to mend them, and what stays of it in the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from IPython.core import display_functions

from djnb.jupyter.live import Place, place

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from djnb.tables.jobs import JobTable
    from djnb.tables.schema_jobs import JobTables
    from djnb.triage import Board

_SHOWN = (("djnb.tables.jobs", "JobTable"), ("djnb.tables.schema_jobs", "JobTables"))

WIDGET = "application/vnd.jupyter.widget-view+json"


def install(shell: InteractiveShell) -> Callable[[], None]:
    """Show jobs by panels where somebody looks; return what undoes it."""
    assert shell.display_formatter is not None
    formatter: Any = shell.display_formatter.ipython_display_formatter

    def show(jobs: JobTable | JobTables) -> None:
        if place(shell) is not Place.NOTEBOOK or not _is_triable(jobs):
            raise NotImplementedError  # which IPython takes for: ask the object for its other views
        display_jobs(jobs)

    # By their names: tables take a while to import, and most cells show no jobs.
    for module, name in _SHOWN:
        formatter.for_type_by_name(module, name, show)

    def undo() -> None:
        for module, name in _SHOWN:
            formatter.pop(f"{module}.{name}", None)

    return undo


def _is_triable(jobs: JobTable | JobTables) -> bool:
    """Tell whether there is a table of jobs, all of them; a restricted one is a query like others."""
    from djnb.tables.schema_jobs import JobTables

    if isinstance(jobs, JobTables):
        return any(not table.name.is_classic_jobs for table in jobs)
    return not jobs.is_restricted and not jobs.name.is_classic_jobs


def display_jobs(jobs: JobTable | JobTables) -> Any:
    """
    Display a panel, and below it what stays in the notebook's file: the jobs as they were last seen.

    A file keeps no widget. A front end hides the one below as long as the panel is there, and the place of the panel
    where the notebook is opened again without.

    Returns
    -------
    JobPanel or SchemaPanel
        The panel.
    """
    # ipywidgets takes a while to import, and most cells show no panel.
    from djnb.jupyter.widgets.job_html import BESIDE_LIVE
    from djnb.jupyter.widgets.job_panel import JobPanel
    from djnb.jupyter.widgets.schema_panel import SchemaPanel
    from djnb.tables.schema_jobs import JobTables
    from djnb.triage.board import Board
    from djnb.triage.picture import picture

    display: Any = display_functions.display
    handles: list[Any] = []
    last: list[dict[str, str]] = []

    def kept(board: Board) -> dict[str, str]:
        shown = picture(board, board.view)
        return {"text/plain": shown.text, "text/html": BESIDE_LIVE + shown.html}

    def update() -> None:
        if handles and (bundle := kept(panel.board)) != last[0]:
            last[0] = bundle
            handles[0].update(bundle, raw=True)

    panel = SchemaPanel(jobs, update) if isinstance(jobs, JobTables) else JobPanel(Board(jobs), update)
    view = {"version_major": 2, "version_minor": 0, "model_id": panel.widget.model_id}
    display({WIDGET: view, "text/html": "", "text/plain": ""}, raw=True)
    last.append(kept(panel.board))
    handles.append(display(last[0], raw=True, display_id=True))
    return panel

"""Where the face is shown, and what a widget needs to answer a click there."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class Place(StrEnum):
    """How a run can be watched here."""

    NOTEBOOK = "notebook"
    """Somebody looks at a front end: widgets."""

    TERMINAL = "terminal"
    """IPython without a kernel: a bar of text."""

    NOBODY = "nobody"
    """A notebook is executed by a program; whatever appears and vanishes would only spoil what is saved."""


def place(shell: InteractiveShell | None) -> Place:
    """
    Tell how a run can be watched.

    ``DJNB_LIVE=0`` stands for nobody, ``DJNB_LIVE=1`` for somebody, whatever else is found.
    Otherwise nobody watches a run under pytest, or in a kernel whose client takes no input: so nbclient, nbconvert,
    papermill and nbval execute a notebook, and no front end with a person before it.
    """
    wish = os.environ.get("DJNB_LIVE", "auto")
    kernel = getattr(shell, "kernel", None)
    if wish == "0":
        return Place.NOBODY
    if wish != "1" and "PYTEST_VERSION" in os.environ:
        return Place.NOBODY
    if kernel is None:
        return Place.TERMINAL
    if wish != "1" and not getattr(kernel, "_allow_stdin", True):
        return Place.NOBODY
    return Place.NOTEBOOK


def can_click(shell: InteractiveShell | None) -> bool:
    """
    Tell whether a click can arrive while a cell runs.

    It needs a subshell: ipykernel has them from version 7 on, JupyterLab and Notebook use them, VS Code does not.
    """
    kernel = getattr(shell, "kernel", None)
    return bool(getattr(kernel, "_supports_kernel_subshells", False)) and "VSCODE_PID" not in os.environ


def has_subshell(kernel: Any) -> bool:
    """Tell whether a front end has opened a subshell, by which its clicks come while a cell runs."""
    # Nobody else tells: a front end that cannot, or is told not to, does not say so.
    manager = getattr(getattr(kernel, "shell_channel_thread", None), "_manager", None)
    return bool(manager is not None and manager.list_subshell())


def free_comm(*widgets: Any) -> None:
    """
    Let the front end choose where the clicks on these widgets are handled.

    ipykernel 7.4 answers a click in the shell that showed the widget last, which is busy with the cell.
    Other versions have no such method, and nothing is done.
    """
    for widget in widgets:
        comm: Any = getattr(widget, "comm", None)
        if hasattr(comm, "_reply_subshell_for"):
            comm._reply_subshell_for = lambda data, default: default


def safe(alert: Callable[[Exception], None]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """
    Hand what a callback raises to ``alert``.

    A front end shows neither an exception nor a print of a widget's callback.
    """

    def decorate(callback: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(callback)
        def run(*arguments: Any) -> None:
            try:
                callback(*arguments)
            except Exception as error:  # noqa: BLE001 — whatever it is, the widget tells it
                alert(error)

        return run

    return decorate

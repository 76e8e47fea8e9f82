"""Asking in a notebook before rows are deleted and tables dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from djnb.errors import ConsentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell


def asker(shell: InteractiveShell) -> Callable[[str], bool] | None:
    """Return the way to ask in a notebook; None in a terminal, which the core asks itself."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return None

    def ask(plan: str) -> bool:
        if not getattr(kernel, "_allow_stdin", True):
            raise ConsentError(
                f"{plan}\nThis needs consent, and nobody can be asked while a program executes the notebook.",
                remedy="Say `prompt=False` in the call, or `dj.config.safemode = False`.",
            )
        # One text, since a front end may show what is printed only after the question.
        return input(f"{plan}\nDo it? [yes, No]: ").strip().lower() == "yes"

    return ask

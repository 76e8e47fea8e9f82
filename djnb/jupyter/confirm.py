"""Asking in a notebook before rows are deleted and tables dropped: by buttons, or by text where no click arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from djnb.jupyter.live import Place, can_click, place
from djnb.tables.consent import Question, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell


def asker(shell: InteractiveShell) -> Callable[[Question], bool] | None:
    """Return the way to ask in a notebook; None in a terminal, which the core asks itself."""
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return None

    def ask(question: Question) -> bool:
        if not getattr(kernel, "_allow_stdin", True):
            raise refusal(question, "nobody can be asked while a program executes the notebook")
        if place(shell) is Place.NOTEBOOK and can_click(shell):
            # ipywidgets takes a while to import, and most cells ask nothing.
            from djnb.jupyter.widgets.consent_panel import ask_by_buttons

            answer = ask_by_buttons(kernel, question)
            if answer is not None:
                return answer
        # One text, since a front end may show what is printed only after the question.
        return input(f"{question.text}\n{question.do}? [yes, No]: ").strip().lower() == "yes"

    return ask

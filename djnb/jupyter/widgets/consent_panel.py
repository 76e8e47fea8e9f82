"""A plan and two buttons: whether something may go."""

from __future__ import annotations

import threading
import time
from typing import Any

import ipywidgets as widgets
from IPython.core import display_functions

from djnb.jupyter.live import free_comm, has_subshell
from djnb.jupyter.widgets.closing import close
from djnb.tables.consent import Question

HINT = "Nothing goes before you answer. Interrupting the kernel (■) keeps everything too."

PATIENCE = 5.0
"""How many seconds a front end has to open the way for clicks; then the question is asked by text."""


class ConsentPanel:
    """
    Shows what would go, and waits for an answer.

    Parameters
    ----------
    question : Question
        What would be done, and the two answers.

    Attributes
    ----------
    widget : Widget
        What to display.
    keep, do : Button
        The answers. ``keep`` stands first, where the keyboard comes first.
    """

    def __init__(self, question: Question) -> None:
        self._answered = threading.Event()
        self.answer: bool | None = None
        self.keep = _button(question.leave, "", "shield")
        self.do = _button(question.do, "danger", "trash")
        free_comm(self.keep, self.do)
        self.keep.on_click(lambda _: self._settle(answer=False))
        self.do.on_click(lambda _: self._settle(answer=True))
        hint = widgets.HTML(f'<span style="color: var(--jp-content-font-color2, #616161)">{HINT}</span>')
        layout = widgets.Layout(grid_gap="12px", width="auto", flex_flow="row wrap")
        self.widget = widgets.VBox(
            [widgets.HTML(question.html), widgets.HBox([self.keep, self.do], layout=layout), hint],
            layout=widgets.Layout(max_width="56em", overflow="hidden"),
        )

    def _settle(self, *, answer: bool) -> None:
        if not self._answered.is_set():  # the first click counts
            self.answer = answer
            self._answered.set()

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; tell whether there is an answer."""
        return self._answered.wait(seconds)

    def close(self) -> None:
        """Take the widgets out of the kernel."""
        close(self.widget)


class _Answered:
    """What stays in the notebook: the plan, and how it was answered."""

    def __init__(self, question: Question, answer: str) -> None:
        self._question, self._answer = question, answer

    def bundle(self) -> dict[str, str]:
        said = f'<p class="djnb-note">{self._answer}</p>'
        return {"text/plain": f"{self._question.text}\n{self._answer}", "text/html": self._question.html + said}


def ask_by_buttons(kernel: Any, question: Question) -> bool | None:
    """
    Show the question and wait for a click; None where no click can arrive.

    An interrupt leaves the wait as KeyboardInterrupt, and everything as it is.
    """
    panel = ConsentPanel(question)
    display: Any = display_functions.display
    handle = display(panel.widget, display_id=True)
    said = "Interrupted: nothing was done."
    ends = time.monotonic() + PATIENCE
    try:
        # In short waits: the interrupt comes through between them, on every platform.
        while not panel.wait(0.1):
            if time.monotonic() > ends and not has_subshell(kernel):
                said = "Asked below."
                return None
        said = f"Answered: {question.do if panel.answer else question.leave}."
        return panel.answer
    finally:
        handle.update(_Answered(question, said).bundle(), raw=True)
        panel.close()


def _button(words: str, style: str, icon: str) -> Any:
    return widgets.Button(
        description=words,
        button_style=style,
        icon=icon,
        tooltip=words,
        layout=widgets.Layout(width="auto", flex="0 0 auto"),
    )

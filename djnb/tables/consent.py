"""
Asking before rows are deleted and tables dropped.

A terminal is asked by text; a face may ask in its own way. Where nobody can be asked, nothing is done.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from djnb.errors import ConsentError

if TYPE_CHECKING:
    from djnb.plans import Plan


@dataclass(frozen=True)
class Question:
    """
    What is asked before something goes.

    Attributes
    ----------
    text, html : str
        What would be done.
    do, leave : str
        The two answers in words, for buttons.
    """

    text: str
    html: str
    do: str = "Do it"
    leave: str = "Leave everything"

    def __str__(self) -> str:
        return self.text


Ask = Callable[[Question], bool]
"""Takes what would be done; returns whether it may be."""

_ask: Ask | None = None


def set_asker(ask: Ask | None) -> None:
    """Put a face's way of asking in the terminal's place; None brings the terminal back."""
    global _ask
    _ask = ask


def is_wanted(prompt: bool | None) -> bool:
    """Whether to ask: as the caller says, else as the setting ``safemode`` says."""
    if prompt is not None:
        return prompt
    # The settings take a while to import, and `%load_ext djnb` comes by here.
    from djnb.settings import get_config

    return get_config().safemode


def of(plan: Plan) -> Question:
    """Return the question whether a plan may be carried out; its answers say how many rows go, or stay."""
    # What plans are made of takes a while to import, and `%load_ext djnb` comes by here.
    from djnb.plans import count_rows

    shown = plan.preview()
    tables = len(plan.rows)
    listed = f"{tables} table{'' if tables == 1 else 's'} with " if plan.verb == "Drop" else ""
    rows = count_rows(plan.total)
    return Question(shown.text, shown.html, do=f"{plan.verb} {listed}{rows}", leave=f"Keep all {listed}{rows}")


def ask(question: Question | str) -> bool:
    """
    Ask whether something may be done.

    Raises
    ------
    ConsentError
        There is nobody to ask.
    """
    if isinstance(question, str):
        question = Question(question, f"<pre>{escape(question)}</pre>")
    return (_ask or _ask_in_terminal)(question)


def _ask_in_terminal(question: Question) -> bool:
    if not (sys.stdin and sys.stdin.isatty()):
        raise refusal(question, "nobody can be asked here")
    sys.stdout.write(f"{question.text}\n{question.do}? [yes, No]: ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() == "yes"


def refusal(question: Question, reason: str) -> ConsentError:
    """Return the error where nobody can be asked."""
    return ConsentError(
        f"{question.text}\nThis needs consent, and {reason}.",
        remedy="Say `prompt=False` in the call, or `dj.config.safemode = False`.",
    )

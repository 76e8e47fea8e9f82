"""
Asking before rows are deleted and tables dropped.

A terminal is asked by text; a face may ask in its own way. Where nobody can be asked, nothing is done.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from djnb.errors import ConsentError

Ask = Callable[[str], bool]
"""Takes what would be done, as text; returns whether it may be."""

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


def ask(plan: str) -> bool:
    """
    Ask whether a plan may be carried out.

    Raises
    ------
    ConsentError
        There is nobody to ask.
    """
    return (_ask or _ask_in_terminal)(plan)


def _ask_in_terminal(plan: str) -> bool:
    if not (sys.stdin and sys.stdin.isatty()):
        raise ConsentError(
            f"{plan}\nThis needs consent, and nobody can be asked here.",
            remedy="Say `prompt=False` in the call, or `dj.config.safemode = False`.",
        )
    sys.stdout.write(f"{plan}\nDo it? [yes, No]: ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() == "yes"


def describe_counts(verb: str, counts: dict[str, int]) -> str:
    """Return a plan as text, one line a table."""
    width = max(map(len, counts), default=0)
    lines = [f"  {table:<{width}}  {count:>8} row{'' if count == 1 else 's'}" for table, count in counts.items()]
    return "\n".join([f"{verb}:", *lines])

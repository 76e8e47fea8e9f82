"""What all errors have in common, and how they are told."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


class DataJointError(Exception):
    """
    The base of all errors of djnb; catch it to catch them all.

    Parameters
    ----------
    message : str
        What was asked and what is true.
    remedy : str, optional
        What to do next; it ends the message.
    """

    def __init__(self, message: str = "", *, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}" if remedy else message)


def describe(error: BaseException) -> str:
    """Return an error in words, ``ValueError: bad spike``, also one that raises when it is asked for its text."""
    try:
        text = str(error).strip()
    except Exception as further:  # noqa: BLE001 -- a user's class may raise anything
        text = f"its text cannot be had, str() raised {type(further).__name__}"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def did_you_mean(name: str, available: Sequence[str], *, cutoff: float = 0.5) -> str:
    """Return ``"Did you mean 'x'? "`` for the nearest name, or an empty string; ``cutoff`` is how alike, 0 to 1."""
    near = difflib.get_close_matches(name, available, n=1, cutoff=cutoff)
    return f"Did you mean '{near[0]}'? " if near else ""

"""Texts in a terminal and in a notebook: how many places they take, and what would not show as itself."""

from __future__ import annotations

import re

_NAMED = {"\n": " ↵ ", "\t": " ", "\r": " "}

# Controls, which may move a cursor or change its colour; marks of direction, which may show a text other than it is.
_UNSEEN = re.compile(
    "\r\n|[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def in_one_line(text: str) -> str:
    r"""
    Return a text in one line, with what would not show as itself written out.

    Examples
    --------
    >>> in_one_line("first\nsecond\x1b[31m")
    'first ↵ second\\x1b[31m'
    """
    return _UNSEEN.sub(_written_out, text)


def _written_out(match: re.Match[str]) -> str:
    found = match[0].removeprefix("\r") or match[0]
    return _NAMED.get(found) or found.encode("unicode_escape").decode("ascii")


def width_of(text: str) -> int:
    """Return how many places of a terminal a text of one line takes: two for 名, none for an accent of its own."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth

    width = wcswidth(text)
    return width if width >= 0 else len(text)


def cut(text: str, width: int) -> str:
    """Return a text of one line that takes so many places at most; one that is cut ends in ``…``."""
    if len(text) <= width and width_of(text) <= width:
        return text
    # From the end: an accent belongs to what stands before it, so each shorter text has a width of its own.
    shorter = text[: width - 1] if text.isascii() else text[: 4 * width]
    while width_of(shorter) > width - 1:
        shorter = shorter[:-1]
    return shorter.rstrip("\u200d") + "…"


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return a text with blanks up to a width, behind it, or before it with ``right``."""
    blanks = " " * (width - width_of(text))
    return blanks + text if right else text + blanks

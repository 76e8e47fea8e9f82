"""
The line of a magic: what stands first is Python, the options come after it.

IPython's own splitting would tear ``Analysis & {'subject_id': 3} --max-calls 5`` at every blank.
"""

from __future__ import annotations

import re
from argparse import Action, ArgumentParser
from collections.abc import Iterator
from difflib import get_close_matches

from IPython.core.error import UsageError

_OPTION = re.compile(r"--[A-Za-z][\w-]*(?=[=\s]|$)|-[A-Za-z](?=\s|$)")
_PAIRS = {"(": ")", "[": "]", "{": "}"}


def expression(text: str) -> str:
    """Mark an option as one that takes Python up to the next option: give it as its ``type``."""
    return text


def split(line: str, parser: ArgumentParser) -> tuple[str, list[str]]:
    """
    Divide a magic's line.

    Parameters
    ----------
    line : str
        What follows the magic's name.
    parser : ArgumentParser
        Knows the options.

    Returns
    -------
    tuple of str and list of str
        The Python that is no option's, and the options with their values, as the parser takes them.

    Raises
    ------
    UsageError
        An option is not known; the message offers the nearest one.
    """
    known: dict[str, Action] = parser._option_string_actions
    starts = list(_options(line))
    places = [start for start, _ in starts] + [len(line)]
    head = [line[: places[0]]]
    arguments: list[str] = []
    for (start, name), end in zip(starts, places[1:], strict=True):
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise UsageError(f"There is no option {name}. {hint}There are: {', '.join(known)}.")
        given = line[start + len(name) : end].strip()
        value, rest = _take(given, known[name])
        arguments += [name, *value]
        head.append(rest)
    return " ".join(part.strip() for part in head if part.strip()), arguments


def _take(given: str, action: Action) -> tuple[list[str], str]:
    """Return what an option takes of the text behind it, and what it leaves."""
    if action.nargs == 0:
        return [], given
    given = given.removeprefix("=")
    if action.type is expression:
        return [given] if given else [], ""
    value, _, rest = given.partition(" ")
    return [value] if value else [], rest


def _options(line: str) -> Iterator[tuple[int, str]]:
    """Yield where an option begins, and its name; not within quotes or brackets."""
    for position in _outside(line):
        if position == 0 or line[position - 1].isspace():
            found = _OPTION.match(line, position)
            if found:
                yield position, found[0]


def _outside(line: str) -> Iterator[int]:
    """Yield the positions that lie in no quotes and no brackets."""
    quote, closing = "", []
    position = 0
    while position < len(line):
        char = line[position]
        if quote:
            if char == "\\":
                position += 1
            elif char == quote:
                quote = ""
        elif char in "'\"":
            quote = char
        elif char in _PAIRS:
            closing.append(_PAIRS[char])
        elif closing and char == closing[-1]:
            closing.pop()
        elif not closing:
            yield position
        position += 1

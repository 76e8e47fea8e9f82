"""What Tab offers on the line of a magic: tables, schemas, options, and the attributes of keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion, context_matcher

from djnb.errors import DataJointError
from djnb.jupyter.magics import diagram, names, populate, preview

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext
    from IPython.core.interactiveshell import InteractiveShell

_LINE = re.compile(r"\s*%{1,2}(?P<magic>populate|progress|diagram|preview|jobs)\s+(?P<given>.*)")
_OPTIONS = {"populate": populate.OPTIONS, "preview": preview.OPTIONS}
_QUOTED = re.compile(r"""^(?:[^'"]|'[^']*'|"[^"]*")*['"](?:[^'"]*[^\w'"])?(?P<word>\w*)$""")
"""A word at the end of a text in quotes that are open."""
_TABLE = re.compile(r"\s*(?P<table>[^\W\d][\w.]*)")
_WORD = re.compile(r"(?:^|(?<=\s))(?P<word>-{0,2}[\w.-]*)$")


def install(shell: InteractiveShell) -> Callable[[], None]:
    """Offer tables and options after the magics of djnb; return what undoes it."""

    def offer(context: CompletionContext) -> Any:
        offered = offers(context.line_with_cursor[: context.cursor_position], shell.user_ns)
        # The fragment that is replaced ends at the cursor; IPython's own notion of it stops at a dash.
        until = context.text_until_cursor
        word = _QUOTED.search(until) or _WORD.search(until)
        return {
            "completions": [SimpleCompletion(text=text, type="djnb") for text in offered],
            "matched_fragment": word["word"] if word else context.token,
            "suppress": bool(offered),
        }

    matcher = context_matcher(identifier="djnb")(offer)
    shell.Completer.custom_matchers.append(matcher)

    def undo() -> None:
        if matcher in shell.Completer.custom_matchers:
            shell.Completer.custom_matchers.remove(matcher)

    return undo


def offers(text: str, namespace: dict[str, Any]) -> list[str]:
    """
    Return what may stand at the end of a line.

    Parameters
    ----------
    text : str
        The line up to the cursor.
    namespace : dict
        The user's.
    """
    line = _LINE.fullmatch(text)
    if line is None:
        return []
    quoted = _QUOTED.search(line["given"])
    if quoted is not None and line["magic"] == "populate":
        return _starting(quoted["word"], attributes(line["given"], namespace))
    word = _WORD.search(text)
    if word is None:
        return []
    start = word["word"]
    if line["magic"] == "diagram":
        return _starting(start, diagram.OPTIONS if start.startswith("-") else diagram.offers(namespace))
    if start.startswith("-"):
        return _starting(start, _OPTIONS.get(line["magic"], ()))
    if line["magic"] in _OPTIONS and line["given"].strip() != start:
        return []  # the table is there: what follows is Python
    takes_any = line["magic"] == "preview"
    found = [name for name, cls in names.tables(namespace) if takes_any or names.is_populated(cls)]
    if line["magic"] in ("populate", "progress"):
        found += [name for name, _ in names.schemas(namespace)]
    return _starting(start, found)


def attributes(given: str, namespace: dict[str, Any]) -> list[str]:
    """Return the attributes by which the table on a line can be restricted: those of its keys."""
    table = _TABLE.match(given)
    if table is None:
        return []
    try:
        found: Any = names.find_populated(table["table"], namespace)
        return list(found().wanted_keys().heading.names)
    except DataJointError:  # a slip, or a database that is away: completion is no place to tell it
        return []


def _starting(start: str, texts: Iterable[str]) -> list[str]:
    return sorted(text for text in texts if text.startswith(start))

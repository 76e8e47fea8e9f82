"""
How an error of djnb is shown: where the user's code stood, and the message with its remedy.

The exception itself is left as it is: ``%debug`` and ``%tb`` find it, and programs that execute notebooks see it fail.
``%tb Verbose`` shows every frame.
"""

from __future__ import annotations

import linecache
import textwrap
import traceback
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any

from djnb.errors import DataJointError, MakeError, PopulateInterrupted

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_HOOK = "_render_traceback_"
"""IPython asks an exception for its own picture by this name."""

_SHOWN = (DataJointError, PopulateInterrupted)

_WIDTH = 95
"""Characters in a line of a message."""

_NOT_THE_USERS = frozenset(
    {"IPython", "contextlib", "djnb", "functools", "ipykernel", "networkx", "numpy", "pandas", "pydantic"}
    | {"pydantic_settings", "pymysql", "sqlglot", "sqlite3"}
)
"""Packages that stand between a user's line and an error of djnb."""


def install(shell: InteractiveShell) -> Callable[[], None]:
    """Show the errors of djnb without its own frames; return what undoes it."""

    def render(error: BaseException) -> list[str]:
        return picture(shell, error)

    for cls in _SHOWN:
        setattr(cls, _HOOK, render)

    def undo() -> None:
        for cls in _SHOWN:
            if vars(cls).get(_HOOK) is render:
                delattr(cls, _HOOK)

    return undo


def picture(shell: InteractiveShell, error: BaseException) -> list[str]:
    """Return the lines that IPython prints for an error of djnb."""
    formatter: Any = shell.InteractiveTB
    if formatter.mode == "Verbose":
        return list(formatter.structured_traceback(type(error), error, error.__traceback__))
    lines: list[str] = []
    if formatter.mode != "Minimal":
        if isinstance(error, MakeError) and error.__cause__ is not None:
            lines += _of_make(shell, error.__cause__)
        lines += _places(shell, error.__traceback__)
    # Where %debug begins.
    formatter.tb = error.__traceback__
    end = "" if formatter.tb_join_char else "\n"  # the mode Plain joins lines that end by themselves
    return [line + end for line in (*lines, _message(formatter, error))]


def _message(formatter: Any, error: BaseException) -> str:
    # The public way, get_exception_only, cannot take an error with a cause in IPython 8.20.
    colour = getattr(formatter, "_format_exception_only", None)
    text = f"{type(error).__name__}: {error}" if colour is None else "".join(colour(type(error), error)).rstrip("\n")
    return "\n".join(_wrap(line) for line in text.split("\n"))


def _wrap(line: str) -> str:
    """Break a long line between words: JupyterLab would break it within one. A line shown from a definition stays."""
    if line.startswith(" "):
        return line
    return "\n".join(textwrap.wrap(line, _WIDTH, break_long_words=False, break_on_hyphens=False)) or line


def _of_make(shell: InteractiveShell, cause: BaseException) -> list[str]:
    """Return the picture of what ``make()`` raised, from its own line on."""
    if isinstance(cause, DataJointError):
        return [*picture(shell, cause), ""]
    begin = cause.__traceback__
    while begin is not None and not _is_users(begin):
        begin = begin.tb_next
    return [*shell.InteractiveTB.structured_traceback(type(cause), cause, begin, tb_offset=0), ""]


def _places(shell: InteractiveShell, trace: TracebackType | None) -> Iterator[str]:
    """Return the lines of the user's code on the way to an error, each with its place."""
    # The settings take a while to import, and `%load_ext djnb` comes by here.
    from djnb.settings.secrets import hide_login

    for each, line_number in traceback.walk_tb(trace):
        code = each.f_code
        if _owner(each.f_globals) in _NOT_THE_USERS:
            continue
        source = linecache.getline(code.co_filename, line_number, each.f_globals).strip()
        if source.startswith("get_ipython().run_"):
            continue  # what IPython made of the magic's line
        label, name = shell.compile.format_code_name(code.co_filename) or ("File", code.co_filename)
        function = "" if code.co_name.startswith("<") else f", in {code.co_name}"
        yield f"{label} {name}, line {line_number}{function}\n    {hide_login(source)}"


def _is_users(trace: TracebackType) -> bool:
    return _owner(trace.tb_frame.f_globals) not in _NOT_THE_USERS


def _owner(namespace: dict[str, object]) -> str:
    """Return the package that a frame belongs to; the demo's code stands for a user's."""
    module = str(namespace.get("__name__", ""))
    return "demo" if module.startswith("djnb.demo") else module.partition(".")[0]

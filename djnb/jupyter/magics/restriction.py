"""``Analysis & {'subject_id': 3}``: the table and the restrictions on the line of a magic."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from djnb.errors import PopulateError

_TABLE = re.compile(r"(?P<table>[^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*(?P<rest>.*)", re.DOTALL)
_FORM = "Write `TABLE`, or `TABLE & restriction`; options come last."
_QUOTES = "A restriction by text stands in quotes: `TABLE & 'subject_id < 100'`."


def divide(text: str) -> tuple[str, list[ast.expr]]:
    """
    Return the name of the table and the restrictions that follow it.

    ``Analysis``, ``Analysis & a & b`` and ``Analysis a`` are understood.

    Raises
    ------
    PopulateError
        The text is no Python, does not begin with a name, or combines the table otherwise than by ``&``.
    """
    found = _TABLE.fullmatch(text.strip())
    if found is None:
        raise PopulateError(f"`{text}` does not begin with the name of a table.", remedy=_FORM)
    table, rest = found["table"], found["rest"]
    if not rest:
        return table, []
    if rest[0] in "'\"{[" or rest[0].isalpha() or rest[0] == "_":
        return table, [parse(rest)]
    return table, list(reversed(list(_operands(parse(text), text))))


def parse(text: str) -> ast.expr:
    """
    Return an expression as Python reads it.

    Raises
    ------
    PopulateError
        It is none.
    """
    try:
        return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise PopulateError(
            f"`{text.strip()}` cannot be read as Python: {error.msg}.",
            remedy=_QUOTES,
        ) from None


def _operands(node: ast.expr, text: str) -> Iterator[ast.expr]:
    """Yield what is combined with the table, the last first."""
    while not isinstance(node, ast.Name | ast.Attribute):
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd)):
            raise PopulateError(f"`{text}` is more than a table and its restrictions.", remedy=_FORM)
        yield node.right
        node = node.left


def value(node: ast.expr, namespace: dict[str, Any]) -> Any:
    """
    Return the value of an expression in the user's namespace.

    Raises
    ------
    PopulateError
        A name in it is not defined.
    Exception
        Whatever else it raises.
    """
    __tracebackhide__ = True  # read by IPython
    text = ast.unparse(node)
    try:
        return eval(compile(ast.Expression(node), f"<{text}>", "eval"), namespace)
    except NameError as error:
        raise PopulateError(f"`{text}` cannot be evaluated: {error}.", remedy=_QUOTES) from error

"""A statement is a value: text with placeholders, and the values that go with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple


class Statement(NamedTuple):
    """
    SQL text, or a piece of it, and its bound values in the order of the placeholders.

    Attributes
    ----------
    sql : str
        In the dialect of one database.
    params : tuple
        One for each placeholder.
    """

    sql: str
    params: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sql)


def compose(template: str, *parts: Statement | str) -> Statement:
    """
    Put pieces into a template, one for each ``{}``; their values keep the order of the text.

    Examples
    --------
    >>> compose("{} > {}", "x", Statement("?", (1,)))
    Statement(sql='x > ?', params=(1,))
    """
    texts: list[str] = []
    params: list[Any] = []
    for part in parts:
        if isinstance(part, Statement):
            texts.append(part.sql)
            params.extend(part.params)
        else:
            texts.append(part)
    return Statement(template.format(*texts), tuple(params))


def join(separator: str, parts: Iterable[Statement | str]) -> Statement:
    """Return the pieces with a separator between them."""
    listed = list(parts)
    return compose(separator.join(["{}"] * len(listed)), *listed)

"""In which order rows come, and the first of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from djnb.algebra.nodes import Node, Project, Promote, Restrict, Slice
from djnb.algebra.top import MOST_ROWS, Top
from djnb.errors import OperandError

Order = Sequence[tuple[str, bool]]
"""Names, and whether each descends."""


def top(source: Node, wanted: Top) -> Slice:
    """
    Return the first rows of a query; the first of the first in the same order are one slice.

    Raises
    ------
    UnknownAttributeError
        A name of the order is not in the heading.
    OperandError
        What follows a name is neither ``ASC`` nor ``DESC``.
    """
    inherits = wanted.order_by is None and has_order(source)
    order = () if inherits else _made_definite(source, read_order(source, wanted.order_by or "KEY"))
    if isinstance(source, Slice) and (inherits or order == source.order_by):
        left = None if source.limit is None else max(source.limit - wanted.offset, 0)
        limits = [limit for limit in (left, wanted.limit) if limit is not None]
        offset = min(source.offset + wanted.offset, MOST_ROWS)
        return Slice(source.source, min(limits, default=None), offset, source.order_by)
    return Slice(source, wanted.limit, wanted.offset, order)


def _made_definite(node: Node, order: Order) -> tuple[tuple[str, bool], ...]:
    """Return an order in which the key decides between rows that are equal otherwise."""
    first = dict(reversed(order))  # the first mention of a name counts
    named = {name: first[name] for name, _ in order}
    return tuple((named | {key: named.get(key, False) for key in node.heading.primary_key}).items())


def has_order(node: Node) -> bool:
    """Tell whether a query has an order of its own, which a `Top` gave it and which lasts until rows are combined."""
    while isinstance(node, (Restrict, Project, Promote)):
        node = node.source
    return isinstance(node, Slice)


def read_order(node: Node, order_by: str | Iterable[str] | None) -> Order:
    """
    Return an order as (name, descends) pairs; none for the order that the query has.

    Raises
    ------
    UnknownAttributeError
        A name is not in the heading.
    OperandError
        What follows a name is neither ``ASC`` nor ``DESC``.
    """
    if order_by is None:
        return () if has_order(node) else [(name, False) for name in node.heading.primary_key]
    order: list[tuple[str, bool]] = []
    for text in [order_by] if isinstance(order_by, str) else order_by:
        for item in text.split(","):
            name, _, direction = item.strip().partition(" ")
            if direction.strip().upper() not in ("", "ASC", "DESC"):
                raise OperandError(f"'{item.strip()}' is no order.", remedy="Write a name, or a name and DESC.")
            descends = direction.strip().upper() == "DESC"
            if name.strip("`").upper() == "KEY" and name not in node.heading:
                order += [(key, descends) for key in node.heading.primary_key]
            else:
                node.heading.check([name.strip("`")], owner=node.label)
                order.append((name.strip("`"), descends))
    return order

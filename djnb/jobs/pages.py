"""
Jobs page by page.

A page begins after a row, or ends before one, and is found by an index from there: it costs the same wherever it is.
In an order that no index has, all jobs are looked at once for each page, and none is left out or comes twice either.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from djnb.algebra.conditions import AmongKeys, Both, Equals, Follows, both, either
from djnb.algebra.nodes import Node, Restrict
from djnb.algebra.order import Order, read_order
from djnb.connection import Connection
from djnb.errors import OperandError
from djnb.rows.fetch import fetch_columns, to_dicts

TURN = ("priority", "scheduled_time")
"""What decides, before the key, which of the jobs of one state comes first: the order of the index."""


def page(
    connection: Connection,
    node: Node,
    key: Sequence[str],
    names: Sequence[str],
    *,
    size: int,
    after: Mapping[str, Any] | None,
    before: Mapping[str, Any] | None,
    order_by: str | Iterable[str] | None = None,
) -> list[dict[str, Any]]:
    """
    Return a page of jobs; see ``JobTable.page``.

    Raises
    ------
    OperandError
        Both ends are given, one of them lacks what the jobs are ordered by, or the size is not 1 or more.
    """
    state, others = _split(node)
    own = None if order_by is None else _definite(read_order(node, order_by), key)
    order = (*(("status", *TURN) if state else ()), *key) if own is None else tuple(own)
    edge = before if after is None else after
    if after is not None and before is not None:
        raise OperandError("A page was asked for after one row and before another.", remedy="Give one of them.")
    if size < 1:
        raise OperandError(f"A page of {size} jobs was asked for.", remedy="Give 1 or more.")
    wanted = list(dict.fromkeys([*key, *order, *(names or _shown(node))]))
    if own is not None and edge is None:
        return _whole(connection, node, key, wanted, _said(own), size=size)
    if edge is None:
        return to_dicts(fetch_columns(connection, node, wanted, order_by=_sorted(connection, order), limit=size))
    lacking = [name for name in order if name not in edge and (own or name != "status")]
    if lacking:
        raise OperandError(
            f"The row from which a page goes on lacks {', '.join(map(repr, lacking))}.",
            remedy=f"Give a row of a page, or what these jobs are ordered by: {', '.join(order)}.",
        )
    if own is not None:
        return _from(connection, node, own, key, wanted, edge, size=size, goes_back=before is not None)
    values = tuple(state if name == "status" else edge[name] for name in order)
    descends = before is not None
    sought = _sorted(connection, order, descends=descends)
    found: list[dict[str, Any]] = []
    # Rows that agree with the edge in all but the last of the order come first, then those in all but the last two:
    # each time an index is read from one place on, which no database does for all of them at once.
    for size_of in range(len(order), 1 if state else 0, -1):
        further = Restrict(others, Follows(order[:size_of], values[:size_of], descends))
        left = size - len(found)
        found += to_dicts(fetch_columns(connection, further, wanted, order_by=sought, limit=left))
        if len(found) == size:
            break
    return found[::-1] if descends else found


def _definite(order: Order, key: Sequence[str]) -> dict[str, bool]:
    """Return an order, names and whether each descends, in which the key decides between equal jobs."""
    named = dict(reversed(order))  # the first mention of a name counts
    first = {name: named[name] for name, _ in order}
    return first | {name: False for name in key if name not in first}


def _said(order: Mapping[str, bool]) -> list[str]:
    return [f"`{name}` DESC" if descends else f"`{name}`" for name, descends in order.items()]


def _from(
    connection: Connection,
    node: Node,
    order: Mapping[str, bool],
    key: Sequence[str],
    wanted: Sequence[str],
    edge: Mapping[str, Any],
    *,
    size: int,
    goes_back: bool,
) -> list[dict[str, Any]]:
    """Return the page from an edge on in an order of the caller's."""
    way = {name: descends is not goes_back for name, descends in order.items()}
    names = tuple(way)
    values = tuple(edge[name] for name in names)
    further = either(Follows(names[:n], values[:n], way[names[n - 1]]) for n in range(1, len(names) + 1))
    found = _whole(connection, Restrict(node, further), key, wanted, _said(way), size=size)
    return found[::-1] if goes_back else found


def _whole(
    connection: Connection, node: Node, key: Sequence[str], wanted: Sequence[str], order: Sequence[str], *, size: int
) -> list[dict[str, Any]]:
    """Return the first rows in an order that no index has, in two statements."""
    # The keys alone first: a server that sorts all jobs sorts their messages with them, which takes five times as long.
    first = fetch_columns(connection, node, key, order_by=order, limit=size, purpose="internal")
    places = {values: place for place, values in enumerate(zip(*first.values(), strict=True))}
    if not places:
        return []
    listed = Restrict(_source(node), AmongKeys(tuple(key), tuple(places)))
    rows = to_dicts(fetch_columns(connection, listed, wanted))
    return sorted(rows, key=lambda row: places[tuple(row[name] for name in key)])


def _source(node: Node) -> Node:
    return _source(node.source) if isinstance(node, Restrict) else node


def _sorted(connection: Connection, order: Sequence[str], *, descends: bool = False) -> list[str]:
    # Where two states are asked for to find the place, rows are only in order if the state is named.
    names = [name for name in order if name != "status" or connection.dialect.no_choice]
    return [f"{name} DESC" if descends else name for name in names]


def _shown(node: Node) -> list[str]:
    return [name for name in node.heading.names if name != "error_stack"]


def _split(node: Node) -> tuple[str | None, Node]:
    """Return the state that a query restricts jobs to, as `JobTable.pending` does, and the query without that."""
    if not isinstance(node, Restrict):
        return None, node
    items = node.condition.items if isinstance(node.condition, Both) else (node.condition,)
    states = [item for item in items if isinstance(item, Equals) and item.name == "status" and item.value is not None]
    if states:
        return str(states[0].value), Restrict(node.source, both(item for item in items if item is not states[0]))
    state, source = _split(node.source)
    return state, Restrict(source, node.condition)

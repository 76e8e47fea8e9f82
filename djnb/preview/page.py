"""
Some rows of a query, fetched and laid out.

Large values are not fetched: only their sizes are, and the first bytes, which tell what they hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from djnb.algebra.nodes import Node
from djnb.algebra.order import read_order
from djnb.connection import Connection
from djnb.errors import OperandError
from djnb.events import Fetched
from djnb.layout import Column, Preview, lay_out
from djnb.model.attribute import Attribute
from djnb.preview.blobs import Large, draw
from djnb.preview.cells import cell_of
from djnb.preview.leads import leads_of
from djnb.rows.fetch import count, decode_column
from djnb.settings import get_config
from djnb.sql.select import select_rows

MOST = 1000
"""How many rows are laid out at a time at most."""

_HINT = ".to_pandas() gives all rows as a DataFrame, and %preview turns the pages"


def preview(
    connection: Connection,
    node: Node,
    *,
    comment: str = "",
    order_by: str | Iterable[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
    total: int | None = None,
    pictures: bool = False,
) -> Preview:
    """
    Fetch and lay out some rows of a query, in one statement, or two if there are more rows than shown.

    Parameters
    ----------
    connection : Connection
        Answers the query.
    node : Node
        The query.
    comment : str
        The table's, for the caption.
    order_by : str or iterable of str, optional
        As for a fetch.
    limit, offset : int, optional
        How many rows at most, by default as the setting ``display.limit`` says, and how many to pass over.
    total : int, optional
        How many rows the query has, where that is known already.
    pictures : bool
        Draw arrays of numbers, for which values of some size are fetched, and small files read.

    Raises
    ------
    UnknownAttributeError
        The order has a name that is not in the heading.
    OperandError
        The limit or the offset is none, or too many rows are asked for.
    """
    display = get_config().display
    limit = check_limit(display.limit if limit is None else limit)
    if offset < 0:
        raise OperandError(f"An offset of {offset} was asked for.", remedy="Give 0 or more.")
    fetched, columns = _fetch(connection, node, order_by, limit + 1, offset, pictures=pictures)
    shown = min(fetched, limit)
    if total is None and fetched <= limit and (fetched or not offset):
        total = offset + fetched
    elif total is None and display.show_row_count:
        total = count(connection, node)
    attributes = node.heading.visible
    cells = [
        [cell_of(column[row], a, display.width) for column, a in zip(columns, attributes, strict=True)]
        for row in range(shown)
    ]
    heads = [_head(connection, node, attribute) for attribute in attributes]
    hint = _HINT if total is None or shown < total else ""
    return lay_out(node.label, extent_text(shown, offset, total), comment, heads, cells, hint=hint)


def check_limit(limit: int) -> int:
    """
    Return how many rows are shown at a time.

    Raises
    ------
    OperandError
        There is nothing to show, or more than a page has room for.
    """
    if not 1 <= limit <= MOST:
        raise OperandError(
            f"{limit} rows were asked for at a time.",
            remedy=f"Give 1 to {MOST}; `.to_pandas()` gives any number of them as a DataFrame.",
        )
    return limit


def extent_text(shown: int, offset: int, total: int | None) -> str:
    """Return which of how many rows are shown, ``12 of 4 203 rows``."""
    if offset:
        first, last = _number(offset + 1), _number(offset + shown)
        rows = "no rows" if not shown else f"row {last}" if shown == 1 else f"rows {first} to {last}"
        return rows if total is None else f"{rows} of {_number(total)}"
    if total is None:
        return f"the first {shown} rows"
    if total == shown:
        return f"{_number(total)} row{'' if total == 1 else 's'}"
    return f"{shown} of {_number(total)} rows"


def _number(value: int) -> str:
    return f"{value:,}".replace(",", " ")


def _fetch(
    connection: Connection,
    node: Node,
    order_by: str | Iterable[str] | None,
    limit: int,
    offset: int,
    *,
    pictures: bool,
) -> tuple[int, list[list[Any]]]:
    """Return how many rows there are, and the values of each attribute; of large ones what there is to tell."""
    names = node.heading.names
    large = {name: Large.of(node.heading[name]) for name in node.heading.blobs}
    if order_by is not None:  # the key decides between equal rows, so that none is on two pages
        order_by = [*([order_by] if isinstance(order_by, str) else order_by), "KEY"]
    statement = select_rows(
        node,
        connection.dialect,
        names,
        order_by=read_order(node, order_by),
        limit=limit,
        offset=offset,
        heads_of={name: each.bytes_wanted(pictures=pictures) for name, each in large.items()},
    )
    rows = connection.execute(statement).rows
    if connection.bus.wants(Fetched):
        connection.bus.emit(Fetched(node, "preview", len(rows)))
    raw = [list(values) for values in zip(*rows, strict=True)] or [[] for _ in (*names, *large)]
    heads = dict(zip(large, raw[len(names) :], strict=True))
    columns: dict[str, list[Any]] = {}
    for name, values in zip(names, raw, strict=False):
        if name in large:
            columns[name] = [
                None if size is None else large[name].look(head, int(size))
                for size, head in zip(values, heads[name], strict=True)
            ]
        else:
            columns[name] = decode_column(values, node.heading[name], connection.dialect)
    if pictures:
        keyed = [{name: columns[name][row] for name in node.heading.primary_key} for row in range(len(rows))]
        for name in large:
            draw(connection, node, name, columns[name][: limit - 1], heads[name], keyed)
    return len(rows), list(columns.values())


def _head(connection: Connection, node: Node, attribute: Attribute) -> Column:
    """Return the head for an attribute: its type, its role, where it leads and its comment are the tooltip."""
    role = "primary key" if attribute.in_key else ""
    leads = ", ".join(f"→ {lead}" for lead in leads_of(connection, node, attribute.name))
    title = " · ".join(part for part in (attribute.type.text, role, leads, attribute.comment) if part)
    return Column(attribute.name, title, attribute.in_key)

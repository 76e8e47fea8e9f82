"""
A few rows of a query as text and as HTML. Strings only: whoever wants to see them displays them.

Large values are not fetched: only their sizes are.
"""

from __future__ import annotations

from typing import Any

from djnb.algebra.nodes import Node
from djnb.algebra.order import read_order
from djnb.connection import Connection
from djnb.events import Fetched
from djnb.layout import Cell, Column, Preview, lay_out, size_text
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.rows.fetch import count, decode_column
from djnb.settings import get_config
from djnb.sql.select import select_rows


def preview(connection: Connection, node: Node, *, comment: str = "") -> Preview:
    """
    Fetch and lay out the first rows of a query, in one statement, or two if there are more rows than shown.

    Parameters
    ----------
    connection : Connection
        Answers the query.
    node : Node
        The query.
    comment : str
        The table's, for the caption.
    """
    display = get_config().display
    rows = _fetch(connection, node, display.limit + 1)
    shown, more = rows[: display.limit], len(rows) > display.limit
    total: int | None = len(shown)
    if more:
        total = count(connection, node) if display.show_row_count else None
    attributes = list(node.heading.visible)
    cells = [[_cell(value, a, display.width) for value, a in zip(row, attributes, strict=True)] for row in shown]
    return lay_out(node.label, _count_text(len(shown), total), comment, [_column(a) for a in attributes], cells)


def _column(attribute: Attribute) -> Column:
    """Return the head for an attribute: its type, its role and its comment are the tooltip."""
    role = "primary key" if attribute.in_key else ""
    title = " · ".join(part for part in (attribute.type.text, role, attribute.comment) if part)
    return Column(attribute.name, title, attribute.in_key)


def _fetch(connection: Connection, node: Node, limit: int) -> list[tuple[Any, ...]]:
    names = node.heading.names
    sizes = frozenset(node.heading.blobs)
    statement = select_rows(
        node, connection.dialect, names, order_by=read_order(node, None), limit=limit, sizes_of=sizes
    )
    rows = connection.execute(statement).rows
    if connection.bus.wants(Fetched):
        connection.bus.emit(Fetched(node, "preview", len(rows)))
    columns = [
        list(values) if name in sizes else decode_column(values, node.heading[name], connection.dialect)
        for name, values in zip(names, zip(*rows, strict=True) if rows else [()] * len(names), strict=True)
    ]
    return list(zip(*columns, strict=True)) if names else [()] * len(rows)


def _cell(value: Any, attribute: Attribute, width: int) -> Cell:
    if value is None:
        return Cell("null", "null")
    if attribute.is_blob:
        label = attribute.type.text.strip("<>")
        if "blob" not in attribute.sql_type.lower():  # the value is in a file, or of a few bytes
            return Cell(f"<{label}>", "blob")
        label = label.partition("@")[0]
        return Cell(f"<{label} {size_text(int(value))}>", "blob")
    if isinstance(value, bool):
        return Cell(str(value))
    if isinstance(value, (int, float)):
        return Cell(f"{value:.6g}" if isinstance(value, float) else str(value), "number")
    if attribute.type.family is Family.DATETIME:
        value = str(value)[: 20 + attribute.type.scale if attribute.type.scale else 19]
    text = str(value).replace("\r", " ").replace("\n", " ↵ ").replace("\t", " ")
    return Cell(text if len(text) <= width else text[: width - 1] + "…")


def _count_text(shown: int, total: int | None) -> str:
    if total is None:
        return f"the first {shown} rows"
    if total == shown:
        return f"{total:,} row{'' if total == 1 else 's'}".replace(",", " ")
    return f"{shown} of {total:,} rows".replace(",", " ")

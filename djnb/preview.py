"""
A few rows of a query as text and as HTML. Strings only: whoever wants to see them displays them.

Large values are not fetched: only their sizes are.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Any
from unicodedata import east_asian_width

from djnb.algebra.nodes import Node
from djnb.connection import Connection
from djnb.events import Fetched
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.rows.fetch import count, decode_column, read_order
from djnb.settings import get_config
from djnb.sql.select import select_rows

# The class stands twice in every selector: JupyterLab's own rules for tables, which align to the right, would win.
_STYLE = """<style>
.djnb-table.djnb-table { overflow-x: auto; }
.djnb-table.djnb-table table { border-collapse: collapse; font-size: var(--jp-ui-font-size1, 13px); margin: 0 0 8px; }
.djnb-table.djnb-table caption { caption-side: top; text-align: left; padding: 0 0 4px; white-space: nowrap;
  color: var(--jp-content-font-color2, #616161); }
.djnb-table.djnb-table caption b { color: var(--jp-content-font-color1, inherit); }
.djnb-table.djnb-table :is(th, td) { text-align: left; padding: 3px 10px 3px 6px; white-space: pre; max-width: none; }
.djnb-table.djnb-table thead th { border-bottom: 1px solid var(--jp-border-color1, #bdbdbd); font-weight: 400;
  color: var(--jp-content-font-color1, inherit); }
.djnb-table.djnb-table thead th.djnb-key { font-weight: 700; text-decoration: underline; text-underline-offset: 3px; }
.djnb-table.djnb-table tbody th { font-weight: 700; }
.djnb-table.djnb-table :is(th, td).djnb-number { text-align: right; font-variant-numeric: tabular-nums; }
.djnb-table.djnb-table :is(.djnb-null, .djnb-blob) { color: var(--jp-content-font-color2, #616161);
  font-style: italic; }
</style>"""


@dataclass(frozen=True)
class Preview:
    """
    A few rows to look at.

    Attributes
    ----------
    text : str
        Aligned columns; names of the primary key begin with ``*``.
    html : str
        A table, escaped, with comments as tooltips, that follows the notebook's theme.
    """

    text: str
    html: str


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
    attributes = list(node.heading)
    cells = [[_cell(value, a, display.width) for value, a in zip(row, attributes, strict=True)] for row in shown]
    return lay_out(node.label, _count_text(len(shown), total), comment, [Column.of(a) for a in attributes], cells)


@dataclass(frozen=True)
class Column:
    """
    The head of a column.

    Attributes
    ----------
    name : str
        What it shows.
    title : str
        The tooltip.
    in_key : bool
        Whether it belongs to the primary key.
    """

    name: str
    title: str = ""
    in_key: bool = False

    @classmethod
    def of(cls, attribute: Attribute) -> Column:
        """Return the head for an attribute: its type, its role and its comment are the tooltip."""
        role = "primary key" if attribute.in_key else ""
        title = " · ".join(part for part in (attribute.type.text, role, attribute.comment) if part)
        return cls(attribute.name, title, attribute.in_key)


@dataclass(frozen=True)
class Cell:
    """A value as it is shown; ``kind`` is ``number``, ``null``, ``blob`` or empty."""

    text: str
    kind: str = ""


def lay_out(title: str, extent: str, comment: str, columns: list[Column], cells: list[list[Cell]]) -> Preview:
    """Return cells under columns as text and HTML; ``extent`` says how many there are."""
    return Preview(_as_text(title, extent, comment, columns, cells), _as_html(title, extent, comment, columns, cells))


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
        label = attribute.type.text.strip("<>").partition("@")[0]
        return Cell(f"<{label} {size_text(int(value))}>", "blob")
    if isinstance(value, bool):
        return Cell(str(value))
    if isinstance(value, (int, float)):
        return Cell(f"{value:.6g}" if isinstance(value, float) else str(value), "number")
    if attribute.type.family is Family.DATETIME:
        value = str(value)[: 20 + attribute.type.scale if attribute.type.scale else 19]
    text = str(value).replace("\r", " ").replace("\n", " ↵ ").replace("\t", " ")
    return Cell(text if len(text) <= width else text[: width - 1] + "…")


def size_text(size: int) -> str:
    """Return a size in bytes for people, ``1.2 MB``."""
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5:
            return f"{value:.3g} {unit}"
    return f"{value:.3g} PB"


def _count_text(shown: int, total: int | None) -> str:
    if total is None:
        return f"the first {shown} rows"
    if total == shown:
        return f"{total:,} row{'' if total == 1 else 's'}".replace(",", " ")
    return f"{shown} of {total:,} rows".replace(",", " ")


def _width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _pad(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks


def _as_text(title: str, extent: str, comment: str, columns: list[Column], cells: list[list[Cell]]) -> str:
    lines = [""] * (2 + len(cells))
    for index, column in enumerate(columns):
        head = ("*" if column.in_key else "") + column.name
        shown = [row[index] for row in cells]
        width = max([_width(head), *(_width(cell.text) for cell in shown)])
        right = any(cell.kind == "number" for cell in shown)
        lines[0] += _pad(head, width, right=right) + "  "
        lines[1] += "-" * width + "  "
        for line, cell in enumerate(shown, start=2):
            lines[line] += _pad(cell.text, width, right=right) + "  "
    first = f"{title}: {extent}" + (f" ({comment})" if comment else "")
    return "\n".join([first, *(line.rstrip() for line in lines)])


def _as_html(title: str, extent: str, comment: str, columns: list[Column], cells: list[list[Cell]]) -> str:
    numeric = [any(row[index].kind == "number" for row in cells) for index in range(len(columns))]
    head = "".join(_head(column, number=number) for column, number in zip(columns, numeric, strict=True))
    body = "".join(
        f"<tr>{''.join(_data(*item) for item in zip(row, columns, numeric, strict=True))}</tr>" for row in cells
    )
    said = f" — {escape(comment)}" if comment else ""
    caption = f"<caption><b>{escape(title)}</b>{said} · {escape(extent)}</caption>"
    table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="djnb-table">{_STYLE}{table}</div>'


def _head(column: Column, *, number: bool) -> str:
    classes = " ".join(name for name, is_so in (("djnb-key", column.in_key), ("djnb-number", number)) if is_so)
    return f'<th scope="col" class="{classes}" title="{escape(column.title)}">{escape(column.name)}</th>'


def _data(cell: Cell, column: Column, number: bool) -> str:
    classes = " ".join(dict.fromkeys([f"djnb-{cell.kind}"] * bool(cell.kind) + ["djnb-number"] * number))
    tag, scope = ("th", ' scope="row"') if column.in_key else ("td", "")
    return f'<{tag}{scope} class="{classes}">{escape(cell.text)}</{tag}>'

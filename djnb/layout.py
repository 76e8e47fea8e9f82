"""
Cells under the heads of columns, as text and as HTML, and keys. Strings only: whoever wants to see them displays them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from djnb.characters import in_one_line, pad, width_of

# The class stands twice in every selector: JupyterLab's own rules for tables, which align to the right, would win.
_STYLE = """<style>
.djnb-table.djnb-table { overflow-x: auto; }
.djnb-table.djnb-table table { border-collapse: collapse; font-size: var(--jp-ui-font-size1, 13px); margin: 0 0 8px;
  line-height: 1.4; }
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
.djnb-table.djnb-table :is(img, svg).djnb-picture { display: block; margin: 1px 0; max-width: none; }
.djnb-table.djnb-table svg.djnb-picture { color: var(--jp-brand-color1, #1976d2); }
.djnb-table.djnb-table img.djnb-picture { image-rendering: pixelated; }
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

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": self.text, "text/html": self.html}


class Viewable(ABC):
    """A value that shows itself: `repr` is its plain view, and a notebook shows the rich one."""

    @abstractmethod
    def preview(self) -> Preview:
        """Return the value as text and HTML."""

    def __repr__(self) -> str:
        return self.preview().text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.preview()._repr_mimebundle_()


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


@dataclass(frozen=True)
class Cell:
    """
    A value as it is shown.

    Attributes
    ----------
    text : str
        In one line; characters that would not show as themselves are written out.
    kind : str
        ``number``, ``null``, ``blob`` or empty.
    title : str
        The tooltip.
    picture, line : str
        What stands before the text: HTML, shown as it is, and what is in its place in plain text.
    """

    text: str
    kind: str = ""
    title: str = ""
    picture: str = ""
    line: str = ""

    @property
    def plain(self) -> str:
        """All that stands in plain text."""
        return f"{self.line} {self.text}" if self.line else self.text

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", in_one_line(self.text))


def lay_out(
    title: str, extent: str, comment: str, columns: list[Column], cells: list[list[Cell]], *, hint: str = ""
) -> Preview:
    """Return cells under columns as text and HTML; ``extent`` says how many there are, ``hint`` is its tooltip."""
    return Preview(
        _as_text(title, extent, comment, columns, cells), _as_html(title, extent, comment, columns, cells, hint)
    )


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


def _as_text(title: str, extent: str, comment: str, columns: list[Column], cells: list[list[Cell]]) -> str:
    lines = [""] * (2 + len(cells))
    for index, column in enumerate(columns):
        head = ("*" if column.in_key else "") + column.name
        shown = [row[index] for row in cells]
        width = max([width_of(head), *(width_of(cell.plain) for cell in shown)])
        right = any(cell.kind == "number" for cell in shown)
        lines[0] += pad(head, width, right=right) + "  "
        lines[1] += "-" * width + "  "
        for line, cell in enumerate(shown, start=2):
            lines[line] += pad(cell.plain, width, right=right) + "  "
    first = f"{title}: {extent}" + (f" ({comment})" if comment else "")
    return "\n".join([first, *(line.rstrip() for line in lines)])


def _as_html(title: str, extent: str, comment: str, columns: list[Column], cells: list[list[Cell]], hint: str) -> str:
    numeric = [any(row[index].kind == "number" for row in cells) for index in range(len(columns))]
    head = "".join(_head(column, number=number) for column, number in zip(columns, numeric, strict=True))
    body = "".join(
        f"<tr>{''.join(_data(*item) for item in zip(row, columns, numeric, strict=True))}</tr>" for row in cells
    )
    said = f" — {escape(comment)}" if comment else ""
    counted = f'<span title="{escape(hint)}">{escape(extent)}</span>' if hint else escape(extent)
    caption = f"<caption><b>{escape(title)}</b>{said} · {counted}</caption>"
    table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="djnb-table">{_STYLE}{table}</div>'


def _head(column: Column, *, number: bool) -> str:
    classes = " ".join(name for name, is_so in (("djnb-key", column.in_key), ("djnb-number", number)) if is_so)
    return f'<th scope="col" class="{classes}" title="{escape(column.title)}">{escape(column.name)}</th>'


def _data(cell: Cell, column: Column, number: bool) -> str:
    classes = " ".join(dict.fromkeys([f"djnb-{cell.kind}"] * bool(cell.kind) + ["djnb-number"] * number))
    tag, scope = ("th", ' scope="row"') if column.in_key else ("td", "")
    title = f' title="{escape(cell.title)}"' if cell.title else ""
    return f'<{tag}{scope} class="{classes}"{title}>{cell.picture}{escape(cell.text)}</{tag}>'


def key_text(key: Mapping[str, Any]) -> str:
    """Return a key as it is read, ``subject_id=1, session=2``."""
    return ", ".join(f"{name}={value}" for name, value in key.items())

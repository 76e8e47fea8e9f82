"""What the values of a query's attributes are like: counts, extremes, means, the frequent ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor, isfinite
from typing import Any

from djnb import operators
from djnb.algebra.nodes import Node
from djnb.algebra.top import Top
from djnb.characters import cut
from djnb.connection import Connection
from djnb.layout import Cell, Column, Preview, Viewable, lay_out
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.preview.bars import bars
from djnb.preview.cells import cell_of
from djnb.rows.fetch import Columns, fetch_columns
from djnb.settings import get_config

BINS = 16
"""Of a histogram; of fewer different numbers, each is counted."""

_FREQUENT = 8
"""How many of the values are counted one by one."""

_ORDERED = frozenset({
    Family.INTEGER, Family.FLOAT, Family.DECIMAL, Family.BOOL, Family.STRING, Family.ENUM, Family.DATE,
    Family.DATETIME, Family.TIME,
})  # fmt: skip
"""Of which there is a least and a greatest."""

_AVERAGED = frozenset({Family.INTEGER, Family.FLOAT, Family.DECIMAL, Family.BOOL})


@dataclass(frozen=True)
class AttributeSummary:
    """
    What the values of one attribute are like.

    Attributes
    ----------
    attribute : Attribute
        Which.
    known, missing, distinct : int
        How many rows have a value and how many have NULL; how many of the values differ.
    least, greatest : object
        None where there are no values, or none that are in an order.
    mean : float or None
        Of numbers; of truth values the part that is true.
    frequent : tuple of (value, int)
        The most frequent values and how many rows have each, the most frequent first; empty unless it was asked for.
    histogram : tuple of int
        Of numbers: how many rows have a value in each of so many parts of the range, which are equal in length.
    """

    attribute: Attribute
    known: int
    missing: int
    distinct: int
    least: Any = None
    greatest: Any = None
    mean: float | None = None
    frequent: tuple[tuple[Any, int], ...] = ()
    histogram: tuple[int, ...] = ()


class Summary(Mapping[str, AttributeSummary], Viewable):
    """
    What the values of a query are like, ``summary["latency"].mean``; a table in a notebook.

    Attributes
    ----------
    label : str
        The query's.
    total : int
        How many rows it has.
    """

    def __init__(self, label: str, total: int, of: Sequence[AttributeSummary]) -> None:
        self.label, self.total = label, total
        self._of = {each.attribute.name: each for each in of}

    def __getitem__(self, name: str) -> AttributeSummary:
        return self._of[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)

    def preview(self) -> Preview:
        """Return a line for each attribute as text and HTML."""
        columns = [Column("attribute", in_key=True), Column("known"), Column("missing"), Column("distinct")]
        columns += [Column("least"), Column("mean", "of truth values, the part that is true"), Column("greatest")]
        has_values = any(each.frequent or each.histogram for each in self.values())
        columns += [
            Column("values", "the most frequent ones, or a histogram from the least to the greatest")
        ] * has_values
        cells = [_cells(each, has_values=has_values) for each in self.values()]
        extent = f"{self.total:,} row{'' if self.total == 1 else 's'}".replace(",", " ")
        return lay_out(f"Summary of {self.label}", extent, "", columns, cells)


def _cells(each: AttributeSummary, *, has_values: bool) -> list[Cell]:
    width = get_config().display.width
    shown = [Cell(each.attribute.name)]
    shown += [Cell(str(number), "number") for number in (each.known, each.missing, each.distinct)]
    for value in (each.least, each.mean, each.greatest):
        shown.append(Cell("") if value is None else cell_of(value, each.attribute, width))
    if has_values:
        shown.append(_values(each, width))
    return shown


def _values(each: AttributeSummary, width: int) -> Cell:
    if each.histogram:
        svg, line = bars(each.histogram, f"histogram of {each.attribute.name}")
        return Cell("", picture=svg, line=line)
    told = (f"{cell_of(value, each.attribute, width).text}: {count}" for value, count in each.frequent)
    more = ["…"] if each.frequent and len(each.frequent) < each.distinct else []
    return Cell(cut(", ".join([*told, *more]), 2 * width))


def summarize(connection: Connection, node: Node, names: Sequence[str] = ()) -> Summary:
    """
    Return what the values of attributes are like, in one statement, and one more for each that is named.

    Raises
    ------
    UnknownAttributeError
        A name is not in the heading.
    """
    node.heading.check(names, owner=node.label)
    attributes = [node.heading[name] for name in dict.fromkeys(names or node.heading.non_blobs)]
    wanted = {"n": "count(*)"}
    for number, attribute in enumerate(attributes):
        wanted |= {f"{word}{number}": text for word, text in _asked(attribute).items()}
    found = {name: values[0] for name, values in _fetch(connection, operators.group(node, (), (), wanted)).items()}
    summaries = []
    for number, attribute in enumerate(attributes):
        known = found[f"known{number}"]
        summary = AttributeSummary(
            attribute,
            known,
            found["n"] - known,
            found.get(f"distinct{number}", known),
            found.get(f"least{number}"),
            found.get(f"greatest{number}"),
            found.get(f"mean{number}"),
        )
        summaries.append(_with_values(connection, node, summary) if names else summary)
    return Summary(node.label, found["n"], summaries)


def _asked(attribute: Attribute) -> dict[str, str]:
    """Return the expressions that sum an attribute up."""
    name, family = f"`{attribute.name}`", attribute.type.family
    asked = {"known": f"count({name})"}
    if not attribute.is_blob:
        asked["distinct"] = f"count(DISTINCT {name})"
    if family in _ORDERED:
        asked |= {"least": f"min({name})", "greatest": f"max({name})"}
    if family in _AVERAGED:
        asked["mean"] = f"avg({name})"
    return asked


def _with_values(connection: Connection, node: Node, summary: AttributeSummary) -> AttributeSummary:
    """Return a summary with a histogram, or the most frequent values; as it is where all values differ."""
    attribute, distinct = summary.attribute, summary.distinct
    if attribute.numeric and distinct > BINS:
        return _with_histogram(connection, node, summary)
    if attribute.is_blob or not distinct or distinct == summary.known > BINS:
        return summary
    n = "n" if attribute.name != "n" else "rows"
    known = operators.restrict(node, f"`{attribute.name}` IS NOT NULL")
    counted = operators.group(known, (attribute.name,), (), {n: "count(*)"})
    found = _fetch(connection, operators.restrict(counted, Top(_FREQUENT, order_by=[f"{n} DESC", "KEY"])))
    return replace(summary, frequent=tuple(zip(found[attribute.name], found[n], strict=True)))


def _with_histogram(connection: Connection, node: Node, summary: AttributeSummary) -> AttributeSummary:
    low, high = float(summary.least), float(summary.greatest)
    step = (high - low) / BINS
    if not isfinite(step) or not step:
        return summary
    name = summary.attribute.name
    placed = operators.project(node, (), {"bin": f"floor((`{name}` - ({low!r})) / {step!r})"})
    found = _fetch(connection, operators.group(placed, ("bin",), (), {"n": "count(*)"}))
    histogram = [0] * BINS
    for place, count in zip(found["bin"], found["n"], strict=True):
        if place is not None:
            histogram[min(max(floor(place), 0), BINS - 1)] += count  # the greatest is the end of the last part
    return replace(summary, histogram=tuple(histogram))


def _fetch(connection: Connection, node: Node) -> Columns:
    return fetch_columns(connection, node, node.heading.names, purpose="preview")

"""A value as it is shown in a cell."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from djnb.characters import cut, in_one_line
from djnb.layout import Cell
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.preview.blobs import Look


def cell_of(value: Any, attribute: Attribute, width: int) -> Cell:
    """Return the cell of a value, so many places wide at most; what is cut is whole in the tooltip."""
    if value is None:
        return Cell("null", "null")
    if isinstance(value, Look):
        text = cut(in_one_line(value.text), width)
        return Cell(text, "blob", value.title, value.picture, value.line)
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return Cell(f"{value:.6g}" if isinstance(value, float) else str(value), "number")
    if attribute.type.family is Family.DATETIME:
        value = str(value)[: 20 + attribute.type.scale if attribute.type.scale else 19]
    text = str(value)
    if len(text) > 20 * width:  # what is behind is not looked at
        text = text[: 20 * width]
    return Cell(cut(in_one_line(text), width))

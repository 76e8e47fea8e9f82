"""
How each tier and each kind of foreign key looks.

Nodes are light with dark text, lines of middle tone, and what is written on lines has a ground of its own, so that one
picture reads on light and dark pages alike. Tiers differ by shape too, for those who do not see all colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from djnb.diagram.picture import Bond, Emphasis, Node, Role
from djnb.model.naming import Tier

LINE = "#8a8f98"
TEXT = "#1f2328"
QUIET = "#57606a"
ALARM = "#a40e26"
GROUND = "#f6f8fa"
FONT = "Helvetica,Arial,sans-serif"


class Shape(StrEnum):
    """The outline of a node."""

    BOX = "box"
    ROUNDED = "rounded"
    HEXAGON = "hexagon"
    OVAL = "oval"
    FOLDER = "folder"


@dataclass(frozen=True)
class Look:
    """
    How the tables of a tier look.

    Attributes
    ----------
    shape : Shape
        The outline.
    stroke, fill : str
        Colours of the outline and the inside.
    size : int
        Of the letters of the name, in pixels.
    """

    shape: Shape
    stroke: str
    fill: str
    size: int = 12


LOOKS: dict[Tier | None, Look] = {
    Tier.MANUAL: Look(Shape.BOX, "#1a7f37", "#eaf6ec"),
    Tier.LOOKUP: Look(Shape.ROUNDED, "#6e7781", "#f2f3f5", size=11),
    Tier.IMPORTED: Look(Shape.HEXAGON, "#0969da", "#e8f2fc"),
    Tier.COMPUTED: Look(Shape.OVAL, "#cf222e", "#fdecec"),
    Tier.PART: Look(Shape.ROUNDED, "#c4c9cf", "#ffffff", size=11),
    None: Look(Shape.BOX, LINE, "#ffffff"),
}
"""By tier; None is for tables whose names are not DataJoint's."""

SCHEMA = Look(Shape.FOLDER, "#6639ba", "#f3eefc")
FAINT = Look(Shape.BOX, "#c4c9cf", "#eceef0")
"""Colours of what does not matter; its shape stays."""

WIDTHS: dict[Bond, float] = {Bond.ONE_TO_ONE: 2.5, Bond.IN_KEY: 1.0, Bond.SECONDARY: 1.0}
"""Of lines, in points."""

SMALL = 10
"""Size of the letters under a name, in pixels."""


@dataclass(frozen=True)
class Writing:
    """How a line of text in a node is written."""

    size: int
    colour: str
    is_bold: bool = False


def look_of(node: Node) -> Look:
    """Return how a node looks."""
    look = SCHEMA if node.is_schema else LOOKS[node.tier]
    if node.mark.emphasis is Emphasis.FAINT:
        return Look(look.shape, FAINT.stroke, FAINT.fill, look.size)
    return look


def writing_of(node: Node, role: Role) -> Writing:
    """Return how a line of text in a node is written."""
    is_strong, is_faint = node.mark.emphasis is Emphasis.STRONG, node.mark.emphasis is Emphasis.FAINT
    if role is Role.NAME:
        return Writing(look_of(node).size, QUIET if is_faint else TEXT, is_strong)
    if role is Role.ALARM:
        return Writing(SMALL, ALARM, is_bold=True)
    return Writing(SMALL, QUIET if is_faint or role is Role.PARTS else TEXT, is_strong and role is Role.COUNT)


def outline_of(node: Node) -> float:
    """Return how thick the outline of a node is, in points."""
    return 2.4 if node.mark.emphasis is Emphasis.STRONG else 1.2

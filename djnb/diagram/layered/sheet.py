"""What is laid out, and where it came to lie. Lengths are in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Point(NamedTuple):
    """A place on the sheet: to the right, and down."""

    x: float
    y: float


class Rectangle(NamedTuple):
    """A part of the sheet, by its corner at the top left."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right end."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower end."""
        return self.y + self.height

    @property
    def centre(self) -> Point:
        """The middle."""
        return Point(self.x + self.width / 2, self.y + self.height / 2)


@dataclass(frozen=True)
class Box:
    """
    Something to be placed.

    Attributes
    ----------
    width, height : float
        How large it is.
    group : str
        Boxes of a group lie within a frame of their own, if there are several groups; those of none, outside.
    """

    width: float
    height: float
    group: str = ""


@dataclass(frozen=True)
class Line:
    """
    A line from one box to another, each by its number.

    Attributes
    ----------
    tail, head : int
        Where it begins and ends; the head lies in a later layer, but in rings.
    kind : str
        Lines of a kind that begin at the same box run together as far as they go the same way.
    label : tuple of (float, float), optional
        Width and height of what is written on it.
    """

    tail: int
    head: int
    kind: str = ""
    label: tuple[float, float] | None = None


@dataclass(frozen=True)
class Sheet:
    """
    Where everything lies.

    Attributes
    ----------
    width, height : float
        How large the sheet is.
    boxes : tuple of Rectangle
        The boxes, as they were given.
    paths : tuple of tuple of Point
        The points of each line, from tail to head. Within a layer it goes straight; between two it may bend.
    labels : tuple of (Rectangle or None)
        What is written on each line.
    frames : dict
        The frame of each group.
    """

    width: float
    height: float
    boxes: tuple[Rectangle, ...]
    paths: tuple[tuple[Point, ...], ...]
    labels: tuple[Rectangle | None, ...]
    frames: dict[str, Rectangle]

"""Boxes and lines onto a sheet: layers, order, places, and the points of every line."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from djnb.diagram.layered.lanes import lanes_of
from djnb.diagram.layered.layers import Layers, layers_of
from djnb.diagram.layered.order import arrange
from djnb.diagram.layered.places import Places
from djnb.diagram.layered.ranks import rank
from djnb.diagram.layered.sheet import Box, Line, Point, Rectangle, Sheet

_MARGIN = 10.0
_PAD = 9.0
"""Between the frame of a group and its boxes."""
_HEAD = 17.0
"""Above the boxes of a group, for its name."""
_NEAR, _FAR = 28.0, 80.0
"""Between layers: the steeper the lines there, the more."""
_NEAR_FRAMES = _HEAD + 2 * _PAD + 6
"""Between layers at least, where the frame of one group may follow that of another."""
_APART = {"box": 11.0, "joint": 7.0}
"""Between cells of a layer."""


def lay_out(boxes: Sequence[Box], lines: Sequence[Line], *, direction: Literal["LR", "TB"] = "LR") -> Sheet:
    """
    Place boxes in layers, so that lines go on from layer to layer.

    No box overlaps another one, no line passes under a box, the same boxes and lines come to lie in the same places.
    Frames of groups do not overlap, and a frame holds no other group's box.

    Parameters
    ----------
    boxes : sequence of Box
        Those that lines begin at before those that they end at; a line that goes back, in a ring, is drawn so.
    lines : sequence of Line
        No line begins and ends at the same box.
    direction : {"LR", "TB"}
        Whether layers lie to the right of each other, or below.
    """
    if not boxes:
        return Sheet(2 * _MARGIN, 2 * _MARGIN, (), (), (), {})
    pairs = [(min(line.tail, line.head), max(line.tail, line.head)) for line in lines]
    groups = [box.group for box in boxes]
    is_framed = len(set(groups)) > 1
    ranks = _spread(rank(len(boxes), pairs), groups)
    lanes = lanes_of(groups, ranks, pairs) if is_framed else [0] * len(boxes)
    layers = layers_of(ranks, lanes, lines, pairs)
    arrange(layers)
    sizes = _sizes(layers, boxes, lines, turned=direction == "TB")
    across = [size[1] for size in sizes]
    places = Places(layers, across, lambda one, other: _APART["joint" if one >= layers.count > 0 else "box"])
    # Frames stand out of their boxes, and their names stand above: there must be room between two lanes.
    places.settle(2 * _PAD + _HEAD + 10 if is_framed else 0.0)
    near = _NEAR_FRAMES if is_framed else _NEAR
    starts, ends = _columns(layers, places, [size[0] for size in sizes], near)
    return _Drawer(layers, places.at, sizes, starts, ends, direction).sheet(lines, groups, is_framed=is_framed)


def _spread(ranks: list[int], groups: Sequence[str]) -> list[int]:
    """Give boxes that no line touches the layers of their group, one after the other."""
    spans: dict[str, list[int]] = defaultdict(list)
    for layer, group in zip(ranks, groups, strict=True):
        if layer >= 0:
            spans[group].append(layer)
    alone = [box for box, layer in enumerate(ranks) if layer < 0]
    wide = max(1, round(len(alone) ** 0.5))
    found, used = ranks.copy(), dict.fromkeys(groups, 0)
    for box in alone:
        group = groups[box]
        first = min(spans[group], default=0)
        count = max(spans[group]) - first + 1 if spans[group] else wide
        found[box] = first + used[group] % count
        used[group] += 1
    return found


def _sizes(layers: Layers, boxes: Sequence[Box], lines: Sequence[Line], *, turned: bool) -> list[tuple[float, float]]:
    """Return how much room each cell needs along the layers, and across."""
    sizes = [(0.0, 0.0)] * len(layers.lane)
    for number, box in enumerate(boxes):
        sizes[number] = (box.height, box.width) if turned else (box.width, box.height)
    for line, cell in zip(lines, layers.labelled, strict=True):
        if line.label and cell is not None:
            width, height = line.label
            sizes[cell] = (height, width) if turned else (width, height)
    return sizes


def _columns(layers: Layers, places: Places, along: Sequence[float], near: float) -> tuple[list[float], list[float]]:
    """Return where each layer begins and ends."""
    starts, ends, at = [], [], 0.0
    labels = {cell for cell in layers.labelled if cell is not None}
    for number, cells in enumerate(layers.cells):
        starts.append(at)
        ends.append(at + max((along[cell] for cell in cells), default=0.0))
        steps = [abs(places.at[cell] - places.at[each]) for cell in cells for each in layers.after[cell]]
        room = min(_FAR, near + 0.12 * max(steps, default=0.0))
        is_by_label = not labels.isdisjoint(itertools.chain(*layers.cells[number : number + 2]))
        at = ends[-1] + (room * 0.6 if is_by_label else room)
    return starts, ends


class _Drawer:
    """Turns cells into rectangles and points."""

    def __init__(
        self,
        layers: Layers,
        at: list[float],
        sizes: list[tuple[float, float]],
        starts: list[float],
        ends: list[float],
        direction: str,
    ) -> None:
        self._layers, self._at, self._sizes = layers, at, sizes
        self._starts, self._ends, self._turned = starts, ends, direction == "TB"
        self._layer = {cell: number for number, cells in enumerate(layers.cells) for cell in cells}

    def sheet(self, lines: Sequence[Line], groups: Sequence[str], *, is_framed: bool) -> Sheet:
        """Return everything, moved into the sheet."""
        boxes = [self._rectangle(cell) for cell in range(self._layers.count)]
        labels = [self._rectangle(cell) if cell is not None else None for cell in self._layers.labelled]
        paths = [self._path(chain, line) for chain, line in zip(self._layers.chains, lines, strict=True)]
        frames = _frames(boxes, groups) if is_framed else {}
        corners = [each for each in (*boxes, *labels, *frames.values()) if each is not None]
        points = [point for path in paths for point in path]
        left = min([each.x for each in corners] + [point.x for point in points]) - _MARGIN
        top = min([each.y for each in corners] + [point.y for point in points]) - _MARGIN
        right = max([each.right for each in corners] + [point.x for point in points])
        bottom = max([each.bottom for each in corners] + [point.y for point in points])
        return Sheet(
            right - left + _MARGIN,
            bottom - top + _MARGIN,
            tuple(_moved(each, left, top) for each in boxes),
            tuple(tuple(Point(p.x - left, p.y - top) for p in path) for path in paths),
            tuple(None if each is None else _moved(each, left, top) for each in labels),
            {group: _moved(each, left, top) for group, each in frames.items()},
        )

    def _rectangle(self, cell: int) -> Rectangle:
        along, across = self._sizes[cell]
        layer = self._layer[cell]
        start, side = self._starts[layer], self._at[cell] - across / 2
        if cell >= self._layers.count:  # a label: in the middle
            start += (self._ends[layer] - start - along) / 2
        return Rectangle(side, start, across, along) if self._turned else Rectangle(start, side, along, across)

    def _point(self, along: float, across: float) -> Point:
        return Point(across, along) if self._turned else Point(along, across)

    def _path(self, chain: Sequence[int], line: Line) -> tuple[Point, ...]:
        points = []
        for cell in chain:
            layer, across = self._layer[cell], self._at[cell]
            start, end = self._starts[layer], self._ends[layer]
            if cell != chain[0]:
                points.append(self._point(start, across))
            else:
                points.append(self._point(start + self._sizes[cell][0], across))
            if cell != chain[-1]:
                points.append(self._point(end, across))
        return tuple(points if line.tail == chain[0] else reversed(points))


def _frames(boxes: Sequence[Rectangle], groups: Sequence[str]) -> dict[str, Rectangle]:
    members: dict[str, list[Rectangle]] = defaultdict(list)
    for box, group in zip(boxes, groups, strict=True):
        if group:
            members[group].append(box)
    frames = {}
    for group, inside in members.items():
        left, top = min(box.x for box in inside) - _PAD, min(box.y for box in inside) - _PAD - _HEAD
        right, bottom = max(box.right for box in inside) + _PAD, max(box.bottom for box in inside) + _PAD
        frames[group] = Rectangle(left, top, right - left, bottom - top)
    return frames


def _moved(each: Rectangle, left: float, top: float) -> Rectangle:
    return Rectangle(each.x - left, each.y - top, each.width, each.height)

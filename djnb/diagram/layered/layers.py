"""Layers: boxes, and the joints of lines that pass through a layer on their way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from djnb.diagram.layered.ranks import Pair
from djnb.diagram.layered.sheet import Line


@dataclass
class Layers:
    """
    Cells in layers; a line leads from each layer to the next only.

    Attributes
    ----------
    cells : list of list of int
        The cells of each layer, in their order. Boxes keep their numbers; joints have the numbers after these.
    lane : list of int
        The strip of each cell.
    before, after : list of list of int
        The cells of the layer before, and of the next one, that each is joined to.
    chains : list of list of int
        The cells of each line, from the earlier layer to the later.
    labelled : list of int or None
        The cell of each line that holds its label.
    count : int
        How many of the cells are boxes.
    """

    count: int
    cells: list[list[int]]
    lane: list[int]
    before: list[list[int]] = field(default_factory=list)
    after: list[list[int]] = field(default_factory=list)
    chains: list[list[int]] = field(default_factory=list)
    labelled: list[int | None] = field(default_factory=list)

    def join(self, tail: int, head: int) -> None:
        """Join two cells of neighbouring layers, unless they are joined."""
        if head not in self.after[tail]:
            self.after[tail].append(head)
            self.before[head].append(tail)

    def add(self, layer: int, lane: int) -> int:
        """Return a new joint in a layer."""
        number = len(self.lane)
        self.lane.append(lane)
        self.before.append([])
        self.after.append([])
        self.cells[layer].append(number)
        return number


def layers_of(ranks: Sequence[int], lanes: Sequence[int], lines: Sequence[Line], pairs: Sequence[Pair]) -> Layers:
    """
    Return boxes in their layers, and lines in pieces from layer to layer.

    Parameters
    ----------
    ranks, lanes : sequence of int
        Of each box.
    lines : sequence of Line
        The lines.
    pairs : sequence of (int, int)
        The ends of each line, the one in the earlier layer first.

    Notes
    -----
    A label has a layer between those of boxes. Lines of a kind that begin at the same box share their joints: they are
    one trunk with branches.
    """
    gaps = {ranks[later] - 1 for line, (_, later) in zip(lines, pairs, strict=True) if line.label}
    place, layer = {}, 0
    for number in range(max(ranks, default=-1) + 1):
        place[number] = layer
        layer += 2 if number in gaps else 1
    layers = Layers(len(ranks), [[] for _ in range(layer)], list(lanes))
    layers.before, layers.after = [[] for _ in ranks], [[] for _ in ranks]
    for box, number in enumerate(ranks):
        layers.cells[place[number]].append(box)
    trunks: dict[tuple[int, str, int], int] = {}
    for line, (first, last) in zip(lines, pairs, strict=True):
        ends = place[ranks[first]], place[ranks[last]]
        chain, label = [first], None
        for layer in range(ends[0] + 1, ends[1]):
            if line.label and layer == ends[1] - 1:
                label = joint = layers.add(layer, lanes[last])
            else:
                trunk = (first, line.kind, layer)
                if trunk not in trunks:
                    trunks[trunk] = layers.add(layer, lanes[first])
                joint = trunks[trunk]
            chain.append(joint)
        chain.append(last)
        for one, next_one in pairwise(chain):
            layers.join(one, next_one)
        layers.chains.append(chain)
        layers.labelled.append(label)
    return layers

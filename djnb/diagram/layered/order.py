"""The order of cells within their layers, so that few lines cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence

from djnb.diagram.layered.layers import Layers

_SWEEPS = 24
_WORK = 20_000
"""How many cells are gone through in all; the more there are, the fewer sweeps."""
_PATIENCE = 5
"""After so many sweeps without fewer crossings, the best order so far stays."""


def arrange(layers: Layers) -> None:
    """
    Put the cells of each layer into an order with few crossings; those of a lane stay together.

    Notes
    -----
    Layer after layer, there and back, cells go to the median of what they are joined to in the layer before; then
    neighbours change places where that saves a crossing.
    """
    layers.cells = _begin(layers)
    best, fewest, idle = [cells.copy() for cells in layers.cells], crossings(layers), 0
    for sweep in range(max(4, min(_SWEEPS, _WORK // len(layers.lane)))):
        if fewest == 0 or idle >= _PATIENCE:
            break
        forth = sweep % 2 == 0
        joined = layers.before if forth else layers.after
        last = len(layers.cells) - 1
        for number in range(1, last + 1) if forth else range(last - 1, -1, -1):
            place = _places(layers.cells[number - 1 if forth else number + 1])
            layers.cells[number] = _sorted(layers.cells[number], joined, place, layers.lane, right=sweep % 4 > 1)
        _exchange(layers)
        found = crossings(layers)
        idle += 1
        if found < fewest:
            best, fewest, idle = [cells.copy() for cells in layers.cells], found, 0
    layers.cells = best


def crossings(layers: Layers) -> int:
    """Return how often lines cross."""
    total = 0
    for cells, following in zip(layers.cells, layers.cells[1:], strict=False):
        place = _places(following)
        passed: list[int] = []
        for cell in cells:
            heads = sorted(place[head] for head in layers.after[cell])
            total += sum(len(passed) - bisect_right(passed, head) for head in heads)
            for head in heads:
                insort(passed, head)
    return total


def _begin(layers: Layers) -> list[list[int]]:
    """Return the cells as a walk along the lines comes by them: what hangs together stands together."""
    layer = {cell: number for number, cells in enumerate(layers.cells) for cell in cells}
    begun: list[list[int]] = [[] for _ in layers.cells]
    seen: set[int] = set()
    for start in (cell for cells in layers.cells for cell in cells):
        waiting = [start]
        while waiting:
            cell = waiting.pop()
            if cell not in seen:
                seen.add(cell)
                begun[layer[cell]].append(cell)
                waiting += [*reversed(layers.after[cell]), *reversed(layers.before[cell])]
    return [sorted(cells, key=layers.lane.__getitem__) for cells in begun]


def _places(cells: Sequence[int]) -> dict[int, int]:
    return {cell: place for place, cell in enumerate(cells)}


def _sorted(
    cells: list[int], joined: list[list[int]], place: dict[int, int], lane: list[int], *, right: bool
) -> list[int]:
    """Return a layer's cells by the medians; a cell that is joined to nothing there keeps its place."""
    medians = {cell: _median([place[each] for each in joined[cell]], right=right) for cell in cells if joined[cell]}
    moving = iter(sorted(medians, key=lambda cell: (lane[cell], medians[cell])))
    # By lanes already, so that what stays is within its own.
    return [next(moving) if cell in medians else cell for cell in cells]


def _median(places: list[int], *, right: bool) -> float:
    places.sort()
    middle = len(places) // 2
    if len(places) % 2:
        return places[middle]
    if len(places) == 2:
        return (places[0] + places[1]) / 2
    left = places[middle - 1] - places[0]
    after = places[-1] - places[middle]
    if left + after == 0:
        return places[middle] if right else places[middle - 1]
    return (places[middle - 1] * after + places[middle] * left) / (left + after)


def _exchange(layers: Layers) -> None:
    """Let neighbours change places where fewer lines cross then."""
    for _ in range(3):
        improved = False
        for number, cells in enumerate(layers.cells):
            above = _places(layers.cells[number - 1]) if number else {}
            below = _places(layers.cells[number + 1]) if number + 1 < len(layers.cells) else {}
            ends = {
                cell: (
                    sorted(above[each] for each in layers.before[cell]),
                    sorted(below[each] for each in layers.after[cell]),
                )
                for cell in cells
            }
            for place in range(len(cells) - 1):
                one, other = cells[place], cells[place + 1]
                if layers.lane[one] != layers.lane[other]:
                    continue
                gain = _saved(ends[one][0], ends[other][0]) + _saved(ends[one][1], ends[other][1])
                if gain > 0:
                    cells[place], cells[place + 1] = other, one
                    improved = True
        if not improved:
            return


def _saved(one: list[int], other: list[int]) -> int:
    """Return how many crossings fewer there are with the other one first; both are sorted."""
    if not one or not other or one[-1] <= other[0]:
        return -1 if one and other and one[0] < other[-1] else 0
    now = sum(len(one) - bisect_right(one, each) for each in other)
    then = sum(len(other) - bisect_right(other, each) for each in one)
    return now - then

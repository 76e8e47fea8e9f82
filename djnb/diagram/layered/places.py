"""Where the cells of each layer lie across it: apart from each other, with lines as straight as that allows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise

from djnb.diagram.layered.layers import Layers

_SWEEPS = 10
_STRAIGHT = 8.0
"""How much more it is worth that a joint is straight than that a box is."""
_LOOSELY = 1.3
"""How much wider than it needs a lane is at most."""
_LOOSE = 0.01
"""How much it is worth that a cell which is joined to nothing lies beside another."""


@dataclass(frozen=True)
class Run:
    """
    The cells of one layer that lie in one lane, in their order.

    Attributes
    ----------
    cells : list of int
        The cells.
    offsets : list of float
        How far each lies from the first at least.
    """

    cells: list[int]
    offsets: list[float]


@dataclass
class Places:
    """
    Where the middle of each cell lies.

    Attributes
    ----------
    sizes : sequence of float
        How much room each cell needs across its layer.
    spacing : callable
        Returns the room between two cells.
    """

    layers: Layers
    sizes: Sequence[float]
    spacing: Callable[[int, int], float]
    at: list[float] = field(init=False)
    runs: list[list[Run]] = field(init=False)
    bounds: list[tuple[float, float]] = field(init=False)

    def __post_init__(self) -> None:
        self.at = [0.0] * len(self.layers.lane)
        self.runs = [[self._run(list(cells)) for _, cells in groupby(each, self._lane)] for each in self.layers.cells]
        self.bounds = []
        for runs in self.runs:
            for run in runs:
                self._put(run, [0.0] * len(run.cells))

    def _lane(self, cell: int) -> int:
        return self.layers.lane[cell]

    def _run(self, cells: list[int]) -> Run:
        offsets = [0.0]
        for one, other in pairwise(cells):
            offsets.append(offsets[-1] + self._apart(one, other))
        return Run(cells, offsets)

    def settle(self, between: float) -> None:
        """Place all cells; lanes lie so far from each other."""
        self._sweep(_SWEEPS, within=True)
        self._stack(between)
        if len(self.bounds) > 1:
            self._sweep(_SWEEPS, within=False)
        self._straighten()

    def _stack(self, between: float) -> None:
        """Put the lanes beside each other, none much wider than its fullest layer needs."""
        lanes = range(max(self.layers.lane, default=-1) + 1)
        start = 0.0
        shift = []
        for lane in lanes:
            runs = [run for runs in self.runs for run in runs if self._lane(run.cells[0]) == lane]
            low = min(self.at[run.cells[0]] - self.sizes[run.cells[0]] / 2 for run in runs)
            high = max(self.at[run.cells[-1]] + self.sizes[run.cells[-1]] / 2 for run in runs)
            needed = max(r.offsets[-1] + (self.sizes[r.cells[0]] + self.sizes[r.cells[-1]]) / 2 for r in runs)
            wide = min(high - low, _LOOSELY * needed) if len(lanes) > 1 else high - low
            shift.append(start - low - (high - low - wide) / 2)
            self.bounds.append((start, start + wide))
            start += wide + between
        self.at = [place + shift[self._lane(cell)] for cell, place in enumerate(self.at)]

    def _sweep(self, times: int, *, within: bool) -> None:
        """Move cells towards what they are joined to, layer after layer; `within`: to what is in the same lane."""
        for turn in range(times):
            forth = turn % 2 == 0
            both = turn >= times - 3
            for runs in self.runs if forth else reversed(self.runs):
                for run in runs:
                    self._move(run, before=both or forth, after=both or not forth, within=within)

    def _straighten(self) -> None:
        """Make lines straight that are nearly so, where there is room."""
        room = self._rooms()
        seen: set[int] = set()
        for chain in self.layers.chains:
            for is_joint, part in groupby(chain, lambda cell: cell >= self.layers.count):
                cells = list(part)
                if not is_joint or seen.issuperset(cells):
                    continue
                seen.update(cells)
                low, high = (pick(room(cell)[side] for cell in cells) for side, pick in ((0, max), (1, min)))
                if low <= high:
                    ends = [chain[0], *cells, chain[-1]]
                    straight = sorted(self.at[cell] for cell in ends)[len(ends) // 2]
                    for cell in cells:
                        self.at[cell] = min(max(straight, low), high)

    def _rooms(self) -> Callable[[int], tuple[float, float]]:
        """Return what tells between which places a cell may move."""
        beside: dict[int, tuple[int | None, int | None]] = {}
        for runs in self.runs:
            for run in runs:
                beside.update(
                    zip(run.cells, zip([None, *run.cells], [*run.cells[1:], None], strict=False), strict=True)
                )

        def room(cell: int) -> tuple[float, float]:
            one, other = beside[cell]
            low, high = self.bounds[self._lane(cell)]
            if one is not None:
                low = self.at[one] + self._apart(one, cell) - self.sizes[cell] / 2
            if other is not None:
                high = self.at[other] - self._apart(cell, other) + self.sizes[cell] / 2
            return low + self.sizes[cell] / 2, high - self.sizes[cell] / 2

        return room

    def _apart(self, one: int, other: int) -> float:
        return (self.sizes[one] + self.sizes[other]) / 2 + self.spacing(one, other)

    def _move(self, run: Run, *, before: bool, after: bool, within: bool) -> None:
        wanted: list[float | None] = []
        weights = []
        for cell in run.cells:
            joined = (self.layers.before[cell] if before else []) + (self.layers.after[cell] if after else [])
            if within:
                joined = [each for each in joined if self._lane(each) == self._lane(cell)]
            total = place = 0.0
            for each in joined:
                weight = self._weight(cell, each)
                total, place = total + weight, place + weight * self.at[each]
            wanted.append(place / total if total else None)
            weights.append(total or _LOOSE)
        self._put(run, self._near(run, wanted), weights)

    def _near(self, run: Run, wanted: list[float | None]) -> list[float]:
        """Return where cells are wanted; those that are joined to nothing, beside the cell before them."""
        begin = next((i for i, place in enumerate(wanted) if place is not None), None)
        if begin is None:
            return [self.at[cell] for cell in run.cells]
        found: list[float] = []
        for index, place in enumerate(wanted):
            near = begin if index < begin else index - 1
            beside = wanted[near] if index < begin else found[near] if index else None
            if place is None and beside is not None:
                place = beside + run.offsets[index] - run.offsets[near]
            assert place is not None  # where the first is joined, so is each that follows
            found.append(place)
        return found

    def _weight(self, one: int, other: int) -> float:
        joints = (one >= self.layers.count) + (other >= self.layers.count)
        return (1.0, 2.0, _STRAIGHT)[joints]

    def _put(self, run: Run, wanted: Sequence[float], weights: Sequence[float] | None = None) -> None:
        """Place the cells of a run as near as can be to where they are wanted."""
        targets = [place - offset for place, offset in zip(wanted, run.offsets, strict=True)]
        placed = isotonic(targets, weights or [1.0] * len(targets))
        if self.bounds:
            low, high = self.bounds[self._lane(run.cells[0])]
            first = low + self.sizes[run.cells[0]] / 2
            last = high - self.sizes[run.cells[-1]] / 2 - run.offsets[-1]
            placed = [min(max(place, first), last) for place in placed]
        for cell, place, offset in zip(run.cells, placed, run.offsets, strict=True):
            self.at[cell] = place + offset


def isotonic(targets: Sequence[float], weights: Sequence[float]) -> list[float]:
    """Return the numbers nearest to some, by weighted squares, that never fall from one to the next."""
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    for target, weight in zip(targets, weights, strict=True):
        mean, count = target, 1
        while blocks and blocks[-1][0] > mean:
            other, heavy, many = blocks.pop()
            mean = (mean * weight + other * heavy) / (weight + heavy)
            weight, count = weight + heavy, count + many
        blocks.append((mean, weight, count))
    return [mean for mean, _, count in blocks for _ in range(count)]

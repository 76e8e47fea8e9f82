"""
Lanes: strips along all layers, so that the frames of groups do not overlap.

Groups share a lane if no layer has boxes of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from djnb.diagram.layered.ranks import Pair

_PASSES = 8


def lanes_of(groups: Sequence[str], ranks: Sequence[int], pairs: Sequence[Pair]) -> list[int]:
    """
    Return the lane of each box, from 0.

    Parameters
    ----------
    groups : sequence of str
        The group of each box.
    ranks : sequence of int
        The layer of each box.
    pairs : sequence of (int, int)
        Which leads to which; groups that have much to do with each other come near each other.
    """
    spans: dict[str, tuple[int, int]] = {}
    for group, layer in zip(groups, ranks, strict=True):
        first, last = spans.get(group, (layer, layer))
        spans[group] = min(first, layer), max(last, layer)
    ties = Counter(frozenset((groups[a], groups[b])) for a, b in pairs if groups[a] != groups[b])
    lanes: list[list[str]] = []
    for group in sorted(spans, key=lambda each: (spans[each], each)):
        free = [lane for lane in lanes if all(_are_apart(spans[group], spans[other]) for other in lane)]
        if free:
            max(free, key=lambda lane: sum(ties[frozenset((group, other))] for other in lane)).append(group)
        else:
            lanes.append([group])
    number = {group: place for place, lane in enumerate(_sorted(lanes, ties)) for group in lane}
    return [number[group] for group in groups]


def _are_apart(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[1] < other[0] or other[1] < one[0]


def _sorted(lanes: list[list[str]], ties: Counter[frozenset[str]]) -> list[list[str]]:
    """Return the lanes with those that have much to do with each other side by side, by changing neighbours."""
    best = _length(lanes, ties)
    for _ in range(_PASSES):
        before = best
        for place in range(len(lanes) - 1):
            tried = lanes.copy()
            tried[place], tried[place + 1] = tried[place + 1], tried[place]
            if (length := _length(tried, ties)) < best:
                lanes, best = tried, length
        if best == before:
            break
    return lanes


def _length(lanes: list[list[str]], ties: Counter[frozenset[str]]) -> int:
    place = {group: number for number, lane in enumerate(lanes) for group in lane}
    return sum(abs(place[a] - place[b]) * times for (a, b), times in ((tuple(tie), n) for tie, n in ties.items()))

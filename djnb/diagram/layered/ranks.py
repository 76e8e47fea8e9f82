"""The layer of each box: after those of all that lead to it, and near to them."""

from __future__ import annotations

from collections.abc import Sequence

Pair = tuple[int, int]

_PASSES = 12


def rank(count: int, pairs: Sequence[Pair]) -> list[int]:
    """
    Return the layer of each box, from 0.

    Parameters
    ----------
    count : int
        How many boxes there are.
    pairs : sequence of (int, int)
        Which leads to which, from smaller numbers to larger ones.

    Notes
    -----
    Each box comes as early as it can at first. Then boxes move to where their lines, together, are shortest; boxes to
    which nothing leads thereby come to lie beside what they lead to.
    """
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for tail, head in pairs:
        before[head].append(tail)
        after[tail].append(head)
    ranks = [0] * count
    for box in range(count):
        ranks[box] = max((ranks[each] + 1 for each in before[box]), default=0)
    for turn in range(_PASSES):
        boxes = range(count) if turn % 2 else range(count - 1, -1, -1)
        moved = [_settle(box, ranks, before[box], after[box]) for box in boxes]
        if not any(moved):
            break
    lowest = min((ranks[box] for box in range(count) if before[box] or after[box]), default=0)
    return [ranks[box] - lowest if before[box] or after[box] else -1 for box in range(count)]


def _settle(box: int, ranks: list[int], before: list[int], after: list[int]) -> bool:
    """Move a box to where its lines are shortest; tell whether it moved."""
    was = ranks[box]
    if len(after) > len(before):
        ranks[box] = min(ranks[each] for each in after) - 1
    elif len(before) > len(after):
        ranks[box] = max(ranks[each] for each in before) + 1
    return ranks[box] != was

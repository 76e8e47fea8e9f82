"""Ways of doing the same, measured in turns."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """
    What one comparison gave.

    Attributes
    ----------
    task : str
        What is done.
    database : str
        Where; empty if no database takes part.
    other_way : str
        What djnb is compared with.
    seconds, other_seconds : float
        Medians of djnb's times and of the other way's.
    ratio : float
        Median of the ratios of neighbouring times; below 1, djnb is faster.
    peer_ratio : float or None
        The same ratio of DataJoint's times to the other way's, where it was measured too.
    """

    task: str
    database: str
    other_way: str
    seconds: float
    other_seconds: float
    ratio: float
    peer_ratio: float | None = None


@dataclass(frozen=True)
class Ways:
    """
    Two ways of doing the same.

    Attributes
    ----------
    task, other_way : str
        As in `Figure`.
    djnb, other : callable
        What is timed. One that returns a number has timed itself: seconds.
    peer : callable, optional
        How DataJoint does it.
    prepare : callable
        Runs before each of them, untimed.
    """

    task: str
    other_way: str
    djnb: Callable[[], object]
    other: Callable[[], object]
    prepare: Callable[[], object] = lambda: None
    peer: Callable[[], object] | None = None


def compare(ways: Ways, *, database: str = "", turns: int) -> Figure:
    """Time the ways, in turns that begin with the one and with the other."""
    ours: list[float] = []
    others: list[float] = []
    peers: list[float] = []
    for turn in range(turns):
        pair = [(ways.djnb, ours), (ways.other, others)]
        if ways.peer is not None:
            pair.append((ways.peer, peers))
        for run, times in pair if turn % 2 else reversed(pair):
            ways.prepare()
            times.append(_time(run))
    peer_ratio = _ratio(peers, others) if peers else None
    return Figure(ways.task, database, ways.other_way, median(ours), median(others), _ratio(ours, others), peer_ratio)


def _ratio(times: list[float], others: list[float]) -> float:
    return median(one / other for one, other in zip(times, others, strict=True))


def _time(run: Callable[[], object]) -> float:
    gc.collect()
    started = time.perf_counter()
    result = run()
    elapsed = time.perf_counter() - started
    return result if isinstance(result, float) else elapsed


def as_table(figures: list[Figure]) -> str:
    """Return the figures as a table in Markdown."""
    head = ("task", "database", "compared with", "djnb", "the other way", "ratio", "DataJoint's ratio")
    rows = [
        (
            f.task,
            f.database or "none",
            f.other_way,
            _said(f.seconds),
            _said(f.other_seconds),
            f"{f.ratio:.2f}",
            "" if f.peer_ratio is None else f"{f.peer_ratio:.2f}",
        )
        for f in figures
    ]
    widths = [max(map(len, cells)) for cells in zip(head, *rows, strict=True)]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def _said(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"

"""
Candidates: jobs that could be begun when they were last looked at.

They are read without a lock, many at a time, so that a claim is mostly one statement and workers hardly meet.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import shuffle
from typing import Any

from djnb.algebra.nodes import Node
from djnb.connection import Connection
from djnb.jobs.job import Candidate
from djnb.rows.fetch import decode_rows, to_dicts
from djnb.sql.queue import QueueWords

_SIZE = 128
"""How many are read at a time, at first."""

_LARGEST = 1024
"""How many at most: where many workers meet, twice as many each time, so that they spread."""

_FRESH_SECONDS = 1.0
"""How long they are worth trying, at least."""

_WORTH = 20.0
"""How many times as long as reading them took they are worth trying."""

_MISSES = 4
"""After so many that somebody else had taken, others are looked for."""


class Window:
    """
    The candidates of one loop.

    Parameters
    ----------
    connection : Connection
        Where they are read.
    words : QueueWords
        Says how.
    among : Node, optional
        Only jobs whose keys are among these.
    priority : int, optional
        Only jobs of this priority or more urgent ones.
    """

    def __init__(self, connection: Connection, words: QueueWords, among: Node | None, priority: int | None) -> None:
        self._connection = connection
        self._words = words
        self.asked = (among, priority)
        self._candidates: list[Candidate] = []
        self._read_at = float("-inf")
        self._cost = 0.0
        self._misses = 0
        self._is_crowded = False
        self._size = _SIZE

    @property
    def is_worn(self) -> bool:
        """Whether it is time to look again."""
        age = time.monotonic() - self._read_at
        # To find the jobs of a restriction among a million can take long; that is not done for every job.
        is_old = age > max(_FRESH_SECONDS, _WORTH * self._cost)
        is_crowded = self._misses >= _MISSES and age > self._cost
        return not self._candidates or is_old or is_crowded

    def look(self) -> bool:
        """Read candidates, in one statement if there are any that nobody has died over; tell whether there are."""
        begun = time.monotonic()
        if self._misses >= _MISSES:
            self._size = min(2 * self._size, _LARGEST)
        self._candidates, self._misses = self._read(), 0
        self._read_at = time.monotonic()
        self._cost = self._read_at - begun
        if self._is_crowded:
            self._mix()
        return bool(self._candidates)

    def _read(self) -> list[Candidate]:
        among, priority = self.asked
        for is_suspect in (False, True):
            said = self._words.candidates(among=among, priority=priority, is_suspect=is_suspect, limit=self._size)
            rows = self._connection.execute(said).rows
            if rows:
                return candidates_of(self._connection, self._words, rows)
        return []

    def choose(self, count: int) -> list[Candidate]:
        """Take candidates out, the first ones; one that workers have died over comes alone."""
        size = 1 if self._candidates[0].deaths else count
        chosen = self._candidates[:size]
        del self._candidates[: len(chosen)]
        return chosen

    def miss(self) -> None:
        """Note that somebody else was faster: from now on, candidates are tried in an order of one's own."""
        self._misses += 1
        self._is_crowded = True
        self._mix()

    def _mix(self) -> None:
        shuffle(self._candidates)
        self._candidates.sort(key=lambda candidate: candidate.priority)


def keys_of(
    connection: Connection, words: QueueWords, rows: Sequence[tuple[Any, ...]]
) -> list[tuple[dict[str, Any], tuple[Any, ...]]]:
    """Return the keys that rows begin with, each with its row."""
    return list(zip(to_dicts(decode_rows(connection, rows, words.key, words.jobs)), rows, strict=True))


def candidates_of(connection: Connection, words: QueueWords, rows: Sequence[tuple[Any, ...]]) -> list[Candidate]:
    """Return what rows of ``QueueWords.candidates`` stand for: those that were added together by their keys."""
    found = [
        Candidate(key, int(attempts), int(deaths), int(rank), scheduled)
        for key, (*_, scheduled, attempts, deaths, rank) in keys_of(connection, words, rows)
    ]
    return sorted(found, key=lambda each: (each.priority, each.scheduled, tuple(each.key.values())))

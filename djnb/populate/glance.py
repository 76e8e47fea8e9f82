"""A look into the journals of workers while they work: which key each of them is at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from djnb.populate.journal import read_journal


class Glances:
    """Remembers what was seen, so that a key is told of once."""

    def __init__(self) -> None:
        self._sizes: dict[Path, int] = {}
        self._told: set[tuple[Any, ...]] = set()

    def begun(self, journal: Path) -> Mapping[str, Any] | None:
        """Return the key that a worker has begun last, if it has not ended, unless that was told before."""
        try:
            size = journal.stat().st_size
        except OSError:  # it has noted nothing, or is on another machine
            return None
        if self._sizes.get(journal) == size:
            return None
        self._sizes[journal] = size
        _, keys = read_journal(journal)
        if not keys or tuple(keys[-1].values()) in self._told:
            return None
        key = keys[-1]
        self._told.add(tuple(key.values()))
        return key

    def forget(self, key: Mapping[str, Any]) -> bool:
        """Take note that a key has ended; return whether its beginning was told."""
        if tuple(key.values()) not in self._told:
            return False
        self._told.remove(tuple(key.values()))
        return True

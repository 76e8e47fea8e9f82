"""
What a worker notes of its jobs in a file, for whoever gave it the task: it may be killed before it reports.

A key is noted when it is begun, and again with what came of it. Whoever reads that after a death knows all that has
ended, and which keys may have been committed without anybody's hearing of it.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from djnb.populate.outcome import Outcome, Packed

Key = Mapping[str, Any]


class Journal:
    """
    The notes of one task, while it is carried out.

    Parameters
    ----------
    file : binary file, optional
        Without it, nothing is noted.
    """

    def __init__(self, file: BinaryIO | None) -> None:
        self._file = file

    def begin(self, key: Key) -> None:
        """Note that a key is begun."""
        self._note(dict(key))

    def end(self, outcome: Outcome | Packed) -> None:
        """Note what came of a key that was begun."""
        self._note(outcome)

    def _note(self, what: object) -> None:
        if self._file is not None:
            with suppress(OSError):  # the disk is full, perhaps; that costs nothing but an exact count after a death
                # One call of the system: what it has taken outlives the process.
                self._file.write(pickle.dumps(what))


@contextmanager
def journal_at(path: Path | None) -> Iterator[Journal]:
    """Give a journal; it notes nothing where the folder is not there, as on another machine."""
    if path is None or not path.parent.is_dir():
        yield Journal(None)
        return
    with path.open("wb", buffering=0) as file:
        yield Journal(file)


def read_journal(path: Path) -> tuple[list[Packed], list[Key]]:
    """Return what came of the keys of a task, and the keys that were begun and not ended, the last one last."""
    outcomes: list[Packed] = []
    begun: dict[tuple[Any, ...], Key] = {}
    with suppress(FileNotFoundError, EOFError, pickle.UnpicklingError), path.open("rb") as file:
        while True:
            noted = pickle.load(file)
            if isinstance(noted, Packed):
                outcomes.append(noted)
                begun.pop(tuple(noted.key.values()), None)
            else:
                begun[tuple(noted.values())] = noted
    return outcomes, list(begun.values())

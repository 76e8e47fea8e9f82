"""The parts of a blob, as they are gathered, and what a container leaves to be written after its head."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple


class Children(NamedTuple):
    """What follows the head of a container."""

    values: Iterable[Any]
    step: Callable[[int], str]
    """The way from the container to a child, as Python spells it: ``['spikes']``."""
    has_sizes: bool = True


class Parts:
    """
    Gathers the parts of one blob.

    Attributes
    ----------
    gathered : list
        Bytes, and arrays viewed as bytes; the first is for the protocol.
    size : int
        How many bytes they are.
    is_dj0 : bool
        Whether a part is of a kind that mYm does not have.
    notes : dict
        What the blob cannot say of its value; the keys are the texts, each once.
    """

    def __init__(self) -> None:
        self.gathered: list[Any] = [b""]
        self.size = 0
        self.is_dj0 = False
        self.notes: dict[str, None] = {}

    def put(self, part: Any, size: int) -> None:
        """Add a part of so many bytes."""
        self.gathered.append(part)
        self.size += size

    def scalar(self, said: bytes) -> None:
        """Put down a value of Python's own that holds no others."""
        self.is_dj0 = True
        self.put(said, len(said))

    def note(self, text: str) -> None:
        """Note what the blob cannot say."""
        self.notes[text] = None

"""What ``make`` printed and drew, key by key, as values; how much of it is kept is bounded."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from djnb.layout import key_text

_KEPT = 200
"""Of so many keys a run keeps the outputs, the last ones."""

_KEPT_BYTES = 16_000_000


@dataclass(frozen=True)
class Output:
    """
    What ``make`` printed and drew for a key.

    Attributes
    ----------
    key : dict
        The key.
    text : str
        What went to standard output and standard error; where that was long, its beginning and its end.
    figures : tuple of bytes
        Figures, as PNG.
    table : str
        The class.
    is_failed : bool
        Whether the key failed.
    """

    key: Mapping[str, Any]
    text: str = ""
    figures: tuple[bytes, ...] = ()
    table: str = ""
    is_failed: bool = False

    @property
    def size(self) -> int:
        """How much there is, in bytes about."""
        return len(self.text) + sum(len(each) for each in self.figures)

    @property
    def extent(self) -> str:
        """How much there is, for people: ``2 lines, 1 figure``."""
        lines, figures = len(self.text.splitlines()), len(self.figures)
        parts = [f"{lines} line{'' if lines == 1 else 's'}"] if lines else []
        parts += [f"{figures} figure{'' if figures == 1 else 's'}"] if figures else []
        return ", ".join(parts)

    def __repr__(self) -> str:
        return f"<Output of {key_text(self.key)}: {self.extent or 'nothing'}>\n{self.text}".rstrip()

    def _repr_html_(self) -> str:
        from djnb.populate.output_html import opened

        return opened(self)


class Outputs:
    """
    The outputs of a run: those of its last keys, and what the key in hand has printed so far.

    Attributes
    ----------
    lost : int
        How many were left out to keep no more than is bearable.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[Output] = deque()
        self._size = 0
        self._open: dict[int, Callable[[], Output]] = {}
        self.lost = 0

    def add(self, output: Output) -> None:
        """Keep an output, in the place of the oldest where there are many; of keys that failed they stay longest."""
        with self._lock:
            self._kept.append(output)
            self._size += output.size
            while len(self._kept) > _KEPT or (self._size > _KEPT_BYTES and len(self._kept) > 1):
                old = next((each for each in self._kept if not each.is_failed), self._kept[0])
                self._kept.remove(old)
                self._size -= old.size
                self.lost += 1

    def open(self, read: Callable[[], Output]) -> Callable[[], None]:
        """List what a key in hand prints, until what is returned is called; ``read`` gives it as it is."""
        with self._lock:
            place = max(self._open, default=0) + 1
            self._open[place] = read

        def end() -> None:
            with self._lock:
                self._open.pop(place, None)

        return end

    def __bool__(self) -> bool:
        return bool(self._kept) or any(output.size for output in self.now())

    def ended(self) -> list[Output]:
        """Return the outputs of keys that have ended, the oldest first."""
        with self._lock:
            return list(self._kept)

    def now(self) -> list[Output]:
        """Return what the keys in hand have printed so far."""
        with self._lock:
            reads = list(self._open.values())
        return [read() for read in reads]

"""
Keeping what ``make`` prints and draws, key by key.

Standard output and standard error belong to the whole process. While anything is kept, what stands in their place asks
in whose context it is written to: what others print goes where it always goes.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Self

from djnb.populate import figures
from djnb.populate.output import Output, Outputs

_HALF = 20_000
"""So many characters are kept of the beginning of a text, and of its end."""

_MOST_FIGURES = 8
_LARGEST_FIGURE = 2_000_000


class Sink:
    """
    Takes what is printed and drawn while a key is made.

    Parameters
    ----------
    key : mapping
        The key.

    Attributes
    ----------
    drawn : list
        Figures that pyplot has made since.
    """

    def __init__(self, key: Mapping[str, Any]) -> None:
        self.key = key
        self.drawn: list[Any] = []
        self._lock = threading.Lock()
        self._head = self._tail = ""
        self._left_out = 0
        self._figures: list[bytes] = []

    def write(self, text: str) -> int:
        """Take a text; of a long one, the beginning and the end are kept."""
        with self._lock:
            room = _HALF - len(self._head)
            self._head += text[:room]
            self._tail += text[room:]
            over = len(self._tail) - _HALF
            if over > _HALF:  # seldom, for it copies
                self._tail, self._left_out = self._tail[over:], self._left_out + over
        return len(text)

    def draw(self, png: bytes) -> None:
        """Take a picture; of many, the first ones are kept."""
        if len(self._figures) >= _MOST_FIGURES or len(png) > _LARGEST_FIGURE:
            self.write("(A figure was left out: there are many, or it is large.)\n")
        else:
            self._figures.append(png)

    def read(self) -> Output:
        """Return what there is so far."""
        with self._lock:
            over = max(len(self._tail) - _HALF, 0)
            left_out, tail = self._left_out + over, self._tail[over:]
            gap = f"\n… {left_out} characters left out …\n" if left_out else ""
            return Output(self.key, self._head + gap + tail, tuple(self._figures))


_sink: ContextVar[Sink | None] = ContextVar("djnb_sink", default=None)

DisplayTaker = Callable[[Sink], Callable[[], None]]
"""Has what is displayed in this thread go to a sink; returns what ends that."""

_display_taker: DisplayTaker | None = None


def set_display_taker(taker: DisplayTaker | None) -> None:
    """Have a face say how what is displayed is taken; None for a process without a face."""
    global _display_taker
    _display_taker = taker


class Recorder:
    """
    Keeps what is printed and drawn in the thread that uses it, from `begin` to `end`; to be used in a ``with`` block.

    Parameters
    ----------
    is_on : bool
        Without it, nothing is kept, and prints go where they always go.
    outputs : Outputs, optional
        Lists the key in hand.
    """

    def __init__(self, *, is_on: bool, outputs: Outputs | None = None) -> None:
        self._is_on = is_on
        self._outputs = outputs
        self._sink: Sink | None = None
        self._token: Token[Sink | None] | None = None
        self._endings: list[Callable[[], None]] = []

    def __enter__(self) -> Self:
        if self._is_on:
            _streams.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_on:
            self.end()
            _streams.give_back()

    def begin(self, key: Mapping[str, Any]) -> None:
        """Keep what is printed from now on: it is this key's."""
        if not self._is_on:
            return
        self.end()
        sink = self._sink = Sink(key)
        self._token = _sink.set(sink)
        figures.listen(_sink.get)
        if _display_taker is not None:
            self._endings.append(_display_taker(sink))
        if self._outputs is not None:
            self._endings.append(self._outputs.open(sink.read))

    def end(self) -> Output | None:
        """Return what the key has printed and drawn; None where that is nothing."""
        sink, self._sink = self._sink, None
        if sink is None:
            return None
        try:
            figures.collect(sink)
        finally:
            for ending in self._endings:
                ending()
            self._endings.clear()
            assert self._token is not None
            _sink.reset(self._token)
        output = sink.read()
        return output if output.size else None


class _Switch:
    """Stands in the place of a stream: what is printed while a key is made goes to its sink."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        sink = _sink.get()
        if sink is not None:
            return sink.write(text)
        written: int = self._stream.write(text)
        return written

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Streams:
    """The switches of this process, as long as anybody wants them."""

    _NAMES = ("stdout", "stderr")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def take(self) -> None:
        with self._lock:
            self._count += 1
            for name in self._NAMES:
                stream = getattr(sys, name)
                if stream is not None and not isinstance(stream, _Switch):
                    setattr(sys, name, _Switch(stream))

    def give_back(self) -> None:
        with self._lock:
            self._count -= 1
            for name in self._NAMES:
                stream = getattr(sys, name)
                if not self._count and isinstance(stream, _Switch):
                    setattr(sys, name, stream._stream)


_streams = _Streams()

"""
The figures that ``make`` draws with matplotlib, where that is installed.

A figure belongs to the key whose ``make`` has asked pyplot for it, whatever others draw meanwhile in other threads.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any, Protocol

_HOOK = f"{__name__}:note"


class Drawing(Protocol):
    """Who takes figures."""

    drawn: list[Any]

    def draw(self, png: bytes) -> None:
        """Take a picture."""
        ...

    def write(self, text: str) -> int:
        """Take a text."""
        ...


_whose: Callable[[], Drawing | None] = lambda: None  # noqa: E731 -- nobody's, until somebody listens


def note(figure: Any) -> None:
    """Hear of a figure that pyplot has made."""
    drawing = _whose()
    if drawing is not None:
        drawing.drawn.append(figure)


def listen(whose: Callable[[], Drawing | None]) -> None:
    """Have pyplot tell of its figures; ``whose()`` says who takes those of the thread that makes one."""
    global _whose
    _whose = whose
    settings = _settings()
    if settings is not None and _HOOK not in settings["figure.hooks"]:
        settings["figure.hooks"] = [*settings["figure.hooks"], _HOOK]


def collect(drawing: Drawing) -> None:
    """Draw the figures that are open still, and close them."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    settings = _settings()
    if pyplot is None or settings is None:
        return
    figures = list(drawing.drawn)
    if _HOOK not in settings["figure.hooks"]:  # it was imported since this key was begun: all of them are its own
        figures = [pyplot.figure(number) for number in pyplot.get_fignums()]
    for figure in figures:
        if pyplot.fignum_exists(figure.number):
            _draw(figure, drawing)
            pyplot.close(figure)


def _settings() -> Any:
    """Return matplotlib's settings; None where it is not imported, or has no hooks."""
    matplotlib = sys.modules.get("matplotlib")
    settings = getattr(matplotlib, "rcParams", None)
    return settings if settings is not None and "figure.hooks" in settings else None


def _draw(figure: Any, drawing: Drawing) -> None:
    buffer = io.BytesIO()
    try:
        figure.savefig(buffer, format="png", bbox_inches="tight")
    except Exception as error:  # noqa: BLE001 -- a picture that cannot be drawn must not fail its key
        drawing.write(f"(A figure could not be drawn: {error})\n")
    else:
        drawing.draw(buffer.getvalue())

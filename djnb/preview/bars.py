"""Counts as bars: as SVG, and as characters."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_BARS = "▁▂▃▄▅▆▇█"
_STEP, _HEIGHT = 7, 24
"""Of a bar, in pixels."""


def bar(height: float) -> str:
    """Return the character of a height between 0 and 1."""
    return _BARS[min(round(height * (len(_BARS) - 1)), len(_BARS) - 1)]


def bars(counts: Sequence[int], label: str) -> tuple[str, str]:
    """Return counts as an SVG, which a screen reader calls by the label, and as characters, a blank for none."""
    most = max(counts, default=0) or 1
    drawn = "".join(
        f'<rect x="{_STEP * place}" y="{_HEIGHT - height:.1f}" width="{_STEP - 1}" height="{height:.1f}"/>'
        for place, count in enumerate(counts)
        if (height := max(_HEIGHT * count / most, 1) if count else 0)
    )
    width = _STEP * len(counts)
    svg = (
        f'<svg class="djnb-picture" role="img" aria-label="{escape(label)}" width="{width}" height="{_HEIGHT}" '
        f'viewBox="0 0 {width} {_HEIGHT}" fill="currentColor">{drawn}</svg>'
    )
    return svg, "".join(bar(count / most) if count else " " for count in counts)

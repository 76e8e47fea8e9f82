"""
Text in pictures: how wide it is, without the font, and how it is written.

The widths are those of Helvetica, which Arial and Liberation Sans share.
"""

from __future__ import annotations

import html
import re
from unicodedata import combining, east_asian_width

_MIDDLE = 0.556
# In ems.
_WIDTHS: dict[str, float] = {
    **dict.fromkeys("ijl'", 0.222),
    **dict.fromkeys(" ,./:;!ftI[]|\\\N{MIDDLE DOT}\N{NO-BREAK SPACE}", 0.278),
    **dict.fromkeys("()-r`", 0.333),
    **dict.fromkeys("ckvxyzsJ", 0.5),
    **dict.fromkeys("FTZ", 0.611),
    **dict.fromkeys("ABEKPSVXY&", 0.667),
    **dict.fromkeys("CDHNRUw", 0.722),
    **dict.fromkeys("GOQ", 0.778),
    **dict.fromkeys("mM", 0.833),
    **dict.fromkeys("+<>=~", 0.584),
    **dict.fromkeys("W%\N{HORIZONTAL ELLIPSIS}", 0.95),
    **dict.fromkeys("@\N{WARNING SIGN}\N{ANTICLOCKWISE OPEN CIRCLE ARROW}", 1.0),
}
_BOLD = 1.08
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def width(text: str, size: float, *, is_bold: bool = False) -> float:
    """Return the width of a text in letters of a size, in the size's unit."""
    ems = sum(_ems(letter) for letter in text)
    return ems * size * (_BOLD if is_bold else 1.0)


def _ems(letter: str) -> float:
    if combining(letter):
        return 0.0
    if east_asian_width(letter) in "WF":
        return 1.0
    return _WIDTHS.get(letter, _MIDDLE)


def shortened(text: str, size: float, room: float) -> str:
    """Return a text, without its end if there is no room for it."""
    if width(text, size) <= room:
        return text
    kept = len(text)
    while kept and width(text[:kept] + "\N{HORIZONTAL ELLIPSIS}", size) > room:
        kept -= 1
    return text[:kept] + "\N{HORIZONTAL ELLIPSIS}"


def escape(text: str) -> str:
    """Return a text for XML, without the control characters that it cannot hold."""
    return html.escape(_FORBIDDEN.sub(" ", text))

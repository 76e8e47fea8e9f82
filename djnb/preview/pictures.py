"""
Arrays as small pictures: an image as PNG, a line of numbers as SVG and as characters.

What is not finite leaves a gap in a line, and is black in an image.
"""

from __future__ import annotations

import base64
import struct
import zlib
from html import escape
from typing import Any

import numpy as np

from djnb.preview.bars import bar

Array = np.ndarray[Any, np.dtype[Any]]

_SIDE = 64
"""Pixels of the longer side of an image."""

_WIDTH, _HEIGHT = 120, 24
"""Of a line, in pixels."""

_PLACES = 16
"""How many characters a line takes in plain text."""


def picture_of(value: Any) -> tuple[str, str]:
    """
    Return the picture of an array as HTML, and what stands for it in plain text; empty texts where there is none.

    Drawn are numbers and truth values: in one dimension as a line, of complex ones the magnitude; in two, or of shape
    (height, width, 3 or 4), as an image.
    """
    if not hasattr(value, "__array__") or not hasattr(value, "dtype"):
        return "", ""
    array = np.asarray(value)
    if array.dtype.kind not in "biufc" or array.size < 2:
        return "", ""
    # Axes of length one are how MATLAB writes a line.
    array = array.squeeze()
    told = f"{array.dtype} {np.shape(value)}"
    if array.dtype.kind == "c":
        array = np.abs(array)
    with np.errstate(all="ignore"):  # the range of numbers may itself be no number
        if array.ndim == 1:
            return _line(array, told), _characters(array)
        if array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4)):
            return _image(array, told), ""
    return "", ""


def _line(array: Array, told: str) -> str:
    """Return a line as SVG: at each place from the least to the greatest of the values that fall there."""
    low, high = _extremes(array, _WIDTH)
    bottom, top = _range(low, high)
    if top is None:
        return ""
    scale = (_HEIGHT - 2) / ((top - bottom) or 1.0)
    step = _WIDTH / len(low)
    pieces: list[list[str]] = [[]]
    for place, (least, most) in enumerate(zip(low, high, strict=True)):
        if not np.isfinite(least):
            pieces.append([])
            continue
        x = (place + 0.5) * step
        ends = (most, least) if place % 2 else (least, most)
        for end in dict.fromkeys(ends):
            pieces[-1].append(f"{x:.1f},{_HEIGHT - 1 - (end - bottom) * scale:.1f}")
    drawn = "".join(f'<polyline points="{" ".join(_visible(piece))}"/>' for piece in pieces if piece)
    label = escape(f"{told}, from {bottom:.4g} to {top:.4g}")
    return (
        f'<svg class="djnb-picture" role="img" aria-label="{label}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" fill="none" stroke="currentColor" stroke-linejoin="round" '
        f'stroke-linecap="round">{drawn}</svg>'
    )


def _visible(piece: list[str]) -> list[str]:
    # A line from a point to itself is drawn as a dot.
    return piece * 2 if len(piece) == 1 else piece


def _characters(array: Array) -> str:
    low, high = _extremes(array, _PLACES)
    middle = low / 2 + high / 2
    bottom, top = _range(middle, middle)
    if top is None:
        return ""
    heights = (middle - bottom) / ((top - bottom) or 1.0)
    return "".join(bar(float(height)) if np.isfinite(height) else " " for height in heights)


def _extremes(array: Array, places: int) -> tuple[Array, Array]:
    """Return the least and the greatest value at each of so many places at most; NaN where none is finite."""
    numbers = np.asarray(array, dtype=np.float64)
    known = np.isfinite(numbers)
    starts = np.linspace(0, len(numbers), min(places, len(numbers)), endpoint=False).astype(int)
    low = np.minimum.reduceat(np.where(known, numbers, np.inf), starts)
    high = np.maximum.reduceat(np.where(known, numbers, -np.inf), starts)
    return np.where(np.isfinite(low), low, np.nan), np.where(np.isfinite(high), high, np.nan)


def _range(low: Array, high: Array) -> tuple[float, float | None]:
    known = np.isfinite(low)
    if not known.any():
        return 0.0, None
    return float(low[known].min()) + 0.0, float(high[known].max()) + 0.0  # no zero with a sign


def _image(array: Array, told: str) -> str:
    """Return an image: numbers from black to white, colours as they are."""
    height, width = array.shape[:2]
    if not height or not width:
        return ""
    numbers = _reduced(array)
    label = told
    if array.ndim == 2:
        low, high = _range(numbers.reshape(-1), numbers.reshape(-1))
        if high is None:
            return ""
        label += f", from {low:.4g} to {high:.4g}"
        numbers = (numbers - low) * (255 / ((high - low) or 1.0))
    elif array.dtype != np.uint8:  # floats from 0 to 1, as matplotlib reads colours, or of any other range
        numbers = numbers * (255 / (np.nan_to_num(numbers).max() or 1.0))
    pixels = np.clip(np.nan_to_num(numbers, nan=0, posinf=255, neginf=0), 0, 255).astype(np.uint8)
    zoom = _SIDE / max(height, width)
    size = f'width="{max(round(width * zoom), 1)}" height="{max(round(height * zoom), 1)}"'
    data = base64.b64encode(_png(pixels)).decode("ascii")
    return f'<img class="djnb-picture" alt="{escape(label)}" {size} src="data:image/png;base64,{data}">'


def _reduced(array: Array) -> Array:
    """Return an image of few pixels, each the nearest one: means of labels would be labels of others."""
    places = [np.linspace(0, n, min(n, 2 * _SIDE), endpoint=False).astype(int) for n in array.shape[:2]]
    return np.asarray(array[np.ix_(*places)], dtype=np.float64)


def _png(pixels: Array) -> bytes:
    """Return grey or coloured pixels, uint8 of shape (height, width) or (height, width, 3 or 4), as a PNG file."""
    height, width = pixels.shape[:2]
    kind = 0 if pixels.ndim == 2 else {3: 2, 4: 6}[pixels.shape[2]]
    lines = pixels.reshape(height, -1)
    content = np.concatenate([np.zeros((height, 1), np.uint8), lines], axis=1).tobytes()
    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(content)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

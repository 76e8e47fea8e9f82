"""Packing and unpacking, in both worlds."""

from __future__ import annotations

import importlib

from values import difference, generated


def pack(dj, seed, count):
    """Return generated values packed, as hexadecimal text."""
    blob = importlib.import_module(f"{dj.__name__}.blob")
    return [blob.pack(value).hex() for value in generated(seed, count)]


def unpack(dj, blobs, seed):
    """Return how unpacked values differ from the generated ones, one text for each that does."""
    blob = importlib.import_module(f"{dj.__name__}.blob")
    expected = generated(seed, len(blobs))
    found = [
        difference(blob.unpack(bytes.fromhex(packed)), value, f"value {index}")
        for index, (packed, value) in enumerate(zip(blobs, expected, strict=True))
    ]
    return [text for text in found if text is not None]

"""
What is kept of an answer, to know it again: not its values, but what tells them from others.

The order of rows does not matter, since a database may give them in another one. Bytes are known by their SHA-1, which
a server can compute itself, so that an array of gigabytes need not be sent again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b, sha1
from typing import Any

LARGE_BYTES = 1_024
"""Bytes of at least this length make it worth while to have the server compute the SHA-1."""

KEPT_ROWS = 1_000
"""Of so many rows, the words are kept, to tell afterwards which attributes have changed."""

_MODULUS = 2**128

Row = Sequence[Any]


def sha1_of(value: bytes) -> str:
    """Return the SHA-1 of bytes as a server gives it."""
    return sha1(value, usedforsecurity=False).hexdigest()


@dataclass
class Digest:
    """
    What is known of an answer.

    Attributes
    ----------
    count : int
        Its rows.
    total : int
        The sum of the digests of its rows.
    large : set of int
        The places in a row where large bytes have been seen.
    words : list of tuple or None
        The rows, bytes by their SHA-1 and other values by their ``repr``; None if there are many.
    """

    count: int = 0
    total: int = 0
    large: set[int] = field(default_factory=set)
    words: list[tuple[str, ...]] | None = field(default_factory=list)

    def add(self, rows: Iterable[Row], *, hashed: Collection[int] = ()) -> None:
        """Take in rows; at the places that are ``hashed``, they have the SHA-1 of bytes rather than these."""
        for row in rows:
            if hashed or bytes in map(type, row):
                words = tuple(self._word(place, value, place in hashed) for place, value in enumerate(row))
            else:
                words = tuple(map(repr, row))
            digest = blake2b("\0".join(words).encode("utf-8", "surrogatepass"), digest_size=16).digest()
            self.total = (self.total + int.from_bytes(digest, "little")) % _MODULUS
            self.count += 1
            if self.words is not None:
                self.words.append(words)
                if len(self.words) > KEPT_ROWS:
                    self.words = None

    def _word(self, place: int, value: Any, is_hashed: bool) -> str:
        if is_hashed:
            return repr(value) if value is None else f"sha1 {value}"
        if not isinstance(value, bytes):
            return repr(value)
        if len(value) >= LARGE_BYTES:
            self.large.add(place)
        return f"sha1 {sha1_of(value)}"

    def watch(self, portions: Iterable[list[Any]]) -> Iterator[list[Any]]:
        """Yield portions of rows and take them in."""
        for portion in portions:
            self.add(portion)
            yield portion

    def is_of(self, other: Digest) -> bool:
        """Tell whether both are of the same rows."""
        return (self.count, self.total) == (other.count, other.total)

    def differing(self, other: Digest) -> list[int]:
        """Return the places in which as many rows differ; empty where that is not known."""
        if self.words is None or other.words is None or self.count != other.count:
            return []
        columns = zip(zip(*self.words, strict=True), zip(*other.words, strict=True), strict=True)
        return [place for place, (own, others) in enumerate(columns) if Counter(own) != Counter(others)]

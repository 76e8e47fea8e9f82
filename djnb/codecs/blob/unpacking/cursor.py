"""The place in a blob up to which it has been read, and what is taken from there; what does not fit is refused."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from djnb.codecs.blob.layout import MAX_FIELDS, MAX_NDIM
from djnb.errors import BlobError

REMEDY = "If it was whole once, restore it from a backup, or delete the row and populate it again."
"""What to do with a damaged blob."""


class Pending(NamedTuple):
    """A container whose head has been read."""

    length: int
    build: Callable[[list[Any]], Any]
    is_fields: bool = False
    """The items are arrays without sizes: the fields of a structured array."""


class Cursor:
    """
    Goes through one blob.

    Attributes
    ----------
    view : memoryview
        The blob, inflated.
    at, end : int
        Where it is, and where the item ends that it is in.
    length : Struct
        How lengths and dimensions are written.
    squeezes : bool
        Whether arrays are to lose their dimensions of length one.
    """

    def __init__(self, view: memoryview, length: struct.Struct, *, squeezes: bool) -> None:
        self.view = view
        self.at = 4
        self.end = len(view)
        self.length = length
        self.squeezes = squeezes

    def take(self, size: int) -> memoryview:
        """Return the next bytes."""
        if size > self.end - self.at:
            self.fail(f"{size} bytes are announced where {self.end - self.at} are left")
        start = self.at
        self.at += size
        return self.view[start : self.at]

    def number(self, size: int, *, signed: bool = False) -> int:
        """Return an integer of so many bytes."""
        return int.from_bytes(self.take(size), "little", signed=signed)

    def size(self) -> int:
        """Return a length."""
        size: int = self.length.unpack(self.take(self.length.size))[0]
        return size

    def shape(self) -> tuple[tuple[int, ...], int]:
        """Return the shape of an array, and how many elements it announces."""
        ndim = self.size()
        if ndim > MAX_NDIM:
            self.fail(f"an array of {ndim} dimensions is announced")
        shape = tuple([self.size() for _ in range(ndim)])
        return shape, math.prod(shape)

    def names(self) -> list[str]:
        """Return the names of fields."""
        count = self.number(4)
        if count > min(MAX_FIELDS, self.end - self.at):
            self.fail(f"{count} fields are announced")
        return [self._name() for _ in range(count)]

    def _name(self) -> str:
        start = self.at
        while self.number(1):
            pass
        if self.at == start + 1:
            self.fail("a field has no name")
        return str(self.view[start : self.at - 1], "utf-8")

    def damage(self, reason: str) -> BlobError:
        """Return the error that says what is wrong here."""
        return BlobError(f"The blob is damaged at byte {self.at}: {reason}.", remedy=REMEDY)

    def fail(self, reason: str) -> NoReturn:
        """Raise the error that says what is wrong here."""
        raise self.damage(reason)

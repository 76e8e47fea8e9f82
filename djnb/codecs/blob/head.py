"""
What a blob holds, told by its first bytes: the kind of value, dtype and shape of an array, the keys of a dict.

Nothing of the size of the value is read or made; a head that says nothing, or is damaged, gives None.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from djnb.codecs.blob.layout import (
    BOOL_TYPE,
    CHAR_TYPE,
    COMPRESSED,
    DATETIME_TYPE,
    DATETIME_UNITS,
    DJ0,
    MAX_FIELDS,
    MAX_NDIM,
    MYM,
    NUMERIC_TYPES,
    OBJECT_TYPE,
    Kind,
)
from djnb.codecs.blob.unpack import unpack
from djnb.errors import BlobError

_INFLATED = 1024
_SHOWN_NAMES = 8
_COUNTED = {Kind.LIST: "list", Kind.TUPLE: "tuple", Kind.SET: "set", Kind.DICT: "dict"}


@dataclass(frozen=True)
class Contents:
    """
    What a blob holds.

    Attributes
    ----------
    text : str
        ``float64 (512, 512)``, ``dict of 3: x, y, …``, or the value itself where it is short and no array.
    dtype : dtype or None
        Of an array of numbers, truth values, times or objects.
    shape : tuple of int or None
        Of an array.
    is_whole : bool
        Whether ``text`` is the value itself.
    """

    text: str
    dtype: np.dtype[Any] | None = None
    shape: tuple[int, ...] | None = None
    is_whole: bool = False

    @property
    def nbytes(self) -> int | None:
        """How many bytes an array takes in memory; None of other values."""
        if self.dtype is None or self.shape is None:
            return None
        return self.dtype.itemsize * math.prod(self.shape)


def look(head: bytes, size: int) -> Contents | None:
    """
    Return what a blob holds.

    Parameters
    ----------
    head : bytes
        Its first bytes; some hundred are enough, compressed or not.
    size : int
        How many it has in all.

    Returns
    -------
    Contents or None
        None where the bytes are no blob, or too few.
    """
    raw, is_whole = bytes(head), size == len(head)
    try:
        if raw.startswith(COMPRESSED):
            raw, is_whole = _inflate(raw[len(COMPRESSED) :])
        if raw[:4] not in (MYM, DJ0):
            return None
        array = _Head(raw).array()
        if array is not None and array.dtype is not None:
            return array
        if is_whole:
            value = unpack(raw)
            return Contents(repr(value.item() if isinstance(value, np.generic) else value), is_whole=True)
        return array or _Head(raw).outline()
    except (struct.error, IndexError, ValueError, zlib.error, BlobError):
        return None


def _inflate(data: bytes) -> tuple[bytes, bool]:
    """Return the first bytes of what is compressed, and whether they are all."""
    (size,) = struct.unpack_from("<Q", data)
    raw = zlib.decompressobj().decompress(data[8:], _INFLATED)
    return raw, len(raw) == size


class _Head:
    """Reads the first element of a blob."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 4

    def array(self) -> Contents | None:
        """Return dtype and shape of an array; None of scalars, of text, and of what is no array."""
        if self._byte() != Kind.ARRAY:
            return None
        shape = self._shape()
        type_id, is_complex = self._unpack("<II")
        if type_id == CHAR_TYPE:
            return None if len(shape) < 2 or shape[0] == 1 else Contents(f"characters {shape}", shape=shape)
        dtype = _dtype(type_id, is_complex=bool(is_complex))
        if dtype is None or (not shape and type_id != OBJECT_TYPE):
            return None
        return Contents(f"{dtype} {shape}", dtype, shape)

    def outline(self) -> Contents | None:
        """Return what can be told of a value that is not there whole."""
        kind = self._byte()
        if kind == Kind.DICT:
            return Contents(self._dict())
        if kind in _COUNTED:
            return Contents(f"{_COUNTED[Kind(kind)]} of {self._size()}")
        if kind == Kind.STR:
            return Contents(self._str())
        if kind == Kind.BYTES:
            return Contents("bytes")
        if kind == Kind.STRUCTURED:
            names = self._names()
            self._byte()
            shape = self._shape()
            return Contents(f"records {shape}: {_listed(names, len(names))}", shape=shape)
        if kind == Kind.MAT_CELL:
            shape = self._shape()
            return Contents(f"MATLAB cell {shape}", shape=shape)
        if kind == Kind.MAT_STRUCT:
            shape = self._shape()
            names = self._names()
            return Contents(f"MATLAB struct {shape}: {_listed(names, len(names))}", shape=shape)
        return None

    def _dict(self) -> str:
        count = self._size()
        names: list[str] = []
        try:
            while len(names) < min(count, _SHOWN_NAMES):
                end = self._size() + self._at
                if self._byte() != Kind.STR:
                    break
                names.append(self._text(self._size()))
                self._at = end
                size = self._size()
                self._at += size
        except (struct.error, IndexError):
            pass  # the head ends here; what it named is told
        return f"dict of {count}" + (f": {_listed(names, count)}" if names else "")

    def _str(self) -> str:
        size = self._size()
        start = self._raw[self._at : self._at + size].decode("utf-8", "ignore")
        return f"'{start}…"

    def _names(self) -> list[str]:
        (count,) = self._unpack("<I")
        if count > MAX_FIELDS:
            raise ValueError(count)
        names = []
        for _ in range(count):
            end = self._raw.index(b"\0", self._at)
            names.append(self._raw[self._at : end].decode())
            self._at = end + 1
        return names

    def _shape(self) -> tuple[int, ...]:
        ndim = self._size()
        if ndim > MAX_NDIM:
            raise ValueError(ndim)
        return self._unpack(f"<{ndim}Q")

    def _text(self, size: int) -> str:
        if self._at + size > len(self._raw):
            raise IndexError(size)
        return self._raw[self._at : self._at + size].decode("utf-8", "replace")

    def _size(self) -> int:
        size: int = self._unpack("<Q")[0]
        return size

    def _byte(self) -> int:
        byte: int = self._unpack("<B")[0]
        return byte

    def _unpack(self, spelled: str) -> tuple[Any, ...]:
        found = struct.unpack_from(spelled, self._raw, self._at)
        self._at += struct.calcsize(spelled)
        return found


def _dtype(type_id: int, *, is_complex: bool) -> np.dtype[Any] | None:
    if type_id == OBJECT_TYPE:
        return np.dtype(object)
    if type_id == BOOL_TYPE:
        return np.dtype(bool)
    if 0 <= type_id - DATETIME_TYPE < len(DATETIME_UNITS):
        return np.dtype(f"M8[{DATETIME_UNITS[type_id - DATETIME_TYPE]}]")
    if type_id not in NUMERIC_TYPES:
        return None
    dtype = np.dtype(NUMERIC_TYPES[type_id]).newbyteorder("=")
    return np.result_type(dtype, np.complex64) if is_complex else dtype


def _listed(names: list[str], count: int) -> str:
    shown = names[:_SHOWN_NAMES]
    return ", ".join([*shown, "…"] if len(shown) < count else shown)

"""
The reader: a blob becomes a value.

The bytes may come from anybody: a shared database, a file on the web. So every length is compared with the bytes
that are left before anything is made of that size, nesting is bounded, and whatever does not fit is a `BlobError`.

A reader of one kind returns the value, or, for a container, what it takes to build it from its items.
`_Reader.element` is the only recursion, one frame per level.
"""

from __future__ import annotations

from decimal import InvalidOperation
from typing import Any

from djnb.codecs.blob.layout import COMPRESSED, MAX_DEPTH, PROTOCOLS, SHORT_SIZE, SIZE, Kind
from djnb.codecs.blob.unpacking import arrays, containers, scalars
from djnb.codecs.blob.unpacking.cursor import Cursor, Pending
from djnb.codecs.blob.unpacking.inflation import inflate
from djnb.codecs.blob.unpacking.scalars import UNREAD, WHOLE_READERS
from djnb.errors import BlobError

_ARRAY = int(Kind.ARRAY)
_READERS = {**scalars.READERS, **containers.READERS, **arrays.READERS}


def unpack(
    data: bytes | bytearray | memoryview,
    *,
    squeeze: bool = False,
    use_32bit_dims: bool = False,
    is_trusted: bool = False,
) -> Any:
    """
    Return the value of a blob.

    Parameters
    ----------
    data : bytes
        As `pack` made them, or mYm in MATLAB, or another DataJoint.
    squeeze : bool
        Drop the dimensions of length one, and turn an array of one element into a Python scalar, as suits what
        MATLAB wrote.
    use_32bit_dims : bool
        Read lengths and dimensions of four bytes, as very old mYm wrote them.
    is_trusted : bool
        Inflate a compressed blob to whatever it announces. Else one that would be more than 1 GiB, and more than a
        hundred times its length, is refused: a few megabytes, which anybody can write, would take all memory.

    Returns
    -------
    object
        Arrays are new and writable, in Fortran order.

    Raises
    ------
    BlobError
        The bytes are not a blob, or a damaged one. No bytes lead to anything worse.

    Examples
    --------
    >>> from djnb.codecs.blob import pack
    >>> unpack(pack({"x": [1, 2.5]}))
    {'x': [1, 2.5]}
    """
    try:
        view = memoryview(data).cast("B")
    except (TypeError, ValueError) as error:
        raise BlobError(
            f"A blob is bytes, and this is `{type(data).__qualname__}`.",
            remedy="Give `unpack` what `pack` returned, or what a column of raw bytes holds.",
        ) from error
    length = SHORT_SIZE if use_32bit_dims else SIZE
    if bytes(view[: len(COMPRESSED)]) == COMPRESSED:
        view = memoryview(inflate(view[len(COMPRESSED) :], length, is_trusted=is_trusted))
    if bytes(view[:4]) not in PROTOCOLS:
        raise BlobError(
            f"The bytes are not a blob: they start {bytes(view[:8])!r}, where a blob says which protocol it follows.",
            remedy="A column of raw bytes is declared `bytes`; a packed one is `<blob>`.",
        )
    reader = _Reader(view, length, squeezes=squeeze)
    try:
        value = reader.element(0)
        if reader.at != len(view):
            reader.fail(f"{len(view) - reader.at} bytes follow the end of the value")
    except RecursionError as error:
        raise BlobError(
            "The blob cannot be read: it is nested too deep for the calls that are running.",
            remedy="Unpack it nearer to the top of the program.",
        ) from error
    except (ValueError, TypeError, OverflowError, InvalidOperation) as error:
        # A date of month 13, text that is not UTF-8, a list as a key, a shape beyond numpy.
        raise reader.damage(str(error) or type(error).__name__) from error
    return value


class _Reader(Cursor):
    """Reads values, each with all that is inside it."""

    def element(self, depth: int, *, is_field: bool = False) -> Any:
        """Return the value that starts here."""
        if self.at >= self.end:
            self.fail("1 bytes are announced where 0 are left")
        kind = self.view[self.at]
        self.at += 1
        read = _READERS.get(kind)
        if read is None:
            self.fail(f"0x{kind:02x} is no kind of value")
        if is_field and kind not in (Kind.ARRAY, Kind.STRUCTURED):
            self.fail("a field of a structured array is not an array")
        value = read(self)
        if type(value) is Pending:
            if depth >= MAX_DEPTH:
                raise BlobError(
                    f"The blob is nested more than {MAX_DEPTH} levels deep.", remedy="djnb does not read such blobs."
                )
            value = value.build(self.items(value, depth + 1))
        if kind == _ARRAY and not is_field:
            return arrays.present(self, value)
        return value

    def items(self, pending: Pending, depth: int) -> list[Any]:
        """Return the items of a container whose head has been read."""
        # No item is shorter than its size and one byte.
        shortest = 1 if pending.is_fields else self.length.size + 1
        if pending.length * shortest > self.end - self.at:
            self.fail(f"{pending.length} items are announced where {self.end - self.at} bytes are left")
        if pending.is_fields:
            return [self.element(depth, is_field=True) for _ in range(pending.length)]
        values = []
        outer, view, length = self.end, self.view, self.length
        for _ in range(pending.length):
            if outer - self.at < length.size:
                self.fail(f"{length.size} bytes are announced where {outer - self.at} are left")
            (size,) = length.unpack_from(view, self.at)
            self.at += length.size
            if size > outer - self.at:
                self.fail(f"an item of {size} bytes is announced where {outer - self.at} are left")
            end = self.at + size
            # Most items are numbers and texts: those are read on the spot, if they are as long as they say.
            read = WHOLE_READERS.get(view[self.at]) if size else None
            if read is not None:
                value = read(view[self.at + 1 : end], length)
                if value is not UNREAD:
                    values.append(value)
                    self.at = end
                    continue
            self.end = end
            values.append(self.element(depth))
            if self.at != self.end:
                self.fail(f"an item ends {self.end - self.at} bytes too early")
            self.end = outer
        return values

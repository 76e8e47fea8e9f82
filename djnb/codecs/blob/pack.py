"""
The writer: a value becomes a blob.

The bytes are gathered as a list of parts and joined once, so a large array is copied once, or not at all before it is
compressed. A container is a head followed by items; `_Packer.element` is the only recursion, one frame per level.
What containers hold is mostly numbers and text: those become bytes on the spot, by their exact type.
"""

from __future__ import annotations

import warnings
import zlib
from typing import Any

from djnb.codecs.blob.layout import COMPRESS_ABOVE, COMPRESSED, DJ0, MAX_DEPTH, MYM, SIZE
from djnb.codecs.blob.packing.parts import Parts
from djnb.codecs.blob.packing.refusal import NotPackableError
from djnb.codecs.blob.packing.scalars import SCALARS
from djnb.codecs.blob.packing.writers import EXACT_WRITERS, Writer, find_writer
from djnb.errors import BlobError


def pack(value: Any, *, compress: bool = True) -> bytes:
    """
    Return a value as a blob.

    Parameters
    ----------
    value : object
        Numbers, text, bytes, None, dates and times, Decimal, UUID, numpy scalars and arrays (structured ones too),
        `MatCell`, `MatStruct`, and mappings, sequences and sets of these.
    compress : bool
        Compress where that makes the blob shorter.

    Returns
    -------
    bytes
        Equal values of equal types give equal bytes, but for the order of sets and dicts.

    Raises
    ------
    BlobError
        The value, or something inside it, has no form in a blob; the message says where it is.

    Warns
    -----
    UserWarning
        A blob cannot say all of the value: the mask of a masked array, a time zone, or nanoseconds of a timestamp.

    Notes
    -----
    What comes back is not always of the same type: other sequences become a list (if mutable) or a tuple, other
    mappings a dict, arrays of text arrays of objects, structured arrays `numpy.recarray`, bytearray bytes.

    Examples
    --------
    >>> pack({"a": 1}).hex()
    '646a30000401000000000000000a000000000000000501000000000000006104000000000000000a010001'
    """
    packer = _Packer()
    try:
        packer.element(value, 0)
    except NotPackableError as refusal:
        raise refusal.as_error() from refusal.__cause__
    except RecursionError as error:
        raise BlobError(
            "The value cannot be packed: it is nested too deep for the calls that are running.",
            remedy="Flatten it, for example into a dict of arrays.",
        ) from error
    for note in packer.notes:
        warnings.warn(note, UserWarning, stacklevel=2)
    packer.gathered[0] = DJ0 if packer.is_dj0 else MYM
    raw = b"".join(packer.gathered)
    if compress and len(raw) > COMPRESS_ABOVE:
        squeezed = b"".join((COMPRESSED, SIZE.pack(len(raw)), zlib.compress(raw)))
        if len(squeezed) < len(raw):
            return squeezed
    return raw


class _Packer(Parts):
    """Puts down values, each with all that is inside it."""

    def __init__(self) -> None:
        super().__init__()
        self._writers: dict[type, Writer] = {}

    def element(self, value: Any, depth: int) -> None:
        """Put down a value and all that is inside it."""
        kind = type(value)
        say = SCALARS.get(kind)
        if say is not None:
            self.scalar(say(value))
            return
        writer = EXACT_WRITERS.get(kind) or self._writers.get(kind)
        if writer is None:
            writer = self._writers[kind] = find_writer(value)
        children = writer(self, value)
        if children is None:
            return
        if depth >= MAX_DEPTH:
            raise NotPackableError(
                f"it is nested more than {MAX_DEPTH} levels deep",
                "Flatten it, for example into a dict of arrays; make sure that it does not contain itself.",
            )
        index = -1
        parts, has_sizes = self.gathered, children.has_sizes
        try:
            for child in children.values:
                index += 1
                if not has_sizes:
                    self.element(child, depth + 1)
                    continue
                say = SCALARS.get(type(child))
                if say is not None:
                    said = say(child)
                    parts.append(SIZE.pack(len(said)) + said)
                    self.size += SIZE.size + len(said)
                    self.is_dj0 = True
                    continue
                hole = len(parts)
                parts.append(b"")
                start = self.size
                self.element(child, depth + 1)
                parts[hole] = SIZE.pack(self.size - start)
                self.size += SIZE.size
        except NotPackableError as refusal:
            refusal.steps.append(children.step(index))
            raise

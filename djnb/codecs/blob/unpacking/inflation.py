"""Compressed blobs: they are inflated to the size that they announce, if that can be and is not too much."""

from __future__ import annotations

import struct
import zlib

from djnb.codecs.blob.layout import MAX_DEFLATE_RATIO, MAX_INFLATED, MAX_RATIO_OF_LARGE, PROTOCOLS
from djnb.codecs.blob.unpacking.cursor import REMEDY
from djnb.errors import BlobError

_LARGE = 2**20


def inflate(data: memoryview, length: struct.Struct, *, is_trusted: bool) -> bytes:
    """Return a blob, of the size that it announces and a stream of zlib; ``is_trusted`` is that of `unpack`."""
    if len(data) < length.size:
        raise BlobError("The compressed blob is damaged: it ends within its head.", remedy=REMEDY)
    (size,) = length.unpack_from(data)
    stream = data[length.size :]
    # A size that no stream of this length can have is not even tried. One byte more than the size is allowed to come,
    # so that a stream which inflates to more is found out after that byte.
    if size > MAX_DEFLATE_RATIO * len(stream):
        raise BlobError(
            f"The compressed blob is damaged: it says that it inflates to {size} bytes, "
            f"which {len(stream)} bytes cannot.",
            remedy=REMEDY,
        )
    if size > max(MAX_INFLATED, MAX_RATIO_OF_LARGE * len(stream)) and not is_trusted:
        raise BlobError(
            f"The compressed blob of {len(data)} bytes would take {size} bytes of memory.",
            remedy="If it is yours, unpack its bytes by `djnb.codecs.blob.unpack(data, is_trusted=True)`.",
        )
    inflater = zlib.decompressobj()
    try:
        # What is no blob is found out by its first bytes, not after gigabytes; of a small one, that costs more.
        head = zlib.decompressobj().decompress(stream[:1024], 4) if size > _LARGE else b""
        if len(head) == 4 and head not in PROTOCOLS:
            raise BlobError(f"The compressed bytes are not a blob: they start {head!r}.", remedy=REMEDY)
        raw = inflater.decompress(stream, size + 1)
    except zlib.error as error:
        raise BlobError(f"The compressed blob is damaged: {error}.", remedy=REMEDY) from error
    if len(raw) != size or not inflater.eof:
        raise BlobError(
            f"The compressed blob is damaged: it says that it inflates to {size} bytes, but it "
            f"{'has more' if len(raw) > size else f'ends after {len(raw)}'}.",
            remedy=REMEDY,
        )
    return raw

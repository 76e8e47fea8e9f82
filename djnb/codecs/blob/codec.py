"""
The codecs that keep packed values: ``<blob>``, and ``unmarked`` for columns that do not say what they hold.
"""

from __future__ import annotations

from typing import Any

from djnb.codecs.blob.layout import is_packed
from djnb.codecs.blob.pack import pack
from djnb.codecs.blob.unpack import unpack
from djnb.codecs.registry import Codec


class BlobCodec(Codec):
    """
    ``<blob>``: any nested value of Python, numpy or MATLAB, packed.

    With a store, ``<blob@store>``, the packed bytes become a file that is named by its hash.
    """

    name = "blob"
    needs_row = False

    def get_dtype(self, is_store: bool) -> str:
        """Return ``"bytes"``, or ``"<hash>"`` with a store."""
        return "<hash>" if is_store else "bytes"

    def encode(self, value: Any, *, key: Any = None, context: Any = None, store_name: str | None = None) -> bytes:
        """
        Return the packed value.

        Raises
        ------
        BlobError
            The value, or something inside it, is of a type that blobs do not have.
        """
        return pack(value)

    def decode(self, stored: Any, *, key: Any = None, context: Any = None) -> Any:
        """
        Return the value that was packed.

        Raises
        ------
        BlobError
            The bytes are not a blob, or a damaged one.
        """
        return unpack(stored)


class UnmarkedCodec(BlobCodec):
    """
    A blob column without a marker, as classic pipelines have them: packed values, or bytes that others wrote.

    Values are written packed, which is what the classic pipelines expect to read.
    """

    name = "unmarked"

    def get_dtype(self, is_store: bool) -> str:
        """Return ``"bytes"``."""
        return "bytes"

    def decode(self, stored: Any, *, key: Any = None, context: Any = None) -> Any:
        """Return the value that was packed, or the bytes as they are if they do not start as a blob does."""
        return unpack(stored) if is_packed(stored) else bytes(stored)

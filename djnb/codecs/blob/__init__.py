"""
Blobs: any nested Python, numpy or MATLAB value as bytes.

The layout is that of mYm and of DataJoint's ``dj0`` protocol, byte for byte, so either side reads what the other wrote.
Nothing is ever unpickled, and no bytes make the reader do anything but return a value or raise `BlobError`.

``layout`` the constants · ``pack`` the writer, with its parts in ``packing`` · ``unpack`` the reader, with its parts in
``unpacking`` · ``matlab`` MATLAB's containers · ``codec`` the codec ``<blob>``
"""

from __future__ import annotations

from djnb.codecs.blob.layout import is_packed
from djnb.codecs.blob.matlab import MatCell, MatStruct
from djnb.codecs.blob.pack import pack
from djnb.codecs.blob.unpack import unpack

__all__ = ["MatCell", "MatStruct", "is_packed", "pack", "unpack"]

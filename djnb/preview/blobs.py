"""What is told of large values: of blobs by their first bytes, of files by what their rows record."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from djnb.algebra.nodes import Node
from djnb.connection import Connection
from djnb.errors import DataJointError, describe
from djnb.layout import size_text
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.rows import coding
from djnb.sql.chain import Chain, chain_of
from djnb.sql.select import HEAD

_RECORDS = 4096
"""Bytes of what a row records of a file; longer records are of a codec that djnb does not know."""

PICTURED = 2**22
"""Bytes of a value in the database, or in a store, that is read to draw it."""

DRAWN = 2**23
"""Bytes of an array in memory that is drawn."""


@dataclass
class Look:
    """
    What is told of one value.

    Attributes
    ----------
    text, title : str
        In the cell, and as its tooltip.
    picture, line : str
        The picture as HTML, and what stands for it in plain text, where one was drawn.
    nbytes : int or None
        What an array takes in memory, where that is told; 0 of what is certainly no array of numbers.
    stored : int or None
        The size of the value where it is kept.
    """

    text: str
    title: str = ""
    picture: str = ""
    line: str = ""
    nbytes: int | None = 0
    stored: int | None = None

    @property
    def is_drawable(self) -> bool:
        """Whether it may be an array that is not too large to draw."""
        is_small = self.stored is not None and self.stored <= PICTURED
        return is_small and self.nbytes != 0 and (self.nbytes is None or self.nbytes <= DRAWN)


@dataclass(frozen=True)
class Large:
    """
    What can be told of the values of an attribute.

    Attributes
    ----------
    label : str
        How the definition calls the type, without brackets.
    kind : {"blob", "attach", "file", "tracked", ""}
        Which of the first bytes tell: those of a packed value, of a name, of JSON; none for an empty text.
    """

    label: str
    kind: str

    @classmethod
    def of(cls, attribute: Attribute) -> Large:
        """Return what can be told of an attribute."""
        label = attribute.type.text.strip("<>")
        if attribute.type.family is not Family.CODEC:
            return cls(label, "")
        try:
            chain = chain_of(attribute.type, attribute.sql_type)
        except DataJointError:  # a codec that this program does not have
            return cls(label, "")
        return cls(label, _kind(chain))

    def bytes_wanted(self, *, pictures: bool) -> int:
        """Return up to which size values are wanted whole."""
        if self.kind == "file":
            return _RECORDS
        return PICTURED if pictures and self.kind == "blob" else HEAD

    def look(self, head: Any, size: int) -> Look:
        """Return what is told of a value by its first bytes and its size in the database."""
        name = self.label.partition("@")[0]
        if self.kind == "file":
            return _look_at_record(self.label, head, size)
        if self.kind == "tracked":
            return Look(f"<{self.label}>")
        if self.kind == "blob":
            return _look_at_blob(name, bytes(head), size)
        if self.kind == "attach" and b"\0" in head[:HEAD]:
            name = bytes(head).partition(b"\0")[0].decode("utf-8", "replace")
        return Look(f"<{name} {size_text(size)}>")


def _kind(chain: Chain) -> str:
    if chain.is_tracked:
        return "tracked"
    if chain.stored.family is Family.JSON:
        return "file"
    first = chain.codecs[0].name
    return "blob" if first in ("blob", "unmarked") else "attach" if first == "attach" else ""


def _look_at_blob(name: str, head: bytes, size: int) -> Look:
    # numpy is imported with it, and most tables have no blobs.
    from djnb.codecs.blob.head import look

    found = look(head[:HEAD] if size > len(head) else head, size)
    if found is None:
        return Look(f"<{name} {size_text(size)}>")
    if found.is_whole:
        return Look(found.text, f"{size_text(size)} as <{name}>")
    numbers = found.dtype is not None and found.dtype.kind in "biufc"
    title = f"{found.text}: {size_text(size)} as <{name}>"
    if found.nbytes is not None and found.dtype != object:
        title += f", {size_text(found.nbytes)} in memory"
    return Look(f"<{found.text}, {size_text(size)}>", title, nbytes=found.nbytes if numbers else 0, stored=size)


def _look_at_record(label: str, head: Any, size: int) -> Look:
    try:
        record = json.loads(head)
    except (TypeError, ValueError):
        return Look(f"<{label}>")
    if not isinstance(record, Mapping):
        return Look(f"<{label}>")
    name = label.partition("@")[0]
    path, stored = str(record.get("path") or ""), record.get("size")
    nbytes: int | None = None if name in ("blob", "npy") else 0
    if isinstance(record.get("dtype"), str) and isinstance(record.get("shape"), list):
        shape = tuple(record["shape"])
        name = f"{record['dtype']} {shape}"
        nbytes = stored = _array_size(record["dtype"], shape)
    elif name == "filepath":
        name = PurePosixPath(path).name
    if record.get("is_dir"):
        count = record.get("item_count")
        name += "/" if label.startswith("filepath") else " folder" + ("" if count is None else f" of {count} files")
    elif isinstance(record.get("ext"), str):
        name += f" {record['ext']}"
    stored = stored if isinstance(stored, int) else None
    # Not the path: a part of it is random, and would be another in every run of a notebook.
    where = f"in the store '{record['store']}'" if record.get("store") else ""
    text = f"<{name}, {size_text(stored)}>" if stored is not None else f"<{name}>"
    return Look(text, f"{text[1:-1]}, {where}" if where else "", nbytes=nbytes, stored=stored)


def _array_size(dtype: str, shape: Sequence[Any]) -> int | None:
    """Return what an array takes in bytes; None where its record is of another make."""
    import numpy as np

    try:
        return int(np.dtype(dtype).itemsize * math.prod(shape))
    except (TypeError, ValueError):
        return None


def draw(
    connection: Connection,
    node: Node,
    name: str,
    looks: Sequence[Look | None],
    values: Sequence[Any],
    keys: Sequence[Mapping[str, Any]],
) -> None:
    """Draw the arrays of numbers among the values of an attribute; what cannot be read is told in the tooltip."""
    from djnb.preview.pictures import picture_of

    for look, value, key in zip(looks, values, keys, strict=False):
        if look is None or not look.is_drawable:
            continue
        try:
            (array,) = coding.decode_column(connection, node, name, [value], keys=[key])
            look.picture, look.line = picture_of(array)
        except DataJointError as error:
            look.title = f"{look.title} · {describe(error)}"

"""
Files of DataJoint 0.14, which a table ``~external_{store}`` of the schema lists; the row keeps a UUID, it the rest.

===================  ==========================================  =================================
column               UUID                                        file
===================  ==========================================  =================================
``blob@store``       MD5 of the packed value                     ``{schema}/{ab}/{cd}/{uuid}``
``attach@store``     MD5 of name, zero byte and content          ``{schema}/{ab}/{cd}/{uuid}.{name}``
``filepath@store``   MD5 of the path                             the path itself; a copy in ``stage``
===================  ==========================================  =================================

Such columns are read and written so that a lab goes on working; new ones are declared as DataJoint 2 does.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from djnb.codecs.attach import pack_file, save_copy
from djnb.codecs.blob.pack import pack
from djnb.codecs.blob.unpack import unpack
from djnb.codecs.filepath import fetch_to_stage, staged_path
from djnb.codecs.registry import Codec
from djnb.errors import CorruptFileError, StoreError
from djnb.stores.configured import get_store
from djnb.stores.paths import subfolders
from djnb.stores.store import Store

_FOLDS = (2, 2)
"""How DataJoint 0.14 names folders where a store's settings do not say."""


@dataclass(frozen=True)
class TrackedFile:
    """A row of ``~external_{store}``."""

    hash: UUID
    size: int
    attachment_name: str | None = None
    filepath: str | None = None
    contents_hash: UUID | None = None


class Tracking(Protocol):
    """The table ``~external_{store}``, as a codec sees it; it comes as ``context["tracking"]``."""

    def find(self, digest: UUID) -> TrackedFile | None:
        """Return the row of a file."""
        ...

    def add(self, file: TrackedFile) -> None:
        """Note that a file is in the store."""
        ...


class _TrackedCodec(Codec, register=False):
    needs_row = False

    def get_dtype(self, is_store: bool) -> str:
        """Return ``"uuid"``."""
        return "uuid"

    def _path(self, digest: UUID, context: Any, store: Store, suffix: str = "") -> str:
        return tracked_path(context["schema"], digest, store, suffix)

    def _row(self, digest: UUID, context: Any, store: Store) -> TrackedFile:
        tracking: Tracking = context["tracking"]
        row = tracking.find(digest)
        if row is None:
            raise StoreError(
                f"The table `~external_{store.name}` lists no file {digest}.",
                remedy="Restore its row from a backup, or delete the row that refers to it.",
            )
        return row


class TrackedBlobCodec(_TrackedCodec):
    """``blob@store`` of DataJoint 0.14."""

    name = "tracked_blob"

    def encode(self, value: Any, *, key: Any = None, context: Any = None, store_name: str | None = None) -> UUID:
        """Write the file and return its UUID."""
        packed, store = pack(value), get_store(store_name)
        digest = uuid_of(packed)
        store.put_buffer(packed, self._path(digest, context, store))
        context["tracking"].add(TrackedFile(digest, len(packed)))
        return digest

    def decode(self, stored: UUID, *, key: Any = None, context: Any = None, store_name: str | None = None) -> Any:
        """Return the value that was packed."""
        store = get_store(store_name)
        path = self._path(stored, context, store)
        if not store.exists(path):
            row = context["tracking"].find(stored)  # 0.11 kept some under other names
            path = row.filepath if row is not None and row.filepath else path
        packed = store.get_buffer(path)
        _check(uuid_of(packed), stored, path, store)
        return unpack(packed)


class TrackedAttachCodec(_TrackedCodec):
    """``attach@store`` of DataJoint 0.14."""

    name = "tracked_attach"

    def encode(self, value: Any, *, key: Any = None, context: Any = None, store_name: str | None = None) -> UUID:
        """Copy the file to the store and return its UUID."""
        local, store = Path(value), get_store(store_name)
        packed = pack_file(local)
        digest = uuid_of(packed)
        content = packed[len(local.name.encode()) + 1 :]
        store.put_buffer(content, self._path(digest, context, store, f".{local.name}"))
        context["tracking"].add(TrackedFile(digest, len(content), attachment_name=local.name))
        return digest

    def decode(self, stored: UUID, *, key: Any = None, context: Any = None, store_name: str | None = None) -> str:
        """Write the file into the folder for downloads and return its path."""
        store = get_store(store_name)
        name = self._row(stored, context, store).attachment_name or stored.hex
        path = self._path(stored, context, store, f".{name}")
        content = store.get_buffer(path)
        _check(uuid_of(name.encode() + b"\0" + content), stored, path, store)
        return str(save_copy(Path(context.get("download_path") or "."), Path(name).name, content))


class TrackedFilepathCodec(_TrackedCodec):
    """``filepath@store`` of DataJoint 0.14."""

    name = "tracked_filepath"

    def validate(self, value: Any) -> None:
        """Refuse what is no path."""
        if not isinstance(value, (str, os.PathLike)):
            raise TypeError(f"<filepath> takes a path, not {type(value).__name__}")

    def encode(self, value: Any, *, key: Any = None, context: Any = None, store_name: str | None = None) -> UUID:
        """
        Copy the file from the stage to the store and return the UUID of its path.

        Raises
        ------
        ValueError
            The file is not in the stage, or the store has another file of this path.
        """
        local, store = Path(value), _staged(store_name)
        path = staged_path(local, store)
        digest, contents = uuid_of(path.encode()), _uuid_of_file(local)
        known = context["tracking"].find(digest)
        if known is not None and known.contents_hash not in (None, contents):
            raise ValueError(f"another version of '{path}' is in the store '{store.name}' already")
        store.put_file(local, path)
        context["tracking"].add(TrackedFile(digest, local.stat().st_size, filepath=path, contents_hash=contents))
        return digest

    def decode(self, stored: UUID, *, key: Any = None, context: Any = None, store_name: str | None = None) -> str:
        """Return the path of the file in the stage, copied there unless it is there."""
        store = _staged(store_name)
        row = self._row(stored, context, store)
        path = str(row.filepath)
        local = fetch_to_stage(path, row.size, store)
        if row.contents_hash is not None and _uuid_of_file(local) != row.contents_hash:
            local.unlink()  # an older copy
            local = fetch_to_stage(path, row.size, store)
            _check(_uuid_of_file(local), row.contents_hash, path, store)
        return str(local)


def tracked_path(schema: str, digest: UUID, store: Store, suffix: str = "") -> str:
    """Return the path of a blob or, with a dot and its name after it, of an attachment."""
    folds = _FOLDS if store.settings.subfolding is None else store.settings.subfolding
    return "/".join([schema, *subfolders(digest.hex, folds), digest.hex + suffix])


def uuid_of(content: bytes) -> UUID:
    """Return the MD5 of content as a UUID."""
    return UUID(bytes=hashlib.md5(content, usedforsecurity=False).digest())


def _uuid_of_file(path: Path) -> UUID:
    with path.open("rb") as file:
        return UUID(bytes=hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).digest())


def _staged(store_name: str | None) -> Store:
    store = get_store(store_name)
    if store.settings.stage is None:
        raise StoreError(
            f"The store '{store.name}' has no `stage`, the local folder whose files it keeps.",
            remedy=f"Set `dj.config.stores[{store.name!r}]['stage']` to that folder.",
        )
    return store


def _check(found: UUID, recorded: UUID, path: str, store: Store) -> None:
    if found != recorded:
        raise CorruptFileError(
            f"The file '{path}' in the store '{store.name}' is not what was put there: its hash is {found.hex}, "
            f"{recorded.hex} was recorded.",
            remedy="Restore it from a backup, or delete the row and make it again.",
        )

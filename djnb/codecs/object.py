"""``<object@store>``: a file or a folder of any kind, fetched as a reference."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from djnb.codecs.schema import SchemaCodec
from djnb.stores.refs import ObjectRef
from djnb.stores.store import Store


class StagedObject(dict[str, Any]):
    """What a row records of a file that is in the store already, because it was written there directly."""


class ObjectCodec(SchemaCodec):
    """
    A file or a folder in a store, at a path of its row.

    Takes bytes, the path of a local file or folder, or a pair of an extension and bytes (or an open file).
    A fetch gives an `ObjectRef`.
    """

    name = "object"

    def validate(self, value: Any) -> None:
        """Refuse what is neither bytes nor a path."""
        is_pair = isinstance(value, tuple) and len(value) == 2
        if not is_pair and not isinstance(value, (bytes, bytearray, str, os.PathLike, StagedObject, ObjectRef)):
            raise TypeError(f"<object> takes bytes, a path or (extension, bytes), not {type(value).__name__}")

    def encode(
        self, value: Any, *, key: Any = None, context: Any = None, store_name: str | None = None
    ) -> dict[str, Any]:
        """
        Write the file or the folder and return where it is.

        Raises
        ------
        ValueError
            There is nothing at the local path.
        """
        if isinstance(value, StagedObject):
            return dict(value)
        if isinstance(value, ObjectRef) and not value.is_dir:
            value = (value.ext, value.read())
        if isinstance(value, (str, os.PathLike)):
            return self._copy(Path(value), key, context, store_name)
        extension, content = value if isinstance(value, tuple) else (None, value)
        content = content.read() if hasattr(content, "read") else bytes(content)
        path, store = self.place(key, context, store_name=store_name, extension=extension)
        store.put_buffer(content, path)
        return describe_object(path, store, size=len(content), extension=extension)

    def _copy(self, source: Path, key: Any, context: Any, store_name: str | None) -> dict[str, Any]:
        if not source.exists():
            raise ValueError(f"there is no file or folder '{source}'")
        extension = None if source.is_dir() else source.suffix
        path, store = self.place(key, context, store_name=store_name, extension=extension)
        if source.is_dir():
            manifest = store.put_folder(source, path)
            return describe_object(path, store, size=manifest["total_size"], item_count=manifest["item_count"])
        store.put_file(source, path)
        return describe_object(path, store, size=source.stat().st_size, extension=extension)

    def decode(self, stored: Mapping[str, Any], *, key: Any = None, context: Any = None) -> ObjectRef:
        """Return a reference."""
        return ObjectRef.from_json(stored, backend=self.store_of(stored))


def describe_object(
    path: str, store: Store, *, size: int | None, extension: str | None = None, item_count: int | None = None
) -> dict[str, Any]:
    """Return what a row records of a file, or of a folder, which has an ``item_count``."""
    return {
        "path": path,
        "store": store.name,
        "size": size,
        "ext": extension,
        "is_dir": item_count is not None,
        "item_count": item_count,
        "timestamp": datetime.now(UTC).isoformat(),
    }

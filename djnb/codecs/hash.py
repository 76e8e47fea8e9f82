"""``<hash@store>``: bytes in a file that is named by their hash, one file for equal bytes of a schema."""

from __future__ import annotations

from typing import Any

from djnb.codecs.registry import Codec
from djnb.errors import CodecError, CorruptFileError
from djnb.stores.configured import get_store
from djnb.stores.paths import hash_of, hash_path


class HashCodec(Codec):
    """
    Bytes in a store; ``<blob@store>`` and ``<attach@store>`` are kept so.

    The row keeps ``{"hash", "path", "schema", "store", "size"}``; the file is at ``_hash/{schema}/{hash}``, and its
    hash is compared when it is read.
    """

    name = "hash"

    def get_dtype(self, is_store: bool) -> str:
        """
        Return ``"json"``.

        Raises
        ------
        CodecError
            The definition names no store.
        """
        if not is_store:
            raise CodecError("`<hash>` keeps its values in files.", remedy="Name a store: `<hash@main>`.")
        return "json"

    def validate(self, value: Any) -> None:
        """Refuse what is not bytes."""
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise TypeError(f"<hash> takes bytes, not {type(value).__name__}")

    def encode(
        self, value: Any, *, key: Any = None, context: Any = None, store_name: str | None = None
    ) -> dict[str, Any]:
        """
        Write the file, unless it is there, and return where it is.

        Raises
        ------
        StoreError
            The file cannot be written.
        """
        content = bytes(value)
        schema = str((context or {}).get("schema", (key or {}).get("_schema", "unknown")))
        store = get_store(store_name)
        digest = hash_of(content)
        path = hash_path(digest, schema, prefix=store.settings.hash_prefix, folds=store.settings.subfolding)
        store.put_buffer(content, path)
        return {"hash": digest, "path": path, "schema": schema, "store": store.name, "size": len(content)}

    def decode(self, stored: Any, *, key: Any = None, context: Any = None) -> bytes:
        """
        Return the bytes.

        Raises
        ------
        MissingFileError
            The file is not there.
        CorruptFileError
            The file has another hash.
        """
        store = get_store(stored.get("store"))
        content = store.get_buffer(stored["path"])
        if hash_of(content) != stored["hash"]:
            raise CorruptFileError(
                f"The file '{stored['path']}' in the store '{store.name}' is not what was put there: its hash is "
                f"{hash_of(content)} ({len(content)} bytes), and {stored['hash']} ({stored.get('size')} bytes) was "
                "recorded.",
                remedy="Restore it from a backup, or delete the row and make it again.",
            )
        return content

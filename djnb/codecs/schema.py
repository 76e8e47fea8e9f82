"""The base of codecs whose files are named by their row: ``_schema/lab/recording/rec_id=1/signal_x8Fk2Qpz.npy``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from djnb.codecs.registry import Codec
from djnb.errors import CodecError
from djnb.stores.configured import find_settings, get_store
from djnb.stores.paths import object_path
from djnb.stores.store import Store


class SchemaCodec(Codec, register=False):
    """
    A codec that writes one file, or one folder, for each value, in a store; derive from it to add one.

    The methods that begin with an underscore are DataJoint 2's, for codecs that were written for it.

    Examples
    --------
    >>> class Text(SchemaCodec):
    ...     name = "text"
    ...
    ...     def encode(self, value, *, key=None, context=None, store_name=None):
    ...         path, store = self.place(key, context, store_name=store_name, extension=".txt")
    ...         store.put_buffer(value.encode(), path)
    ...         return {"path": path, "store": store.name}
    ...
    ...     def decode(self, stored, *, key=None, context=None):
    ...         return self.store_of(stored).get_buffer(stored["path"]).decode()
    """

    def get_dtype(self, is_store: bool) -> str:
        """
        Return ``"json"``: the row keeps where the file is.

        Raises
        ------
        CodecError
            The definition names no store.
        """
        if not is_store:
            raise CodecError(
                f"`<{self.name}>` keeps its values in files.", remedy=f"Name a store: `<{self.name}@main>`."
            )
        return "json"

    def place(
        self, key: Any, context: Any, *, store_name: str | None, extension: str | None = None
    ) -> tuple[str, Store]:
        """Return a path that no other value has, and the store."""
        schema, table, attribute, primary_key = self._extract_context(key, context)
        store = get_store(store_name)
        path, _ = self._build_path(schema, table, attribute, primary_key, ext=extension, store_name=store.name)
        return path, store

    def store_of(self, stored: Mapping[str, Any]) -> Store:
        """Return the store that a row records."""
        return get_store(stored.get("store"))

    def _extract_context(self, key: Any, context: Any = None) -> tuple[str, str, str, dict[str, Any]]:
        """Return schema, table, attribute and primary key from what `encode` was given."""
        given, where = dict(key or {}), dict(context or {})
        names = {"schema": "unknown", "table": "unknown", "field": "data"}
        schema, table, attribute = (
            str(where.get(name, given.get(f"_{name}", default))) for name, default in names.items()
        )
        return schema, table, attribute, {k: v for k, v in given.items() if not k.startswith("_")}

    def _codec_config(self, key: Any, context: Any = None) -> Any:
        """Return the settings from what `encode` was given."""
        return (context or {}).get("config", (key or {}).get("_config"))

    def _build_path(
        self,
        schema: str,
        table: str,
        field: str,
        primary_key: Mapping[str, Any],
        ext: str | None = None,
        store_name: str | None = None,
        config: Any = None,
    ) -> tuple[str, str]:
        """Return a path that no other value has, and the random token in it."""
        _, settings = find_settings(store_name)
        return object_path(
            schema,
            table,
            field,
            primary_key,
            prefix=settings.schema_prefix,
            extension=ext,
            partition_pattern=settings.partition_pattern,
            token_length=settings.token_length,
        )

    def _get_backend(self, store_name: str | None = None, config: Any = None) -> Store:
        """Return the store."""
        return get_store(store_name)

"""
Codecs upon codecs, down to the core type that a column has.

``<blob@main>`` packs a value into bytes; with a store, bytes are kept as ``<hash@main>``, which writes them into a file
and keeps as ``json`` where it is. The store is passed inward.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from djnb.codecs.registry import Codec, get_codec
from djnb.errors import BlobError, CodecError
from djnb.model.core_types import AttributeType, Family, parse_type
from djnb.settings import get_config
from djnb.sql.unfit import UnfitError
from djnb.stores.configured import find_settings

_OFFERED = frozenset({"key", "context", "store_name"})
_TRACKED = {"blob": "tracked_blob", "attach": "tracked_attach", "filepath": "tracked_filepath"}
"""What a codec with a store is in a column of DataJoint 0.14, which holds sixteen bytes."""


@dataclass(frozen=True)
class Chain:
    """
    The codecs of an attribute.

    Attributes
    ----------
    codecs : tuple of Codec
        From the one that takes the user's value to the one whose result the column keeps.
    stored : AttributeType
        The column's type, which is a core type or a native one.
    store : str or None
        As the definition names it: empty for the default store, None where the values are in the table.
    """

    codecs: tuple[Codec, ...]
    stored: AttributeType
    store: str | None

    @property
    def needs_row(self) -> bool:
        """Whether encoding depends on the row."""
        return any(getattr(codec, "needs_row", True) for codec in self.codecs)

    @property
    def is_tracked(self) -> bool:
        """Whether a table of DataJoint 0.14 lists the files."""
        return any(codec.name in _TRACKED.values() for codec in self.codecs)

    def store_name(self) -> str | None:
        """
        Return the name of the store, that of the default store too.

        Raises
        ------
        UnknownStoreError, SettingsError
            It is not configured, or not so that it can be used.
        """
        if self.store is None:
            return None
        name, _ = find_settings(self.store, for_filepath=any(codec.name == "filepath" for codec in self.codecs))
        return name

    def encode(self, value: Any, key: Mapping[str, Any] | None = None, context: Mapping[str, Any] | None = None) -> Any:
        """
        Return a value as the column's type takes it.

        Raises
        ------
        UnfitError
            A codec refuses the value.
        """
        store = self.store_name()
        for codec in self.codecs:
            try:
                validate = getattr(codec, "validate", None)
                if validate is not None:
                    validate(value)
                value = codec.encode(value, **_given(type(codec).encode, key, context, store))
            except BlobError as error:
                raise UnfitError(f"cannot be packed: {error}") from error
            except (TypeError, ValueError) as error:
                raise UnfitError(f"is refused by `<{codec.name}>`: {error}") from error
        return value

    def decode(
        self, stored: Any, key: Mapping[str, Any] | None = None, context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the value that was encoded."""
        for codec in reversed(self.codecs):
            stored = codec.decode(stored, **_given(type(codec).decode, key, context, self.store))
        return stored


def chain_of(kind: AttributeType, sql_type: str = "") -> Chain:
    """
    Return the codecs of a type, and the type that the column has.

    Parameters
    ----------
    kind : AttributeType
        Of the codec family.
    sql_type : str
        How the database spells the column's type, where it is in the database already.

    Raises
    ------
    UnknownCodecError
        A codec is not registered.
    UnknownTypeError
        What a codec says of its type cannot be read.
    CodecError
        A codec needs a store, or leads back to itself.
    """
    codecs: list[Codec] = []
    store: str | None = None
    while kind.family is Family.CODEC:
        store = kind.store if kind.store is not None else store
        is_tracked = sql_type.lower() == "binary(16)" and store is not None and kind.codec in _TRACKED
        codec = get_codec(_TRACKED[kind.codec] if is_tracked else kind.codec)
        if codec in codecs:
            names = " → ".join(f"<{c.name}>" for c in [*codecs, codec])
            raise CodecError(
                f"The codec leads back to itself: {names}.", remedy="Let `get_dtype` of one of them return a core type."
            )
        codecs.append(codec)
        kind = parse_type(codec.get_dtype(store is not None))
    return Chain(tuple(codecs), kind, store)


def stored_type(kind: AttributeType, sql_type: str = "") -> AttributeType:
    """Return the type that a column has for an attribute: the core type under its codecs, or the type itself."""
    return chain_of(kind, sql_type).stored if kind.family is Family.CODEC else kind


def context_of(schema: str, table: str, attribute: str, **more: Any) -> dict[str, Any]:
    """Return what codecs are told about the place of a value."""
    return {"schema": schema, "table": table, "field": attribute, "config": get_config(), **more}


def _given(
    function: Callable[..., Any], key: Mapping[str, Any] | None, context: Mapping[str, Any] | None, store: str | None
) -> dict[str, Any]:
    """Return the keywords that a codec's method takes."""
    taken = _keywords(function)
    given: dict[str, Any] = {}
    if "key" in taken:
        given["key"] = dict(key or {})
        if "context" not in taken:  # written before DataJoint 2.3.4, which put it there
            given["key"].update({f"_{name}": value for name, value in (context or {}).items()})
    if "context" in taken:
        given["context"] = dict(context or {})
    if "store_name" in taken:
        given["store_name"] = store
    return given


@lru_cache(maxsize=1024)
def _keywords(function: Callable[..., Any]) -> frozenset[str]:
    parameters = inspect.signature(function).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return _OFFERED
    return _OFFERED & set(parameters)

"""What goes wrong with values that are packed, and with those that are kept as files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from djnb.errors.base import DataJointError, did_you_mean


class BlobError(DataJointError):
    """Bytes are not a blob that djnb can read, or a value cannot be packed into one."""


class CodecError(DataJointError):
    """A codec cannot be registered: its name is taken or is no name."""


class UnknownCodecError(CodecError):
    """A definition or a column comment names a codec that is not registered."""


class StoreError(DataJointError):
    """
    Files cannot be written to a store or read from it: its place is gone, full, or may not be entered.

    Attributes
    ----------
    table, attribute : str
        Which value was fetched; empty where that is not known.
    key : dict
        The primary key of its row.
    """

    table: str = ""
    attribute: str = ""
    key: Mapping[str, Any] = {}


class UnknownStoreError(StoreError):
    """
    A store is not configured.

    Attributes
    ----------
    name : str
        The name that was asked for.
    available : tuple of str
        The stores that are configured.
    """

    name: str = ""
    available: tuple[str, ...] = ()

    @classmethod
    def among(cls, name: str, available: Iterable[str]) -> Self:
        """Build the error from the name asked for and the stores there are."""
        names = tuple(available)
        known = f"Configured are: {', '.join(names)}. " if names else ""
        error = cls(
            f"There is no store '{name}'.",
            remedy=f"{did_you_mean(name, names)}{known}To configure it: "
            f'`dj.config.stores["{name}"] = {{"protocol": "file", "location": "/path/to/folder"}}`.',
        )
        error.name, error.available = name, names
        return error


class MissingFileError(StoreError):
    """
    A file that a row refers to is not in its store.

    Attributes
    ----------
    store, path : str
        Where the file should be.
    """

    store: str = ""
    path: str = ""


class CorruptFileError(StoreError):
    """A file in a store is not what was put there: its hash differs from the one that the row records."""

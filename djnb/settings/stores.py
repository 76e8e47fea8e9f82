"""
The stores: where files that belong to rows are kept, by the names that definitions give them.

The shapes are DataJoint's::

    {
        "default": "main",                                                      # the store of `<blob@>`
        "main": {"protocol": "file", "location": "/data/store"},
        "s3": {"protocol": "s3", "endpoint": …, "bucket": …, "location": …, "access_key": …, "secret_key": …},
    }

What the settings of one store mean is told by the room ``djnb.stores``; here they are kept, and their secrets hidden.
"""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping
from typing import Any

from djnb.errors import SettingsError
from djnb.settings.secrets import hide_secrets

NAMES_OF_STORES = ("default", "filepath_default")
"""Entries that hold the name of a store, not its settings."""


class StoreSettings(UserDict[str, Any]):
    """The settings of one store, a mapping; its text has no secrets."""

    def __repr__(self) -> str:
        return repr(hide_secrets(self.data))


class Stores(UserDict[str, Any]):
    """
    The settings of all stores, by name; its text has no secrets.

    Raises
    ------
    SettingsError
        What is assigned is no mapping, or, for ``default`` and ``filepath_default``, no name.

    Examples
    --------
    >>> from djnb.settings import get_config
    >>> get_config().stores["main"] = {"protocol": "file", "location": "/data/store"}
    """

    def __setitem__(self, name: str, value: Any) -> None:
        if not name:
            raise SettingsError(f"{name!r} cannot be the name of a store.", remedy="Give it a name, as in `main`.")
        if name in NAMES_OF_STORES:
            if value is not None and not isinstance(value, str):
                raise SettingsError(f"`stores.{name}` is not the name of a store.", remedy="Write it as text.")
            super().__setitem__(name, value)
            return
        if not isinstance(value, Mapping):
            raise SettingsError(
                f"`stores.{name}` is no mapping of settings.",
                remedy='Write them as in {"protocol": "file", "location": "/data/store"}.',
            )
        super().__setitem__(name, StoreSettings(value))

    def __repr__(self) -> str:
        return repr(self.masked())

    @property
    def names(self) -> list[str]:
        """The names of the stores themselves."""
        return [name for name in self.data if name not in NAMES_OF_STORES]

    def masked(self) -> dict[str, Any]:
        """Return all of it as plain dicts, without the secrets."""
        return {name: hide_secrets(v) if isinstance(v, Mapping) else v for name, v in self.data.items()}


def as_stores(value: Any) -> Stores:
    """
    Return a mapping as `Stores`, itself if it is that already.

    Raises
    ------
    ValueError
        It is none, or one of its entries is not.
    """
    if isinstance(value, Stores):
        return value
    if not isinstance(value, Mapping):
        raise ValueError("stores are given as a mapping of names to settings")
    try:
        return Stores(value)
    except SettingsError as error:
        raise ValueError(error.message.rstrip(".")) from None

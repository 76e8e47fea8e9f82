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
from typing import TYPE_CHECKING, Any, NoReturn

from djnb.errors import SettingsError, did_you_mean
from djnb.settings.group import UnknownSettingError
from djnb.settings.secrets import Secret, hide_secrets, is_secret

NAMES_OF_STORES = ("default", "filepath_default")
"""Entries that hold the name of a store, not its settings."""


class UnknownEntryError(UnknownSettingError, KeyError):
    """There is no store of this name, or a store has no such setting; a KeyError too, as of any mapping."""

    __str__ = Exception.__str__  # a KeyError quotes its message


class Entries(UserDict[str, Any]):
    """A mapping whose entries are attributes too, where no method has their name."""

    _place = "stores"

    def __missing__(self, name: object) -> NoReturn:
        raise UnknownEntryError(
            f"There is no `{self._place}.{name}`.",
            remedy=f"{did_you_mean(str(name), list(self.data))}There are: {', '.join(self.data) or 'none'}.",
        )

    # Hidden from the type checker, which then finds misspelt methods by itself.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or name == "data":  # a copy asks for them before it has any entry
                raise AttributeError(name)
            return self[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_") or name == "data":
            super().__setattr__(name, value)
            return
        if hasattr(type(self), name):
            raise SettingsError(
                f"`{name}` of `{self._place}` is a method and cannot be assigned.",
                remedy=f"Write `config.{self._place}[{name!r}] = …`.",
            )
        self[name] = value

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.data]


class StoreSettings(Entries):
    """The settings of one store, a mapping; its text has no secrets."""

    _place = "stores.…"

    def __repr__(self) -> str:
        return repr(hide_secrets(self.data))


class Stores(Entries):
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
    >>> get_config().stores.main.location
    '/data/store'
    >>> get_config()["stores.main.location"]
    '/data/store'
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
        settings = StoreSettings(value)
        settings._place = f"stores.{name}"
        super().__setitem__(name, settings)

    def __repr__(self) -> str:
        return repr(self.masked())

    @property
    def names(self) -> list[str]:
        """The names of the stores themselves."""
        return [name for name in self.data if name not in NAMES_OF_STORES]

    def at(self, path: str) -> Any:
        """
        Return what is at a dotted path, ``main`` or ``main.location``; the text of a secret is not displayed.

        Raises
        ------
        UnknownEntryError
            There is nothing.
        """
        found: Any = self
        for part in path.split("."):
            if not isinstance(found, Entries):
                raise UnknownEntryError(
                    f"There is no `stores.{path}`.", remedy=f"`{part}` is looked for in what has no entries."
                )
            found = found[part]
            if isinstance(found, dict):  # options of a driver
                inner, found = found, StoreSettings()
                found.data, found._place = inner, f"stores.{path}"
        return Secret(found) if isinstance(found, str) and is_secret(part) else found

    def put(self, path: str, value: Any) -> None:
        """
        Assign what is at a dotted path.

        Raises
        ------
        UnknownEntryError
            There is nothing to assign it in.
        SettingsError
            The value cannot be there.
        """
        outer, _, last = path.rpartition(".")
        place = self.at(outer) if outer else self
        if not isinstance(place, Entries):
            raise SettingsError(
                f"`stores.{outer}` is no mapping of settings.", remedy=f"Assign `config['stores.{outer}']` itself."
            )
        place[last] = value

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

"""The stores that the settings name."""

from __future__ import annotations

import threading

from djnb.errors import UnknownStoreError
from djnb.settings import get_config
from djnb.stores.settings import StoreSettings, read_settings
from djnb.stores.store import Store

_stores: dict[str, Store] = {}
_lock = threading.Lock()


def get_store(name: str | None = None, *, for_filepath: bool = False) -> Store:
    """
    Return a store.

    Parameters
    ----------
    name : str, optional
        None or empty for the default store.
    for_filepath : bool
        Whether ``stores.filepath_default`` comes before ``stores.default``.

    Raises
    ------
    UnknownStoreError
        No store has the name, or there is no default.
    SettingsError
        The settings of the store are not accepted.
    """
    found, settings = find_settings(name, for_filepath=for_filepath)
    with _lock:
        store = _stores.get(found)
        if store is None or store.settings != settings:
            store = _stores[found] = Store(found, settings)
        return store


def find_settings(name: str | None = None, *, for_filepath: bool = False) -> tuple[str, StoreSettings]:
    """Return the name and the settings of a store; the parameters and errors are those of `get_store`."""
    stores = get_config().stores
    names = sorted(stores.names)
    default = (for_filepath and stores.get("filepath_default")) or stores.get("default")
    found = name or default
    if not found:
        setting = "filepath_default" if for_filepath else "default"
        example = names[0] if names else "main"
        raise UnknownStoreError(
            "No store is named, and there is no default store.",
            remedy=f"Name one, as in `<…@{example}>`, or set `dj.config.stores[{setting!r}] = {example!r}`.",
        )
    if found not in names:
        raise UnknownStoreError.among(found, names)
    return found, read_settings(found, stores[found])

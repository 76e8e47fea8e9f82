"""Settings for another process that works for this one: what it needs to do the same, and no secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from djnb.settings import SETTINGS, get_config
from djnb.settings.secrets import is_secret

_OF_THE_PROCESS = ("database.url", "database.host", "database.port", "database.user", "database.password", "stores")
"""Settings that are handed over otherwise: where the database is travels with the connection."""


def handed_over() -> dict[str, Any]:
    """Return the settings as they are now, by name; of the stores those that have no secrets."""
    config = get_config()
    values = {name: config[name] for name in SETTINGS if name not in _OF_THE_PROCESS}
    stores = {name: _plain(store) for name, store in config.stores.data.items()}
    values.update({f"stores.{name}": store for name, store in stores.items() if not _has_secrets(store)})
    return values


def adopt(values: Mapping[str, Any]) -> None:
    """Take the settings that another process has handed over, where they differ."""
    config = get_config()
    for name, value in values.items():
        if config.get(name) != value:
            config[name] = value


def variables_of_stores() -> dict[str, str]:
    """Return environment variables for a child of this process: the stores with their secrets, which only it sees."""
    stores = {name: _plain(store) for name, store in get_config().stores.data.items()}
    if not any(_has_secrets(store) for store in stores.values()):
        return {}
    return {"DJNB_STORES": json.dumps(stores)}


def _plain(value: Any) -> Any:
    """Return settings of a store as plain dicts."""
    return {name: _plain(each) for name, each in value.items()} if isinstance(value, Mapping) else value


def _has_secrets(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    return any((is_secret(name) and each is not None) or _has_secrets(each) for name, each in value.items())

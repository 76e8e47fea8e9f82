"""
The sources of settings, put together: what counts more comes first.

Where a server is and how it lets in belong together. A source that names another server than the one that counts
gives nothing of it, so that no server is offered the password of another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

_ADDRESS = "database"


def without_other_servers(sources: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return sources, nested by group, without what those that count less say of other servers."""
    kept: list[dict[str, Any]] = []
    counting: str | None = None
    for source in sources:
        database = source.get(_ADDRESS)
        server = _server(database) if isinstance(database, Mapping) else None
        if counting is not None and server is not None and server != counting:
            source = {name: value for name, value in source.items() if name != _ADDRESS}
        elif counting is None:
            counting = server
        kept.append(dict(source))
    return kept


def _server(database: Mapping[str, Any]) -> str | None:
    """Return the server that settings name; for a file, its address."""
    url = database.get("url")
    if url:
        try:
            return urlsplit(str(url)).hostname or str(url)
        except ValueError:
            return str(url)
    host = database.get("host")
    return str(host).lower() if host else None


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings by dotted names as settings by group."""
    grouped: dict[str, Any] = {}
    for name, value in flat.items():
        group, dot, inner = name.partition(".")
        if dot:
            grouped.setdefault(group, {})[inner] = value
        else:
            grouped[name] = value
    return grouped

"""
Who says it: the only rooms that know a database by name.

A new database is a folder here and a line in ``_BACKENDS``; the conformance tests say when it is done.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from djnb.backends.base import Address
from djnb.errors import SettingsError, did_you_mean

if TYPE_CHECKING:
    from djnb.backends.base import Backend

_BACKENDS = {
    "sqlite": "djnb.backends.sqlite.backend:SQLiteBackend",
    "mysql": "djnb.backends.mysql.backend:MySQLBackend",
    "mariadb": "djnb.backends.mysql.backend:MySQLBackend",
}


def open_backend(url: str, *, use_tls: bool | None = None) -> Backend:
    """
    Return the backend for an address; nothing is connected yet.

    Parameters
    ----------
    url : str
        ``sqlite:///pipeline.sqlite`` or ``mysql://user:password@host:3306``.
    use_tls : bool, optional
        Encrypt or do not; by default, encrypt where a remote server can.

    Raises
    ------
    SettingsError
        The address names no known kind of database, or lacks a part.
    """
    scheme = url.partition(":")[0].lower()
    if scheme not in _BACKENDS:
        known = ", ".join(f"{name}://" for name in _BACKENDS)
        raise SettingsError(
            f"'{scheme}' is not a kind of database.",
            remedy=f"{did_you_mean(scheme, list(_BACKENDS))}An address begins with one of: {known}.",
        )
    module, _, name = _BACKENDS[scheme].partition(":")
    return cast("Backend", getattr(import_module(module), name)(Address.parse(url), use_tls=use_tls))

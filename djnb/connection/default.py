"""The connection that schemas use unless they are given another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from djnb.connection.connection import Connection
from djnb.settings.address import address_of

_connection: Connection | None = None
_lock = threading.Lock()


def connect(
    url: str | None = None,
    *,
    host: str | None = None,
    user: str | None = None,
    password: str | None = None,
    port: int | None = None,
) -> Connection:
    """
    Connect, and make this the connection that schemas use unless they are given another.

    Parameters
    ----------
    url : str, optional
        As for `Connection`.
    host, user, password, port
        A server in parts, in the place of ``url``; what is not given comes from the settings.
    """
    global _connection
    # No name is given to the whole address: tracebacks may show the values of names, and it has the password.
    fresh = Connection(url if url is not None else address_of(host, user, password, port))
    with _lock:
        _connection = fresh
    return fresh


def conn(
    host: str | None = None, user: str | None = None, password: str | None = None, *, reset: bool = False
) -> Connection:
    """
    Return the connection that schemas use unless they are given another, connecting if need be.

    Parameters
    ----------
    host, user, password : str, optional
        A server, where a connection is made; one that is open already stays as it is.
    reset : bool
        Connect anew.
    """
    global _connection
    with _lock:
        if reset or _connection is None or _connection.is_closed:
            _connection = Connection(address_of(host, user, password, None))
        return _connection


def opened() -> Connection | None:
    """Return the connection that schemas use unless they are given another; None where there is none yet."""
    with _lock:
        return None if _connection is None or _connection.is_closed else _connection


@contextmanager
def as_default(connection: Connection) -> Iterator[None]:
    """Make a connection the one that schemas use unless they are given another, for the length of a block."""
    global _connection
    with _lock:
        before, _connection = _connection, connection
    try:
        yield
    finally:
        with _lock:
            _connection = before

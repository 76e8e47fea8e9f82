"""Answers as Arrow tables, by the package connectorx, which needs no Python object for each value."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any
from urllib.parse import quote

from djnb.backends.base import Address


def read_arrow(address: Address, sql: str, settings: Sequence[str]) -> Any:
    """
    Return the answer to a statement, sent on a connection of its own; None if that is not possible.

    Parameters
    ----------
    address : Address
        Of the server.
    sql : str
        A SELECT without values.
    settings : sequence of str
        The statements that make the connection like the others.

    Notes
    -----
    Whatever goes wrong is not reported: the caller sends the statement in the ordinary way, which reports it.
    Ctrl-C takes effect when the answer has come.
    """
    try:
        connectorx = import_module("connectorx")
        import_module("pyarrow")
    except ImportError:
        return None
    user, password = quote(address.user, safe=""), quote(address.password or "", safe="")
    host = f"[{address.host}]" if ":" in address.host else address.host
    # Left to itself, connectorx leaves a local address for the socket that the server says it has; where the port is
    # forwarded from a container, another server may listen there.
    url = f"mysql://{user}:{password}@{host}:{address.port}/?prefer_socket=false"
    try:
        return connectorx.read_sql(url, sql, return_type="arrow", pre_execution_query=list(settings))
    except Exception:  # noqa: BLE001 -- the ordinary way says what is wrong
        return None
    except BaseException as error:
        # A value that it has no type for, such as a date of zeros, ends in a panic, which is no Exception.
        if type(error).__name__ == "PanicException":
            return None
        raise

"""
Connections that are sent to other processes, as what they are to be connected to.

The password stays behind: the process that receives one has settings of its own. So does the working directory, by
which the path of a file may have been given.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from djnb.connection.connection import Connection

_received: dict[tuple[int, str], Connection] = {}
"""The connections that this process has made because another one has sent them; forked children make their own."""


def sent(connection: Connection) -> tuple[Any, ...]:
    """Return a connection as pickle takes it."""
    address = connection.address
    if address.path:
        return _received_at, (type(connection), f"{address.scheme}:///{Path(address.path).absolute()}")
    return _received_at, (type(connection), str(replace(address, password=None)))


def _received_at(cls: type[Connection], url: str) -> Connection:
    """Return a connection to an address that another process has sent, one for all that it sends."""
    place = (os.getpid(), url)
    known = _received.get(place)
    if known is None or known.is_closed:
        known = _received[place] = cls(url)
    return known

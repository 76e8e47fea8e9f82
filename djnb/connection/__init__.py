"""
A connection: what answers queries.

- `sessions`: a driver connection for each thread that asks.
- `sending`: statements, sent again on a new connection where nothing can be lost by it.
- `transactions`: all of a block is kept, or none of it.
- `streams`: answers in portions.
- `schemas`: making and dropping whole schemas.
- `connection`: the face of all these.
- `default`: the connection that schemas use unless they are given another.
"""

from __future__ import annotations

from djnb.connection.connection import Connection
from djnb.connection.default import conn, connect

__all__ = ["Connection", "connect", "conn"]

"""
A connection: what answers queries.

- `sessions`: a driver connection for each thread that asks.
- `sending`: statements, sent again on a new connection where nothing can be lost by it.
- `transactions`: all of a block is kept, or none of it; `savepoints` are what a part of one is undone to.
- `deferred`: transactions that open when something is written; `reads` and `digest` tell whether what was read before
  is still so, `finishing` and `deeds` have what was written done again where the database undoes it, and `watching`
  says what they ask of others.
- `streams`: answers in portions.
- `schemas`: which schemas there are, making and dropping them.
- `datajoint`: what DataJoint's connections answer besides.
- `sent`: connections that are sent to other processes.
- `connection`: the face of all these.
- `default`: the connection that schemas use unless they are given another.
"""

from __future__ import annotations

from djnb.connection.connection import Connection
from djnb.connection.default import conn, connect

__all__ = ["Connection", "connect", "conn"]

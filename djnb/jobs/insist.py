"""Statements about jobs that are sent again: where a deadlock has undone them, or where the connection was lost."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TypeVar

from djnb.backends.base import Answer
from djnb.connection import Connection
from djnb.errors import LockError, LostConnectionError
from djnb.sql.statement import Statement

T = TypeVar("T")

_DEADLOCKS = 10
"""How often a statement that the server undid to break a deadlock is sent again."""


def insist(connection: Connection, statement: Statement) -> Answer:
    """Send a statement, again where a deadlock has undone it; within a transaction, that has undone all of it."""
    for _ in range(_DEADLOCKS if not connection.in_transaction else 0):
        try:
            return connection.execute(statement)
        except LockError:
            time.sleep(secrets.randbelow(50) / 1000)
    return connection.execute(statement)


def settle(connection: Connection, statement: Statement) -> int:
    """
    Send what does nothing more when it is sent twice, and return how many rows it has changed.

    So it is with jobs that are ended: the token, or the state, was changed the first time.
    """
    return again_if_lost(connection, lambda: insist(connection, statement).affected)


def again_if_lost(connection: Connection, do: Callable[[], T]) -> T:
    """Do something that may be done twice, again where the connection was lost; not within a transaction."""
    try:
        return do()
    except LostConnectionError:
        if connection.in_transaction:
            raise
        return do()

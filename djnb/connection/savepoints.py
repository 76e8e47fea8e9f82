"""Savepoints: what a part of a transaction is undone to."""

from __future__ import annotations

from typing import Protocol

from djnb.connection.sending import Sender
from djnb.connection.sessions import Sessions
from djnb.sql.statement import Statement


class Marks(Protocol):
    """Where savepoints are set: in a transaction that is open, or in one that opens late."""

    def mark(self, name: str) -> None:
        """Set a savepoint."""
        ...

    def release(self, name: str) -> None:
        """Forget a savepoint."""
        ...

    def go_back(self, name: str) -> bool:
        """Undo what was done since a savepoint; False if the whole transaction is undone already."""
        ...


class Savepoints:
    """
    The savepoints of transactions that are open.

    Parameters
    ----------
    sessions : Sessions
        Where they are open.
    sender : Sender
        Sends what is said of savepoints.
    """

    def __init__(self, sessions: Sessions, sender: Sender) -> None:
        self._sessions = sessions
        self._sender = sender

    def mark(self, name: str) -> None:
        """Set a savepoint."""
        self._sender.execute(Statement(f"SAVEPOINT {name}"))

    def release(self, name: str) -> None:
        """Forget a savepoint."""
        self._sender.execute(Statement(f"RELEASE SAVEPOINT {name}"))

    def go_back(self, name: str) -> bool:
        """Undo what was done since a savepoint; False if a deadlock or a lost connection has undone everything."""
        if not self._sessions.in_transaction:
            return False
        self._sender.execute(Statement(f"ROLLBACK TO SAVEPOINT {name}"))
        self._sender.execute(Statement(f"RELEASE SAVEPOINT {name}"))
        return True

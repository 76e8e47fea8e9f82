"""What a transaction that opens late asks of others: of whom it is opened for, and of the connection."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from djnb.connection.sessions import Session
from djnb.errors import DataJointError
from djnb.model.naming import TableName
from djnb.sql.statement import Statement


class Watcher(Protocol):
    """What watches over the transaction."""

    @property
    def idle_seconds(self) -> float:
        """For how long it may lie idle before a server undoes it."""
        ...

    def about_to_read(self, tables: Sequence[TableName]) -> None:
        """Hear, before anything is written, that rows of tables will be read; of any table, if none is named."""
        ...

    def first(self) -> Statement | None:
        """Return the statement that comes first, if there is one; it must change a row, or all is undone."""
        ...

    def opened(self) -> None:
        """Hear that the transaction is open, and that what was read has not changed."""
        ...

    def refusal(self) -> DataJointError:
        """Return the error for a first statement that changed nothing."""
        ...

    def was_committed(self) -> bool | None:
        """Tell, when the answer to COMMIT was lost, whether all of it is kept; None if it can never be."""
        ...


class Transacting(Protocol):
    """What the transactions of a connection do for this one."""

    def keep(self, session: Session, *, behind: Sequence[str] = ()) -> None:
        """Commit the transaction of a session, and say what travels behind."""
        ...

    def roll_back(self, session: Session, *, behind: Sequence[str] = ()) -> None:
        """Undo the transaction of a session, and say what travels behind."""
        ...

    def suspended(self) -> AbstractContextManager[None]:
        """Let a ``with`` block ask beside the transaction of the thread."""
        ...

"""
Several transactions that wait, kept as one: each began, read and computed by itself, and all that is left is to write.

It begins with one statement for the fences of all, and with reading again what each has read. Rows for the same table
are inserted together. If anything is otherwise than expected, nothing is kept, and each is to be kept by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from djnb.connection.finishing import Finishing
from djnb.connection.sending import Sender
from djnb.connection.sessions import Sessions
from djnb.connection.watching import Transacting
from djnb.errors import DataJointError, InputsChangedError, LostConnectionError
from djnb.sql.dialect import Dialect
from djnb.sql.jointly import ask_jointly, divide
from djnb.sql.statement import Statement

logger = logging.getLogger(__name__)


class GroupWatcher(Protocol):
    """What watches over the transaction."""

    @property
    def idle_seconds(self) -> float:
        """For how long it may lie idle before a server undoes it."""
        ...

    def first(self) -> Statement | None:
        """Return the statement that comes first, if there is one; it must change one row for each that waits."""
        ...

    def opened(self) -> None:
        """Hear that the transaction is open, and that nothing that was read has changed."""
        ...


@dataclass(frozen=True)
class Together:
    """
    Keeps several transactions of a thread as one.

    Attributes
    ----------
    transactions, sessions, sender, dialect
        Of the connection.
    """

    transactions: Transacting
    sessions: Sessions
    sender: Sender
    dialect: Dialect

    def keep(self, watcher: GroupWatcher, waiting: Sequence[Finishing]) -> bool:
        """
        Keep all of them; return False if none is kept.

        Raises
        ------
        LostConnectionError
            The answer to COMMIT was lost: all are kept, or none.
        """
        is_committing = False
        try:
            self._begin(watcher, waiting)
            watcher.opened()
            for sql, rows in _merged(waiting).items():
                if self.sender.execute_many(sql, rows) != len(rows):
                    raise InputsChangedError.of((), ["another number of rows was inserted"])
            is_committing = True
            self.transactions.keep(self.sessions.current(), behind=self.dialect.end_serializable)
        except LostConnectionError as error:
            self._roll_back()
            if is_committing:
                raise
            logger.info("%d keys are kept one by one after: %s", len(waiting), error)
            return False
        except DataJointError as error:
            self._roll_back()
            logger.info("%d keys are kept one by one after: %s", len(waiting), error)
            return False
        except BaseException:
            self._roll_back()
            raise
        finally:
            self.sessions.leave_block()
        return True

    def _begin(self, watcher: GroupWatcher, waiting: Sequence[Finishing]) -> None:
        """
        Begin, fence, and read again, all of it together.

        The fences are one statement: if a deadlock undid the transaction at one of several, those after it would be
        carried out by themselves.
        """
        fence = watcher.first()
        beginning = [
            *map(Statement, self.dialect.begin_serializable(watcher.idle_seconds)),
            *([fence] if fence else []),
        ]
        asked = [each.reads_again() for each in waiting]
        questions = list(
            ask_jointly(
                [statement for each in asked for statement, _ in each],
                [may_join for each in asked for _, may_join in each],
                self.dialect,
            )
        )
        answers = self.sender.begin([*beginning, *(statement for statement, _ in questions)])
        if fence and answers[len(beginning) - 1].affected != len(waiting):
            raise InputsChangedError.of((), ["some jobs are somebody else's by now"])
        found: dict[int, Sequence[Any]] = {}
        for (_, places), answer in zip(questions, answers[len(beginning) :], strict=True):
            found.update(zip(places, divide(answer.rows, len(places)), strict=True))
        place = iter(range(len(found)))
        for each, questions_of in zip(waiting, asked, strict=True):
            each.compare([found[next(place)] for _ in questions_of])

    def _roll_back(self) -> None:
        session = self.sessions.open_one
        if session is not None and (session.in_transaction or session.driver.in_transaction):
            self.transactions.roll_back(session, behind=self.dialect.end_serializable)


def _merged(waiting: Sequence[Finishing]) -> dict[str, list[Sequence[Any]]]:
    """Return the rows by the statement that inserts them, in the order in which the tables came first."""
    rows: dict[str, list[Sequence[Any]]] = {}
    for each in waiting:
        for insertion in each.held or ():
            rows.setdefault(insertion.sql, []).extend(insertion.rows)
    return rows

"""
The transaction in which everything is written that was computed before: fenced, checked, and done again if it is lost.

It begins with its fence and with reading again what was read; from there on nobody else can change what its rows follow
from. If the database undoes it, to break a deadlock or because the connection is lost, everything that was written is
written again in another one. What was computed is not computed again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from djnb.connection.deeds import PASSING, Deed, Deeds, Insertion, marking
from djnb.connection.reads import Reads
from djnb.connection.sending import Sender
from djnb.connection.sessions import PATIENCE_SECONDS, Sessions, wait_a_while
from djnb.connection.watching import Transacting, Watcher
from djnb.errors import DataJointError, LockError, LostConnectionError, UnreachableError
from djnb.model.naming import TableName
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement

logger = logging.getLogger(__name__)

ATTEMPTS = 10
"""How often the transaction is opened again."""

HELD_BYTES = 2**20
"""So much is held back at most, to be written together with what others hold back."""

T = TypeVar("T")


@dataclass
class Fate:
    """
    What has become of a transaction, as far as is known.

    Attributes
    ----------
    failure : DataJointError or None
        Why nothing can be kept any more.
    may_be_kept : bool
        Whether nobody knows if it is kept.
    may_be_made_again : bool
        Whether it failed by what may not come again, and what was written is not known any more.
    """

    failure: DataJointError | None = None
    may_be_kept: bool = False
    may_be_made_again: bool = False


class Finishing:
    """
    The transaction of a thread that finishes what was computed.

    Parameters
    ----------
    transactions, sessions, sender, dialect
        Of the connection.
    watcher : Watcher
        Watches over it.
    reads : Reads
        What must be read again.

    Attributes
    ----------
    fate : Fate
        What has become of it.
    has_begun : bool
        Whether anything was to be written.
    marks : list of str
        Savepoints to be set at the beginning.
    """

    def __init__(
        self,
        transactions: Transacting,
        sessions: Sessions,
        sender: Sender,
        dialect: Dialect,
        watcher: Watcher,
        reads: Reads,
    ) -> None:
        self._transactions = transactions
        self._sessions = sessions
        self._sender = sender
        self._dialect = dialect
        self._watcher = watcher
        self._reads = reads
        self._deeds = Deeds()
        self._is_open = self._is_in_doubt = False
        self._failures = 0
        self._lost_since: float | None = None
        self._opened = self._last_sent = 0.0
        self.fate = Fate()
        self.has_begun = False
        self.marks: list[str] = []
        self._held_marks: dict[str, int] = {}

    @property
    def holds(self) -> bool:
        """Whether something is held back that is to be written."""
        return bool(len(self._deeds)) and not self.has_begun

    @property
    def held(self) -> list[Insertion] | None:
        """What is held back; None if there is something else to it than rows to be inserted, or much of them."""
        found = [deed for deed, _ in self._deeds if isinstance(deed, Insertion)]
        is_little = self._deeds.size <= HELD_BYTES and not self._reads.long()
        return found if self.holds and is_little and len(found) == len(self._deeds) else None

    def hold(self, deed: Deed[T], outcome: T) -> T:
        """Remember something that is to be done when the transaction opens, of which only this can come."""
        self._deeds.keep(deed, outcome)
        return outcome

    def rehearse(self) -> bool:
        """Tell whether what is held back would be taken as it was given; nothing of it is kept."""
        self.has_begun = True
        try:
            self.insist(lambda: None)
        except DataJointError:
            return False
        finally:
            self.roll_back()
        return True

    def hold_mark(self, name: str) -> None:
        """Set a savepoint behind what is held back."""
        self._held_marks[name] = len(self._deeds)
        self._deeds.keep(marking(self._sender, Statement(f"SAVEPOINT {name}")), None)

    def release_mark(self, name: str) -> bool:
        """Forget a savepoint that was not set yet; False if it was."""
        if name in self.marks:
            self.marks.remove(name)
            return True
        place = self._held_marks.pop(name, None)
        if place is None or self.has_begun:
            return False
        self._deeds.cut(place, place + 1)
        return True

    def go_back_to_mark(self, name: str) -> bool:
        """Forget what was held back since a savepoint that was not set yet; False if it was."""
        if name in self.marks:
            self.marks.remove(name)
            self._deeds.cut(0)
            return True
        place = self._held_marks.pop(name, None)
        if place is None or self.has_begun:
            return False
        self._deeds.cut(place)
        return True

    @property
    def seconds(self) -> float:
        """How long ago it was opened first."""
        return time.monotonic() - self._opened if self._opened else 0.0

    def perform(self, deed: Deed[T]) -> T:
        """Do something in the transaction, opening it if need be, and remember it."""
        self.has_begun = True
        try:
            result = self.insist(deed.do)
        except DataJointError as error:
            if self.fate.failure is None:
                self._deeds.keep(deed, type(error))
            raise
        was_whole = self._deeds.is_whole
        self._deeds.keep(deed, deed.outcome(result))
        if was_whole and not self._deeds.is_whole:  # it must not be undone: nobody could do it again
            for sql in self._dialect.end_serializable:
                self._sender.execute(Statement(sql))
        return result

    def about_to_read(self, tables: Sequence[TableName]) -> None:
        """Tell the watcher that rows are about to be read, before anything is written."""
        self._watcher.about_to_read(tables)

    def insist(self, do: Callable[[], T]) -> T:
        """Do something in the transaction; where the database has undone that, do all of it in another one."""
        if self._is_open and time.monotonic() - self._last_sent > self._watcher.idle_seconds:
            # The server has ended it, as it was asked to: no failure, however often it happens.
            self._failures, self._lost_since = 0, None
        while True:
            try:
                if not self._is_open:
                    self._open()
                return do()
            except PASSING as error:
                self._give_way(error)
            finally:
                self._last_sent = time.monotonic()

    def _open(self) -> None:
        try:
            done = self._begin()
            self._deeds.do_again(start=done)
        except PASSING:
            raise
        except DataJointError as error:
            # Also where the code that writes catches the error: without a transaction, nothing may be written.
            self.fate.failure = error
            self.roll_back()
            raise
        self._is_open = True
        self._watcher.opened()
        self._opened = self._opened or time.monotonic()

    def _begin(self) -> int:
        """
        Begin, fence, and read again, all of it together; return how many deeds that were to be done first are done.

        Nothing that writes comes behind: on a server, it would be carried out even if the transaction had not begun.
        """
        fence = self._watcher.first()
        begin = self._dialect.begin_serializable(self._watcher.idle_seconds)
        beginning = [*map(Statement, begin), *([fence] if fence else [])]
        asked = self.reads_again()
        marks = [Statement(f"SAVEPOINT {name}") for name in self.marks]
        answers = self._sender.begin([*beginning, *(statement for statement, _ in asked), *marks])
        if fence and answers[len(beginning) - 1].affected != 1:
            raise self._watcher.refusal()
        self.compare([answer.rows for answer in answers[len(beginning) :]])
        self._deeds.put_first([marking(self._sender, statement) for statement in marks])
        self.marks = []
        return len(marks)

    def reads_again(self) -> list[tuple[Statement, bool]]:
        """
        Return what asks again for what was read, as far as that goes at once and can have changed unnoticed.

        With each, whether the columns of its answer have different names.
        """
        if self._reads.version is not None:  # a file tells by itself whether anybody has written
            return []
        reads, asked = self._reads.again(self._dialect)
        return [
            (statement, len(set(read.names)) == len(read.names))
            for read, (statement, _) in zip(reads, asked, strict=True)
        ]

    def compare(self, found: Sequence[Sequence[Any]]) -> None:
        """
        Compare what was read with the rows that `reads_again` has found, in the open transaction.

        Raises
        ------
        InputsChangedError
            Something has changed.
        """
        reads, asked = self._reads.again(self._dialect)
        if self._reads.version is None or self._reads.version != self._sender.version():
            if self._reads.version is not None and asked:
                answers = self._sender.execute_together([statement for statement, _ in asked])
                found = [answer.rows for answer in answers]
            for read, (_, hashed), rows in zip(reads, asked, found, strict=False):
                self._reads.compare_rows(read, rows, hashed)
            for read in self._reads.long():
                self._reads.compare(read, self._sender.digest(*read.again(self._dialect)))
        self._reads.check()

    def _give_way(self, error: DataJointError) -> None:
        """Undo what is left of the transaction and wait a while; raise the error if it has come too often."""
        self.roll_back()
        self._is_open = False
        self._failures += 1
        is_lost = not isinstance(error, LockError)
        if is_lost:
            self._lost_since = self._lost_since or time.monotonic()
        if (
            (self._failures > ATTEMPTS and not isinstance(error, UnreachableError))
            or (is_lost and not self._can_connect)
            or (self._lost_since is not None and time.monotonic() - self._lost_since > PATIENCE_SECONDS)
            or not self._deeds.is_whole
        ):
            self.fate.may_be_made_again = not self._deeds.is_whole
            self.fate.failure = error
            raise error
        logger.info("A transaction is done again after: %s", error)
        wait_a_while(self._failures)

    @property
    def _can_connect(self) -> bool:
        return self._sender.reconnects and not self._sessions.is_closed

    def commit(self, *, doubt: LostConnectionError | None = None) -> None:
        """
        Keep what was written.

        Parameters
        ----------
        doubt : LostConnectionError, optional
            Nobody knows whether it is kept already.

        Raises
        ------
        DataJointError
            Nothing is kept; a LostConnectionError if that cannot be found out.
        """
        if self.fate.failure is not None:
            raise self.fate.failure
        if doubt is not None and self._was_committed(doubt):
            return
        if not self.has_begun and not self.holds and self._watcher.first() is None:
            return
        self.has_begun = True
        while not self._is_committed():
            pass
        self._is_open = False

    def _is_committed(self) -> bool:
        """Commit, and tell whether all is kept; if not, the transaction is to be opened again."""
        try:
            self.insist(lambda: None)
            self.fate.may_be_kept = True
            self._transactions.keep(self._sessions.current(), behind=self._dialect.end_serializable)
        except LostConnectionError as error:
            if not self.fate.may_be_kept:
                raise
            if not self._was_committed(error):
                self._give_way(error)
                return False
        except LockError as error:
            if not self.fate.may_be_kept:
                raise
            self.fate.may_be_kept = False
            self._give_way(error)
            return False
        except DataJointError as error:
            self.fate.may_be_kept = False
            # The server may have been slow to keep what was sent by a connection that was lost.
            if not self._is_in_doubt or not self._was_committed(error):
                raise
        return True

    def _was_committed(self, error: DataJointError) -> bool:
        """Find out what became of the transaction when the answer to COMMIT was lost."""
        self.roll_back()
        self._is_open = False
        self._is_in_doubt = self.fate.may_be_kept = True
        began = time.monotonic()
        tries = 0
        while self._can_connect and time.monotonic() - began < PATIENCE_SECONDS:
            try:
                with self._transactions.suspended():
                    fate = self._watcher.was_committed()
            except PASSING:
                tries += 1
                wait_a_while(tries)
                continue
            self.fate.may_be_kept = bool(fate)
            if fate is None:
                raise self._watcher.refusal()
            return fate
        raise error

    def roll_back(self) -> None:
        """Undo what was written, if it is not undone already."""
        session = self._sessions.open_one
        if session is not None and (session.in_transaction or session.driver.in_transaction):
            self._transactions.roll_back(session, behind=self._dialect.end_serializable)
        self._sessions.leave_block()

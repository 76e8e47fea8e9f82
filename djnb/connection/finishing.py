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
from typing import TypeVar

from djnb.backends.base import Answer
from djnb.connection.deeds import PASSING, Deed, Deeds, marking
from djnb.connection.reads import Read, Reads
from djnb.connection.sending import Sender
from djnb.connection.sessions import PATIENCE_SECONDS, Sessions, wait_a_while
from djnb.connection.watching import Transacting, Watcher
from djnb.errors import DataJointError, LockError, LostConnectionError, UnreachableError
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement

logger = logging.getLogger(__name__)

ATTEMPTS = 10
"""How often the transaction is opened again."""

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
            self._begin()
            self._deeds.do_again()
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

    def _begin(self) -> None:
        """
        Begin, fence, and read again, all of it together.

        Nothing that writes comes behind: on a server, it would be carried out even if the transaction had not begun.
        """
        fence = self._watcher.first()
        begin = self._dialect.begin_serializable(self._watcher.idle_seconds)
        beginning = [*map(Statement, begin), *([fence] if fence else [])]
        reads, asked = self._reads.again(self._dialect) if self._reads.version is None else ([], [])
        marks = [Statement(f"SAVEPOINT {name}") for name in self.marks]
        answers = self._sender.begin([*beginning, *(statement for statement, _ in asked), *marks])
        if fence and answers[len(beginning) - 1].affected != 1:
            raise self._watcher.refusal()
        if self._reads.version is None:
            self._compare(reads, asked, answers[len(beginning) :])
        elif self._reads.version != self._sender.version():
            reads, asked = self._reads.again(self._dialect)
            together = [statement for statement, _ in asked]
            self._compare(reads, asked, self._sender.execute_together(together) if together else [])
        self._reads.check()
        for statement in marks:
            self._deeds.keep(marking(self._sender, statement), None)
        self.marks = []

    def _compare(
        self, reads: Sequence[Read], asked: Sequence[tuple[Statement, frozenset[int]]], answers: Sequence[Answer]
    ) -> None:
        for read, (_, hashed), answer in zip(reads, asked, answers, strict=False):
            self._reads.compare_rows(read, answer.rows, hashed)
        for read in self._reads.long():
            self._reads.compare(read, self._sender.digest(*read.again(self._dialect)))

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

    def commit(self) -> None:
        """
        Keep what was written.

        Raises
        ------
        DataJointError
            Nothing is kept; a LostConnectionError if that cannot be found out.
        """
        if self.fate.failure is not None:
            raise self.fate.failure
        if not self.has_begun and self._watcher.first() is None:
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

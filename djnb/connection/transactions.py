"""Transactions: all of a block is kept, or none of it. Each belongs to the thread that opened it."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from djnb.backends.base import Driver
from djnb.connection.deferred import Deferred
from djnb.connection.finishing import Finishing
from djnb.connection.reads import Reads
from djnb.connection.savepoints import Marks, Savepoints
from djnb.connection.sending import Sender
from djnb.connection.sessions import Session, Sessions
from djnb.connection.watching import Watcher
from djnb.errors import LostConnectionError, TransactionError
from djnb.model.naming import TableName
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement

logger = logging.getLogger(__name__)


class Transaction:
    """What ``with`` takes for a transaction, with parentheses or without."""

    def __init__(self, transact: Callable[[], AbstractContextManager[None]]) -> None:
        self._transact = transact
        self._open: AbstractContextManager[None] | None = None

    def __call__(self) -> Transaction:
        """Return itself: ``with connection.transaction():``."""
        return self

    def __enter__(self) -> None:
        self._open = self._transact()
        self._open.__enter__()

    def __exit__(self, *raised: Any) -> None:
        if self._open is not None:
            self._open.__exit__(*raised)


class _Cancelled(Exception):  # noqa: N818 -- no error: it ends a transaction that is to be undone
    """A transaction is to be undone."""


class _Own(threading.local):
    """What a thread notes of its transaction: what is to be undone with it, and what `start` has begun."""

    begun: AbstractContextManager[None] | None = None
    deferred: Deferred | None = None
    savepoints: int = 0

    def __init__(self) -> None:
        self.undoing: list[Callable[[], None]] = []


class Transactions:
    """
    The transactions of a connection.

    Parameters
    ----------
    sessions : Sessions
        Where they are open.
    sender : Sender
        Sends their beginnings and ends.
    """

    def __init__(self, sessions: Sessions, sender: Sender) -> None:
        self._sessions = sessions
        self._sender = sender
        self._savepoints = Savepoints(sessions, sender)
        self._own = _Own()

    @property
    def deferred(self) -> Deferred | None:
        """The deferred transaction of the calling thread, if it has one."""
        return self._own.deferred

    @property
    def in_transaction(self) -> bool:
        """Whether the calling thread has a transaction, be it open or deferred."""
        return self._own.deferred is not None or self._sessions.in_transaction

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Let a ``with`` block ask, and write, beside the deferred transaction of the thread, before that is open."""
        deferred, self._own.deferred = self._own.deferred, None
        undoing, self._own.undoing = self._own.undoing, []
        try:
            yield
        finally:
            self._own.deferred, self._own.undoing = deferred, undoing

    @contextmanager
    def defer(
        self, dialect: Dialect, watcher: Watcher, passed_over: TableName | None, *, may_wait: bool
    ) -> Iterator[Deferred]:
        """
        Run a ``with`` block as a transaction of the calling thread that opens when something is written.

        Raises
        ------
        TransactionError
            The thread has one already.
        """
        self._check_none()
        reads = Reads(passed_over)
        finishing = Finishing(self, self._sessions, self._sender, dialect, watcher, reads)
        deferred = Deferred(self._sender, reads, finishing, may_wait=may_wait)
        self._own.deferred = deferred
        self._own.undoing = []
        try:
            yield deferred
            if not deferred.waits:
                deferred.commit()
        except BaseException as error:
            deferred.roll_back()
            if not deferred.fate.may_be_kept and not deferred.is_elsewhere:
                self._undo(0)
            # What went wrong first is what is to be told, whatever the block made of it.
            failure = deferred.fate.failure
            if failure not in (None, error) and isinstance(error, Exception):
                raise failure from error
            raise
        finally:
            self._sessions.leave_block()
            self._own.deferred = None
            self._own.undoing = []

    def keep_late(self, deferred: Deferred, *, doubt: LostConnectionError | None) -> None:
        """Keep a transaction that waits, by itself; raises as `Finishing.commit`."""
        self._check_none()
        try:
            deferred.commit(doubt=doubt)
        except BaseException:
            deferred.roll_back()
            raise
        finally:
            self._sessions.leave_block()

    def _check_none(self) -> None:
        if self.in_transaction:
            raise TransactionError(
                "A transaction is open already in this thread.",
                remedy="Do everything within the outer one; transactions do not nest.",
            )

    @contextmanager
    def transact(self) -> Iterator[None]:
        """
        Run a ``with`` block as a transaction of the calling thread.

        Raises
        ------
        TransactionError
            The thread has one open already.
        """
        self._check_none()
        session = self._begin()
        self._own.undoing = []
        is_committing = False
        try:
            yield
            self._sessions.check_block()
            is_committing = True
            self.keep(session)
        except BaseException:
            if session.pid != os.getpid():  # the transaction is that of the process which forked this one
                raise
            if session.in_transaction:
                self.roll_back(session)
            if not is_committing:  # else all of it may be kept
                self._undo(0)
            raise
        finally:
            self._sessions.leave_block()
            self._own.undoing = []

    def _begin(self) -> Session:
        try:
            self._sender.send("BEGIN", lambda driver: driver.begin(), may_repeat=True)
            session = self._sessions.current()
            session.in_transaction = True
        except BaseException:
            # Ctrl-C after the database has begun: nobody would end the transaction.
            opened = self._sessions.open_one
            if opened is not None and opened.driver.in_transaction:
                self._sessions.drop(opened, self._sessions.lost("was given up at the beginning of a transaction"))
            raise
        return session

    def keep(self, session: Session, *, behind: Sequence[str] = ()) -> None:
        """Commit the transaction of a session, and say what travels behind."""

        def commit(driver: Driver) -> None:
            if behind:
                driver.execute_together([Statement(sql) for sql in ("COMMIT", *behind)])
            else:
                driver.commit()

        try:
            self._sender.send("; ".join(("COMMIT", *behind)), commit, may_repeat=False)
        except LostConnectionError as error:
            lost = self._sessions.lost(
                "was lost while a transaction was being committed: all of it is kept, or nothing"
            )
            raise LostConnectionError(
                lost.message, remedy="Look whether its rows are there before you do it again."
            ) from error
        session.in_transaction = False

    def roll_back(self, session: Session, *, behind: Sequence[str] = ()) -> None:
        """Undo the transaction of a session, and say what travels behind."""
        session.in_transaction = False
        started = time.perf_counter()
        try:
            if behind:
                session.driver.execute_together([Statement(sql) for sql in ("ROLLBACK", *behind)])
            else:
                session.driver.rollback()
        except BaseException as error:
            self._sessions.drop(session, self._sessions.lost("was given up, which undoes the transaction"))
            if not isinstance(error, Exception):
                raise
            logger.warning("ROLLBACK failed; the connection is given up, which undoes the transaction", exc_info=True)
        self._sender.tell("; ".join(("ROLLBACK", *behind)), started)

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Run a ``with`` block as a transaction, or within one behind a savepoint."""
        if not self.in_transaction:
            with self.transact():
                yield
            return
        noted = len(self._own.undoing)
        self._own.savepoints += 1
        # A name of its own: on a server, a savepoint takes the place of an earlier one of its name.
        name = f"djnb_{self._own.savepoints}"
        marks: Marks = self._own.deferred or self._savepoints
        try:
            marks.mark(name)
            yield
        except BaseException:
            if marks.go_back(name):
                self._undo(noted)
            raise
        else:
            marks.release(name)
        finally:
            self._own.savepoints -= 1

    def on_rollback(self, undo: Callable[[], None]) -> None:
        """Have something undone with the transaction of this thread, if that is undone; it waits no more."""
        if self.in_transaction:
            self._own.undoing.append(undo)
        if self._own.deferred is not None:
            self._own.deferred.may_wait = False

    def _undo(self, mark: int) -> None:
        """Undo what was noted from a mark on, the last first."""
        undoing = self._own.undoing
        while len(undoing) > mark:
            undoing.pop()()

    def start(self) -> None:
        """Open a transaction that `commit` or `cancel` ends."""
        begun = self.transact()
        begun.__enter__()
        self._own.begun = begun

    def commit(self) -> None:
        """Keep what was done since `start`."""
        self._started().__exit__(None, None, None)

    def cancel(self) -> None:
        """Undo what was done since `start`."""
        # An error that the block raises itself comes out of it again: here it is only the sign that it is to be undone.
        self._started().__exit__(_Cancelled, _Cancelled(), None)

    def _started(self) -> AbstractContextManager[None]:
        begun = self._own.begun
        if begun is None:
            raise TransactionError(
                "No transaction was started in this thread by `start_transaction()`.", remedy="Start one first."
            )
        self._own.begun = None
        return begun

    def check_outside(self, refused: str) -> None:
        """
        Refuse what would end a transaction on a server.

        Raises
        ------
        TransactionError
            The thread has one open; the message begins with ``refused``.
        """
        if self.in_transaction:
            raise TransactionError(
                f"{refused} while a transaction is open.",
                remedy="Do it before or after, outside of `make` and of `with connection.transaction()`.",
            )

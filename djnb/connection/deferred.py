"""
A transaction that is not open before something is written.

Whoever computes for hours between reading and writing would otherwise hold the database up all that time, and lose the
result with the connection. So what is read is sent by itself, and remembered by its digest. The first statement that
writes opens the transaction, which `finishing` describes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any, TypeVar

from djnb.backends.base import Answer
from djnb.backends.spool import Row
from djnb.connection.deeds import execution, executions, marking, spooling
from djnb.connection.finishing import Finishing
from djnb.connection.reads import Reads
from djnb.connection.sending import Sender
from djnb.errors import LongTransactionWarning, LostConnectionError, TransactionError, warn_user
from djnb.model.naming import TableName
from djnb.sql.intent import Intent, intent_of, table_filled, tables_read
from djnb.sql.statement import Statement

LONG_SECONDS = 30.0
"""A transaction that was open for longer is warned of."""

T = TypeVar("T")


class Deferred:
    """
    The deferred transaction of a thread.

    Parameters
    ----------
    sender : Sender
        Of the connection.
    reads : Reads
        Remembers what is read before.
    finishing : Finishing
        The transaction that is to be opened.
    may_wait : bool
        Whether rows to be inserted may be held back, for the transaction to be kept later, together with others. It
        opens all the same for whatever else is asked once some are held back.

    Attributes
    ----------
    fate : Fate
        What has become of it.
    may_wait : bool
        As given.
    """

    def __init__(self, sender: Sender, reads: Reads, finishing: Finishing, *, may_wait: bool = False) -> None:
        self._sender = sender
        self._reads = reads
        self._finishing = finishing
        self.may_wait = may_wait
        self._pid = os.getpid()
        self.fate = finishing.fate

    @property
    def is_elsewhere(self) -> bool:
        """Whether this process was forked from the one that the transaction belongs to."""
        return self._pid != os.getpid()

    @property
    def finishing(self) -> Finishing:
        """The transaction that is to be opened, or is open."""
        return self._finishing

    @property
    def waits(self) -> bool:
        """Whether all that is to be written is held back, and can be kept together with what others hold back."""
        is_sound = self.fate.failure is None and not self.is_elsewhere
        return self.may_wait and is_sound and self._finishing.held is not None

    @property
    def tables_filled(self) -> set[TableName]:
        """The tables into which the rows are to be inserted that are held back."""
        return {found for each in self._finishing.held or () if (found := table_filled(each.sql)) is not None}

    @property
    def _is_finishing(self) -> bool:
        return (self._finishing.has_begun or self._finishing.holds) and not self.is_elsewhere

    @property
    def _holds(self) -> bool:
        return self._finishing.holds and not self.is_elsewhere

    def execute(self, statement: Statement) -> Answer:
        """Send a statement: one that reads by itself, one that writes in the transaction."""
        intent = self._check(statement.sql)
        if self._is_finishing or intent is Intent.WRITES:
            return self._finishing.perform(execution(self._sender, statement))
        if intent is Intent.READS:
            self._about_to_read(statement)
        if intent is not Intent.READS or not self._concerns(statement):
            return self._sender.execute(statement)
        self._reads.look(self._sender.version)
        answer = self._sender.execute(statement)
        self._reads.add_answer(statement, answer)
        return answer

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> int:
        """Send one statement for many rows."""
        self._check(sql)
        deed = executions(self._sender, sql, rows)
        may_hold = self.may_wait and not self._finishing.has_begun and not self.is_elsewhere
        if may_hold and table_filled(sql) is not None:
            return self._finishing.hold(deed, len(rows))
        return self._finishing.perform(deed)

    def execute_together(self, statements: Sequence[Statement]) -> list[Answer]:
        """Send statements, one after the other."""
        return [self.execute(statement) for statement in statements]

    def stream(self, statement: Statement, large: Sequence[int], names: Sequence[str]) -> Iterator[list[Row]]:
        """Yield the rows of an answer in portions; it is taken at once, what is too much for memory into a file."""
        self._check(statement.sql)
        spooled = spooling(self._sender, statement, large)
        if self._is_finishing:
            spool, _ = self._finishing.perform(spooled)
        else:
            self._about_to_read(statement)
            self._reads.look(self._sender.version)
            spool, digest = spooled.do()
            if self._concerns(statement):
                self._reads.add(statement, tuple(names), digest)
        with closing(spool):
            yield from spool

    def look(self, statement: Statement) -> Answer:
        """Send a statement that asks for no rows of the user's: what tables there are, and the like."""
        return self._aside(lambda: self._sender.execute(statement))

    def message_limit(self) -> int | None:
        """Return how many bytes the statement for one row may have."""
        return self._aside(self._sender.message_limit)

    def _aside(self, ask: Callable[[], T]) -> T:
        return self._finishing.insist(ask) if self._is_finishing and not self._holds else ask()

    def _about_to_read(self, statement: Statement) -> None:
        if not self.is_elsewhere:
            self._finishing.about_to_read(tables_read(statement.sql))

    def _concerns(self, statement: Statement) -> bool:
        return not self.is_elsewhere and self._reads.concerns(statement)

    def _check(self, sql: str) -> Intent:
        if self.fate.failure is not None:
            raise self.fate.failure
        intent = intent_of(sql)
        if intent is Intent.ENDS:
            raise TransactionError(
                f"`{' '.join(sql.split()[:2])}` would end the transaction of `make`.",
                remedy="Leave it out: all rows of a key are kept together when `make` has ended well.",
            )
        if self.is_elsewhere and intent is Intent.WRITES:
            raise TransactionError(
                "A process that was forked within `make` would insert.",
                remedy="Return what it has computed to the process in which `make` runs, and insert there.",
            )
        return intent

    def mark(self, name: str) -> None:
        """Set a savepoint; before anything is written, it waits for that."""
        if self._holds:
            self._finishing.hold_mark(name)
        elif self._is_finishing:
            self._mark(f"SAVEPOINT {name}")
        else:
            self._finishing.marks.append(name)

    def release(self, name: str) -> None:
        """Forget a savepoint."""
        if not self._finishing.release_mark(name):
            self._mark(f"RELEASE SAVEPOINT {name}")

    def go_back(self, name: str) -> bool:
        """Undo what was done since a savepoint; False if the whole transaction is undone already."""
        if self._finishing.go_back_to_mark(name):
            return True
        if self.fate.failure is not None or self.is_elsewhere:
            return False
        self._mark(f"ROLLBACK TO SAVEPOINT {name}")
        self._mark(f"RELEASE SAVEPOINT {name}")
        return True

    def _mark(self, sql: str) -> None:
        self._check(sql)
        self._finishing.perform(marking(self._sender, Statement(sql)))

    def commit(self, *, doubt: LostConnectionError | None = None) -> None:
        """Keep what was written, and warn where others had to wait long for it; as `Finishing.commit`."""
        self._finishing.commit(doubt=doubt)
        seconds = self._finishing.seconds
        if seconds > LONG_SECONDS:
            warn_user(
                f"A transaction was open for {seconds:.0f} s after its first insert, and others had to wait for it. "
                "Compute first and insert at the end, or write `make_fetch`, `make_compute` and `make_insert`.",
                LongTransactionWarning,
            )

    def roll_back(self) -> None:
        """Undo what was written, if it is not undone already; a forked process leaves that to its parent."""
        if not self.is_elsewhere:
            self._finishing.roll_back()

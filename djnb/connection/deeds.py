"""What was done in a transaction, so that it can be done again in another one if the database undoes the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from djnb.backends.base import Answer
from djnb.backends.spool import Spool, portions
from djnb.connection.digest import Digest
from djnb.connection.sending import Sender
from djnb.errors import DataJointError, InputsChangedError, LockError, LostConnectionError, UnreachableError
from djnb.sql.intent import is_moody
from djnb.sql.statement import Statement

KEPT_BYTES = 256 * 2**20
"""So much of what was written is kept, at most."""

PASSING = (LockError, LostConnectionError, UnreachableError)
"""Errors that say nothing about what was done; they may not come again."""

T = TypeVar("T")


@dataclass(frozen=True)
class Deed(Generic[T]):
    """
    Something that was sent to the database.

    Attributes
    ----------
    do : callable
        Sends it.
    outcome : callable
        Returns what tells a result from others; what was done afterwards may depend on it.
    size : int
        How many bytes it takes to remember.
    discard : callable
        Takes a result that nobody wants.
    """

    do: Callable[[], T]
    outcome: Callable[[T], object]
    size: int = 0
    discard: Callable[[T], None] = lambda result: None


@dataclass(frozen=True)
class Insertion(Deed[int]):
    """
    The sending of a statement for many rows.

    Attributes
    ----------
    sql : str
        The statement for one row.
    rows : sequence
        What is bound to it.
    """

    sql: str = ""
    rows: Sequence[Sequence[Any]] = ()


def execution(sender: Sender, statement: Statement) -> Deed[Answer]:
    """Return the sending of a statement."""
    outcome = (lambda answer: None) if is_moody(statement.sql) else _outcome_of
    return Deed(lambda: sender.execute(statement), outcome, _size(statement.params))


def executions(sender: Sender, sql: str, rows: Sequence[Sequence[Any]]) -> Insertion:
    """Return the sending of a statement for many rows."""
    return Insertion(
        lambda: sender.execute_many(sql, rows), lambda changed: changed, sum(map(_size, rows)), sql=sql, rows=rows
    )


def spooling(sender: Sender, statement: Statement, large: Sequence[int]) -> Deed[tuple[Spool, Digest]]:
    """Return the sending of a statement whose answer is taken at once, what is too much for memory into a file."""

    def do() -> tuple[Spool, Digest]:
        def take(driver: Any) -> tuple[Spool, Digest]:
            digest = Digest()
            rows = portions(driver.stream(statement.sql, statement.params), large)
            return Spool(digest.watch(rows)), digest

        return sender.send(statement.sql, take, may_repeat=True)

    return Deed(
        do,
        lambda found: (found[1].count, found[1].total),
        _size(statement.params),
        discard=lambda found: found[0].close(),
    )


def marking(sender: Sender, statement: Statement) -> Deed[Answer]:
    """Return the sending of a statement about a savepoint, of which nothing comes that could be different."""
    return Deed(lambda: sender.execute(statement), lambda answer: None)


def _outcome_of(answer: Answer) -> object:
    if not answer.names:
        return answer.affected
    digest = Digest()
    digest.add(answer.rows)
    return digest.count, digest.total


def _size(values: Sequence[Any]) -> int:
    return sum(len(value) if isinstance(value, (bytes, str)) else 32 for value in values)


@dataclass
class Deeds:
    """
    What was done, in its order, each with what came of it.

    Attributes
    ----------
    is_whole : bool
        Whether all of it is kept. It is not if that would take too much memory.
    size : int
        How many bytes it takes, or has taken.
    """

    is_whole: bool = True
    size: int = 0
    _done: list[tuple[Deed[Any], object]] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[Deed[Any], object]]:
        return iter(self._done)

    def __len__(self) -> int:
        return len(self._done)

    def cut(self, start: int, end: int | None = None) -> None:
        """Forget deeds from one place on, up to another one, as if they had not been."""
        del self._done[start:end]

    def keep(self, deed: Deed[Any], outcome: object) -> None:
        """Remember a deed and what came of it: its outcome, or the class of the error."""
        self.size += deed.size
        if self.size > KEPT_BYTES:
            self.is_whole = False
            self._done.clear()
        if self.is_whole:
            self._done.append((deed, outcome))

    def put_first(self, deeds: Sequence[Deed[Any]]) -> None:
        """Remember deeds that were done before all others, and of which nothing came."""
        if self.is_whole:
            self._done[:0] = [(deed, None) for deed in deeds]

    def do_again(self, *, start: int = 0) -> None:
        """
        Do all of it again, from one place on.

        Raises
        ------
        InputsChangedError
            Something else comes of it, from which other deeds might have followed.
        """
        for deed, outcome in self._done[start:]:
            now: object
            try:
                result = deed.do()
                now = deed.outcome(result)
                deed.discard(result)
            except PASSING:
                raise
            except DataJointError as error:
                now = type(error)
            if now != outcome:
                raise InputsChangedError.of((), ["what was inserted before meets other rows now"])

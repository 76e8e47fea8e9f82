"""What a thread has read since its deferred transaction was announced, and whether it would read the same now."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from djnb.backends.base import Answer
from djnb.connection.digest import Digest
from djnb.errors import InputsChangedError
from djnb.model.naming import TableName
from djnb.sql.dialect import Dialect
from djnb.sql.intent import is_volatile, tables_read
from djnb.sql.statement import Statement, compose

MANY_ROWS = 10_000
"""An answer of more rows is read again bit by bit, rather than together with others."""

_LIMIT = re.compile(r" LIMIT (\d+)\s*$")


@dataclass
class Read:
    """
    A statement that was answered.

    Attributes
    ----------
    statement : Statement
        What was asked.
    names : tuple of str
        The columns of the answer.
    digest : Digest
        What the answer was.
    """

    statement: Statement
    names: tuple[str, ...]
    digest: Digest

    @property
    def is_long(self) -> bool:
        """Whether the answer had many rows."""
        return self.digest.count > MANY_ROWS

    def again(self, dialect: Dialect) -> tuple[Statement, frozenset[int]]:
        """
        Return the statement that asks again, and the places of its answer that have the SHA-1 of bytes.

        A server computes it, where there were large bytes, and sends 40 characters in the place of each.
        """
        said = self._without_limit()
        places = frozenset(self.digest.large)
        if not places or not dialect.sha1 or not self.names or len(set(self.names)) < len(self.names):
            return said, frozenset()
        columns = [dialect.quote(name) for name in self.names]
        wanted = ", ".join(
            f"{dialect.sha1.format(column)} AS {column}" if place in places else column
            for place, column in enumerate(columns)
        )
        return compose("SELECT {} FROM ({}) AS {}", wanted, said, dialect.quote("read")), places

    def _without_limit(self) -> Statement:
        # A limit that was not reached says nothing, and keeps a server from looking into the query around which it is.
        found = _LIMIT.search(self.statement.sql)
        if found is None or self.digest.count >= int(found[1]):
            return self.statement
        return Statement(self.statement.sql[: found.start()], self.statement.params)


@dataclass
class Reads:
    """
    What was read.

    Attributes
    ----------
    passed_over : TableName or None
        A table that is not read again, nor its parts: reading where others are about to insert keeps them out.
    version : int or None
        The number by which a file knows its state; it was another one before somebody else wrote into it.
    """

    passed_over: TableName | None = None
    version: int | None = None
    _has_looked: bool = False
    _found: dict[Any, Read] = field(default_factory=dict)
    _changed: list[tuple[Read, Digest]] = field(default_factory=list)

    def look(self, version: Callable[[], int | None]) -> None:
        """Note, before the first read, the state of a file."""
        if not self._has_looked:
            self.version = version()
            self._has_looked = True

    def again(self, dialect: Dialect) -> tuple[list[Read], list[tuple[Statement, frozenset[int]]]]:
        """Return what had few rows, and how to ask for it again."""
        few = [read for read in self._found.values() if not read.is_long]
        return few, [read.again(dialect) for read in few]

    def long(self) -> list[Read]:
        """Return what had many rows."""
        return [read for read in self._found.values() if read.is_long]

    def concerns(self, statement: Statement) -> bool:
        """Tell whether the answer to a statement is to be the same later."""
        if is_volatile(statement.sql):
            return False
        passed = self.passed_over
        return passed is None or all(passed not in (table, table.master) for table in tables_read(statement.sql))

    def add(self, statement: Statement, names: tuple[str, ...], digest: Digest) -> None:
        """Note an answer; a statement that was answered otherwise before shows by itself that rows have changed."""
        params = tuple(value if isinstance(value, (int, str, bytes)) else repr(value) for value in statement.params)
        read = self._found.setdefault((statement.sql, params), Read(statement, names, digest))
        if not read.digest.is_of(digest):
            self._changed.append((read, digest))

    def add_answer(self, statement: Statement, answer: Answer) -> None:
        """Note an answer that was taken whole."""
        digest = Digest()
        digest.add(answer.rows)
        self.add(statement, answer.names, digest)

    def compare(self, read: Read, now: Digest) -> None:
        """Note how a statement is answered now, if it is otherwise."""
        if not now.is_of(read.digest):
            self._changed.append((read, now))

    def compare_rows(self, read: Read, rows: Sequence[Any], hashed: Collection[int]) -> None:
        """Note the rows that a statement is answered by now; at some places, they have the SHA-1 of bytes."""
        now = Digest()
        now.add(rows, hashed=hashed)
        self.compare(read, now)

    def check(self) -> None:
        """
        Refuse to go on if anything has changed.

        Raises
        ------
        InputsChangedError
            It names the tables, and the attributes as far as they are known.
        """
        if not self._changed:
            return
        said: dict[str, None] = {}
        tables: dict[str, None] = {}
        for read, now in self._changed:
            named = [name.class_name for name in tables_read(read.statement.sql)]
            tables.update(dict.fromkeys(named))
            said[f"{' with '.join(f'`{name}`' for name in named) or 'a query'} ({_how(read, now)})"] = None
        raise InputsChangedError.of(tuple(tables), list(said))


def _how(read: Read, now: Digest) -> str:
    more = now.count - read.digest.count
    if more:
        return f"{abs(more)} row{'s' if abs(more) > 1 else ''} {'more' if more > 0 else 'fewer'}"
    places = read.digest.differing(now)
    return ", ".join(read.names[place] for place in places) or "other values"

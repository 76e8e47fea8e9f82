"""
What differs between databases, each difference as a named question.

A dialect answers; it holds no connection. Data first, methods second, and nobody asks for the database's name.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from math import isinf
from typing import Any, ClassVar

from djnb.model.alteration import Alteration
from djnb.model.attribute import Attribute
from djnb.model.core_types import AttributeType, Family
from djnb.model.naming import TableName
from djnb.model.spec import TableSpec
from djnb.sql.statement import Statement, compose, join


class Dialect(ABC):
    """The questions; each database answers them in ``backends/``."""

    sqlglot_name: ClassVar[str]
    """How sqlglot calls the dialect."""

    placeholder: ClassVar[str]
    """What stands for a bound value."""

    quote_mark: ClassVar[str]
    """What stands around an identifier; doubled within one."""

    says_comments_in_columns: ClassVar[bool]
    """Whether a column's comment is part of CREATE TABLE; otherwise ``after_create`` keeps it."""

    duplicate_clause_names_key: ClassVar[bool]
    """Whether an insert can pass over duplicates of the primary key alone, and of no other unique index."""

    stores_infinity: ClassVar[bool]
    """Whether a float may be infinite."""

    reads_without_locks: ClassVar[str] = ""
    """What makes the next statement lock no row that it only reads, where it would; else empty."""

    and_stays: ClassVar[str] = ""
    """What a SELECT within an UPDATE ends with so that the rows it finds are there until the UPDATE is kept."""

    takes_at_once: ClassVar[bool] = False
    """Whether an UPDATE gives the rows that it has changed, and finds them as they are when it is its turn to write."""

    row_id: ClassVar[str | None] = None
    """What identifies a row besides its key, where altering a type leaves the values as they were; else None."""

    max_params: ClassVar[int]
    """How many values one statement may bind."""

    utc_now: ClassVar[str]
    """The present time in UTC by the database's clock, in milliseconds."""

    server_now: ClassVar[str]
    """The same moment as the server's own time zone calls it, in which DataJoint writes the times of jobs."""

    end_serializable: ClassVar[tuple[str, ...]] = ()
    """What follows the end of a transaction that has begun as `begin_serializable` says, in the same journey."""

    sha1: ClassVar[str] = ""
    """The SHA-1 of bytes as 40 hexadecimal digits; empty where reading the bytes costs no more."""

    no_choice: ClassVar[str] = ""
    """What an enum never is, where an index is read from a place on only if two values are asked for; else empty."""

    row_list: ClassVar[str] = "{}"
    """How a list of row values stands after IN."""

    to_storage: ClassVar[Mapping[Family, Callable[[Any, AttributeType], Any]]] = {}
    """How a value that fits its type is handed to the driver, where not as it is."""

    from_storage: ClassVar[Mapping[Family, Callable[[Any, AttributeType], Any]]] = {}
    """How the driver's value becomes the type's Python value, where it is not."""

    operators: ClassVar[Mapping[str, str]] = {
        **{symbol: f"({{}} {symbol} {{}})" for symbol in ("+", "-", "*", "%", "DIV", "REGEXP", "<=>")},
        # In floats on every database: servers divide integers as decimals of four digits.
        "/": "(({} + 0e0) / {})",
        "-x": "(- {})",
        # 64 bits with a sign, which every database has.
        **{symbol: f"CAST(({{}} {symbol} {{}}) AS SIGNED)" for symbol in ("&", "|", "^", "<<", ">>")},
        "~": "CAST((~ {}) AS SIGNED)",
    }
    """How operators are said."""

    numbers_within_keys: ClassVar[bool] = True
    """Whether the rows of a table can be numbered by the first of several attributes of its key."""

    exact_operators: ClassVar[Mapping[str, str]] = {}
    """How they are said of decimals, where otherwise."""

    conversions: ClassVar[Mapping[str, str]] = {}
    """How a value of one kind is made ready to be compared or used as another, where the database does not do it."""

    decimal_as_text: ClassVar[str] = "{}"
    """A decimal as text, of the number and how many decimals it has."""

    aggregates: ClassVar[Mapping[str, str]] = {f"BIT_{name}": "CAST({} AS SIGNED)" for name in ("AND", "OR", "XOR")}
    """What stands around functions of many rows."""

    interval: ClassVar[str] = "INTERVAL {} {}"
    """An interval as an argument, of an amount and a unit."""

    unit: ClassVar[str] = "{}"
    """A unit of time as an argument."""

    extract: ClassVar[str] = "EXTRACT({} FROM {})"
    """EXTRACT of a unit and a value."""

    count_distinct: ClassVar[str] = "COUNT(DISTINCT {})"
    """The number of different combinations of several values."""

    @abstractmethod
    def begin_serializable(self, idle_seconds: float) -> tuple[str, ...]:
        """
        Return how a transaction begins whose reads nobody else may change before it ends.

        A server undoes it, and closes the connection, when nothing is sent for so many seconds: whoever is cut off
        would otherwise keep others from what it has locked for hours.
        """

    def function(self, name: str, *, is_exact: bool = False) -> str:
        """Return how a function of ``sql.functions`` is called; ``is_exact``: its numbers are integers or decimals."""
        return name

    def cast(self, value: Statement, target: str, sizes: tuple[int, ...], *, is_exact: bool) -> Statement:
        """Return a value as one of the types of CAST."""
        size = f"({', '.join(map(str, sizes))})" if sizes else ""
        return Statement(f"CAST({value.sql} AS {target}{size})", value.params)

    def trim(self, text: Statement, filler: Statement, where: str) -> Statement:
        """Return a text without the filler at one end or both."""
        return Statement(f"TRIM({where} {filler.sql} FROM {text.sql})", (*filler.params, *text.params))

    def group_concat(
        self, value: Statement, order: Sequence[tuple[Statement, bool]], separator: Statement, *, is_distinct: bool
    ) -> Statement:
        """Return the texts of many rows as one; ``order`` says of each key whether it descends."""
        keys = join(", ", (compose("{}{}", key, " DESC" if down else "") for key, down in order))
        by = compose(" ORDER BY {}", keys) if order else ""
        distinct = "DISTINCT " if is_distinct else ""
        return compose("GROUP_CONCAT({}{}{} SEPARATOR {})", distinct, value, by, separator)

    def quote(self, identifier: str) -> str:
        """Return an identifier in quotes, safe whatever it holds."""
        return _quoted(self, identifier)

    def escape(self, text: str) -> str:
        """Return SQL text as the driver wants it, beside placeholders."""
        return text

    def written_out(self, statement: Statement) -> str:
        """Return a statement as text to be read, with its values in the places that were bound."""
        values = iter(statement.params)

        def put(match: re.Match[str]) -> str:
            return self.value(next(values)) if match[0] == self.placeholder else match[0]

        # Within quotes, a placeholder is a character like others.
        pieces = r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|""" + re.escape(self.placeholder)
        return re.sub(pieces, put, statement.sql)

    def value(self, value: Any) -> str:
        """Return a value that the driver would bind as SQL says it."""
        if value is None:
            return "NULL"
        if isinstance(value, float) and isinf(value):
            return "9e999" if value > 0 else "-9e999"
        if isinstance(value, bool | int | float | Decimal):
            return str(int(value) if isinstance(value, bool) else value)
        if isinstance(value, bytes | bytearray | memoryview):
            return f"x'{bytes(value).hex()}'"
        return self.literal(str(value))

    def bind_number(self, number: int | Decimal) -> Any:
        """Return a number of a user's text as the driver binds it."""
        return number

    @abstractmethod
    def table(self, name: TableName) -> str:
        """Return a table's quoted name."""

    def literal(self, text: str) -> str:
        """Return a quoted text for places that take no bound value (defaults, comments, CHECK)."""
        return "'" + self.escape(text.replace("'", "''")) + "'"

    @abstractmethod
    def column_type(self, attribute: Attribute) -> str:
        """Return the type with which a column is created."""

    def column_check(self, attribute: Attribute) -> str:
        """Return a constraint that guards the type where the column's type alone does not; may be empty."""
        return ""

    def in_order(self, column: Statement, attribute_type: AttributeType) -> Statement:
        """Return what rows are ordered by where a column of this type is named."""
        return column

    @abstractmethod
    def current_timestamp(self, attribute_type: AttributeType) -> str:
        """Return the default ``CURRENT_TIMESTAMP`` for a type."""

    @abstractmethod
    def later(self, moment: str, seconds: float) -> Statement:
        """Return a time of the database's clock, ``utc_now`` or ``server_now``, so many seconds later."""

    def take_turn(self, name: str) -> Statement | None:
        """
        Return what waits while another session has a turn by this name, a minute at most; None where none needs to.

        Its row says whether the turn was had, and whether ``reads_without_locks`` may be sent.
        """
        return None

    def end_turn(self, name: str) -> Statement:
        """Return what ends the turn; that of a session that is lost ends by itself."""
        raise NotImplementedError  # nobody has a turn where `take_turn` says that none is needed

    @abstractmethod
    def create_table(self, spec: TableSpec, clauses: list[str]) -> list[Statement]:
        """Return the statements that create a table from its clauses: the table, its indexes, what is kept beside."""

    def constraint(self, table: TableName, number: int) -> str:
        """Return what stands before a foreign key of a table to name it; empty where the database names it."""
        return ""

    @abstractmethod
    def alter_table(self, alteration: Alteration) -> list[Statement]:
        """Return the statements that alter a table and what is kept beside it."""

    def around_alter(self) -> tuple[list[Statement], list[Statement]]:
        """Return what has to be sent before and after altering a table, outside of its transaction."""
        return [], []

    def broken_references(self, table: TableName) -> Statement | None:
        """Return the statement that finds rows without their parents, where altering does not look for them itself."""
        return None

    def forget_table(self, spec: TableSpec) -> list[Statement]:
        """Return the statements that remove what is kept beside a table, before it is dropped."""
        return []

    @abstractmethod
    def without_references(self) -> tuple[list[Statement], list[Statement]]:
        """Return the statements before and after tables are dropped that refer to each other in a ring."""

    def inline_index(self, names: tuple[str, ...], *, is_unique: bool) -> str:
        """Return an index as a clause of CREATE TABLE; empty where an index is a statement of its own."""
        return ""

    @abstractmethod
    def on_duplicate_skip(self, key: list[str], *, table: str = "") -> str:
        """Return the end of an INSERT that passes over rows whose key is there; into ``table``, if from a query."""

    @abstractmethod
    def on_duplicate_replace(self, key: list[str], others: list[str]) -> str:
        """Return the end of an INSERT that gives rows whose key is there the new values, or the defaults."""

    @abstractmethod
    def insert_defaults(self, table: str) -> str:
        """Return the INSERT of a row that is all defaults."""

    def output(self, column: Statement, attribute: Attribute) -> Statement:
        """Return a column as it is selected for fetching, where selecting it plainly would lose digits."""
        return column

    def byte_length(self, column: Statement) -> Statement:
        """Return the size of a value in bytes."""
        return Statement(f"length({column.sql})", column.params)

    def first_bytes(self, column: Statement, count: int, *, whole_up_to: int = 0) -> Statement:
        """Return a value that has so many bytes at most, or ``count``; of a longer one, its first ``count`` bytes."""
        first = compose(f"substr({{}}, 1, {int(count)})", column)
        if whole_up_to <= count:
            return first
        size = self.byte_length(column)
        return compose(f"CASE WHEN {{}} <= {int(whole_up_to)} THEN {{}} ELSE {{}} END", size, column, first)

    def limit(self, limit: int | None, offset: int) -> Statement:
        """Return the LIMIT clause."""
        if limit is None and not offset:
            return Statement("")
        count = 2**63 - 1 if limit is None else limit
        return Statement(f" LIMIT {int(count)}" + (f" OFFSET {int(offset)}" if offset else ""))


@lru_cache(maxsize=10_000)
def _quoted(dialect: Dialect, identifier: str) -> str:
    mark = dialect.quote_mark
    return mark + dialect.escape(identifier.replace(mark, mark * 2)) + mark

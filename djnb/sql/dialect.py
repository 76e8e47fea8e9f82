"""
What differs between databases, each difference as a named question.

A dialect answers; it holds no connection. Data first, methods second, and nobody asks for the database's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from djnb.model.attribute import Attribute
from djnb.model.core_types import AttributeType, Family
from djnb.model.naming import TableName
from djnb.model.spec import TableSpec
from djnb.sql.statement import Statement


class Dialect:
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

    max_params: ClassVar[int]
    """How many values one statement may bind."""

    row_list: ClassVar[str] = "{}"
    """How a list of row values stands after IN."""

    to_storage: ClassVar[Mapping[Family, Callable[[Any, AttributeType], Any]]] = {}
    """How a value that fits its type is handed to the driver, where not as it is."""

    from_storage: ClassVar[Mapping[Family, Callable[[Any, AttributeType], Any]]] = {}
    """How the driver's value becomes the type's Python value, where it is not."""

    def quote(self, identifier: str) -> str:
        """Return an identifier in quotes, safe whatever it holds."""
        mark = self.quote_mark
        return mark + self.escape(identifier.replace(mark, mark * 2)) + mark

    def escape(self, text: str) -> str:
        """Return SQL text as the driver wants it, beside placeholders."""
        return text

    def bind_number(self, number: int | Decimal) -> Any:
        """Return a number of a user's text as the driver binds it."""
        return number

    def table(self, name: TableName) -> str:
        """Return a table's quoted name."""
        raise NotImplementedError

    def literal(self, text: str) -> str:
        """Return a quoted text for places that take no bound value (defaults, comments, CHECK)."""
        return "'" + self.escape(text.replace("'", "''")) + "'"

    def column_type(self, attribute: Attribute) -> str:
        """Return the type with which a column is created."""
        raise NotImplementedError

    def column_check(self, attribute: Attribute) -> str:
        """Return a constraint that guards the type where the column's type alone does not; may be empty."""
        return ""

    def current_timestamp(self, attribute_type: AttributeType) -> str:
        """Return the default ``CURRENT_TIMESTAMP`` for a type."""
        raise NotImplementedError

    def create_table(self, spec: TableSpec, clauses: list[str]) -> list[Statement]:
        """Return the statements that create a table from its clauses: the table, its indexes, what is kept beside."""
        raise NotImplementedError

    def forget_table(self, spec: TableSpec) -> list[Statement]:
        """Return the statements that remove what is kept beside a table, before it is dropped."""
        return []

    def without_references(self) -> tuple[list[Statement], list[Statement]]:
        """Return the statements before and after tables are dropped that refer to each other in a ring."""
        raise NotImplementedError

    def inline_index(self, names: tuple[str, ...], *, is_unique: bool) -> str:
        """Return an index as a clause of CREATE TABLE; empty where an index is a statement of its own."""
        return ""

    def on_duplicate_skip(self, key: list[str], *, table: str = "") -> str:
        """Return the end of an INSERT that passes over rows whose key is there; into ``table``, if from a query."""
        raise NotImplementedError

    def on_duplicate_replace(self, key: list[str], others: list[str]) -> str:
        """Return the end of an INSERT that gives rows whose key is there the new values, or the defaults."""
        raise NotImplementedError

    def insert_defaults(self, table: str) -> str:
        """Return the INSERT of a row that is all defaults."""
        raise NotImplementedError

    def output(self, column: Statement, attribute: Attribute) -> Statement:
        """Return a column as it is selected for fetching, where selecting it plainly would lose digits."""
        return column

    def byte_length(self, column: Statement) -> Statement:
        """Return the size of a value in bytes."""
        return Statement(f"length({column.sql})", column.params)

    def limit(self, limit: int | None, offset: int) -> Statement:
        """Return the LIMIT clause."""
        if limit is None and not offset:
            return Statement("")
        count = 2**63 - 1 if limit is None else limit
        return Statement(f" LIMIT {int(count)}" + (f" OFFSET {int(offset)}" if offset else ""))

"""
How SQLite is spoken to.

Dates and times are ISO text in UTC, with as many digits of a second as the type has, so that comparing texts compares
times. Types, lengths and enum values are checked before rows are sent; CHECK constraints guard enums against others.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from typing import Any, ClassVar

from djnb.backends.sqlite import rebuild
from djnb.model.alteration import Alteration
from djnb.model.attribute import Attribute, join_marker
from djnb.model.core_types import AttributeType, Family
from djnb.model.naming import TableName
from djnb.model.spec import TableSpec
from djnb.sql.chain import stored_type
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement, compose, join
from djnb.sql.values import write_time

_EXACT_DIGITS = 15
"""A REAL keeps this many decimal digits; longer decimals are kept as text."""

DECIMAL_COLLATION = "djnb_decimal"
"""Compares texts as the numbers that they say; every connection registers it."""

PREFIX = "mysql_"
"""Begins the names of the functions that every connection registers."""

_NATIVE = frozenset(["COUNT", "SUM", "AVG", "MIN", "MAX", "COALESCE", "IFNULL"])
"""Functions that SQLite has with MySQL's meaning."""

_BY_EXACTNESS = frozenset(["ROUND", "TRUNCATE", "FLOOR", "CEIL", "MOD", "SUM"])
"""Those that are others of integers and decimals than of floats."""

_DECIMALS = Context(prec=100)
"""Has room for the digits of any decimal, where Python's usual context has 28."""

_COLUMN_TYPES = {
    Family.INTEGER: "INTEGER",
    Family.FLOAT: "REAL",
    Family.BOOL: "INTEGER",
    Family.STRING: "TEXT",
    Family.ENUM: "TEXT",
    Family.DATE: "TEXT",
    Family.DATETIME: "TEXT",
    Family.TIME: "TEXT",
    Family.UUID: "BLOB",
    Family.JSON: "TEXT",
    Family.BYTES: "BLOB",
}


def write_datetime(value: datetime, kind: AttributeType) -> str:
    """Return a time as text with the type's digits of a second."""
    if not kind.scale:
        return str(value)[:19]
    return value.isoformat(sep=" ", timespec="microseconds")[: 20 + kind.scale]


def read_datetime(value: Any, kind: AttributeType) -> datetime:
    """Return the time that a text says."""
    return datetime.fromisoformat(value)


def read_time(value: Any, kind: AttributeType) -> timedelta:
    """Return the span that a text says."""
    hours, minutes, seconds = value.lstrip("-").split(":")
    span = timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    return -span if value.startswith("-") else span


def write_computed(value: Any, kind: AttributeType) -> Any:
    """Return a value of no known type as SQLite takes it: dates and times as text."""
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return value.isoformat() if isinstance(value, date) else value


def write_decimal(value: Decimal, kind: AttributeType) -> Any:
    """Return a decimal as text; the column's affinity makes it a number where that loses nothing."""
    return str(value)


def read_decimal(value: Any, kind: AttributeType) -> Decimal:
    """Return the decimal with all digits that the type has after the point."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-kind.scale), context=_DECIMALS)


class SQLiteDialect(Dialect):
    """The answers of SQLite."""

    sqlglot_name = "sqlite"
    placeholder = "?"
    quote_mark = '"'
    says_comments_in_columns = False
    duplicate_clause_names_key = True
    stores_infinity = True
    numbers_within_keys = False
    row_id = "_rowid_"
    takes_at_once = sqlite3.sqlite_version_info >= (3, 35)  # RETURNING
    max_params = 32_000
    utc_now = server_now = "strftime('%Y-%m-%d %H:%M:%f', 'now')"
    row_list = "VALUES {}"
    operators: ClassVar[Mapping[str, str]] = {
        **Dialect.operators,
        "%": "mysql_mod({}, {})",
        "DIV": "mysql_div({}, {})",
        "<=>": "({} IS {})",
        "REGEXP": "mysql_regexp({}, {})",
        "&": "mysql_bits_and({}, {})",
        "|": "mysql_bits_or({}, {})",
        "^": "mysql_bits_xor({}, {})",
        "~": "mysql_bits_not({})",
        "<<": "mysql_bits_left({}, {})",
        ">>": "mysql_bits_right({}, {})",
    }
    exact_operators: ClassVar[Mapping[str, str]] = {
        "+": "mysql_add({}, {})",
        "-": "mysql_subtract({}, {})",
        "*": "mysql_multiply({}, {})",
        "%": "mysql_mod_exact({}, {})",
    }
    conversions: ClassVar[Mapping[str, str]] = {
        "as number": "mysql_number({})",
        "as moment": "mysql_moment({})",
        "as span": "mysql_span({})",
        "time as number": "mysql_time_number({})",
        "json as number": "mysql_json_number({})",
        "json as text": "mysql_json_unquote({})",
    }
    decimal_as_text = "mysql_fixed({}, {})"
    aggregates: ClassVar[Mapping[str, str]] = {}
    interval = "{}, '{}'"
    unit = "'{}'"
    extract = "mysql_extract('{}', {})"
    count_distinct = "mysql_count_distinct({})"
    to_storage: ClassVar[Mapping[Family, Callable[[Any, AttributeType], Any]]] = {
        Family.BOOL: lambda value, kind: int(value),
        Family.DATE: lambda value, kind: value.isoformat(),
        Family.DATETIME: write_datetime,
        Family.TIME: write_time,
        Family.DECIMAL: write_decimal,
        Family.COMPUTED: write_computed,
    }
    from_storage: ClassVar[Mapping[Family, Callable[[Any, AttributeType], Any]]] = {
        Family.DATE: lambda value, kind: date.fromisoformat(value[:10]),
        Family.DATETIME: read_datetime,
        Family.TIME: read_time,
        Family.DECIMAL: read_decimal,
    }

    def begin_serializable(self, idle_seconds: float) -> tuple[str, ...]:
        """Let nobody else write: the one writer at a time reads what nobody else can change."""
        return ("BEGIN IMMEDIATE",)

    def function(self, name: str, *, is_exact: bool = False) -> str:
        """Return SQLite's own functions by their names, and the registered ones by theirs."""
        if is_exact and name in _BY_EXACTNESS:
            return f"{PREFIX}{name.lower()}_exact"
        return name if name in _NATIVE else PREFIX + name.lower()

    def cast(self, value: Statement, target: str, sizes: tuple[int, ...], *, is_exact: bool) -> Statement:
        """Call the function that does what MySQL's CAST does; bytes are compared as they are."""
        if target == "BINARY":
            return value
        name = "signed" if target in ("SIGNED", "UNSIGNED") else target.lower()
        exactness = "_exact" if is_exact and name == "signed" else ""
        return compose(f"{PREFIX}cast_{name}{exactness}({{}})", join(", ", [value, *map(str, sizes)]))

    def trim(self, text: Statement, filler: Statement, where: str) -> Statement:
        """Call the function that does it."""
        return compose("mysql_trim({}, {}, '{}')", text, filler, where)

    def group_concat(
        self, value: Statement, order: Sequence[tuple[Statement, bool]], separator: Statement, *, is_distinct: bool
    ) -> Statement:
        """Call the function that takes the order as arguments: SQLite has ORDER BY there only since 3.44."""
        directions = "".join("-" if down else "+" for _, down in order)
        keys = [key for key, _ in order]
        listed = join(", ", [separator, value, *keys])
        return compose("mysql_group_concat('{}', {}, {})", directions, str(int(is_distinct)), listed)

    def table(self, name: TableName) -> str:
        """Return ``"schema.table"``: one name, so that foreign keys can cross schemas within a file."""
        return self.quote(f"{name.schema}.{name.table}")

    def bind_number(self, number: int | Decimal) -> Any:
        """Return integers as they are and others as floats, which is what SQLite computes with."""
        return number if isinstance(number, int) else float(number)

    def column_type(self, attribute: Attribute) -> str:
        """Return the affinity that fits."""
        if attribute.type.family is Family.CODEC and attribute.sql_type:
            return attribute.sql_type
        kind = stored_type(attribute.type)
        if attribute.in_key and attribute.default is not None and kind.family in (Family.INTEGER, Family.BOOL):
            # A primary key that is one INTEGER numbers the rows and knows no default; INT is the same otherwise.
            return "INT"
        if kind.family is Family.DECIMAL:
            return "NUMERIC" if kind.digits <= _EXACT_DIGITS else f'TEXT COLLATE "{DECIMAL_COLLATION}"'
        return _COLUMN_TYPES[kind.family]

    def column_check(self, attribute: Attribute) -> str:
        """Guard the values of an enum."""
        if attribute.type.family is not Family.ENUM:
            return ""
        values = ", ".join(self.literal(value) for value in attribute.type.values)
        return f"CHECK ({self.quote(attribute.name)} IN ({values}))"

    def in_order(self, column: Statement, attribute_type: AttributeType) -> Statement:
        """Order the values of an enum as its definition lists them, as servers do."""
        if attribute_type.family is not Family.ENUM:
            return column
        cases = " ".join(f"WHEN ? THEN {place}" for place, _ in enumerate(attribute_type.values))
        return compose("CASE {} {} END", column, Statement(cases, attribute_type.values))

    def current_timestamp(self, attribute_type: AttributeType) -> str:
        """Return the present time in UTC, in the type's form."""
        if attribute_type.family is Family.DATE:
            return "CURRENT_DATE"
        if not attribute_type.scale:
            return "CURRENT_TIMESTAMP"
        zeros = "0" * max(0, attribute_type.scale - 3)
        now = f"(strftime('%Y-%m-%d %H:%M:%f', 'now') || '{zeros}')"
        return now if attribute_type.scale >= 3 else f"(substr({now}, 1, {20 + attribute_type.scale}))"

    def later(self, moment: str, seconds: float) -> Statement:
        """Give strftime a modifier."""
        return Statement(f"strftime('%Y-%m-%d %H:%M:%f', {moment}, ?)", (f"{seconds:+.3f} seconds",))

    def create_table(self, spec: TableSpec, clauses: list[str]) -> list[Statement]:
        """Return the table, an index for every foreign key and every index asked for, and the notes of its comments."""
        table = self.table(spec.name)
        place = next((place for place, a in enumerate(spec.attributes) if a.autoincrement), None)
        if place is not None:
            # So that numbers of deleted rows do not come again, which is not said of a key that is a clause of its own.
            clauses = [*clauses[: len(spec.attributes)], *clauses[len(spec.attributes) + 1 :]]
            clauses[place] += " PRIMARY KEY AUTOINCREMENT"
        statements = [Statement(f"CREATE TABLE {table} (\n  " + ",\n  ".join(clauses) + "\n)")]
        wanted = [(index.attributes, index.is_unique) for index in spec.indexes]
        serving = [spec.primary_key, *(names for names, _ in wanted)]
        served = {names[:count] for names in serving for count in range(1, len(names) + 1)}
        wanted += [(f.names, False) for f in spec.foreign_keys if f.names not in served]
        for number, (names, is_unique) in enumerate(dict.fromkeys(wanted), start=1):
            columns = ", ".join(self.quote(name) for name in names)
            index = self.quote(f"{spec.name.schema}.{spec.name.table}.{number}")
            statements.append(Statement(f"CREATE {'UNIQUE ' if is_unique else ''}INDEX {index} ON {table} ({columns})"))
        return [*statements, self._note_comments(spec)]

    def _note_comments(self, spec: TableSpec) -> Statement:
        # SQLite has no place for comments; every attribute's type is noted in front of its own.
        table = f"{spec.name.schema}.{spec.name.table}"
        notes = [(table, "", spec.comment)]
        notes += [(table, a.name, join_marker(a.type.text, a.comment)) for a in spec.attributes]
        places = ", ".join(["(?, ?, ?)"] * len(notes))
        return Statement(
            f'INSERT OR REPLACE INTO "~comments" ("table", attribute, comment) VALUES {places}',
            tuple(value for note in notes for value in note),
        )

    def alter_table(self, alteration: Alteration) -> list[Statement]:
        """Return the statements that build the table anew, unless only its comments or indexes change."""
        return rebuild.alter_table(alteration, self)

    def around_alter(self) -> tuple[list[Statement], list[Statement]]:
        """Let a table go and come back under the eyes of those that refer to it, as SQLite's manual advises."""
        return (
            [Statement("PRAGMA foreign_keys = OFF"), Statement("PRAGMA legacy_alter_table = ON")],
            [Statement("PRAGMA legacy_alter_table = OFF"), Statement("PRAGMA foreign_keys = ON")],
        )

    def broken_references(self, table: TableName) -> Statement | None:
        """Return the check, which is not done by itself while the foreign keys are suspended."""
        return Statement(f"PRAGMA foreign_key_check({self.table(table)})")

    def forget_table(self, spec: TableSpec) -> list[Statement]:
        """Remove the notes of a table's comments."""
        name = f"{spec.name.schema}.{spec.name.table}"
        return [Statement('DELETE FROM "~comments" WHERE "table" = ?', (name,))]

    def without_references(self) -> tuple[list[Statement], list[Statement]]:
        """Suspend the checks of this connection: dropping a table deletes its rows first, one after the other."""
        return [Statement("PRAGMA foreign_keys = OFF")], [Statement("PRAGMA foreign_keys = ON")]

    def on_duplicate_skip(self, key: list[str], *, table: str = "") -> str:
        """Pass over duplicates of the primary key, and of nothing else."""
        return f"ON CONFLICT ({', '.join(map(self.quote, key))}) DO NOTHING"

    def on_duplicate_replace(self, key: list[str], others: list[str]) -> str:
        """Set the other attributes; rows that refer to the row stay."""
        changes = ", ".join(f"{self.quote(name)} = excluded.{self.quote(name)}" for name in others)
        return f"ON CONFLICT ({', '.join(map(self.quote, key))}) DO UPDATE SET {changes}"

    def insert_defaults(self, table: str) -> str:
        """Return the INSERT of a row that is all defaults."""
        return f"INSERT INTO {table} DEFAULT VALUES"

"""How MySQL and MariaDB are spoken to; only what both understand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from pymysql import converters

from djnb.backends.mysql import alter
from djnb.backends.mysql.alter import TEXT_COLLATION
from djnb.model.alteration import Alteration
from djnb.model.attribute import Attribute
from djnb.model.core_types import AttributeType, Family
from djnb.model.naming import TableName
from djnb.model.spec import TableSpec
from djnb.sql.chain import stored_type
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement

_MAX_SELF_NAMED = 56
"""To longer names of tables, a server cannot add the numbers of foreign keys (``_ibfk_12``) within 64 characters."""

_INTEGERS = {8: "tinyint", 16: "smallint", 32: "int", 64: "bigint"}
_SPELLED = {Family.ENUM, Family.JSON}
"""What the server shows otherwise than it takes it."""

_SAME_TEXT = {Family.STRING, Family.DATE, Family.DATETIME, Family.TIME, Family.DECIMAL}


class MySQLDialect(Dialect):
    """The answers of MySQL and MariaDB."""

    sqlglot_name = "mysql"
    placeholder = "%s"
    quote_mark = "`"
    says_comments_in_columns = True
    duplicate_clause_names_key = False
    stores_infinity = False
    max_params = 60_000
    utc_now = "UTC_TIMESTAMP(3)"
    # Sessions of djnb run in UTC; those of DataJoint as the server says.
    server_now = "CONVERT_TZ(UTC_TIMESTAMP(3), '+00:00', @@global.time_zone)"
    reads_without_locks = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
    # Spelled as both servers know it. Whether they would lock without it depends on how the binary log is written.
    and_stays = " LOCK IN SHARE MODE"
    # Its own time comes back from where `begin_serializable` has noted it. A variable without a value is text.
    end_serializable = (
        "SET SESSION wait_timeout = CAST(COALESCE(@djnb_wait, @@SESSION.wait_timeout) AS SIGNED), @djnb_wait = NULL",
    )
    sha1 = "SHA1({})"
    # With one value, MariaDB reads all entries that have it, from the first one on.
    no_choice = "''"
    # MariaDB takes the text of numbers and times for latin1 in RPAD and INSERT, and garbles what comes with it.
    conversions: ClassVar[Mapping[str, str]] = {"as text": "CAST({} AS CHAR)"}
    decimal_as_text = "CAST({0} AS CHAR)"
    to_storage: ClassVar[Mapping[Family, Callable[[Any, AttributeType], Any]]] = {
        Family.BOOL: lambda value, kind: int(value),
    }

    def begin_serializable(self, idle_seconds: float) -> tuple[str, ...]:
        """Say for how long the server is to wait; plain reads then lock what they find, and the gaps between."""
        seconds = max(1, round(idle_seconds))
        return (
            f"SET @djnb_wait = COALESCE(@djnb_wait, @@SESSION.wait_timeout), SESSION wait_timeout = {seconds}",
            "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "BEGIN",
        )

    def escape(self, text: str) -> str:
        """Double the per cent signs, which PyMySQL takes for placeholders."""
        return text.replace("%", "%%")

    def written_out(self, statement: Statement) -> str:
        """Return the text in which PyMySQL would put the values."""
        return statement.sql % tuple(map(self.value, statement.params))

    def value(self, value: Any) -> str:
        """Return an interval as the time that it is, and no per cent sign doubled."""
        if isinstance(value, timedelta):
            value = converters.escape_timedelta(value).strip("'")
        return super().value(value).replace("%%", "%")

    def literal(self, text: str) -> str:
        """Return a quoted text; the backslash escapes within it."""
        return super().literal(text.replace("\\", "\\\\"))

    def table(self, name: TableName) -> str:
        """Return the database and the table."""
        return f"{self.quote(name.schema)}.{self.quote(name.table)}"

    def column_type(self, attribute: Attribute) -> str:
        """Return the type that DataJoint 2.x declares; a foreign key has its parent's, with its collation."""
        kind = attribute.type
        is_spelled = kind.family in _SPELLED or not attribute.sql_type
        text = self._declared(kind) if is_spelled else self.escape(attribute.sql_type)
        if attribute.collation and kind.family in (Family.STRING, Family.ENUM):
            charset = attribute.collation.partition("_")[0]
            text += f" CHARACTER SET {charset} COLLATE {attribute.collation}"
        return text

    def _declared(self, kind: AttributeType) -> str:
        kind = stored_type(kind)
        if kind.family is Family.ENUM:
            return f"enum({','.join(self.literal(value) for value in kind.values)})"
        if not kind.is_core:
            return self.escape(kind.text)
        if kind.family is Family.INTEGER:
            return _INTEGERS[kind.bits]
        if kind.family in _SAME_TEXT:
            return kind.text
        return {
            Family.FLOAT: "float" if kind.bits == 32 else "double",
            Family.BOOL: "tinyint",
            Family.UUID: "binary(16)",
            Family.JSON: "json",
            Family.BYTES: "longblob",
        }[kind.family]

    def current_timestamp(self, attribute_type: AttributeType) -> str:
        """Return the present time with the type's digits, as MySQL demands."""
        return f"CURRENT_TIMESTAMP({attribute_type.scale})" if attribute_type.scale else "CURRENT_TIMESTAMP"

    def later(self, moment: str, seconds: float) -> Statement:
        """Add an interval."""
        return Statement(f"({moment} + INTERVAL %s SECOND)", (round(seconds, 3),))

    def take_turn(self, name: str) -> Statement:
        """Take a named lock. A binary log of statements refuses what is written without locks on what was read."""
        asked = "SELECT GET_LOCK(%s, 60), NOT (@@log_bin AND @@binlog_format = 'STATEMENT')"
        return Statement(asked, (lock_name(name),))

    def end_turn(self, name: str) -> Statement:
        """Release the lock."""
        return Statement("SELECT RELEASE_LOCK(%s)", (lock_name(name),))

    def inline_index(self, names: tuple[str, ...], *, is_unique: bool) -> str:
        """Return the index; the server names it."""
        return f"{'UNIQUE ' if is_unique else ''}INDEX ({', '.join(map(self.quote, names))})"

    def create_table(self, spec: TableSpec, clauses: list[str]) -> list[Statement]:
        """Return one statement."""
        comment = f" COMMENT={self.literal(spec.comment)}" if spec.comment else ""
        body = ",\n  ".join(clauses)
        # Text is asked for by its characters, whatever the database's own are, and compares byte by byte.
        options = f"ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE {TEXT_COLLATION}{comment}"
        return [Statement(f"CREATE TABLE {self.table(spec.name)} (\n  {body}\n) {options}")]

    def constraint(self, table: TableName, number: int) -> str:
        """Return a name where the server's own, the table's with ``_ibfk_1``, would be too long."""
        if len(table.table) <= _MAX_SELF_NAMED:
            return ""
        digest = hashlib.md5(table.table.encode(), usedforsecurity=False).hexdigest()[:8]
        return f"CONSTRAINT {self.quote(f'{table.table[:40]}_{digest}_ibfk_{number}')} "

    def alter_table(self, alteration: Alteration) -> list[Statement]:
        """Return one statement, or two where foreign keys come and go."""
        return alter.alter_table(alteration, self)

    def without_references(self) -> tuple[list[Statement], list[Statement]]:
        """Suspend the checks of this session: a server drops no table to which another one refers."""
        return [Statement("SET foreign_key_checks = 0")], [Statement("SET foreign_key_checks = 1")]

    def on_duplicate_skip(self, key: list[str], *, table: str = "") -> str:
        """Set the key to itself: nothing changes. It hides duplicates of other unique indexes too."""
        # The query's columns could be meant as well.
        name = f"{table}.{self.quote(key[0])}" if table else self.quote(key[0])
        return f"ON DUPLICATE KEY UPDATE {name} = {name}"

    def on_duplicate_replace(self, key: list[str], others: list[str]) -> str:
        """Set the other attributes; rows that refer to the row stay."""
        return "ON DUPLICATE KEY UPDATE " + ", ".join(
            f"{self.quote(name)} = VALUES({self.quote(name)})" for name in others
        )

    def insert_defaults(self, table: str) -> str:
        """Return the INSERT of a row that is all defaults."""
        return f"INSERT INTO {table} () VALUES ()"

    def output(self, column: Statement, attribute: Attribute) -> Statement:
        """Select 32-bit floats as doubles: the server writes a FLOAT with six digits, which is not all of it."""
        if attribute.type.family is Family.FLOAT and attribute.type.bits == 32:
            return Statement(f"({column.sql} + 0e0)", column.params)
        return column


def lock_name(name: str) -> str:
    """Return a name of the 64 characters at most that a lock's may have; locks are the whole server's."""
    return f"djnb:{hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()}"

"""
SQLite as a home of pipelines.

The file's own tables begin with ``~``: ``~schemas`` lists the schemas, ``~comments`` keeps the comments of tables and
attributes in the form that MySQL's column comments have, types recorded in front.
"""

from __future__ import annotations

import os
import re
import sqlite3
from pathlib import Path
from typing import Any

from djnb.backends.base import Address, Execute
from djnb.backends.columns import TableRows, foreign_keys_of, read_attribute
from djnb.backends.sqlite.dialect import SQLiteDialect
from djnb.backends.sqlite.driver import SQLiteDriver
from djnb.backends.sqlite.liveness import SQLiteLiveness
from djnb.errors import (
    AccessError,
    DatabaseError,
    DataJointError,
    DuplicateError,
    IntegrityError,
    InvalidValueError,
    LockError,
    MissingAttributeError,
    MissingTableError,
    QuerySyntaxError,
    UnknownAttributeError,
    UnreachableError,
)
from djnb.model.attribute import NULL, Default
from djnb.model.naming import TableName
from djnb.model.privileges import VERBS, Grant, Privileges
from djnb.model.spec import ForeignKey, TableSpec
from djnb.sql.statement import Statement

_CATALOGUE = (
    'CREATE TABLE IF NOT EXISTS "~schemas" (name TEXT PRIMARY KEY) WITHOUT ROWID',
    """
    CREATE TABLE IF NOT EXISTS "~comments" (
      "table" TEXT NOT NULL, attribute TEXT NOT NULL, comment TEXT NOT NULL, PRIMARY KEY ("table", attribute)
    ) WITHOUT ROWID
    """,
)

# Everything about the tables of a schema, in one statement: what each row says depends on its first column.
_LOAD = """
SELECT 'schema', name, NULL, NULL, NULL, NULL, NULL, NULL FROM "~schemas" WHERE name = ?1
UNION ALL
SELECT 'column', m.name, c.cid, c.name, c.type, c."notnull", c.dflt_value, c.pk
  FROM sqlite_master m JOIN pragma_table_xinfo(m.name) c
 WHERE m.type = 'table' AND substr(m.name, 1, length(?2)) = ?2
UNION ALL
SELECT 'reference', m.name, f.seq, f.id, f."table", f."from", f."to", NULL
  FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
 WHERE m.type = 'table' AND substr(m.name, 1, length(?2)) = ?2
UNION ALL
SELECT 'index', m.name, i.seqno, l.name, i.name, l."unique", l.partial,
       (SELECT s.sql FROM sqlite_master s WHERE s.type = 'index' AND s.name = l.name)
  FROM sqlite_master m JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) i
 WHERE m.type = 'table' AND substr(m.name, 1, length(?2)) = ?2 AND l.origin = 'c'
UNION ALL
SELECT 'comment', "table", NULL, attribute, comment, NULL, NULL, NULL
  FROM "~comments" WHERE substr("table", 1, length(?2)) = ?2
"""

_REFERENCES = """
SELECT m.name, f.id, f.seq, f."table", f."from", f."to"
  FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'
"""

# `sqlite_master` knows the table of each index; both have pages of their own.
_SIZE = """
SELECT sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name
 WHERE substr(m.tbl_name, 1, length(?1)) = ?1
"""


def split_name(text: str) -> TableName:
    """Return the table that ``schema.table`` names."""
    schema, _, table = text.partition(".")
    return TableName(schema, table)


class SQLiteBackend:
    """A pipeline in one file."""

    def __init__(self, address: Address, *, use_tls: bool | None = None) -> None:
        self.address = address
        self.dialect = SQLiteDialect()
        # Every thread opens the file when it first asks; the working directory may be another one by then.
        self._path = Path(address.path).absolute()

    def connect(self) -> SQLiteDriver:
        """
        Open the file, creating it if its folder is there.

        Raises
        ------
        UnreachableError
            The folder is missing, the file may not be opened, or it is not a SQLite database.
        """
        path = self._path
        if not path.parent.is_dir():
            raise UnreachableError(
                f"The database file '{path}' cannot be opened: there is no folder '{path.parent}'.",
                remedy="Create the folder, or name another file.",
            )
        try:
            return SQLiteDriver(str(path))
        except sqlite3.Error as error:
            raise UnreachableError(
                f"The database file '{path}' cannot be opened: {error}.",
                remedy="Check that it is a SQLite file and that you may read it and write in its folder.",
            ) from error

    def liveness(self, *, lease: float) -> SQLiteLiveness:
        """Return the locks beside the file; they end with the process, so that no lease is needed."""
        return SQLiteLiveness(self.connect, self.translate, self.dialect, self._path)

    def translate(self, error: Exception, sql: str) -> DataJointError | None:
        """Return djnb's error for one of ``sqlite3``."""
        if isinstance(error, OverflowError):
            return InvalidValueError(
                "A whole number is greater than a SQLite file holds, which is 2**63 - 1.",
                remedy="Keep such numbers as `decimal(20,0)`, or on a server.",
            )
        if not isinstance(error, sqlite3.Error):
            return None
        return translate(error)

    def explain(self, error: AccessError, sql: str, execute: Execute) -> AccessError:
        """Return the error as it is: a file has no users."""
        return error

    def load_privileges(self, execute: Execute) -> Privileges:
        """Return everything for a file that may be written, and reading for one that may not."""
        ((is_read_only,),) = execute(Statement("SELECT query_only FROM pragma_query_only")).rows
        may_write = not is_read_only and os.access(self._path, os.W_OK)
        return Privileges(str(self._path), (Grant(frozenset(VERBS if may_write else ("SELECT",))),))

    def size_on_disk(self, execute: Execute, name: str) -> int:
        """
        Return the pages of the schema's tables and indexes.

        Raises
        ------
        DatabaseError
            This build of SQLite cannot count them.
        """
        try:
            ((size,),) = execute(Statement(_SIZE, (f"{name}.",))).rows
        except MissingTableError as error:
            raise DatabaseError(
                "This build of SQLite cannot tell the size of tables: it has no `dbstat`.",
                remedy=f"The whole file has {self._path.stat().st_size} bytes.",
            ) from error
        return int(size or 0)

    def list_schemas(self, execute: Execute) -> list[str]:
        """Return the schemas of the file."""
        try:
            return [name for (name,) in execute(Statement('SELECT name FROM "~schemas" ORDER BY name')).rows]
        except MissingTableError:
            return []

    def create_schema(self, execute: Execute, name: str) -> None:
        """Note the schema; the file's own tables are made with the first."""
        for sql in _CATALOGUE:
            execute(Statement(sql))
        execute(Statement('INSERT INTO "~schemas" (name) VALUES (?) ON CONFLICT DO NOTHING', (name,)))

    def drop_schema(self, execute: Execute, name: str, tables: list[TableName]) -> None:
        """Drop the tables and forget the schema."""
        for table in tables:
            execute(Statement(f"DROP TABLE {self.dialect.table(table)}"))
        execute(Statement('DELETE FROM "~comments" WHERE substr("table", 1, length(?)) = ?', (f"{name}.", f"{name}.")))
        execute(Statement('DELETE FROM "~schemas" WHERE name = ?', (name,)))

    def load_schema(self, execute: Execute, name: str) -> dict[str, TableSpec] | None:
        """Return all tables of a schema; None if the file does not list it."""
        try:
            rows = execute(Statement(_LOAD, (name, f"{name}."))).rows
        except MissingTableError:
            return None
        if not any(row[0] == "schema" for row in rows):
            return None
        comments = {(row[1], row[3]): row[4] for row in rows if row[0] == "comment"}
        tables: dict[str, TableRows] = {}
        for kind, table, number, *rest in rows:
            if kind == "column":
                self._read_column(tables.setdefault(table, TableRows()), table, comments, rest)
            elif kind == "reference":
                identifier, parent, own, there = rest[:4]
                # SQLite numbers foreign keys from the last to the first.
                reference = (number, own, split_name(parent), there)
                tables[table].references.setdefault(f"{-identifier:09}", []).append(reference)
            elif kind == "index":
                index, attribute, is_unique, is_partial, sql = rest
                tables[table].indexes.setdefault(index, (bool(is_unique), []))[1].append(attribute)
                if is_partial or attribute is None:
                    tables[table].foreign_indexes[index] = sql
        found = {}
        for text, table_rows in tables.items():
            table_rows.comment = comments.get((text, ""), "")
            table_rows.references = dict(sorted(table_rows.references.items(), key=lambda item: int(item[0])))
            found[split_name(text).table] = table_rows.spec(split_name(text))
        return found

    def _read_column(self, table: TableRows, name: str, comments: dict[tuple[str, str], str], rest: list[Any]) -> None:
        attribute, sql_type, not_null, default, key = rest
        comment = comments.get((name, attribute), "")
        table.attributes.append(
            read_attribute(
                attribute,
                sql_type.lower(),
                comment,
                nullable=not not_null,
                default=_read_default(default, nullable=not not_null),
            )
        )
        if key:
            table.primary_key.append((key, attribute))

    def load_references(self, execute: Execute) -> list[ForeignKey]:
        """Return the foreign keys of the whole file."""
        found: dict[str, dict[str, list[tuple[int, str, TableName, str]]]] = {}
        for table, identifier, number, parent, own, there in execute(Statement(_REFERENCES)).rows:
            reference = (number, own, split_name(parent), there)
            found.setdefault(table, {}).setdefault(str(identifier), []).append(reference)
        return [key for table, references in found.items() for key in foreign_keys_of(split_name(table), references)]


def _read_default(text: str | None, *, nullable: bool) -> Default | None:
    if text is None or text.upper() == "NULL":
        return NULL if nullable else None
    if len(text) > 1 and text[0] == text[-1] == "'":
        return Default(text[1:-1].replace("''", "'"))
    return Default("CURRENT_TIMESTAMP", is_keyword=True)


def translate(error: sqlite3.Error) -> DataJointError:
    """Return djnb's error for one of SQLite's, by its text and code."""
    text = str(error)
    if match := re.match(r"UNIQUE constraint failed: (.*)", text):
        names = [part.rpartition(".")[2] for part in match[1].split(", ")]
        return DuplicateError(f"A row with the same {', '.join(names)} is there already.")
    if match := re.match(r"NOT NULL constraint failed: (.*)", text):
        name = match[1].rpartition(".")[2]
        return MissingAttributeError(f"'{name}' has no default and a row does not give it.")
    if text.startswith(("FOREIGN KEY constraint failed", "CHECK constraint failed")):
        return IntegrityError(f"The database refused: {text}.")
    if match := re.match(r"no such table: (.*)", text):
        return MissingTableError(f"There is no table '{match[1]}' in the file.", remedy="Declare it first.")
    if match := re.match(r"no such column: (.*)", text):
        return UnknownAttributeError(f"There is no attribute '{match[1]}'.")
    if "syntax error" in text or text.startswith(
        ("no such function", "unrecognized token", "wrong number of", "misuse")
    ):
        return QuerySyntaxError(f"The database cannot read the expression: {text}.")
    # "locking protocol": many processes opened the file at the same moment, as after a death.
    if "locked" in text or "busy" in text or text == "locking protocol":
        return LockError(f"The file is in use by another writer: {text}.", remedy="Try again.")
    if "readonly" in text or "read-only" in text:
        return AccessError(f"The file may only be read: {text}.", remedy="Ask for write access to it and its folder.")
    return DatabaseError(f"SQLite refused: {text}.")

"""MySQL and MariaDB as a home of pipelines: a schema is a database of the server."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pymysql

from djnb.backends.base import Address, Execute
from djnb.backends.columns import TableRows, foreign_keys_of, read_attribute
from djnb.backends.mysql import denials, queries
from djnb.backends.mysql.dialect import MySQLDialect
from djnb.backends.mysql.driver import MySQLDriver
from djnb.backends.mysql.errors import translate, unreachable
from djnb.backends.mysql.grants import read_grants
from djnb.backends.mysql.liveness import MySQLLiveness
from djnb.errors import AccessError, AuthenticationError, DatabaseError, DataJointError
from djnb.model.attribute import NULL, Default
from djnb.model.naming import TableName
from djnb.model.privileges import Privileges
from djnb.model.spec import ForeignKey, TableSpec
from djnb.sql.statement import Statement

_PATIENCE_SECONDS = 10.0
"""How long a process that gives signs of life waits for the server at most before it connects anew."""

_READINGS = 3
"""How often a schema is read at most, while tables are being created or dropped in it."""


class MySQLBackend:
    """A server."""

    def __init__(self, address: Address, *, use_tls: bool | None = None) -> None:
        self.address = address
        self.dialect = MySQLDialect()
        self._use_tls = use_tls
        self._is_mariadb = False

    def connect(self, *, patience: float | None = None) -> MySQLDriver:
        """
        Connect the calling thread.

        Parameters
        ----------
        patience : float, optional
            Seconds after which a server that is silent amid an answer is given up.

        Raises
        ------
        UnreachableError
            No server answers at the address.
        AuthenticationError
            The server does not accept the user and the password.
        """
        problem: DatabaseError
        try:
            driver = MySQLDriver(self.address, use_tls=self._use_tls, patience=patience)
        except pymysql.Error as error:
            problem = unreachable(error, self.address)
        except RuntimeError as error:
            # PyMySQL needs a further package for one of MySQL 8's ways to log in without encryption.
            problem = AuthenticationError(
                f"The server at {self.address} wants a way of logging in that is not installed: {error}.",
                remedy="Encrypt the connection (`database.use_tls`), or run `pip install cryptography`.",
            )
        else:
            self._is_mariadb = driver.is_mariadb
            return driver
        # Without the driver's error as the cause: its frames know the password, which some tracebacks would show.
        raise problem

    def liveness(self, *, lease: float) -> MySQLLiveness:
        """Return the locks by name on the server, held by a connection that gives up sooner than others."""
        connect = partial(self.connect, patience=min(_PATIENCE_SECONDS, lease / 4))
        return MySQLLiveness(connect, self.translate, self.dialect, lease)

    def translate(self, error: Exception, sql: str) -> DataJointError | None:
        """Return djnb's error for one of PyMySQL's."""
        return translate(error, self.address) if isinstance(error, (pymysql.Error, OSError)) else None

    def explain(self, error: AccessError, sql: str, execute: Execute) -> AccessError:
        """Ask who the account is and what it may do, in two statements, and say what would grant the privilege."""
        try:
            privileges = self.load_privileges(execute)
        except (pymysql.Error, OSError, DatabaseError):  # the first refusal is the one to tell
            return error
        return denials.explain(error, sql, privileges.user, privileges)

    def load_privileges(self, execute: Execute) -> Privileges:
        """Return what is granted to the account and to the roles that it uses."""
        account, role = execute(Statement("SELECT CURRENT_USER(), CURRENT_ROLE()")).rows[0]
        show = "SHOW GRANTS"
        # MariaDB lists the grants of the role in use among them. MySQL 8, by its manual, wants the roles named.
        if not self._is_mariadb and role not in (None, "", "NONE"):
            show += f" FOR CURRENT_USER() USING {self.dialect.escape(role)}"
        user, _, host = account.rpartition("@")
        lines = [line for (line,) in execute(Statement(show)).rows]
        # By its documentation and by trial, MariaDB takes any privilege on a parent's rows for REFERENCES.
        grants = read_grants(lines, any_privilege_refers=self._is_mariadb)
        return Privileges(f"'{user}'@'{host}'", grants)

    def size_on_disk(self, execute: Execute, name: str) -> int:
        """Return data and indexes as the server estimates them; pages that are reserved and free do not count."""
        ((size,),) = execute(Statement(queries.SIZE_OF_SCHEMA, (name,))).rows
        return int(size or 0)

    def list_schemas(self, execute: Execute) -> list[str]:
        """Return the databases that the user can see, without the server's own."""
        return [name for (name,) in execute(Statement(queries.LIST_SCHEMAS)).rows]

    def create_schema(self, execute: Execute, name: str) -> None:
        """Create the database. Text compares byte by byte, as it does in Python and in SQLite."""
        execute(
            Statement(
                f"CREATE DATABASE IF NOT EXISTS {self.dialect.quote(name)} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
            )
        )

    def drop_schema(self, execute: Execute, name: str, tables: list[TableName]) -> None:
        """Drop the database."""
        for table in tables:  # in order, because tables of the schema may refer to each other
            execute(Statement(f"DROP TABLE IF EXISTS {self.dialect.table(table)}"))
        execute(Statement(f"DROP DATABASE IF EXISTS {self.dialect.quote(name)}"))

    def load_schema(self, execute: Execute, name: str) -> dict[str, TableSpec] | None:
        """Return all tables of a database; None if the user sees none of that name."""
        rows = self._read_schema(execute, name)
        collations = [row[2] for row in rows if row[0] == "schema"]
        if not collations:
            return None
        tables: dict[str, TableRows] = {}
        for kind, table, *rest in rows:
            if kind == "schema":
                continue
            found = tables.setdefault(table, TableRows())
            if kind == "table":
                found.comment = rest[0]
            elif kind == "column":
                self._read_column(found, rest)
            elif kind == "key":
                self._read_key(found, rest)
            elif rest[1] == "PRIMARY":
                found.marked.add(rest[0])
            else:
                # By MySQL's manual, an expression has no column name; MariaDB indexes none.
                found.indexes.setdefault(rest[1], (rest[4] == "0", []))[1].append(rest[0])
        return {table: rows.spec(TableName(name, table)) for table, rows in tables.items()}

    def _read_schema(self, execute: Execute, name: str) -> list[tuple[Any, ...]]:
        """Return what the server says; without tables that it only says half of, because they are being created."""
        for _ in range(_READINGS):
            rows = execute(Statement(queries.LOAD_SCHEMA, (name,) * 5)).rows
            listed, described = ({row[1] for row in rows if row[0] == kind} for kind in ("table", "column"))
            if listed == described:
                break
        return [row for row in rows if row[0] == "schema" or row[1] in listed & described]

    def _read_column(self, table: TableRows, rest: list[Any]) -> None:
        name, sql_type, comment, position, nullable, extra, default, collation, key = rest
        table.positions.append(int(position))
        if key == "PRI":
            table.marked.add(name)
        table.attributes.append(
            read_attribute(
                name,
                sql_type,
                comment,
                nullable=nullable == "YES",
                default=self._read_default(default, sql_type, nullable=nullable == "YES"),
                autoincrement="auto_increment" in extra.lower(),
                collation=collation,
            )
        )

    def _read_key(self, table: TableRows, rest: list[Any]) -> None:
        name, constraint, _, position, schema, parent, there, *_ = rest
        if constraint == "PRIMARY":
            table.primary_key.append((position, name))
        elif schema:
            table.references.setdefault(constraint, []).append((position, name, TableName(schema, parent), there))

    def _read_default(self, text: str | None, sql_type: str, *, nullable: bool) -> Default | None:
        if text is None or (self._is_mariadb and text == "NULL"):
            return NULL if nullable else None
        if re.match(r"current_timestamp", text, re.I):
            return Default("CURRENT_TIMESTAMP", is_keyword=True)
        if self._is_mariadb and len(text) > 1 and text[0] == text[-1] == "'":
            return Default(text[1:-1].replace("''", "'").replace("\\\\", "\\"))
        return Default(text)

    def load_references(self, execute: Execute) -> list[ForeignKey]:
        """Return the foreign keys of all databases that the user can see."""
        found: dict[TableName, dict[str, list[tuple[int, str, TableName, str]]]] = {}
        for schema, table, constraint, position, own, parent_schema, parent, there in execute(
            Statement(queries.LOAD_REFERENCES)
        ).rows:
            references = found.setdefault(TableName(schema, table), {})
            references.setdefault(constraint, []).append((position, own, TableName(parent_schema, parent), there))
        return [key for table, references in found.items() for key in foreign_keys_of(table, references)]

"""
What a user may do where: the privileges that a database says it has granted.

A grant holds for everything, for the schemas whose names fit a pattern, or for one table. Where several patterns fit a
schema, the most exact one counts and no other, as on the server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from djnb.layout import Cell, Column, Preview, Viewable, lay_out

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "REFERENCES")
"""The privileges that pipelines need; ``INDEX`` and others of the server are kept, but not shown."""

EVERYWHERE = "*"
"""In place of a schema's name: all schemas."""


@dataclass(frozen=True)
class Grant:
    """
    Privileges that an account, or a role of it, has somewhere.

    Attributes
    ----------
    privileges : frozenset of str
        In capitals; ``"SELECT (name)"`` for one column.
    schema : str
        A pattern, in which ``%`` and ``_`` stand for any characters and any one, unless a backslash goes before;
        ``*`` for all schemas. With a table, the name of the schema itself.
    table : str
        Empty for all tables.
    grantee : str
        Whose it is.
    is_revoked : bool
        The privileges are taken from a grant for everything.
    """

    privileges: frozenset[str]
    schema: str = EVERYWHERE
    table: str = ""
    grantee: str = ""
    is_revoked: bool = False

    def fits(self, schema: str) -> bool:
        """Whether it holds for all tables of a schema."""
        return not self.table and (self.schema == EVERYWHERE or _regex(self.schema).fullmatch(schema) is not None)

    @property
    def exactness(self) -> int:
        """How much of its pattern goes before the first wildcard; a name without one beats them all."""
        wild = re.search(r"(?<!\\)[%_]", self.schema)
        return wild.start() if wild else len(self.schema) + 64


def _regex(pattern: str) -> re.Pattern[str]:
    parts = re.findall(r"\\.|.", pattern, re.S)
    said = {"%": ".*", "_": "."}
    return re.compile("".join(said.get(part) or re.escape(part[-1]) for part in parts), re.S)


@dataclass(frozen=True, repr=False)
class Privileges(Viewable):
    """
    What a user may do on a connection.

    Attributes
    ----------
    user : str
        The account as the database calls it.
    grants : tuple of Grant
        As the database lists them.
    """

    user: str
    grants: tuple[Grant, ...]

    def of(self, schema: str, table: str = "") -> frozenset[str]:
        """Return the privileges on all tables of a schema, or on one table."""
        grantees = {grant.grantee for grant in self.grants}
        return frozenset().union(*(self._of(grantee, schema, table) for grantee in grantees))

    def _of(self, grantee: str, schema: str, table: str) -> set[str]:
        own = [grant for grant in self.grants if grant.grantee == grantee]
        found: set[str] = set()
        for grant in own:
            if grant.schema == EVERYWHERE:
                found |= grant.privileges
        for grant in own:
            if grant.is_revoked and grant.fits(schema):
                found -= grant.privileges
        patterns = [g for g in own if g.schema != EVERYWHERE and not g.is_revoked and g.fits(schema)]
        if patterns:
            found |= max(patterns, key=lambda grant: grant.exactness).privileges
        for grant in own:
            if table and (grant.schema, grant.table) == (schema, table):
                found |= grant.privileges
        return found

    def may(self, privilege: str, schema: str, table: str = "") -> bool:
        """Whether the user has a privilege, ``"INSERT"`` for example, on all tables of a schema or on one."""
        return privilege.upper() in self.of(schema, table)

    @property
    def creatable(self) -> list[str]:
        """The patterns of the schemas that the user may create, without backslashes: ``user_alice_%``."""
        grants = [g for g in self.grants if "CREATE" in g.privileges and not g.table and not g.is_revoked]
        return list(dict.fromkeys(re.sub(r"\\(.)", r"\1", grant.schema) for grant in grants))

    def within(self, schema: str, tables: Iterable[str]) -> SchemaPrivileges:
        """Return what the user may do in one schema."""
        own = tuple((table, self.of(schema, table)) for table in tables)
        return SchemaPrivileges(self.user, schema, self.of(schema), own)

    def preview(self) -> Preview:
        """Return a line for each grant."""
        cells = []
        for grant in self.grants:
            if grant.privileges:
                where = _plain(grant.schema) + (f".{grant.table}" if grant.table else "")
                said = _plain(f"not {where}") if grant.is_revoked else where
                cells.append([Cell(said), *_marks(grant.privileges)])
        return lay_out(f"Privileges of {self.user}", _extent(len(cells), "grant"), "", _columns(), cells)


@dataclass(frozen=True, repr=False)
class SchemaPrivileges(Viewable):
    """
    What a user may do in a schema.

    Attributes
    ----------
    user : str
        The account as the database calls it.
    schema : str
        The schema.
    everywhere : frozenset of str
        The privileges on all tables, those that are yet to come among them.
    tables : tuple of (str, frozenset of str)
        The privileges on each table that there is.
    """

    user: str
    schema: str
    everywhere: frozenset[str]
    tables: tuple[tuple[str, frozenset[str]], ...] = ()

    def may(self, privilege: str, table: str = "") -> bool:
        """Whether the user has a privilege, ``"INSERT"`` for example, on the whole schema or on one table."""
        return privilege.upper() in dict(self.tables).get(table, self.everywhere)

    def preview(self) -> Preview:
        """Return a line for the schema, and one for each table with other privileges."""
        others = [(table, own) for table, own in self.tables if own != self.everywhere]
        rows = [("all tables" if not others else "other tables", self.everywhere), *others]
        cells = [[Cell(where), *_marks(privileges)] for where, privileges in rows]
        extent = _extent(len(self.tables), "table")
        return lay_out(f"Privileges of {self.user} in {self.schema}", extent, "", _columns(), cells)


def _plain(pattern: str) -> str:
    return "everything" if pattern == EVERYWHERE else re.sub(r"\\(.)", r"\1", pattern)


def _extent(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _columns() -> list[Column]:
    return [Column("where", in_key=True), *(Column(verb.lower()) for verb in VERBS)]


def _marks(privileges: frozenset[str]) -> list[Cell]:
    """Return ``yes``, ``-``, or the names of the columns that a privilege is given for."""
    marks = []
    for verb in VERBS:
        columns = sorted(p[len(verb) + 2 : -1] for p in privileges if p.startswith(f"{verb} ("))
        marks.append(Cell("yes" if verb in privileges else ", ".join(columns) or "-"))
    return marks

"""Altering tables: what a definition would change, what that would lose, and then the deed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from djnb.connection import Connection
from djnb.declaration import lineage_table, suitability
from djnb.declaration.changes import Change, changes_of
from djnb.declaration.compare import compare, is_same_type, read_renames
from djnb.declaration.declare import check_characters, check_part, make_spec
from djnb.errors import DefinitionError, IntegrityError, MissingTableError, PlanChangedError
from djnb.events import TableAltered
from djnb.model.alteration import Alteration
from djnb.model.definition import parse_definition
from djnb.model.naming import TableName, check_length
from djnb.model.spec import TableSpec
from djnb.sql.statement import Statement


@dataclass(frozen=True)
class Alter:
    """
    What altering a table would do.

    Attributes
    ----------
    alteration : Alteration
        The table before and after.
    changes : tuple of Change
        The differences in words.
    rows : int
        How many rows the table holds.
    """

    connection: Connection
    alteration: Alteration
    changes: tuple[Change, ...]
    rows: int = 0

    @property
    def statements(self) -> tuple[Statement, ...]:
        """What is sent to change the table itself."""
        return tuple(self.connection.dialect.alter_table(self.alteration)) if self.alteration else ()

    def carry_out(self) -> None:
        """
        Alter the table; all of it or nothing.

        Raises
        ------
        TransactionError
            A transaction is open, which altering a table would end on a server.
        PlanChangedError
            The table was altered since the plan was made.
        DatabaseError
            The database refuses; the table is as it was.
        """
        if not self.alteration:
            return
        connection, name = self.connection, self.alteration.new.name
        connection.check_outside_transaction(f"`{name.class_name}` cannot be altered")
        connection.catalogue.forget(name.schema)
        if connection.catalogue.table(name) != self.alteration.old:
            raise PlanChangedError(
                f"`{name.class_name}` was altered since this was planned.", remedy="Nothing was done. Plan again."
            )
        before, after = connection.dialect.around_alter()
        try:
            for statement in before:
                connection.execute(statement)
            with connection.transaction():
                self._alter()
        finally:
            for statement in after:
                connection.execute(statement)
            connection.catalogue.forget(name.schema)
        connection.bus.emit(TableAltered(name.full, tuple(change.text for change in self.changes)))

    def _alter(self) -> None:
        connection, new = self.connection, self.alteration.new
        for statement in self.statements:
            connection.execute(statement)
        suitability.convert(connection, self.alteration)
        broken = connection.dialect.broken_references(new.name)
        if broken is not None and connection.execute(broken).rows:
            raise IntegrityError(f"Rows of `{new.name.class_name}` would refer to rows that are not there.")
        connection.catalogue.forget(new.name.schema)
        # A schema of DataJoint 0.14 has none: of one table alone, it would have DataJoint 2 refuse joins of the others.
        if connection.catalogue.table(TableName(new.name.schema, lineage_table.TABLE)) is not None:
            lineage_table.record(connection, new)


def plan_alter(
    connection: Connection, name: TableName, definition: str, namespace: Mapping[str, Any], *, label: str
) -> Alter:
    """
    Return what it takes to make a table what a definition declares, after looking whether its rows allow it.

    Raises
    ------
    DefinitionError
        The definition cannot be read or declared, or it changes the primary key.
    MissingTableError
        The table is not in the database.
    InvalidValueError, MissingAttributeError, MissingParentError, DuplicateError
        Values that are there would not fit the attribute's new type, have no value, no parent, or are not unique.
    """
    alteration, resolved = _compared(connection, name, definition, namespace, label)
    _check_key(alteration, resolved, label)
    if not alteration:
        return Alter(connection, alteration, ())
    rows = suitability.count(connection, alteration.old)
    losses = suitability.check(connection, alteration, resolved, rows, label=label)
    changes = [replace(change, loss=losses.get(change.attribute, "")) for change in changes_of(alteration, resolved)]
    return Alter(connection, alteration, tuple(changes), rows)


def changes_to(
    connection: Connection, name: TableName, definition: str, namespace: Mapping[str, Any], *, label: str
) -> list[str]:
    """
    Return what altering a table would change, in words, but for comments and the order of attributes.

    No row is looked at, and where the schemas of the parents have been read, no statement is sent.

    Raises
    ------
    DefinitionError
        The definition cannot be read or declared.
    MissingTableError
        The table, or a parent, is not in the database.
    """
    alteration, resolved = _compared(connection, name, definition, namespace, label)
    # DataJoint 0.14 has foreign keys from external values to its tables of them, which no definition says.
    unsaid = tuple(key for key in alteration.old.foreign_keys if key.parent.is_hidden)
    new = replace(alteration.new, foreign_keys=(*alteration.new.foreign_keys, *unsaid))
    changes = changes_of(replace(alteration, new=new), resolved)
    return [change.text for change in changes if not change.is_of_looks]


def _compared(
    connection: Connection, name: TableName, definition: str, namespace: Mapping[str, Any], label: str
) -> tuple[Alteration, TableSpec]:
    """Return how a table differs from a definition, and the table with the types of its foreign keys' origins."""
    check_characters(definition, label)
    old, heading = connection.catalogue.table(name), connection.catalogue.heading(name)
    if old is None or heading is None:
        raise MissingTableError(f"The table of `{label}`, {name}, is not in the database.", remedy="Declare it first.")
    parsed, renames = read_renames(parse_definition(definition, table=label), old, label=label)
    new = make_spec(name, parsed, namespace, connection.dialect, label=label, lookup=connection.catalogue.stored)
    if name.master is not None:
        check_part(new, name.master, label)
    check_length(name)
    resolved = replace(old, attributes=(*heading.visible, *heading.hidden))
    return compare(old, new, renames, heading, connection.dialect), resolved


def _check_key(alteration: Alteration, old: TableSpec, label: str) -> None:
    """
    Refuse what would change the primary key: rows of this table and of others are found by it.

    Raises
    ------
    DefinitionError
        The key, an attribute of it or a foreign key within it differs.
    """
    new = alteration.new
    there = {a.name: a for a in old.attributes}
    wrong = ""
    if old.primary_key != new.primary_key:
        wrong = (
            f"it is ({', '.join(old.primary_key)}) in the table and ({', '.join(new.primary_key)}) in the definition"
        )
    for attribute in new.attributes:
        if wrong or not attribute.in_key:
            continue
        before = there[attribute.name]
        if not is_same_type(before.type, attribute.type):
            wrong = f"'{attribute.name}' is `{before.type}` in the table and `{attribute.type}` in the definition"
        elif attribute.name in alteration.changed and before.comment == attribute.comment:
            wrong = f"'{attribute.name}' has another default in the table than in the definition"
    for keys, place in ((alteration.foreign_keys_added, "definition"), (alteration.foreign_keys_dropped, "table")):
        for key in keys:
            if not wrong and new.is_primary(key):
                wrong = f"({', '.join(key.names)}) refers to `{key.parent.class_name}` in the {place} only"
    if wrong:
        raise DefinitionError(
            f"The primary key of `{label}` cannot be altered: {wrong}.",
            remedy="Declare a new table with that key, insert the rows (`New.insert(Old.proj(...))`), "
            "and drop the old one.",
        )

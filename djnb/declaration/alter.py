"""Altering tables: what a definition would change, what that would lose, and then the deed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from djnb.connection import Connection
from djnb.declaration import lineage_table, suitability
from djnb.declaration.compare import compare, is_same_type, read_renames
from djnb.declaration.declare import check_characters, check_part, make_spec
from djnb.errors import DefinitionError, IntegrityError, MissingTableError, PlanChangedError
from djnb.events import TableAltered
from djnb.model.alteration import Alteration
from djnb.model.attribute import NULL, Attribute
from djnb.model.definition import parse_definition
from djnb.model.definition_text import write_default
from djnb.model.naming import TableName, check_length
from djnb.model.spec import ForeignKey, Index, TableSpec
from djnb.sql.statement import Statement


@dataclass(frozen=True)
class Change:
    """
    One difference, in words.

    Attributes
    ----------
    text : str
        What changes.
    loss : str
        What of the rows is lost by it; empty where nothing is.
    """

    text: str
    loss: str = ""


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
    changes = [replace(change, loss=losses.get(key, "")) for key, change in _changes(alteration, resolved)]
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
    return [change.text for _, change in _changes(replace(alteration, new=new), resolved, with_looks=False)]


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


def _changes(alteration: Alteration, old: TableSpec, *, with_looks: bool = True) -> Iterator[tuple[str, Change]]:
    """Yield the differences in words, each with the name of the attribute whose values it may lose."""
    there = {a.name: a for a in old.attributes}
    if with_looks and alteration.is_commented:
        yield "", Change(f"the comment becomes '{alteration.new.comment}'")
    for attribute in alteration.dropped:
        yield attribute.name, Change(f"'{attribute.name}' is dropped")
    for attribute in alteration.added:
        yield attribute.name, Change(f"'{attribute.name}' is added, {_kind(attribute)}")
    for attribute in alteration.new.attributes:
        before = there.get(alteration.origins.get(attribute.name, ""))
        if before is None:
            continue
        if before.name != attribute.name:
            yield "", Change(f"'{before.name}' is renamed to '{attribute.name}'")
        if attribute.name in alteration.changed:
            if not is_same_type(before.type, attribute.type):
                text = f"'{attribute.name}' becomes `{attribute.type}`; it was `{before.type}`"
                yield attribute.name, Change(text)
            if before.nullable != attribute.nullable:
                yield "", Change(f"'{attribute.name}' {'may' if attribute.nullable else 'must not'} be null")
            elif _default(before) != _default(attribute):
                yield "", Change(f"'{attribute.name}' {_default(attribute) or 'has no default'}")
            if with_looks and before.comment != attribute.comment:
                yield "", Change(f"the comment of '{attribute.name}' becomes '{attribute.comment}'")
        if with_looks and attribute.name in alteration.moved:
            yield "", Change(f"'{attribute.name}' moves")
    for keys, verb in ((alteration.foreign_keys_dropped, "is dropped"), (alteration.foreign_keys_added, "is added")):
        for key in keys:
            yield "", Change(f"the foreign key {_key_text(key)} {verb}")
    for indexes, verb in ((alteration.indexes_dropped, "is dropped"), (alteration.indexes_added, "is added")):
        for index in indexes:
            yield "", Change(f"the {_index_text(index)} {verb}")


def _kind(attribute: Attribute) -> str:
    default = _default(attribute)
    return f"`{attribute.type}`{', ' + default if default else ''}"


def _default(attribute: Attribute) -> str:
    if attribute.default is None:
        return ""
    if attribute.default == NULL:
        return "null by default"
    return f"{write_default(attribute.default, attribute.type)} by default"


def _key_text(key: ForeignKey) -> str:
    return f"({', '.join(key.names)}) to `{key.parent.class_name}`"


def _index_text(index: Index) -> str:
    return f"{'unique ' if index.is_unique else ''}index ({', '.join(index.attributes)})"

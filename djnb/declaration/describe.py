"""
From a table in the database back to its definition.

The attributes' order tells where the foreign keys stood: one stands where the attributes that it brings begin, if they
are what it brings today; else they are lines of their own, and the foreign key follows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from djnb.connection import Connection
from djnb.errors import AccessError
from djnb.model.attribute import NULL, Attribute
from djnb.model.core_types import Family
from djnb.model.definition import AttributeLine, Definition, ForeignKeyLine, IndexLine, Line
from djnb.model.definition_text import write_definition
from djnb.model.heading import Heading
from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey, Index, TableSpec


class DefinitionText(str):
    """A definition; alone at the end of a cell it is shown as it is written, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def describe(connection: Connection, spec: TableSpec, names: Mapping[TableName, str] | None = None) -> DefinitionText:
    """
    Return the definition that declares a table; hidden attributes are left out.

    Parameters
    ----------
    connection : Connection
        Where the table is, and its parents.
    spec : TableSpec
        The table.
    names : mapping, optional
        What tables are called where the definition is to be read; ``find_names`` finds them in a namespace. A part's
        master is ``master``, and the table itself, where it has no name, ``self``. Any other table without a name
        stands in back quotes, with its schema, which can be read anywhere: ``-> `lab`.`#species```.

    Notes
    -----
    What djnb does not declare itself, in tables that other programs made, stands as the database spells it.
    """
    lines = _Lines(connection, spec, names or {}).all()
    return DefinitionText(write_definition(Definition(spec.comment, tuple(lines))))


class _Lines:
    """Finds the lines of one table."""

    def __init__(self, connection: Connection, spec: TableSpec, names: Mapping[TableName, str]) -> None:
        self._connection = connection
        self._spec = spec
        self._names = names
        self._attributes = [a for a in spec.attributes if not a.is_hidden]
        self._heading = connection.catalogue.heading(spec.name) or spec.heading
        self._pending = [key for key in spec.foreign_keys if not any(name.startswith("_") for name in key.names)]
        self._unique = {index.attributes for index in spec.indexes if index.is_unique}

    def all(self) -> list[Line]:
        lines: list[Line] = []
        done: set[str] = set()
        while len(done) < len(self._attributes):
            attribute = self._attributes[len(done)]
            key = self._starting_at(len(done), done)
            if key is not None:
                lines.append(self._foreign_key(key, in_key=attribute.in_key, is_nullable=attribute.nullable))
                done.update(key.names)
            else:
                lines.append(self._own(attribute))
                done.add(attribute.name)
            for key in list(self._pending):
                if set(key.names) <= done and self._is_next(key):
                    lines += [self._foreign_key(key, in_key=attribute.in_key, is_nullable=False)]
        return lines + [self._index(index, in_key=not lines or lines[-1].in_key) for index in self._indexes()]

    def _indexes(self) -> list[Index]:
        """Return the indexes that are lines of their own, rather than the option of a foreign key, by attributes."""
        unique_keys = {key.names for key in self._spec.foreign_keys}
        own = [index for index in self._spec.indexes if not (index.is_unique and index.attributes in unique_keys)]
        places = {attribute.name: place for place, attribute in enumerate(self._attributes)}
        return sorted(own, key=lambda i: ([places.get(name, -1) for name in i.attributes], not i.is_unique))

    def _starting_at(self, place: int, done: set[str]) -> ForeignKey | None:
        """Return the foreign key that brings the attributes from a place on."""
        for key in self._pending:
            new = [name for name in key.names if name not in done]
            brought = self._attributes[place : place + len(new)]
            same = len({(a.in_key, a.nullable) for a in brought}) == 1
            if new == [a.name for a in brought] and same and self._is_next(key) and self._brings(key, brought):
                return key
        return None

    def _is_next(self, key: ForeignKey) -> bool:
        """Whether no earlier foreign key, which decides about the lineage, shares attributes with this one."""
        earlier = self._pending[: self._pending.index(key)]
        return not any(set(key.names) & set(other.names) for other in earlier)

    def _brings(self, key: ForeignKey, brought: list[Attribute]) -> bool:
        parent = self._heading_of(key.parent)
        if parent is None:
            return True  # it may not be seen, so nothing speaks against it
        there = dict(key.attributes)
        return all(self._is_inherited(a, parent[there[a.name]]) for a in brought if there[a.name] in parent)

    def _is_inherited(self, own: Attribute, parent: Attribute) -> bool:
        if own.default not in (None, NULL) or own.comment != parent.comment:
            return False
        if not own.is_marked:
            return own.sql_type == parent.sql_type
        # Where a column says its comment itself, only UUIDs have their type recorded once more than at their origin.
        records_all = not self._connection.dialect.says_comments_in_columns
        return own.type == parent.type and (records_all or own.type.family is Family.UUID)

    def _heading_of(self, table: TableName) -> Heading | None:
        with suppress(AccessError):  # to the user, a parent whose key is hidden is as one that is not there
            return self._connection.catalogue.heading(table)
        return None

    def _foreign_key(self, key: ForeignKey, *, in_key: bool, is_nullable: bool) -> ForeignKeyLine:
        self._pending.remove(key)
        renames = ", ".join(f'{own}="{there}"' for own, there in key.attributes if own != there)
        expression = self._name(key.parent) + (f".proj({renames})" if renames else "")
        is_unique = key.names in self._unique
        return ForeignKeyLine(
            0, "", in_key, expression=expression, is_nullable=is_nullable and not in_key, is_unique=is_unique
        )

    def _name(self, parent: TableName) -> str:
        own = self._spec.name.master
        if own is not None and own in (parent, parent.master):
            return "master" if parent == own else f"master.{parent.class_name.rpartition('.')[2]}"
        if parent not in self._names and parent.master is not None and parent.master in self._names:
            return f"{self._names[parent.master]}.{parent.class_name.rpartition('.')[2]}"
        # Under whatever name the text is declared, a table that refers to itself does so again.
        return self._names.get(parent, "self" if parent == self._spec.name else parent.full)

    def _own(self, attribute: Attribute) -> AttributeLine:
        return AttributeLine(
            0,
            "",
            attribute.in_key,
            name=attribute.name,
            type=self._heading[attribute.name].type,
            default=attribute.default,
            comment=attribute.comment,
        )

    def _index(self, index: Index, *, in_key: bool) -> IndexLine:
        return IndexLine(0, "", in_key, names=index.attributes, is_unique=index.is_unique)

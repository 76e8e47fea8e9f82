"""The tables around a table: its parents and children, what it comes from, what depends on it, its parts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from djnb.connection import Connection
from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey
from djnb.on_class import on_class
from djnb.tables.stored import StoredTable

if TYPE_CHECKING:
    from djnb.tables.free import FreeTable


class Relatives(StoredTable):
    """
    What a table answers about its foreign keys.

    The lists hold full table names, ``"`lab`.`subject`"``, or with ``as_objects=True`` a FreeTable each.
    """

    @property
    def class_name(self) -> str:
        """The class that would declare the table: ``Session``, ``Session.Trial`` for a part."""
        return self.name.class_name

    @property
    def database(self) -> str:
        """The schema's name, as DataJoint calls it."""
        return self.name.schema

    @property
    def table_name(self) -> str:
        """The table's name within its schema."""
        return self.name.table

    @property
    def full_table_name(self) -> str:
        """Schema and table in back quotes."""
        return self.name.full

    @on_class
    def parents(
        self,
        primary: bool | None = None,
        as_objects: bool = False,
        foreign_key_info: bool = False,
    ) -> list[Any]:
        """
        Return the tables that the foreign keys of this one refer to, one for each foreign key, in their order.

        Parameters
        ----------
        primary : bool, optional
            True for foreign keys within the primary key only, False for the others only.
        as_objects : bool
            FreeTables rather than names.
        foreign_key_info : bool
            Pairs of the table and a dict: ``primary``, whether the foreign key lies within the primary key;
            ``attr_map``, from the child's attributes to the parent's; ``aliased``, whether one is renamed; ``multi``,
            whether it is other than the child's whole primary key.
        """
        keys = self.spec.foreign_keys
        return self._listed([(key.parent, key) for key in keys], primary, as_objects, foreign_key_info)

    @on_class
    def children(
        self,
        primary: bool | None = None,
        as_objects: bool = False,
        foreign_key_info: bool = False,
    ) -> list[Any]:
        """
        Return the tables whose foreign keys refer to this one, one for each foreign key, in one statement.

        Parameters
        ----------
        primary, as_objects, foreign_key_info
            As for `parents`.
        """
        found = self._dependencies().children(self.name)
        keys = [key for child in sorted({key.child for key in found}) for key in self._keys_of(child, found)]
        return self._listed([(key.child, key) for key in keys], primary, as_objects, foreign_key_info)

    def _keys_of(self, child: TableName, found: list[ForeignKey]) -> list[ForeignKey]:
        """Return the foreign keys of a child to this table, in the order of its definition where that can be seen."""
        spec = self.connection.catalogue.table(child)
        keys = found if spec is None else spec.foreign_keys
        return [key for key in keys if key.child == child and key.parent == self.name]

    @on_class
    def ancestors(self, as_objects: bool = False) -> list[Any]:
        """Return this table and all that it depends on, children before parents, in one statement."""
        return self._as_asked(self._dependencies().ancestors(self.name)[::-1], as_objects)

    @on_class
    def descendants(self, as_objects: bool = False) -> list[Any]:
        """Return this table and all that depend on it, parents before children, in one statement."""
        return self._as_asked(self._dependencies().descendants(self.name), as_objects)

    @on_class
    def parts(self, as_objects: bool = False) -> list[Any]:
        """Return the part tables of this table, by their names."""
        specs = (self.connection.catalogue.schema(self.name.schema) or {}).values()
        return self._as_asked(sorted(s.name for s in specs if s.name.master == self.name), as_objects)

    def _dependencies(self) -> Dependencies:
        return self.connection.catalogue.dependencies()

    def _listed(
        self,
        found: list[tuple[TableName, ForeignKey]],
        primary: bool | None,
        as_objects: bool,
        foreign_key_info: bool,
    ) -> list[Any]:
        facts = [(name, _facts(self.connection, key)) for name, key in found]
        chosen = [(name, info) for name, info in facts if primary is None or info["primary"] is primary]
        tables = self._as_asked([name for name, _ in chosen], as_objects)
        return list(zip(tables, (info for _, info in chosen), strict=True)) if foreign_key_info else tables

    def _as_asked(self, names: Iterable[TableName], as_objects: bool) -> list[Any]:
        return [self._free(name) if as_objects else name.full for name in names]

    def _free(self, name: TableName) -> FreeTable:
        from djnb.tables.free import FreeTable  # it derives from Table, which derives from this class

        return FreeTable(self.connection, name)


def _facts(connection: Connection, key: ForeignKey) -> dict[str, Any]:
    child = connection.catalogue.table(key.child)
    own_key = () if child is None else child.primary_key
    return {
        "primary": set(key.names) <= set(own_key),
        "attr_map": dict(key.attributes),
        "aliased": any(own != there for own, there in key.attributes),
        "multi": set(key.names) != set(own_key),
    }

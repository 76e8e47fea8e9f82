"""
Binding: tying a decorated class and its parts to a table in the database, which is created if it is not there.
"""

from __future__ import annotations

import inspect
import re
from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from djnb.codecs.adapter import register_adapters
from djnb.connection import Connection
from djnb.declaration.alter import changes_to
from djnb.declaration.compare import DefinitionChangedWarning, differences
from djnb.declaration.drop import withdraw
from djnb.errors import AccessError, DataJointError, DefinitionError, MissingTableError, warn_user
from djnb.model.naming import TableName, Tier, table_name
from djnb.model.spec import TableSpec
from djnb.schemas.contents import insert_contents
from djnb.tables.declaring import create
from djnb.tables.table import Table
from djnb.tables.tiers import Lookup, Part


@dataclass(frozen=True)
class Decorated:
    """A class, and what the names in its definition stand for where it is decorated."""

    table: type[Table]
    namespace: Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """
    Where classes are bound.

    Attributes
    ----------
    connection : Connection
        The database.
    schema : str
        The schema's name.
    objects : mapping
        Further names for definitions; they go before those at the place of the decoration.
    siblings : mapping
        The schema's other classes by name; they come last.
    creates_tables : bool
        Whether tables that are not there are created.
    """

    connection: Connection
    schema: str
    objects: Mapping[str, Any]
    siblings: Mapping[str, Any]
    creates_tables: bool

    def bind(self, decorated: Decorated) -> None:
        """
        Tie a class and its parts to their tables, creating those that are not there; all of it or nothing.

        Raises
        ------
        DefinitionError
            The definition cannot be declared.
        MissingTableError
            A table is not there and is not to be created.
        """
        created: list[TableSpec] = []
        try:
            self._tie(decorated, created)
        except BaseException:
            unbind(decorated.table)
            with suppress(DataJointError):
                for spec in reversed(created):
                    withdraw(self.connection, spec)
            raise

    def _tie(self, decorated: Decorated, created: list[TableSpec]) -> None:
        cls = decorated.table
        name = TableName(self.schema, table_name(cls.__name__, cls.tier))
        layers = ({cls.__name__: cls, "self": cls}, self.objects, decorated.namespace, self.siblings)
        namespace = ChainMap(*(cast("MutableMapping[str, Any]", layer) for layer in layers))
        is_new = self._declare(cls, name, namespace, created)
        for part in parts_of(cls):
            part_name = TableName(self.schema, table_name(part.__name__, Tier.PART, name.table))
            part._master = cls
            # A part may be named like the table that it refers to: `-> Organization` in `Lab.Organization`.
            own_name = {} if part.__name__ in namespace else {part.__name__: part}
            with_master = namespace.new_child({"master": cls, "self": part, **own_name})
            self._declare(part, part_name, with_master, created)
        if issubclass(cls, Lookup):
            insert_contents(cls(), is_new=is_new)

    def _declare(
        self, cls: type[Table], name: TableName, namespace: Mapping[str, Any], created: list[TableSpec]
    ) -> bool:
        label = name.class_name
        cls._home, cls._table, cls._namespace = self.connection, name, namespace
        register_adapters(str(getattr(cls, "definition", "")), namespace)
        spec = self.connection.catalogue.table(name)
        if spec is None and not self.creates_tables:
            raise MissingTableError(
                f"`{label}` is not in the schema '{self.schema}', and tables are not to be created.",
                remedy="Check the schema's name, or let tables be created: `create_tables=True`.",
            )
        new = create(cls) if spec is None else None
        if new is not None:
            created.append(new)
            return True
        spec = spec or self.connection.catalogue.table(name)
        if spec is not None:
            _compare(self.connection, cls, spec, namespace, label)
        return False


def unbind(cls: type[Table]) -> None:
    """Take a class and its parts from their tables."""
    for table in (cls, *parts_of(cls)):
        table._home, table._table = None, None


def is_table_class(value: Any) -> bool:
    """Whether a value is a class of one of the tiers."""
    return isinstance(value, type) and issubclass(value, Table) and hasattr(value, "tier")


def parts_of(cls: type[Table]) -> Iterable[type[Part]]:
    """Return the parts within a class, its bases' among them, in the order of their names' first appearance."""
    names = dict.fromkeys(name for base in reversed(cls.__mro__) for name in vars(base))
    values = (getattr(cls, name) for name in names if name[:1].isupper())
    return [value for value in values if isinstance(value, type) and issubclass(value, Part)]


def _compare(
    connection: Connection, cls: type[Table], spec: TableSpec, namespace: Mapping[str, Any], label: str
) -> None:
    """Warn where the definition of a class is not that of the table which is there."""
    definition = getattr(cls, "definition", None)
    if not isinstance(definition, str) or spec.hides_key:  # what is not shown cannot be compared
        return
    try:
        found = differences(definition, spec.heading, label=label)
    except DefinitionError as error:
        # The table is there and can be used, whatever its class says: another program may have declared it.
        warn_user(
            f"The definition of `{label}` cannot be read; the table that is in the database is used as it is.\n{error}",
            DefinitionChangedWarning,
        )
        return
    differs = f"The definition of `{label}` differs from the table that is in the database, which stays as it is"
    if found:
        warn_user(f"{differs}: {'; '.join(found)}. To have it as defined, `{label}.alter()`.", DefinitionChangedWarning)
        return
    # Of a parent that is not there, or not to be seen, nothing can be told.
    with suppress(AccessError, DefinitionError, MissingTableError):
        changes = changes_to(connection, spec.name, definition, namespace, label=label)
        if changes:
            warn_user(f"{differs}. `{label}.alter()` would do this: {'; '.join(changes)}.", DefinitionChangedWarning)


def caller_namespace(cls: type[Table]) -> Mapping[str, Any]:
    """Return what names stand for where the decorator is written."""
    frame = inspect.currentframe()
    room = __name__.rpartition(".")[0]
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(room):
        frame = frame.f_back
    if frame is None:
        return {}
    if frame.f_locals is frame.f_globals:
        return frame.f_globals
    # Only the names that the definitions use: the rest, large arrays perhaps, must not be kept alive by the schema.
    definitions = [str(getattr(table, "definition", "")) for table in (cls, *parts_of(cls))]
    used = set(re.findall(r"[A-Za-z_]\w*", "\n".join(definitions)))
    local = {name: value for name, value in frame.f_locals.items() if name in used}
    return ChainMap(local, frame.f_globals)

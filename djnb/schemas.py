"""
Schemas: a place in the database, and the decorator that declares table classes there.
"""

from __future__ import annotations

import inspect
import re
from collections import ChainMap
from collections.abc import Iterable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from djnb.connection import Connection, conn
from djnb.declaration.compare import DefinitionChangedWarning, differences
from djnb.declaration.declare import declare
from djnb.declaration.drop import drop_table
from djnb.errors import (
    DataJointError,
    DefinitionError,
    MissingSchemaError,
    MissingTableError,
    NotDeclaredError,
    warn_user,
)
from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName, Tier, check_schema_name, table_name
from djnb.model.spec import TableSpec
from djnb.preview import Cell, Column, Preview, lay_out
from djnb.settings import get_config
from djnb.sql.select import count_tables
from djnb.tables import consent
from djnb.tables.autopopulate import AutoPopulate
from djnb.tables.jobs import JobTables
from djnb.tables.table import Table
from djnb.tables.tiers import Lookup, Part

T = TypeVar("T", bound=type[Table])

_SHOWN = 50
"""How many tables a display shows."""


@dataclass(frozen=True)
class _Decorated:
    """A class, and what the names in its definition stand for."""

    table: type[Table]
    namespace: Mapping[str, Any]


class Schema:
    """
    A schema of the database; decorate table classes with it.

    Parameters
    ----------
    name : str, optional
        The schema; without it, `activate` gives one later, and the classes are declared then.
    context : mapping, optional
        What the names after ``->`` stand for, besides the names at the place of the decoration.
    connection : Connection, optional
        The database; by default the one of ``dj.conn()``.
    create_schema : bool
        Create the schema if it is not there.
    create_tables : bool
        Create tables that are not there.
    add_objects : mapping, optional
        Further names for the definitions.

    Examples
    --------
    >>> schema = Schema("lab")
    >>> @schema
    ... class Subject(dj.Manual):
    ...     definition = '''
    ...     subject_id : int32
    ...     ---
    ...     species : varchar(32)
    ...     '''
    """

    def __init__(
        self,
        name: str | None = None,
        context: Mapping[str, Any] | None = None,
        *,
        connection: Connection | None = None,
        create_schema: bool = True,
        create_tables: bool = True,
        add_objects: Mapping[str, Any] | None = None,
    ) -> None:
        self._name: str | None = None
        self._connection = connection
        self._context = context
        self._create_tables = create_tables
        self._objects: dict[str, Any] = dict(add_objects or {})
        self._decorated: list[_Decorated] = []
        if name is not None:
            self.activate(name, connection=connection, create_schema=create_schema)

    @property
    def name(self) -> str:
        """The schema's name in the database."""
        if self._name is None:
            raise NotDeclaredError(
                "The schema is not activated: it has no name yet.", remedy="Call `schema.activate('name')`."
            )
        return self._name

    @property
    def connection(self) -> Connection:
        """The database."""
        return self._connection or conn()

    def is_activated(self) -> bool:
        """Tell whether the schema has a name and a place."""
        return self._name is not None

    @property
    def exists(self) -> bool:
        """Whether the schema is in the database."""
        return self.name in self.connection.list_schemas()

    def activate(
        self,
        name: str,
        *,
        connection: Connection | None = None,
        create_schema: bool = True,
        create_tables: bool | None = None,
        add_objects: Mapping[str, Any] | None = None,
    ) -> None:
        """
        Give the schema a name and a place, and declare there the classes that it has decorated.

        Parameters
        ----------
        name : str
            The schema.
        connection, create_schema, create_tables, add_objects
            As for the class.

        Raises
        ------
        DefinitionError
            It cannot be the name of a schema.
        MissingSchemaError
            It is not there and is not to be created.
        """
        check_schema_name(name)
        self._connection = connection or self._connection or conn()
        self._objects.update(add_objects or {})
        if create_tables is not None:
            self._create_tables = create_tables
        if self._connection.catalogue.schema(name) is None:
            if not create_schema:
                raise MissingSchemaError(
                    f"There is no schema '{name}' in {self._connection.address}.",
                    remedy="Check the name, or let it be created: `create_schema=True`.",
                )
            self._connection.create_schema(name)
        self._name = name
        for decorated in self._decorated:
            self._bind(decorated)

    def __call__(self, cls: T, /, *, context: Mapping[str, Any] | None = None) -> T:
        """
        Declare a table class and its parts.

        Raises
        ------
        DefinitionError
            The class is no table class, or its definition cannot be declared.
        """
        if not _is_table_class(cls):
            raise DefinitionError(
                f"`{getattr(cls, '__name__', type(cls).__name__ + '()')}` is no table class.",
                remedy="Subclass dj.Manual, dj.Lookup, dj.Imported or dj.Computed.",
            )
        if issubclass(cls, Part):
            raise DefinitionError(
                f"The part `{cls.__name__}` is decorated by itself.",
                remedy="Put the class inside its master's class; it is declared with the master.",
            )
        given = context or self._context
        decorated = _Decorated(cls, given if given is not None else _caller_namespace(cls))
        declared: list[type[Table]] = [cls, *_parts(cls)]
        for table in declared:
            table._is_decorated = True
        if self.is_activated():
            self._bind(decorated)
        self._decorated = [d for d in self._decorated if d.table.__qualname__ != cls.__qualname__] + [decorated]
        return cls

    def _bind(self, decorated: _Decorated) -> None:
        """Tie a class and its parts to this schema, declaring what is not there; all of it or nothing."""
        created: list[TableSpec] = []
        try:
            self._tie(decorated, created)
        except BaseException:
            for cls in (decorated.table, *_parts(decorated.table)):
                cls._home, cls._table = None, None
            with suppress(DataJointError):
                for spec in reversed(created):
                    drop_table(self.connection, spec)
            raise

    def _tie(self, decorated: _Decorated, created: list[TableSpec]) -> None:
        cls = decorated.table
        name = TableName(self.name, table_name(cls.__name__, cls.tier))
        own: MutableMapping[str, Any] = {cls.__name__: cls, "self": cls, **self._objects}
        tables = {d.table.__name__: d.table for d in self._decorated}
        namespace = ChainMap(own, cast("MutableMapping[str, Any]", decorated.namespace), tables)
        self._declare(cls, name, namespace, created)
        for part in _parts(cls):
            part_name = TableName(self.name, table_name(part.__name__, Tier.PART, name.table))
            part._master = cls
            with_master = namespace.new_child({"master": cls, part.__name__: part, "self": part})
            self._declare(part, part_name, with_master, created)
        if issubclass(cls, Lookup):
            self._insert_contents(cls)

    def _declare(
        self, cls: type[Table], name: TableName, namespace: Mapping[str, Any], created: list[TableSpec]
    ) -> None:
        label = name.class_name
        cls._home, cls._table, cls._namespace = self.connection, name, namespace
        spec = self.connection.catalogue.table(name)
        if spec is not None:
            _compare(cls, spec, label)
            return
        if not self._create_tables:
            raise MissingTableError(
                f"`{label}` is not in the schema '{self.name}', and tables are not to be created.",
                remedy="Check the schema's name, or let tables be created: `create_tables=True`.",
            )
        definition = getattr(cls, "definition", None)
        if not isinstance(definition, str):
            raise DefinitionError(
                f"`{label}` has no definition.", remedy="Write a class attribute `definition` with its attributes."
            )
        allowed = get_config().jobs.allow_new_pk_fields_in_computed_tables
        spec = declare(
            self.connection,
            name,
            definition,
            namespace,
            label=label,
            key_from_parents_only=issubclass(cls, AutoPopulate) and not cls.allow_new_pk_fields and not allowed,
        )
        if spec is not None:
            created.append(spec)

    def _insert_contents(self, cls: type[Lookup]) -> None:
        table = cls()
        contents = list(table.contents)
        if contents and len(contents) > len(table):
            table.insert(contents, skip_duplicates=True)

    def _specs(self) -> dict[TableName, TableSpec]:
        specs = self.connection.catalogue.schema(self.name) or {}
        found = {spec.name: spec for spec in specs.values() if not spec.name.is_hidden}
        order = Dependencies(key for spec in found.values() for key in spec.foreign_keys).order(found)
        return {name: found[name] for name in order}

    @property
    def tables(self) -> list[type[Table]]:
        """The classes that the schema has decorated, in this order."""
        return [decorated.table for decorated in self._decorated]

    def list_tables(self) -> list[str]:
        """Return the names of the tables, parents before children."""
        return [name.table for name in self._specs()]

    @property
    def jobs(self) -> JobTables:
        """The job tables of the schema: iterate over them, or restrict, fetch and delete their jobs as one."""
        return JobTables.of(self.connection, self.name)

    def drop(self, prompt: bool | None = None) -> None:
        """
        Drop the schema and all its tables.

        Parameters
        ----------
        prompt : bool, optional
            Ask before; by default as the setting ``safemode`` says.
        """
        if consent.is_wanted(prompt):
            listed = "".join(f"\n  {table}" for table in self.list_tables())
            if not consent.ask(f"Drop the schema '{self.name}' with its tables:{listed}"):
                return
        self.connection.drop_schema(self.name)

    # -- display

    def preview(self) -> Preview:
        """Return the tables of the schema with tier, rows and comment, as text and HTML, in one statement."""
        specs = self._specs()
        shown = list(specs)[:_SHOWN]
        counts: list[int] = []
        if shown:
            counts = [int(n) for n in self.connection.execute(count_tables(shown, self.connection.dialect)).rows[0]]
        cells = [
            [
                Cell(name.class_name),
                Cell(str(name.tier or "")),
                Cell(str(count), "number"),
                Cell(specs[name].comment),
            ]
            for name, count in zip(shown, counts, strict=True)
        ]
        extent = f"{len(specs)} table{'' if len(specs) == 1 else 's'}"
        if len(specs) > _SHOWN:
            extent = f"{_SHOWN} of {extent}"
        columns = [Column("table", in_key=True), Column("tier"), Column("rows"), Column("comment")]
        return lay_out(f"Schema {self.name}", extent, "", columns, cells)

    def __str__(self) -> str:
        return self.preview().text if self.is_activated() else repr(self)

    def __repr__(self) -> str:
        return f"Schema({self._name!r})" if self._name is not None else "Schema(), not activated"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if not self.is_activated():
            return {"text/plain": repr(self)}
        shown = self.preview()
        return {"text/plain": shown.text, "text/html": shown.html}


def _is_table_class(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Table) and hasattr(value, "tier")


def _parts(cls: type[Table]) -> Iterable[type[Part]]:
    """Return the parts within a class, its bases' among them, in the order of their names' first appearance."""
    names = dict.fromkeys(name for base in reversed(cls.__mro__) for name in vars(base))
    values = (getattr(cls, name) for name in names if name[:1].isupper())
    return [value for value in values if isinstance(value, type) and issubclass(value, Part)]


def _compare(cls: type[Table], spec: TableSpec, label: str) -> None:
    definition = getattr(cls, "definition", None)
    if not isinstance(definition, str):
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
    if found:
        warn_user(
            f"The definition of `{label}` differs from the table that is in the database, which stays as it is: "
            f"{'; '.join(found)}. To have it as defined, drop the table (`{label}.drop()`) and declare it again.",
            DefinitionChangedWarning,
        )


def _caller_namespace(cls: type[Table]) -> Mapping[str, Any]:
    """Return what names stand for where the decorator is written."""
    frame = inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    if frame is None:
        return {}
    # Only the names that the definitions use: the rest, large arrays perhaps, must not be kept alive by the schema.
    definitions = [str(getattr(table, "definition", "")) for table in (cls, *_parts(cls))]
    used = set(re.findall(r"[A-Za-z_]\w*", "\n".join(definitions)))
    local = {name: value for name, value in frame.f_locals.items() if name in used}
    return ChainMap(local, frame.f_globals)

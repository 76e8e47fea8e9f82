"""Modules of classes for schemas that are in the database already, whose code is not at hand."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from djnb.connection import Connection
from djnb.schemas import Schema
from djnb.schemas.binding import is_table_class


class VirtualModule(ModuleType):
    """
    A module whose classes stand for the tables of a schema, as if it had been imported.

    Parameters
    ----------
    module_name : str
        What the module is called in messages.
    schema_name : str
        The schema.
    create_schema : bool
        Create the schema if it is not there.
    create_tables : bool
        Let classes that its ``schema`` decorates create their tables.
    connection : Connection, optional
        The database; by default the one of ``dj.conn()``.
    add_objects : mapping, optional
        Further names for the module; where one is the name of a table's class, that table gets no other class.

    Attributes
    ----------
    schema : Schema
        The schema.

    Raises
    ------
    MissingSchemaError
        There is no such schema, or none that the user may see.

    Examples
    --------
    >>> lab = dj.VirtualModule("lab", "lab_main")
    >>> lab.Subject & "species = 'mouse'"
    """

    schema: Schema

    def __init__(
        self,
        module_name: str,
        schema_name: str,
        *,
        create_schema: bool = False,
        create_tables: bool = False,
        connection: Connection | None = None,
        add_objects: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(module_name, f"The tables of the schema '{schema_name}'.")
        self.schema = Schema(
            schema_name, connection=connection, create_schema=create_schema, create_tables=create_tables
        )
        vars(self).update(add_objects or {})
        self._added = add_objects or {}
        self.schema.make_classes(into=self)

    def __reduce__(self) -> tuple[Any, ...]:
        # Other processes make the classes anew. Of further names, which may be those of a whole notebook, they get the
        # classes that stand for tables.
        tables = {name: value for name, value in self._added.items() if is_table_class(value)}
        return _again, (self.__name__, self.schema.name, self.schema.connection, tables)

    def __repr__(self) -> str:
        return f"<module {self.__name__!r} of {self.schema!r}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.schema._repr_mimebundle_(include, exclude)


def _again(name: str, schema: str, connection: Connection, tables: Mapping[str, Any]) -> VirtualModule:
    return VirtualModule(name, schema, connection=connection, add_objects=tables)


def virtual_schema(
    schema_name: str,
    *,
    create_schema: bool = False,
    create_tables: bool = False,
    connection: Connection | None = None,
    add_objects: Mapping[str, Any] | None = None,
) -> VirtualModule:
    """
    Return a module of classes for the tables of a schema; it is called as the schema is.

    Parameters
    ----------
    schema_name : str
        The schema.
    create_schema, create_tables, connection, add_objects
        As for `VirtualModule`.

    Raises
    ------
    MissingSchemaError
        There is no such schema, or none that the user may see.
    """
    return VirtualModule(
        schema_name,
        schema_name,
        create_schema=create_schema,
        create_tables=create_tables,
        connection=connection,
        add_objects=add_objects,
    )


create_virtual_module = VirtualModule
"""The name that DataJoint 0.13 and 0.14 also use."""

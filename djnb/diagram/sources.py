"""What a diagram is made from: a schema, a table, a module, or the name of a module."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from djnb.connection import Connection
from djnb.errors import OperandError
from djnb.model.naming import TableName


def tables_of(source: Any) -> tuple[Connection, frozenset[TableName]]:
    """
    Return the tables that something stands for, and where they are.

    Raises
    ------
    OperandError
        It stands for no tables.
    NotDeclaredError
        A schema is not activated, or a table is not declared.
    """
    if isinstance(source, str) and source in sys.modules:
        source = sys.modules[source]
    if isinstance(source, ModuleType):
        return _of_module(source)
    tables = getattr(source, "_tables", None)  # of a diagram
    connection = getattr(source, "connection", None)
    name = getattr(source, "name", None)
    if isinstance(connection, Connection) and isinstance(tables, frozenset):
        return connection, tables
    if isinstance(connection, Connection) and isinstance(name, TableName):
        return connection, frozenset({name})
    if isinstance(connection, Connection) and hasattr(source, "list_tables"):
        return connection, frozenset(TableName(source.name, table) for table in source.list_tables())
    raise OperandError(
        f"A diagram cannot be made from {source!r}.",
        remedy="Give a schema, a table, a module that has tables, or another diagram.",
    )


def _of_module(module: ModuleType) -> tuple[Connection, frozenset[TableName]]:
    """Return the tables of the schemas in a module, and those of its classes."""
    own = [v for v in vars(module).values() if isinstance(v, type) and v.__module__ == module.__name__ and _is_table(v)]
    found = [tables_of(value) for value in (*filter(_is_schema, vars(module).values()), *own)]
    if not found:
        raise OperandError(
            f"The module '{module.__name__}' has no schema and no tables.", remedy="Give a schema or a table."
        )
    connection = found[0][0]
    return connection, frozenset().union(*(tables for where, tables in found if where is connection))


def _is_schema(value: Any) -> bool:
    return not isinstance(value, type) and hasattr(type(value), "list_tables") and hasattr(type(value), "activate")


def _is_table(value: type) -> bool:
    return isinstance(getattr(value, "_table", None), TableName)

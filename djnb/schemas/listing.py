"""Which schemas and tables there are."""

from __future__ import annotations

from djnb.connection import Connection, conn
from djnb.errors import MissingSchemaError
from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName
from djnb.model.spec import TableSpec


def list_schemas(connection: Connection | None = None) -> list[str]:
    """
    Return the names of the schemas that the user can see, in one statement.

    Parameters
    ----------
    connection : Connection, optional
        The database; by default the one of ``dj.conn()``.
    """
    return (connection or conn()).list_schemas()


def list_tables(schema_name: str, connection: Connection | None = None) -> list[str]:
    """
    Return the names of a schema's tables in the database, parents before children, without hidden ones.

    Parameters
    ----------
    schema_name : str
        The schema.
    connection : Connection, optional
        The database; by default the one of ``dj.conn()``.

    Raises
    ------
    MissingSchemaError
        There is no such schema, or none that the user may see.
    """
    connection = connection or conn()
    if connection.catalogue.schema(schema_name) is None:
        raise MissingSchemaError.for_name(schema_name, connection.address)
    return [name.table for name in specs_of(connection, schema_name)]


def specs_of(connection: Connection, schema_name: str) -> dict[TableName, TableSpec]:
    """Return a schema's tables, parents before children, without hidden ones."""
    specs = connection.catalogue.schema(schema_name) or {}
    found = {spec.name: spec for spec in specs.values() if not spec.name.is_hidden}
    order = Dependencies(key for spec in found.values() for key in spec.foreign_keys).order(found)
    return {name: found[name] for name in order}

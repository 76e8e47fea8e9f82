"""What is in the database of a table that was declared."""

from __future__ import annotations

from djnb.model.naming import TableName
from djnb.sql.statement import Statement


def parents(spec):
    """Return the foreign keys as (parent's table, {own name: name there})."""
    return [(key.parent.table, dict(key.attributes)) for key in spec.foreign_keys]


def lineage(schema):
    """Return the rows of the schema's ``~lineage``, sorted."""
    connection = schema.connection
    table = connection.dialect.table(TableName(schema.name, "~lineage"))
    return sorted(connection.execute(Statement(f"SELECT * FROM {table}")).rows)

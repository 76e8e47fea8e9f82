"""What is left of a dropped table among the jobs: its own table ``~~name``, and its rows in the classic ``~jobs``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from djnb.connection import Connection
from djnb.model.naming import TableName, Tier
from djnb.model.spec import TableSpec
from djnb.sql.statement import Statement

CLASSIC = "~jobs"
"""The one table of all jobs of a schema, up to DataJoint 0.14."""


def of(connection: Connection, table: TableName, going: Collection[TableName] = ()) -> list[TableSpec]:
    """
    Return the job table of a table, if it has one for itself.

    An Imported and a Computed table of one name share theirs; ``going`` are the tables that are dropped together.
    """
    if table.tier not in (Tier.IMPORTED, Tier.COMPUTED):
        return []
    bare = table.table.lstrip("_")
    spec = connection.catalogue.table(TableName(table.schema, f"~~{bare}"))
    if spec is None:
        return []
    twins = [name for prefix in ("_", "__") if (name := TableName(table.schema, prefix + bare)) != table]
    if any(connection.catalogue.table(twin) is not None and twin not in going for twin in twins):
        return []
    # Of two that are dropped together, the first one takes it along.
    return [] if any(twin in going and twin < table for twin in twins) else [spec]


def forget(connection: Connection, tables: Sequence[TableName]) -> None:
    """Remove the classic jobs of tables of one schema."""
    if not tables or connection.catalogue.table(TableName(tables[0].schema, CLASSIC)) is None:
        return
    dialect = connection.dialect
    places = ", ".join([dialect.placeholder] * len(tables))
    sql = f"DELETE FROM {dialect.table(TableName(tables[0].schema, CLASSIC))} WHERE table_name IN ({places})"
    connection.execute(Statement(sql, tuple(name.table for name in tables)))

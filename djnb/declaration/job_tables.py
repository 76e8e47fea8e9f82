"""What is left of a dropped table among the jobs: its own table ``~~name``, and its rows in the classic ``~jobs``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from djnb.connection import Connection
from djnb.model.naming import CLASSIC_JOBS, TableName
from djnb.model.spec import TableSpec
from djnb.sql.statement import Statement


def of(connection: Connection, table: TableName, going: Collection[TableName] = ()) -> list[TableSpec]:
    """
    Return the job table of a table, if it has one for itself.

    An Imported and a Computed table of one name share theirs; ``going`` are the tables that are dropped together.
    """
    twin = table.twin
    if twin is None:  # of a tier that has no jobs
        return []
    spec = connection.catalogue.table(table.job_table)
    if spec is None:
        return []
    if twin in going:  # of two that are dropped together, the first one takes it along
        return [] if twin < table else [spec]
    return [] if connection.catalogue.table(twin) is not None else [spec]


def forget(connection: Connection, tables: Sequence[TableName]) -> None:
    """Remove the classic jobs of tables of one schema."""
    jobs = TableName(tables[0].schema, CLASSIC_JOBS) if tables else None
    if jobs is None or connection.catalogue.table(jobs) is None:
        return
    dialect = connection.dialect
    places = ", ".join([dialect.placeholder] * len(tables))
    sql = f"DELETE FROM {dialect.table(jobs)} WHERE table_name IN ({places})"
    connection.execute(Statement(sql, tuple(name.table for name in tables)))

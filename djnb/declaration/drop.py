"""Dropping tables, with what depends on them: a plan that can be looked at, then its execution."""

from __future__ import annotations

from dataclasses import dataclass

from djnb.connection import Connection
from djnb.declaration import lineage_table
from djnb.errors import ReferencedError
from djnb.model.naming import TableName
from djnb.model.spec import TableSpec
from djnb.sql import ddl
from djnb.sql.select import count_tables


@dataclass(frozen=True)
class DropPlan:
    """
    What dropping a table would remove.

    Attributes
    ----------
    tables : tuple of TableName
        Parents before children.
    """

    connection: Connection
    tables: tuple[TableName, ...]

    def counts(self) -> dict[str, int]:
        """Return how many rows each table holds, in one statement."""
        counts = self.connection.execute(count_tables(self.tables, self.connection.dialect)).rows[0]
        return {name.class_name: int(count) for name, count in zip(self.tables, counts, strict=True)}

    def execute(self) -> None:
        """
        Drop the tables, children first, and what is noted of them.

        Raises
        ------
        TransactionError
            A transaction is open, which dropping a table would end on a server.
        """
        self.connection.check_outside_transaction("Tables cannot be dropped")
        for name in reversed(self.tables):
            spec = self.connection.catalogue.table(name)
            if spec is not None:
                drop_table(self.connection, spec)


def plan_drop(connection: Connection, table: TableName) -> DropPlan:
    """
    Return the plan for dropping a table and all tables that depend on it.

    Raises
    ------
    ReferencedError
        A part would be dropped while its master stays.
    """
    tables = connection.catalogue.dependencies().descendants(table)
    for name in tables:
        if name.master is not None and name.master not in tables:
            raise ReferencedError(
                f"The part `{name.class_name}` would be dropped while its master stays.",
                remedy=f"Drop the master `{name.master.class_name}`.",
            )
    return DropPlan(connection, tuple(tables))


def drop_table(connection: Connection, spec: TableSpec) -> None:
    """Drop one table, on which none depends, with all that is noted of it."""
    try:
        for statement in (*connection.dialect.forget_table(spec), ddl.drop_table(spec, connection.dialect)):
            connection.execute(statement)
        lineage_table.forget(connection, spec.name)
    finally:
        connection.catalogue.forget(spec.name.schema)

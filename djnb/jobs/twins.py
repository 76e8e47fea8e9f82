"""
An Imported and a Computed table of one name: DataJoint's layout has one job table for the two.

``_foo`` and ``__foo`` are two tables, and ``~~foo`` would hold the jobs of both: what one has done would pass for done
in the other. Such jobs are not kept; both tables can be populated without reservations.
"""

from __future__ import annotations

from djnb.connection import Connection
from djnb.errors import OperandError, SharedJobsWarning, warn_user
from djnb.model.naming import TableName


def twin_of(connection: Connection, table: TableName) -> TableName | None:
    """Return the other table whose jobs would be kept in the same place, if it is there."""
    twin = table.twin
    return twin if twin is not None and connection.catalogue.table(twin) is not None else None


def check_twin(connection: Connection, table: TableName) -> None:
    """
    Refuse to keep the jobs of two tables in one.

    Raises
    ------
    OperandError
        An Imported and a Computed table of the schema have the same name.
    """
    twin = twin_of(connection, table)
    if twin is not None:
        raise OperandError(
            f"`{table.class_name}` can have no jobs: {_said(table, twin)}.",
            remedy="Give one of them another name, or populate without `reserve_jobs`.",
        )


def warn_of_twin(connection: Connection, table: TableName) -> None:
    """Warn of a table that has been declared beside another one of its name."""
    twin = twin_of(connection, table)
    if twin is not None:
        warn_user(
            f"`{table.class_name}` cannot be populated with `reserve_jobs`: {_said(table, twin)}. "
            "Give one of them another name if several workers are to share the work.",
            SharedJobsWarning,
        )


def _said(table: TableName, twin: TableName) -> str:
    first, second = sorted((table, twin), key=lambda name: str(name.tier), reverse=True)
    return (
        f"the schema '{table.schema}' has an {first.tier} and a {second.tier} table of this name "
        f"(`{first.table}`, `{second.table}`), and {table.job_table.table} would hold the jobs of both"
    )

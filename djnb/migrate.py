"""Bringing tables of an older layout up to date."""

from __future__ import annotations

from typing import Any

from djnb.connection import Connection
from djnb.declaration.hidden import plan_hidden
from djnb.errors import MissingTableError, OperandError
from djnb.jobs.metadata import ATTRIBUTES
from djnb.model.naming import Tier
from djnb.model.spec import TableSpec
from djnb.schemas import Schema
from djnb.tables.table import Table

__all__ = ["add_job_metadata_columns"]


def add_job_metadata_columns(target: type[Table] | Table | Schema, dry_run: bool = True) -> dict[str, Any]:
    """
    Give Imported and Computed tables the hidden attributes of `jobs.add_job_metadata`, if they lack them.

    Rows that are there have no time and no duration and an empty version; what is computed from now on has them.

    Parameters
    ----------
    target : Table or Schema
        A table, as a class or an object, or a schema, of which every Imported and Computed table is meant.
    dry_run : bool
        Only tell what would be done, the default. A table is altered whole or not at all.

    Returns
    -------
    dict
        ``tables_analyzed``, ``tables_modified``, ``columns_added``, and ``details``: for each table a dict of
        ``table``, ``status`` ("pending" in a dry run, "migrated", "already_migrated", or "not_computed" for a table
        whose rows no ``make`` computes), ``columns_added`` and ``sql_statements``.

    Raises
    ------
    OperandError
        What is given is neither a table nor a schema.
    MissingTableError
        The table is not in the database.
    TransactionError
        A transaction is open.

    Examples
    --------
    >>> dj.migrate.add_job_metadata_columns(schema)["tables_modified"]
    2
    >>> dj.migrate.add_job_metadata_columns(schema, dry_run=False)
    """
    connection, specs = _tables(target)
    details = [_migrate(connection, spec, dry_run=dry_run) for spec in specs]
    return {
        "tables_analyzed": len(specs),
        "tables_modified": sum(detail["columns_added"] > 0 for detail in details),
        "columns_added": sum(detail["columns_added"] for detail in details),
        "details": details,
    }


def _tables(target: Any) -> tuple[Connection, list[TableSpec]]:
    """Return the tables that are meant, as the database has them now, and where they are."""
    if isinstance(target, Schema):
        connection = target.connection
        connection.catalogue.forget(target.name)
        specs = connection.catalogue.schema(target.name) or {}
        return connection, [spec for spec in specs.values() if _is_computed(spec)]
    if isinstance(target, type) and issubclass(target, Table):
        target = target()
    if not isinstance(target, Table):
        raise OperandError(
            f"{target!r} is neither a table nor a schema.", remedy="Give a table's class, or the schema object."
        )
    connection, name = target.connection, target.name
    connection.catalogue.forget(name.schema)
    spec = connection.catalogue.table(name)
    if spec is None:
        raise MissingTableError(
            f"The table of `{name.class_name}`, {name.full}, is not in the database.", remedy="Declare it first."
        )
    return connection, [spec]


def _is_computed(spec: TableSpec) -> bool:
    return spec.name.tier in (Tier.IMPORTED, Tier.COMPUTED)


def _migrate(connection: Connection, spec: TableSpec, *, dry_run: bool) -> dict[str, Any]:
    table = f"{spec.name.schema}.{spec.name.table}"
    if not _is_computed(spec):
        return {"table": table, "status": "not_computed", "columns_added": 0, "sql_statements": []}
    plan = plan_hidden(connection, spec, ATTRIBUTES)
    if not dry_run:
        plan.carry_out()
    status = "already_migrated" if not plan.changes else "pending" if dry_run else "migrated"
    statements = [statement.sql for statement in plan.statements]
    return {"table": table, "status": status, "columns_added": len(plan.changes), "sql_statements": statements}

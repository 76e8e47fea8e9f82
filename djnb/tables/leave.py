"""Rows and tables that are to go: what the callers' keywords mean, the question, and then the deed."""

from __future__ import annotations

from typing import Literal

from djnb.algebra.nodes import Node, Stored
from djnb.connection import Connection
from djnb.declaration.drop import PartIntegrity as DropIntegrity
from djnb.declaration.drop import plan_drop, plan_schema_drop
from djnb.errors import OperandError
from djnb.model.naming import TableName
from djnb.plans import DeletePlan, DropPlan
from djnb.rows import delete as rows
from djnb.rows.delete import PartIntegrity
from djnb.tables import consent


def delete(
    connection: Connection,
    table: Stored,
    node: Node,
    *,
    prompt: bool | None,
    safemode: bool | None,
    part_integrity: PartIntegrity | None,
    force_parts: bool,
    force_masters: bool,
) -> int:
    """Delete the rows of a query over a table and what depends on them, after asking if that is wanted."""
    integrity = read_integrity(part_integrity, force_parts=force_parts, force_masters=force_masters)
    if not consent.is_wanted(prompt if prompt is not None else safemode):
        return rows.delete(connection, table, node, part_integrity=integrity)
    plan = plan_delete(connection, table, node, integrity)
    if not plan.total or not consent.ask(consent.of(plan)):
        return 0
    return plan.execute()


def plan_delete(connection: Connection, table: Stored, node: Node, part_integrity: PartIntegrity) -> DeletePlan:
    """Return what a delete would remove."""
    return DeletePlan(rows.plan_delete(connection, table, node, part_integrity=part_integrity))


def drop(connection: Connection, table: TableName, *, prompt: bool | None, part_integrity: DropIntegrity) -> None:
    """Drop a table and what depends on it, after asking if that is wanted."""
    plan = DropPlan(plan_drop(connection, table, part_integrity=part_integrity))
    if not consent.is_wanted(prompt) or consent.ask(consent.of(plan)):
        plan.execute()


def drop_schema(connection: Connection, schema: str, *, prompt: bool | None) -> None:
    """Drop a schema with all its tables, after asking if that is wanted."""
    if not consent.is_wanted(prompt):  # nobody looks at the rows, which may take long to count
        connection.drop_schema(schema)
        return
    plan = DropPlan(plan_schema_drop(connection, schema))
    if consent.ask(consent.of(plan)):
        plan.execute()


def read_integrity(
    part_integrity: PartIntegrity | None, *, force_parts: bool, force_masters: bool
) -> Literal["enforce", "ignore", "cascade"]:
    """
    Return what the classic keywords, or the present one, mean.

    Raises
    ------
    OperandError
        They contradict each other.
    """
    classic: PartIntegrity | None = "cascade" if force_masters else "ignore" if force_parts else None
    if classic is not None and part_integrity not in (None, classic):
        raise OperandError(
            f"`part_integrity='{part_integrity}'` and `{'force_masters' if force_masters else 'force_parts'}=True` "
            "contradict each other.",
            remedy=f"Say `part_integrity` alone; the other means '{classic}'.",
        )
    return part_integrity or classic or "enforce"

"""Deleting rows, with what depends on them: a plan that can be looked at, then its execution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from djnb.algebra.conditions import EVERYTHING, NOTHING, AmongKeys, Condition, Holds, walk
from djnb.algebra.nodes import Restrict, Stored
from djnb.connection import Connection
from djnb.errors import IntegrityError, OperandError
from djnb.events import RowsDeleted
from djnb.graph.cascade import cascade_down, tables_in, unmastered
from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName
from djnb.rows.fetch import count, exists, fetch_columns
from djnb.sql.dml import delete as say_delete

PartIntegrity = Literal["enforce", "ignore"]
"""Whether rows of parts may go without the row of their master."""


@dataclass(frozen=True)
class DeletePlan:
    """
    What a delete would remove.

    Attributes
    ----------
    tables : tuple of Restrict
        The restricted tables, parents before children.
    """

    connection: Connection
    tables: tuple[Restrict, ...]
    dependencies: Dependencies
    part_integrity: PartIntegrity = "enforce"

    def counts(self) -> dict[str, int]:
        """Return how many rows of each table would go, one statement a table."""
        return {_name(rows).class_name: count(self.connection, rows) for rows in self.tables}

    def execute(self) -> int:
        """
        Delete, all of it or nothing.

        Returns
        -------
        int
            How many rows of the first table went.

        Raises
        ------
        IntegrityError
            Rows of a part would go while their master's row stays.
        """
        with self.connection.atomic():
            if self.part_integrity == "enforce":
                self._check_parts()
            deleted = 0
            for rows in reversed(self.tables):
                statement = say_delete(_table(rows), rows.condition, self.connection.dialect)
                deleted = self.connection.execute(statement).affected
                if deleted and self.connection.bus.wants(RowsDeleted):
                    self.connection.bus.emit(RowsDeleted(_name(rows).full, deleted))
        return deleted

    def _check_parts(self) -> None:
        plan = {_name(rows): rows for rows in self.tables}
        for part, node in unmastered(plan, self.dependencies).items():
            left = count(self.connection, node)
            if left:
                raise IntegrityError(
                    f"{left} rows of the part `{part.class_name}` would go while their master's rows stay.",
                    remedy=f"Delete from the master `{part.class_name.partition('.')[0]}`, "
                    "or say `part_integrity='ignore'`.",
                )


def plan_delete(
    connection: Connection, table: Stored, condition: Condition, *, part_integrity: PartIntegrity = "enforce"
) -> DeletePlan:
    """
    Return the plan for deleting rows of a table and all that depends on them, after one statement or two.

    Raises
    ------
    OperandError
        The condition refers to tables from which rows would go, and more rows meet it than can be listed.
    """
    dependencies = connection.catalogue.dependencies()
    if _refers_to(condition, set(dependencies.descendants(table.name))):
        condition = _listed(connection, table, condition)
    plan = cascade_down(table, condition, dependencies, connection.catalogue.stored)
    return DeletePlan(connection, tuple(plan.values()), dependencies, part_integrity)


def _refers_to(condition: Condition, tables: set[TableName]) -> bool:
    """Tell whether a condition could change its mind while rows go from the tables."""
    asks = any(isinstance(item, Holds) and item.expression.has_subquery for item in walk(condition))
    return asks or bool(tables_in(condition) & tables)


def _listed(connection: Connection, table: Stored, condition: Condition) -> Condition:
    """Return the condition of having one of the keys that the rows have which meet a condition now."""
    names = table.heading.primary_key
    rows = Restrict(table, condition)
    if not names:  # there is one row at most
        return EVERYTHING if exists(connection, rows) else NOTHING
    keys = tuple(zip(*fetch_columns(connection, rows, names, purpose="internal").values(), strict=True))
    if len(keys) * len(names) > connection.dialect.max_params:
        raise OperandError(
            f"The restriction refers to tables from which rows would go, and {len(keys)} rows meet it.",
            remedy="Delete them in portions: restrict by some of the keys, `table & keys[:10000]`.",
        )
    return AmongKeys(tuple(names), keys) if keys else NOTHING


def _table(rows: Restrict) -> Stored:
    assert isinstance(rows.source, Stored)  # a cascade restricts tables, not queries
    return rows.source


def _name(rows: Restrict) -> TableName:
    return _table(rows).name

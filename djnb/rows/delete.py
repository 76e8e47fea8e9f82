"""Deleting rows, with what depends on them: which they are, and then all of them or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeGuard, get_args

from djnb.algebra.conditions import EVERYTHING, NOTHING, AmongKeys, Condition, Holds, Matches, walk
from djnb.algebra.nodes import Node, Restrict, Stored
from djnb.connection import Connection
from djnb.errors import AccessError, IntegrityError, OperandError, PlanChangedError, ReferencedError
from djnb.events import RowsDeleted
from djnb.graph.cascade import cascade, mastered, table_of, tables_of, unmastered, weigh
from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey
from djnb.rows.closure import CHUNK, Listed, list_rows, masterless, untied
from djnb.rows.fetch import count, count_all, exists, fetch_columns
from djnb.sql.dml import delete as say_delete
from djnb.sql.dml import untie as say_untie

PartIntegrity = Literal["enforce", "ignore", "cascade"]
"""Whether rows of parts may go without the row of their master, or take it with them."""

_MOST_QUERIES = 30
"""How many queries within queries a condition may have; twelve diamonds upon each other would have thousands."""


@dataclass(frozen=True)
class Leaving:
    """
    Rows of one table that go.

    Attributes
    ----------
    table : Stored
        The table.
    conditions : tuple of Condition
        Which rows, one statement each; no row meets two of them.
    count : int or None
        How many they are, where that is known.
    """

    table: Stored
    conditions: tuple[Condition, ...]
    count: int | None = None


@dataclass(frozen=True)
class Deletion:
    """
    Rows that are to go together.

    Attributes
    ----------
    leaving : tuple of Leaving
        By table, parents before children.
    root : TableName
        The table that the delete was asked of.
    masterless : mapping
        The rows of parts that would go without their master's row, or how many they are.
    untied : tuple of ForeignKey
        The foreign keys that are emptied before, because tables refer to each other by them.
    """

    connection: Connection
    root: TableName
    leaving: tuple[Leaving, ...]
    masterless: Mapping[TableName, Restrict | int] = field(default_factory=dict)
    untied: tuple[ForeignKey, ...] = ()

    @property
    def tables(self) -> dict[TableName, int | None]:
        """How many rows of each table go."""
        return {rows.table.name: rows.count for rows in self.leaving}

    def counted(self) -> Deletion:
        """
        Return the same with the numbers of rows, after one statement.

        Raises
        ------
        IntegrityError
            Rows of a part would go while their master's row stays.
        """
        unknown = [rows for rows in self.leaving if rows.count is None]
        nodes = [Restrict(rows.table, rows.conditions[0]) for rows in unknown]
        parts = {name: rows for name, rows in self.masterless.items() if isinstance(rows, Restrict)}
        numbers = count_all(self.connection, [*nodes, *parts.values()])
        counts = {rows.table.name: number for rows, number in zip(unknown, numbers, strict=False)}
        self._check_parts({**self.masterless, **dict(zip(parts, numbers[len(nodes) :], strict=True))})
        leaving = (replace(rows, count=counts.get(rows.table.name, rows.count)) for rows in self.leaving)
        return replace(self, leaving=tuple(leaving), masterless={})

    def carry_out(self) -> int:
        """
        Delete, all of it or nothing; return how many rows of the first table went.

        Raises
        ------
        PlanChangedError
            Others go now than were counted.
        IntegrityError
            Rows of a part would go while their master's row stays.
        """
        try:
            with self.connection.atomic():
                return self._delete()
        except IntegrityError as error:
            self.explain(error)
            raise

    def _delete(self) -> int:
        self._check_parts({name: rows for name, rows in self.masterless.items() if isinstance(rows, int)})
        if isinstance(alone := self.masterless.get(self.root), Restrict):
            # No row that goes refers to it, so that the database would not refuse, see `_draft`.
            self._check_parts({self.root: count(self.connection, alone)})
        tables = {rows.table.name: rows for rows in self.leaving}
        dialect, bus = self.connection.dialect, self.connection.bus
        for key in self.untied:
            rows = tables[key.child]
            for condition in rows.conditions:
                self.connection.execute(say_untie(rows.table, _empties(rows.table, key), condition, dialect))
        gone = {}
        for rows in reversed(self.leaving):
            conditions = [c for c in rows.conditions if c != NOTHING and rows.count != 0]
            deleted = sum(self.connection.execute(say_delete(rows.table, c, dialect)).affected for c in conditions)
            if rows.count not in (None, deleted):
                raise PlanChangedError(
                    f"{deleted} rows of `{rows.table.name.class_name}` would go, where {rows.count} were planned.",
                    remedy="Nothing was deleted. Make the plan again.",
                )
            gone[rows.table.name] = deleted
            if deleted and bus.wants(RowsDeleted):
                bus.emit(RowsDeleted(rows.table.name.full, deleted))
        return gone[self.root]

    def explain(self, error: IntegrityError) -> None:
        """Raise what is meant where the database refuses to delete a row; nothing has gone."""
        parts = {name: rows for name, rows in self.masterless.items() if isinstance(rows, Restrict)}
        if parts:
            self._check_parts(dict(zip(parts, count_all(self.connection, list(parts.values())), strict=True)))
        if isinstance(error, ReferencedError):
            self._check_sight(error)
        if any(rows.count is not None for rows in self.leaving):
            raise PlanChangedError(
                f"Rows that the plan does not have refer to rows that would go. {error.message}",
                remedy="Nothing was deleted. Make the plan again.",
            ) from error

    def _check_sight(self, error: ReferencedError) -> None:
        """Tell of tables that the user cannot see, and that the plan therefore does not have."""
        tables = self.connection.catalogue.dependencies().descendants(self.root)
        seen = {f"{name.schema}.{name.table}" for name in tables}
        if error.child and error.child not in seen:
            raise AccessError(
                f"Rows of {error.child}, which you may not see, refer to rows that would go.",
                remedy="Nothing was deleted. Ask for SELECT and DELETE on that table, or for its rows to be deleted.",
            ) from error

    def _check_parts(self, counts: Mapping[TableName, Restrict | int]) -> None:
        for part, left in counts.items():
            if not left or not isinstance(left, int):
                continue
            master = part.class_name.partition(".")[0]
            raise IntegrityError(
                f"{left} row{'' if left == 1 else 's'} of the part `{part.class_name}` would go while their "
                f"master's rows stay.",
                remedy=f"Delete from the master `{master}`; or say `part_integrity='cascade'`, which deletes the "
                "master's rows too, or `part_integrity='ignore'`, which leaves them without these parts.",
            )


def delete(connection: Connection, table: Stored, node: Node, *, part_integrity: PartIntegrity = "enforce") -> int:
    """
    Delete the rows of a query over a table and all that depend on them, all or nothing.

    Returns
    -------
    int
        How many rows of the table went.

    Notes
    -----
    N + 3 statements for N tables: to see the dependencies, one a table, and two for the transaction. A restriction
    that refers to the tables, and what `closure` is for, cost further ones.
    """
    draft = None
    try:
        with connection.atomic():
            draft = _draft(connection, table, node, part_integrity)
            return draft._delete()
    except IntegrityError as error:
        if draft is not None:
            draft.explain(error)
        raise
    except AccessError:
        # A privilege may be missing on a table of which no row would go.
        counted = draft.counted() if draft is not None else None
        if counted is None or 0 not in counted.tables.values():
            raise
        return counted.carry_out()


def plan_delete(
    connection: Connection, table: Stored, node: Node, *, part_integrity: PartIntegrity = "enforce"
) -> Deletion:
    """
    Return which rows, and how many, a delete would take; two statements or a few more.

    Raises
    ------
    IntegrityError
        Rows of a part would go while their master's row stays.
    """
    return _draft(connection, table, node, part_integrity).counted()


def delete_quick(connection: Connection, table: Stored, node: Node) -> int:
    """
    Delete the rows of a query over a table and nothing else; return how many they were.

    Raises
    ------
    ReferencedError
        Rows of other tables refer to them.
    """
    try:
        with connection.atomic():
            said = [say_delete(table, c, connection.dialect) for c in conditions_of(connection, table, node)]
            deleted = sum(connection.execute(statement).affected for statement in said)
    except IntegrityError as error:
        # Not every database tells which table it was.
        children = [key.child for key in connection.catalogue.dependencies().children(table.name)]
        referring = getattr(error, "child", "") or " or ".join(sorted({f"{c.schema}.{c.table}" for c in children}))
        raise ReferencedError(
            f"Rows of {referring} refer to rows of `{table.name.class_name}`, which `delete_quick` would take alone.",
            remedy="`delete()` takes those too; or delete those first.",
        ) from error
    if deleted and connection.bus.wants(RowsDeleted):
        connection.bus.emit(RowsDeleted(table.name.full, deleted))
    return deleted


def conditions_of(connection: Connection, table: Stored, node: Node) -> list[Condition]:
    """
    Return which rows of a table a query has, as conditions for statements that change the table, one after the other.

    There are several only where the rows must be listed and are more than one statement should list.
    """
    condition = _condition(connection, table, node, {table.name})
    if condition is not None:
        return [condition]
    return list(list_rows(connection, table, node, Dependencies(()), with_masters=False)[table.name].conditions())


def _draft(connection: Connection, table: Stored, node: Node, part_integrity: PartIntegrity) -> Deletion:
    if part_integrity not in get_args(PartIntegrity):
        raise OperandError(
            f"`part_integrity` cannot be {part_integrity!r}.", remedy="Say 'enforce', 'ignore' or 'cascade'."
        )
    dependencies = connection.catalogue.dependencies()
    below = dependencies.descendants(table.name)
    condition = None
    if not dependencies.rings(below):
        condition = _condition(connection, table, node, set(below))
    if condition is None:
        return _listed(connection, table, node, dependencies, part_integrity)
    plan = cascade([Restrict(table, condition)], dependencies, connection.catalogue.stored)
    alone = {} if part_integrity == "ignore" else unmastered(plan, dependencies)
    if condition == NOTHING:
        alone = {}
    weights = [weigh(rows.condition) for rows in plan.values()]
    most = max(weight.values for weight in weights)
    if max(w.queries for w in weights) > _MOST_QUERIES or most > connection.dialect.max_params:
        return _listed(connection, table, Restrict(table, condition), dependencies, part_integrity)
    if alone and part_integrity == "cascade":
        return _listed(connection, table, Restrict(table, condition), dependencies, part_integrity)
    leaving = []
    for name, rows in plan.items():
        said = rows.condition
        tie = dependencies.tie(name)
        if name in alone and name != table.name and tie is not None:
            # Without a statement that looks for them, the database finds the others: they refer to rows that go.
            said = mastered(plan, tie)
        leaving.append(Leaving(table_of(rows), (said,)))
    return Deletion(connection, table.name, tuple(leaving), alone)


def _listed(
    connection: Connection, table: Stored, node: Node, dependencies: Dependencies, part_integrity: PartIntegrity
) -> Deletion:
    """Return the rows by their keys."""
    found = list_rows(connection, table, node, dependencies, with_masters=part_integrity == "cascade")
    alone = masterless(found, dependencies) if part_integrity == "enforce" else {}
    ties = untied(found, dependencies)
    emptied = [key for key in ties if _empties(found[key.child].table, key)]
    order = Dependencies(key for key in dependencies.foreign_keys if key not in emptied)
    rings = order.rings(name for name, rows in found.items() if rows.rows)
    if rings:
        listed = ", ".join(f"`{name.class_name}`" for name in sorted(rings[0]))
        raise IntegrityError(
            f"Rows of {listed} refer to each other in a ring, and no foreign key of it can be empty, "
            "so none of them can go first.",
            remedy="Let one of these foreign keys be nullable, or delete the rows by the database's own means.",
        )
    leaving = [_leaving(found[name]) for name in order.order(found)]
    return Deletion(connection, table.name, tuple(leaving), alone, tuple(emptied))


def _leaving(listed: Listed) -> Leaving:
    return Leaving(listed.table, tuple(listed.conditions()), len(listed.rows))


def _empties(table: Stored, key: ForeignKey) -> list[str]:
    """Return the attributes of a foreign key that may be NULL; while one of them is, it refers to nothing."""
    return [name for name in key.names if table.heading[name].nullable]


def _condition(connection: Connection, table: Stored, node: Node, tables: set[TableName]) -> Condition | None:
    """
    Return which rows of a table a query has, as a condition that stays true while rows of the tables go.

    None where that takes more keys than a statement should list.
    """
    if isinstance(node, Stored):
        return EVERYTHING
    if _is_plain(node, tables):
        return node.condition
    names = tuple(table.heading.primary_key)
    if not names:  # there is one row at most
        return EVERYTHING if exists(connection, node) else NOTHING
    found = fetch_columns(connection, node, names, purpose="internal", limit=CHUNK // len(names) + 1)
    keys = tuple(dict.fromkeys(zip(*found.values(), strict=True)))
    if len(keys) * len(names) > CHUNK:
        return None
    return AmongKeys(names, keys) if keys else NOTHING


def _is_plain(node: Node, tables: set[TableName]) -> TypeGuard[Restrict]:
    """Tell whether a query is a restricted table, by a condition that does not change its mind while rows go."""
    if not (isinstance(node, Restrict) and isinstance(node.source, Stored)):
        return False
    asks = any(isinstance(item, Holds) and item.expression.has_subquery for item in walk(node.condition))
    inner = [item.node for item in walk(node.condition) if isinstance(item, Matches)]
    return not asks and not any(tables_of(each) & tables for each in inner)

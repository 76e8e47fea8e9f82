"""
Which rows follow from which, down the foreign keys.

Starting from the rows of one table, each table below is restricted to the rows that refer to restricted rows, by any
of its foreign keys. Conditions are the algebra's values; no database is asked.
"""

from __future__ import annotations

from collections.abc import Callable

from djnb.algebra.conditions import (
    EVERYTHING,
    AmongKeys,
    Both,
    Condition,
    Either,
    Equals,
    Fails,
    Matches,
    both,
    either,
    mentioned,
    walk,
)
from djnb.algebra.nodes import Aggregate, Join, Node, Project, Restrict, Slice, Stored
from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey

Find = Callable[[TableName], Stored]
"""Returns the table as a question."""


def cascade_down(
    root: Stored, condition: Condition, dependencies: Dependencies, find: Find
) -> dict[TableName, Restrict]:
    """
    Return the restricted tables below some rows of a table, and that table itself, parents before children.

    Parameters
    ----------
    root : Stored
        The table.
    condition : Condition
        Which of its rows.
    dependencies : Dependencies
        The foreign keys.
    find : callable
        Returns a table by its name.

    Notes
    -----
    A condition on attributes that a foreign key hands down under the same names is handed down with it, so that deep
    pipelines give short statements; otherwise the child's rows are those that match a restricted row of the parent.
    Where several ways lead to a table, rows reached by any of them belong to it.
    """
    order = dependencies.descendants(root.name)
    found: dict[TableName, Restrict] = {root.name: Restrict(root, condition)}
    for table in order:
        if table == root.name:
            continue
        child = find(table)
        ways = [
            _hand_down(found[key.parent], child, key)
            for key in dependencies.parents(table)
            if key.parent in found and key.parent != table
        ]
        found[table] = Restrict(child, either(ways))
    return found


def _hand_down(parent: Restrict, child: Stored, key: ForeignKey) -> Condition:
    names = mentioned(parent.condition)
    handed = {there: own for own, there in key.attributes}
    nullable = any(child.heading[own].nullable for own, _ in key.attributes)
    if names is not None and not nullable and all(handed.get(name) == name for name in names):
        return parent.condition
    renamed = rename(parent.condition, handed) if not nullable else None
    if renamed is not None:
        return renamed
    return Matches(parent, key.attributes)


def rename(condition: Condition, names: dict[str, str]) -> Condition | None:
    """Return a condition said of other names; None where it cannot be (a text, or a name without a new one)."""
    match condition:
        case Equals(name, value):
            return Equals(names[name], value) if name in names else None
        case AmongKeys(own, rows):
            return AmongKeys(tuple(names[n] for n in own), rows) if all(n in names for n in own) else None
        case Matches(node, pairs):
            if not all(own in names for own, _ in pairs):
                return None
            return Matches(node, tuple((names[own], there) for own, there in pairs))
        case Both(items):
            parts = [rename(item, names) for item in items]
            return None if None in parts else both(part for part in parts if part is not None)
        case Either(items):
            parts = [rename(item, names) for item in items]
            return None if None in parts else either(part for part in parts if part is not None)
        case Fails(item):
            part = rename(item, names)
            return None if part is None else Fails(part)
    return condition if condition == EVERYTHING else None


def tables_in(condition: Condition) -> set[TableName]:
    """Return the tables that a condition refers to; the subqueries of a text are not seen."""
    found: set[TableName] = set()
    for item in walk(condition):
        if isinstance(item, Matches):
            found |= _tables_of(item.node)
    return found


def _tables_of(node: Node) -> set[TableName]:
    match node:
        case Stored(name):
            return {name}
        case Restrict(source, condition):
            return _tables_of(source) | tables_in(condition)
        case Project(source) | Slice(source):
            return _tables_of(source)
        case Join(one, other) | Aggregate(one, other):
            return _tables_of(one) | _tables_of(other)
    raise TypeError(f"{type(node).__name__} is no query")


def unmastered(plan: dict[TableName, Restrict], dependencies: Dependencies) -> dict[TableName, Node]:
    """
    Return, for the parts whose rows a plan removes otherwise than with their master, the rows that stay masterless.

    Parameters
    ----------
    plan : dict
        As ``cascade_down`` gives it.
    dependencies : Dependencies
        The foreign keys.
    """
    found: dict[TableName, Node] = {}
    for table, rows in plan.items():
        master = table.master
        if master is None:
            continue
        if master not in plan:
            found[table] = rows
            continue
        to_master = next(key for key in dependencies.parents(table) if key.parent == master)
        mastered = Matches(plan[master], to_master.attributes)
        if rows.condition not in (mastered, plan[master].condition):
            found[table] = Restrict(rows.source, both([rows.condition, Fails(mastered)]))
    return found

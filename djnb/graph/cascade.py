"""
Which rows follow from which, along the foreign keys, in either direction.

Down, each table is restricted to the rows that refer to restricted rows, by any of its foreign keys: what a delete
takes. Up, to the rows that restricted rows refer to: what an export needs. Conditions are the algebra's values; no
database is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Literal, NamedTuple

from djnb.algebra.conditions import (
    EVERYTHING,
    NOTHING,
    AmongKeys,
    Both,
    Condition,
    Either,
    Equals,
    EqualsAt,
    Fails,
    Matches,
    both,
    either,
    mentioned,
    walk,
)
from djnb.algebra.nodes import Node, Restrict, Stored
from djnb.errors import OperandError
from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey

Find = Callable[[TableName], Stored]
"""Returns the table as a question."""

Direction = Literal["down", "up"]
"""From parents to children, or from children to parents."""


class Rule(StrEnum):
    """How a restriction goes along a foreign key."""

    COPY = "copy"
    """The condition itself: it speaks of attributes that the other table has under the same names."""

    ALIAS = "alias"
    """The condition, said of the names that the foreign key gives to the attributes."""

    PROJECT = "project"
    """That a restricted row of the other table matches."""


def cascade(
    starts: Iterable[Restrict],
    dependencies: Dependencies,
    find: Find,
    *,
    direction: Direction = "down",
    every_way: bool = False,
) -> dict[TableName, Restrict]:
    """
    Return the restricted tables that follow from some rows, and those rows' tables themselves, parents before children.

    Parameters
    ----------
    starts : iterable of Restrict
        Restricted tables.
    dependencies : Dependencies
        The foreign keys.
    find : callable
        Returns a table by its name.
    direction : {"down", "up"}
        Whether rows follow that refer to these, or rows that these refer to.
    every_way : bool
        Where several ways lead to a table, rows must be reached by each of them.

    Raises
    ------
    OperandError
        Tables refer to each other in a ring, so that no condition can say which rows follow.

    Notes
    -----
    A condition on attributes that a foreign key hands down under the same names is handed down with it, so that deep
    pipelines give short statements; otherwise the rows are those that match a restricted row of the other table.
    Where several ways lead to a table, rows reached by any of them belong to it, unless it is to be every one.
    The conditions share their parts: said as SQL, they may be much longer than they are here, see `weigh`.
    """
    given = {table_of(rows).name: rows for rows in starts}
    order = (dependencies.descendants if direction == "down" else dependencies.ancestors)(*given)
    rings = dependencies.rings(order)
    if rings:
        raise OperandError(f"Tables refer to each other in a ring: {', '.join(map(str, sorted(rings[0])))}.")
    found: dict[TableName, Restrict] = {}
    for name in order if direction == "down" else reversed(order):
        table = find(name)
        ways = [given[name].condition] if name in given else []
        if direction == "down":
            ways += [_hand_down(found[k.parent], table, k)[1] for k in dependencies.parents(name) if k.parent in found]
        else:
            ways += [_hand_up(found[k.child], k) for k in dependencies.children(name) if k.child in found]
        found[name] = Restrict(table, both(ways) if every_way else either(ways))
    return {name: found[name] for name in order}


def rules(
    plan: Mapping[TableName, Restrict], dependencies: Dependencies, *, direction: Direction = "down"
) -> dict[ForeignKey, Rule]:
    """Return how the restrictions of a cascade have gone along the foreign keys between its tables."""
    between = [k for k in dependencies.foreign_keys if k.parent in plan and k.child in plan and k.parent != k.child]
    if direction == "up":
        return dict.fromkeys(between, Rule.PROJECT)
    return {key: _hand_down(plan[key.parent], table_of(plan[key.child]), key)[0] for key in between}


def table_of(rows: Restrict) -> Stored:
    """Return the table whose rows they are."""
    assert isinstance(rows.source, Stored)  # a cascade restricts tables, not queries
    return rows.source


def _hand_down(parent: Restrict, child: Stored, key: ForeignKey) -> tuple[Rule, Condition]:
    names = mentioned(parent.condition)
    handed = {there: own for own, there in key.attributes}
    nullable = any(child.heading[own].nullable for own, _ in key.attributes)
    if names is not None and not nullable and all(handed.get(name) == name for name in names):
        return Rule.COPY, parent.condition
    renamed = rename(parent.condition, handed) if not nullable else None
    if renamed is not None:
        return Rule.ALIAS, renamed
    return Rule.PROJECT, Matches(parent, key.attributes)


def _hand_up(child: Restrict, key: ForeignKey) -> Condition:
    # Never the condition itself: a parent that meets it may have no child that does.
    if child.condition == NOTHING:
        return NOTHING
    return Matches(child, tuple((there, own) for own, there in key.attributes))


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


class Weight(NamedTuple):
    """How much there is to say: ``queries`` within queries, and ``values`` to bind."""

    queries: int
    values: int


def weigh(condition: Condition, known: dict[int, Weight] | None = None) -> Weight:
    """
    Return how long a condition of a cascade is once it is said, without saying it.

    A part that several ways share is said as often as they are; ``known`` keeps what is weighed already, by identity.
    """
    known = {} if known is None else known
    if id(condition) not in known:
        queries = values = 0
        for item in walk(condition):
            if isinstance(item, AmongKeys):
                values += len(item.rows) * len(item.names)
            elif isinstance(item, (Equals, EqualsAt)):
                values += 1
            elif isinstance(item, Matches):
                queries += 1
                if isinstance(item.node, Restrict):
                    inner = weigh(item.node.condition, known)
                    queries, values = queries + inner.queries, values + inner.values
        known[id(condition)] = Weight(queries, values)
    return known[id(condition)]


def tables_in(condition: Condition) -> set[TableName]:
    """Return the tables that a condition refers to; the subqueries of a text are not seen."""
    found: set[TableName] = set()
    for item in walk(condition):
        if isinstance(item, Matches):
            found |= tables_of(item.node)
    return found


def tables_of(node: Node) -> set[TableName]:
    """Return the tables that a query refers to; the subqueries of a text are not seen."""
    if isinstance(node, Stored):
        return {node.name}
    found: set[TableName] = set()
    for part in fields(node):
        value = getattr(node, part.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, Node):
                found |= tables_of(item)
            elif isinstance(item, Condition):
                found |= tables_in(item)
    return found


def mastered(plan: dict[TableName, Restrict], tie: ForeignKey) -> Condition:
    """Return the condition of a part's rows that their master's row, or that of another part, is in the plan too."""
    return Matches(plan[tie.parent], tie.attributes) if tie.parent in plan else NOTHING


def unmastered(plan: dict[TableName, Restrict], dependencies: Dependencies) -> dict[TableName, Restrict]:
    """
    Return, for the parts whose rows a plan removes otherwise than with their master, the rows that stay masterless.

    Parameters
    ----------
    plan : dict
        As ``cascade`` gives it.
    dependencies : Dependencies
        The foreign keys.
    """
    found: dict[TableName, Restrict] = {}
    for table, rows in plan.items():
        tie = dependencies.tie(table)
        if tie is None:
            continue
        if tie.parent not in plan:
            found[table] = rows
            continue
        whole = mastered(plan, tie)
        if rows.condition is not plan[tie.parent].condition and rows.condition not in (
            whole, plan[tie.parent].condition
        ):  # fmt: skip
            found[table] = Restrict(rows.source, both([rows.condition, Fails(whole)]))
    return found

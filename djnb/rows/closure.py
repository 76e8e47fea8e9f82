"""
Which rows follow from which, found by their keys, table after table.

For what no single condition can say: tables that refer to themselves or to each other, masters that are to go because
a part goes, a cascade with so many ways that its statements would grow out of bounds, more rows than a statement lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from djnb.algebra.conditions import EVERYTHING, AmongKeys, Condition
from djnb.algebra.nodes import Node, Restrict, Stored
from djnb.connection import Connection
from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey
from djnb.rows.fetch import fetch_columns

CHUNK = 10_000
"""How many values of keys one statement lists."""

Values = tuple[Any, ...]


@dataclass(frozen=True)
class _Step:
    """Rows of ``source`` bring those rows of ``target`` that have their values."""

    source: TableName
    names: tuple[str, ...]
    target: TableName
    target_names: tuple[str, ...]


@dataclass
class Listed:
    """
    Rows of a table by their keys.

    Attributes
    ----------
    table : Stored
        The table.
    names : tuple of str
        The attributes that are known of each row.
    rows : dict
        The values of these attributes, by the values of the primary key.
    """

    table: Stored
    names: tuple[str, ...]
    rows: dict[Values, Values] = field(default_factory=dict)

    def conditions(self) -> Iterator[Condition]:
        """Yield conditions that the rows meet, and no others; each lists as many keys as one statement takes."""
        key = tuple(self.table.heading.primary_key)
        if self.rows and not key:  # there is one row at most
            yield EVERYTHING
            return
        for part in chunks(list(self.rows), len(key)):
            yield AmongKeys(key, tuple(part))

    def values(self, names: Sequence[str], rows: Iterable[Values] | None = None) -> dict[Values, None]:
        """Return the distinct values that rows have in some attributes, without those that lack any of them."""
        places = [self.names.index(name) for name in names]
        picked = (tuple(row[place] for place in places) for row in (self.rows.values() if rows is None else rows))
        return dict.fromkeys(values for values in picked if None not in values)


def chunks(keys: Sequence[Values], width: int) -> Iterator[Sequence[Values]]:
    """Yield keys of so many values each in portions that one statement lists."""
    size = max(1, CHUNK // max(1, width))
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def list_rows(
    connection: Connection, table: Stored, node: Node, dependencies: Dependencies, *, with_masters: bool
) -> dict[TableName, Listed]:
    """
    Return the rows of a query over a table and all rows that depend on them, parents before children.

    Parameters
    ----------
    connection : Connection
        Where.
    table : Stored
        The table.
    node : Node
        Which of its rows; it has the table's primary key.
    dependencies : Dependencies
        The foreign keys.
    with_masters : bool
        Whether a row of a part brings the row of its master, with all that depends on that.

    Notes
    -----
    One statement for every foreign key that leads on, and for every portion of keys. Rows come until none is new.
    """
    order = _reachable(table.name, dependencies, with_masters=with_masters)
    steps = [
        _Step(key.parent, tuple(there for _, there in key.attributes), key.child, key.names)
        for name in order
        for key in dependencies.children(name)
    ]
    if with_masters:
        ties = [tie for name in order if (tie := dependencies.tie(name)) is not None]
        steps += [_Step(k.child, k.names, k.parent, tuple(there for _, there in k.attributes)) for k in ties]
    found = {name: _empty(connection, name, steps, dependencies) for name in order}
    pending = {table.name: _fetch(connection, node, found[table.name])}
    asked: dict[_Step, dict[Values, None]] = {step: {} for step in steps}
    while pending:
        name = next(each for each in order if each in pending)
        new = pending.pop(name)
        for step in (each for each in steps if each.source == name):
            seen = asked[step]
            values = [v for v in found[name].values(step.names, new) if v not in seen]
            seen.update(dict.fromkeys(values))
            target = found[step.target]
            for part in chunks(values, len(step.target_names)):
                reached = Restrict(target.table, AmongKeys(step.target_names, tuple(part)))
                rows = _fetch(connection, reached, target)
                if rows:
                    pending.setdefault(step.target, []).extend(rows)
    return found


def _reachable(root: TableName, dependencies: Dependencies, *, with_masters: bool) -> list[TableName]:
    tables = dependencies.descendants(root)
    while with_masters:
        above = [tie.parent for name in tables if (tie := dependencies.tie(name)) is not None]
        grown = dependencies.descendants(*tables, *above)
        if len(grown) == len(tables):
            break
        tables = grown
    return tables


def _empty(connection: Connection, name: TableName, steps: list[_Step], dependencies: Dependencies) -> Listed:
    table = connection.catalogue.stored(name)
    needed = [attribute for step in steps if step.source == name for attribute in step.names]
    tie = dependencies.tie(name)
    names = dict.fromkeys([*table.heading.primary_key, *needed, *(tie.names if tie is not None else ())])
    return Listed(table, tuple(names))


def _fetch(connection: Connection, node: Node, listed: Listed) -> list[Values]:
    """Add the rows of a query that are not listed yet; return them."""
    width = len(listed.table.heading.primary_key)
    if all(name in node.heading for name in listed.names):
        columns = fetch_columns(connection, node, listed.names, purpose="internal")
    else:  # a query that has only the key
        key = fetch_columns(connection, node, listed.table.heading.primary_key, purpose="internal")
        keys = list(dict.fromkeys(zip(*key.values(), strict=True)))
        portions = (AmongKeys(tuple(key), tuple(part)) for part in chunks(keys, width))
        return [row for c in portions for row in _fetch(connection, Restrict(listed.table, c), listed)]
    rows = list(zip(*columns.values(), strict=True)) if listed.names else [()] * columns.count
    new = {row[:width]: row for row in rows if row[:width] not in listed.rows}
    listed.rows.update(new)
    return list(new.values())


def masterless(found: dict[TableName, Listed], dependencies: Dependencies) -> dict[TableName, int]:
    """Return, for the parts of which listed rows would go without their master's row, how many these are."""
    counts = {}
    for name, listed in found.items():
        tie = dependencies.tie(name)
        if tie is None:
            continue
        there = found.get(tie.parent)
        masters = there.values([parent for _, parent in tie.attributes]) if there is not None else {}
        places = [listed.names.index(own) for own in tie.names]
        counts[name] = sum(tuple(row[place] for place in places) not in masters for row in listed.rows.values())
    return {name: count for name, count in counts.items() if count}


def untied(listed: dict[TableName, Listed], dependencies: Dependencies) -> list[ForeignKey]:
    """
    Return the foreign keys within rings of tables that have rows here.

    While such a foreign key holds, no order of the rows lets all of them go.
    """
    rings = dependencies.rings(name for name, rows in listed.items() if rows.rows)
    return [key for key in dependencies.foreign_keys if any({key.child, key.parent} <= ring for ring in rings)]

"""Which rows follow from others: of each table how many, of how many; as a picture and as a table."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from djnb.algebra.conditions import EVERYTHING, Matches, relation_of
from djnb.algebra.nodes import Node, Restrict, Stored
from djnb.connection import Connection
from djnb.diagram.marks import mark_rows, number
from djnb.diagram.picture import Picture
from djnb.errors import OperandError
from djnb.graph.cascade import Direction, Rule, cascade, rules, table_of
from djnb.graph.dependencies import Dependencies
from djnb.layout import Cell, Column, Preview, lay_out
from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey
from djnb.plans import DeletePlan
from djnb.populate.upstream import Upstream
from djnb.query import Query
from djnb.rows.fetch import count_all

_AT_ONCE = 40
"""How many tables one statement counts."""


@dataclass(frozen=True)
class Reach:
    """
    Rows that are reached, as values: what a delete takes, what lies upstream, what an export needs.

    Attributes
    ----------
    title : str
        What it is, for a person.
    reached : mapping
        How many rows of each table.
    totals : mapping
        How many rows each table has.
    rules : mapping
        How the restriction went along foreign keys, as far as that is known.
    starts : collection of TableName
        Where it began; these stand out even if they have no row yet.
    rows : mapping
        Which rows of each table, as far as one condition says it.
    seeds : tuple of Restrict
        What was restricted.
    goes_up : bool
        Whether it went from children to parents.
    """

    title: str
    reached: Mapping[TableName, int]
    totals: Mapping[TableName, int]
    rules: Mapping[ForeignKey, Rule] = field(default_factory=dict)
    starts: Collection[TableName] = ()
    rows: Mapping[TableName, Restrict] = field(default_factory=dict)
    seeds: tuple[Restrict, ...] = ()
    goes_up: bool = False

    def mark(self, picture: Picture) -> Picture:
        """Return a picture with the numbers of rows."""
        return mark_rows(picture, self.reached, self.totals, starts=self.starts)

    def preview(self, tables: Iterable[TableName]) -> Preview:
        """Return the same as a table."""
        shown = [name for name in tables if name in self.reached]
        ways: dict[TableName, dict[str, None]] = {}
        for key, rule in self.rules.items():
            ways.setdefault(key.parent if self.goes_up else key.child, {})[str(rule)] = None
        home = {name.schema for name in shown}
        cells = []
        for name in shown:
            count, total = self.reached[name], self.totals.get(name)
            said = name.class_name if len(home) == 1 else f"{name.schema}.{name.class_name}"
            of = Cell("unknown", "null") if total is None else Cell(number(total), "number")
            cells.append([Cell(said), Cell(number(count), "number"), of, Cell(", ".join(ways.get(name, ())))])
        touched = [name for name in shown if self.reached[name]]
        rows = sum(self.reached[name] for name in touched)
        tables_of = f"{len(touched)} table{'' if len(touched) == 1 else 's'}"
        extent = f"{number(rows)} row{'' if rows == 1 else 's'} of {tables_of}"
        columns = [
            Column("table", "parents before children", in_key=True),
            Column("rows", "reached"),
            Column("of", "in the table"),
        ]
        columns.append(Column("rule", "how the restriction came there"))
        return lay_out(self.title, extent, "", columns, cells)


def of_plan(plan: DeletePlan, dependencies: Dependencies) -> Reach:
    """Return what a plan deletes; one statement, for the rows that there are."""
    deletion = plan.deletion
    single = {each.table.name: each for each in deletion.leaving if len(each.conditions) == 1}
    rows = {name: Restrict(each.table, each.conditions[0]) for name, each in single.items()}
    is_said = len(rows) == len(deletion.leaving)
    totals = _count(deletion.connection, [each.table for each in deletion.leaving])
    return Reach(
        f"Delete {plan.target}",
        plan.rows,
        totals,
        rules(rows, dependencies) if is_said else {},
        (plan.root,),
        rows if is_said else {},
    )


def of_upstream(upstream: Upstream, dependencies: Dependencies) -> Reach:
    """Return the rows on which a key depends; two statements."""
    connection, spec, key = upstream.connection, upstream.spec, upstream.key
    find = connection.catalogue.stored
    rows = {name: Restrict(find(name), condition) for name, condition in upstream.conditions.items()}
    known: dict[ForeignKey, Rule] = dict(rules(rows, dependencies, direction="up"))
    for each in spec.foreign_keys:
        if each.parent in rows and all(own in key for own in each.names):
            known[each] = Rule.COPY if all(own == there for own, there in each.attributes) else Rule.ALIAS
    return _counted(connection, f"Upstream of {spec.name.class_name}", rows, known, starts=(spec.name,), goes_up=True)


def of_query(query: Query, dependencies: Dependencies, *, direction: Direction) -> Reach:
    """Return the rows that follow from those of a restricted table; two statements."""
    seed, dependencies = seed_of(query), _without_loops(dependencies)
    connection = query.connection
    rows = cascade([seed], dependencies, connection.catalogue.stored, direction=direction)
    said = "Upstream of" if direction == "up" else "Downstream of"
    title = f"{said} {table_of(seed).name.class_name}"
    known = rules(rows, dependencies, direction=direction)
    starts = (table_of(seed).name,)
    return _counted(connection, title, rows, known, starts=starts, seeds=(seed,), goes_up=direction == "up")


def of_several(connection: Connection, seeds: Sequence[Restrict], dependencies: Dependencies) -> Reach:
    """Return the rows that follow from restricted tables, those that follow from each of them; two statements."""
    dependencies = _without_loops(dependencies)
    rows = cascade(seeds, dependencies, connection.catalogue.stored, every_way=True)
    starts = tuple(table_of(seed).name for seed in seeds)
    title = f"Restricted by {', '.join(name.class_name for name in starts)}"
    return _counted(connection, title, rows, rules(rows, dependencies), starts=starts, seeds=tuple(seeds))


def _without_loops(dependencies: Dependencies) -> Dependencies:
    # Along a reference of a table to itself there is always one more step, which no condition can say.
    return Dependencies(key for key in dependencies.foreign_keys if key.parent != key.child)


def seed_of(query: Any) -> Restrict:
    """
    Return a restricted table as where a restriction begins.

    Raises
    ------
    OperandError
        It is not rows of one table.
    """
    node: Node | None = relation_of(query)
    match node:
        case Stored():
            return Restrict(node, EVERYTHING)
        case Restrict(Stored(), _):
            return node
    source = node
    while source is not None and not isinstance(source, Stored):
        source = getattr(source, "source", None)
    key = source.heading.primary_key if isinstance(source, Stored) else ()
    if node is None or not isinstance(source, Stored) or any(name not in node.heading for name in key):
        raise OperandError(
            f"{query!r} is not a table, or rows of one.", remedy="Give a table, or a restricted one: `Session & key`."
        )
    return Restrict(source, Matches(node, tuple((name, name) for name in key)))


def _counted(
    connection: Connection,
    title: str,
    rows: Mapping[TableName, Restrict],
    known: Mapping[ForeignKey, Rule],
    *,
    starts: Collection[TableName],
    seeds: tuple[Restrict, ...] = (),
    goes_up: bool = False,
) -> Reach:
    counts = count_all(connection, list(rows.values()), at_once=_AT_ONCE)
    totals = _count(connection, [table_of(each) for each in rows.values()])
    return Reach(title, dict(zip(rows, counts, strict=True)), totals, known, starts, rows, seeds, goes_up)


def _count(connection: Connection, tables: Sequence[Stored]) -> dict[TableName, int]:
    counts = count_all(connection, list(tables), at_once=_AT_ONCE)
    return {table.name: count for table, count in zip(tables, counts, strict=True)}


def count_rows(connection: Connection, tables: Iterable[TableName]) -> dict[TableName, int]:
    """Return how many rows tables have; a statement for every forty of them."""
    return _count(connection, [connection.catalogue.stored(name) for name in tables])

"""
SELECT from the algebra.

Operators are merged into one SELECT as long as that keeps their meaning; an aggregate or a slice that is
restricted, joined or aggregated again becomes a subquery.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from djnb.algebra.conditions import Condition
from djnb.algebra.nodes import Aggregate, Join, Node, Project, Restrict, Slice, Stored
from djnb.model.heading import Heading
from djnb.model.naming import TableName
from djnb.sql.dialect import Dialect
from djnb.sql.expressions import Columns, Groups, say_expression
from djnb.sql.statement import Statement, compose, join
from djnb.sql.text import names_outside_aggregates
from djnb.sql.where import say_condition

Order = Sequence[tuple[str, bool]]
"""Names, and whether each descends."""

_MATCHED = "_matched"
"""A column beside the attributes, whose names no query sees begin with an underscore."""


@dataclass(frozen=True)
class Select:
    """The parts of a SELECT; ``columns`` maps attributes to what stands for them."""

    columns: dict[str, Statement]
    source: Statement
    where: tuple[Statement, ...] = ()
    group_by: tuple[Statement, ...] = ()
    order_by: Statement = Statement("")
    limit: Statement = Statement("")
    is_joined: bool = False
    is_computed: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is all rows of one table, and every attribute a column of it."""
        return not (self.where or self.is_joined or self.is_computed)

    @property
    def is_closed(self) -> bool:
        """Whether a further condition or join needs a subquery."""
        return bool(self.group_by or self.limit)

    def statement(self, columns: Statement) -> Statement:
        """Return the SELECT of these columns."""
        parts = [compose("SELECT {} FROM {}", columns, self.source)]
        if self.where:
            parts.append(compose(" WHERE {}", join(" AND ", self.where)))
        if self.group_by:
            parts.append(compose(" GROUP BY {}", join(", ", self.group_by)))
        if self.order_by:
            parts.append(compose(" ORDER BY {}", self.order_by))
        return join("", [*parts, self.limit])


class Compiler:
    """Says nodes in one dialect; it numbers the tables of one statement."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._aliases = 0

    def _alias(self) -> str:
        self._aliases += 1
        return self.dialect.quote(f"t{self._aliases}")

    def say(self, node: Node) -> Select:
        """Return the SELECT for a node."""
        match node:
            case Stored():
                return self._stored(node)
            case Restrict():
                return self._restrict(node)
            case Project():
                return self._project(node)
            case Join():
                return self._join(node)
            case Aggregate():
                return self._aggregate(node)
            case Slice():
                return self._slice(node)
        raise TypeError(f"{type(node).__name__} is no query")

    def operand(self, node: Node) -> Select:
        """Return a SELECT that takes further conditions and joins: a subquery where the node is closed."""
        select = self.say(node)
        return self._enclose(select, list(node.heading.names)) if select.is_closed else select

    def _enclose(self, select: Select, names: list[str]) -> Select:
        alias = self._alias()
        quote = self.dialect.quote
        listed = [compose("{} AS {}", select.columns[n], quote(n)) for n in names]
        inner = select.statement(join(", ", listed or [Statement("1")]))
        columns = {name: Statement(f"{alias}.{quote(name)}") for name in names}
        return Select(columns, compose("({}) AS {}", inner, alias))

    def _stored(self, node: Stored) -> Select:
        alias = self._alias()
        columns = {name: Statement(f"{alias}.{self.dialect.quote(name)}") for name in node.heading.names}
        return Select(columns, Statement(f"{self.dialect.table(node.name)} AS {alias}"))

    def _restrict(self, node: Restrict) -> Select:
        select = self.operand(node.source)
        condition = say_condition(node.condition, select.columns, node.source.heading, self.dialect, self.exists)
        return replace(select, where=(*select.where, condition))

    def exists(self, node: Node, pairs: tuple[tuple[str, str], ...], outer: Columns) -> Statement:
        """Return ``EXISTS (…)`` for the rows of a node that agree with the outer columns."""
        # EXISTS, not IN: SQLite uses no index for NOT IN over several columns, and MySQL takes no LIMIT within IN.
        select = self.operand(node)
        matched = (compose("{} = {}", select.columns[there], outer[own]) for own, there in pairs)
        return compose("EXISTS ({})", replace(select, where=(*select.where, *matched)).statement(Statement("1")))

    def _project(self, node: Project) -> Select:
        select = self.say(node.source)
        columns = {new: select.columns[old] for new, old in node.attributes}
        for name, expression in node.computed:
            said = say_expression(expression, select.columns, node.source.heading, self.dialect)
            columns[name] = compose("({})", said)
        return replace(select, columns=columns, is_computed=select.is_computed or bool(node.computed))

    def _join(self, node: Join) -> Select:
        left, right = self.operand(node.left), self.operand(node.right)
        merged = {**right.columns, **left.columns}
        shared = [compose("{} = {}", left.columns[name], right.columns[name]) for name in node.shared]
        source = compose("{} JOIN {} ON {}", left.source, _grouped(right), join(" AND ", shared or [Statement("1=1")]))
        columns = {name: merged[name] for name in node.heading.names}
        return Select(columns, source, (*left.where, *right.where), is_joined=True)

    def _aggregate(self, node: Aggregate) -> Select:
        groups, source = self.operand(node.groups), self.operand(node.source)
        if groups.is_computed:
            # MariaDB takes an expression in GROUP BY for another one than the same among the selected.
            groups = self._enclose(groups, list(node.groups.heading.names))
        key = node.groups.heading.primary_key
        if node.keeps_unmatched and not (source.is_plain and key):
            # Conditions on the aggregated rows must not remove the groups that have none of them, and where there is
            # no key that would be NULL for those, another column has to be.
            source = replace(source, columns={**source.columns, _MATCHED: Statement("1")})
            source = self._enclose(source, [*self._needed(node), _MATCHED])
        agree = join(
            " AND ", (compose("{} = {}", groups.columns[n], source.columns[n]) for n in key) if key else ["1=1"]
        )
        kind = "LEFT JOIN" if node.keeps_unmatched else "JOIN"
        joined = compose(f"{{}} {kind} {{}} ON {{}}", groups.source, _grouped(source), agree)
        columns = {new: groups.columns[old] for new, old in node.attributes}
        heading = Heading(
            (*node.source.heading, *(a for a in node.groups.heading if a.name not in node.source.heading))
        )
        seen = {**groups.columns, **source.columns}
        matched = source.columns.get(_MATCHED) or source.columns[key[0]] if node.keeps_unmatched else None
        aside = Groups(groups.columns, matched)
        for name, expression in node.computed:
            said = say_expression(expression, seen, heading, self.dialect, groups=aside)
            columns[name] = compose("({})", said)
        # MariaDB wants every selected attribute in GROUP BY, even those that the key determines.
        used = [name for _, expression in node.computed for name in names_outside_aggregates(expression)]
        grouped = dict.fromkeys([*key, *(old for _, old in node.attributes), *used])
        by = tuple(groups.columns[name] for name in grouped) or (Statement("NULL"),)
        where = groups.where if node.keeps_unmatched else (*groups.where, *source.where)
        return Select(columns, joined, where, by, is_joined=True)

    def _needed(self, node: Aggregate) -> list[str]:
        names = set(node.groups.heading.primary_key)
        for _, expression in node.computed:
            names |= expression.names if expression.tree is not None else set(node.source.heading.names)
        return [name for name in node.source.heading.names if name in names]

    def _slice(self, node: Slice) -> Select:
        select = self.say(node.source)
        if select.limit:
            select = self._enclose(select, list(node.heading.names))
        return replace(
            select, order_by=self.order(select, node.order_by), limit=self.dialect.limit(node.limit, node.offset)
        )

    def order(self, select: Select, order_by: Order) -> Statement:
        """Return the ORDER BY list."""
        wanted = [(select.columns[name], " DESC" if down else "") for name, down in order_by]
        return join(", ", (compose("{}{}", c, down) for c, down in wanted if not self._is_constant(c)))

    def _is_constant(self, column: Statement) -> bool:
        """Tell whether a column is a mere number, which servers take for a column's position in ORDER BY."""
        bare = column.sql.strip("()")
        return bare == self.dialect.placeholder or bare.upper() in ("TRUE", "FALSE", "NULL")


def _grouped(select: Select) -> Statement:
    return compose("({})", select.source) if select.is_joined else select.source


def select_rows(
    node: Node,
    dialect: Dialect,
    names: Sequence[str],
    *,
    order_by: Order = (),
    limit: int | None = None,
    offset: int = 0,
    sizes_of: frozenset[str] = frozenset(),
) -> Statement:
    """
    Return the statement that fetches rows.

    Parameters
    ----------
    node : Node
        The question.
    dialect : Dialect
        Of the database.
    names : sequence of str
        The attributes, in the order of the columns.
    order_by : sequence of (str, bool)
        Names, and whether each descends; an order that the node has already stands if none is given.
    limit, offset : int
        How many rows at most, and how many to pass over first.
    sizes_of : frozenset of str
        Attributes of which the size in bytes is wanted rather than the value.
    """
    compiler = Compiler(dialect)
    select = compiler.say(node)
    if select.limit and (order_by or limit is not None or offset):
        select = compiler._enclose(select, list(node.heading.names))
    columns = []
    for name in names:
        column = select.columns[name]
        shown = dialect.byte_length(column) if name in sizes_of else dialect.output(column, node.heading[name])
        columns.append(compose("{} AS {}", shown, dialect.quote(name)))
    if order_by:
        select = replace(select, order_by=compiler.order(select, order_by))
    if limit is not None or offset:
        select = replace(select, limit=dialect.limit(limit, offset))
    return select.statement(join(", ", columns or [Statement("1")]))


def count_rows(node: Node, dialect: Dialect) -> Statement:
    """Return the statement that counts the rows of a query."""
    select = Compiler(dialect).operand(node)
    return select.statement(Statement("count(*)"))


def has_rows(node: Node, dialect: Dialect) -> Statement:
    """Return the statement that answers 1 if the query has any row."""
    return compose("SELECT {}", Compiler(dialect).exists(node, (), {}))


def count_progress(total: Node, remaining: Node, dialect: Dialect) -> Statement:
    """Return the statement that counts two queries at once, for progress."""
    counts = (compose("({})", count_rows(node, dialect)) for node in (total, remaining))
    return compose("SELECT {}", join(", ", counts))


def count_each(nodes: Sequence[Node], dialect: Dialect) -> Statement:
    """Return the statement that counts the rows of several queries at once."""
    return compose("SELECT {}", join(", ", (compose("({})", count_rows(node, dialect)) for node in nodes)))


def where_of(table: Stored, condition: Condition, dialect: Dialect) -> Statement:
    """Return a condition on the rows of a table for a DELETE, where the table has no alias."""
    owner = dialect.table(table.name)
    columns = {name: Statement(f"{owner}.{dialect.quote(name)}") for name in table.heading.names}
    return say_condition(condition, columns, table.heading, dialect, Compiler(dialect).exists)


def count_tables(names: Sequence[TableName], dialect: Dialect) -> Statement:
    """Return the statement that counts the rows of several tables at once."""
    counts = (f"(SELECT count(*) FROM {dialect.table(name)})" for name in names)
    return compose("SELECT {}", join(", ", counts))

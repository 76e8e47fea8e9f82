"""
Nodes of the algebra as SELECT.

Operators are merged into one SELECT as long as that keeps their meaning; an aggregate, a slice or a union that is
restricted, joined or aggregated again becomes a subquery.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from djnb.algebra.expression import Expression
from djnb.algebra.nodes import Aggregate, Group, Join, Node, Project, Promote, Restrict, Slice, Stored, Union
from djnb.algebra.order import Order
from djnb.model.heading import Heading
from djnb.sql.dialect import Dialect
from djnb.sql.expressions import Columns, Groups, say_expression
from djnb.sql.parts import Select, listed
from djnb.sql.statement import Statement, compose, join
from djnb.sql.text import names_outside_aggregates
from djnb.sql.unions import restricted, union
from djnb.sql.where import say_condition

_MATCHED = "_matched"
"""A column beside the attributes, whose names no query sees begin with an underscore."""

_LONGEST_REPEATED = 200
"""An expression of more characters is computed in a subquery before another mentions it, maybe several times."""


class Compiler:
    """Says nodes in one dialect; it numbers the tables of one statement."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self._aliases = 0

    def alias(self) -> str:
        """Return a name that no other table of the statement has."""
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
            case Group():
                return self._group(node)
            case Promote(source):
                return self.say(source)
            case Union():
                return union(self, node)
            case Slice():
                return self._slice(node)
        raise TypeError(f"{type(node).__name__} is no query")

    def operand(self, node: Node) -> Select:
        """Return a SELECT that takes further conditions and joins: a subquery where the node is closed."""
        return self._open(node)._replace(order_by=())

    def _open(self, node: Node) -> Select:
        """Return a SELECT that takes further conditions, in the order that the node has."""
        select = self.say(node)
        return self.enclose(select, node.heading.names) if select.is_closed else select

    def enclose(self, select: Select, names: Sequence[str]) -> Select:
        """Return a SELECT of the same rows from a subquery, in the same order."""
        alias = self.alias()
        quote = self.dialect.quote
        order = {f"_order{place}": column for place, (column, _) in enumerate(select.order_by)}
        inner = listed({**{name: select.columns[name] for name in names}, **order}, self.dialect)
        columns = {name: Statement(f"{alias}.{quote(name)}") for name in names}
        # The order within a subquery is none of what is around it.
        order_by = tuple(
            (Statement(f"{alias}.{quote(name)}"), descends)
            for name, (_, descends) in zip(order, select.order_by, strict=True)
        )
        return Select(columns, compose("({}) AS {}", select.statement(inner), alias), order_by=order_by)

    def _stored(self, node: Stored) -> Select:
        alias = self.alias()
        # The hidden ones are for conditions of djnb's own: what a user says is checked against those of the heading.
        named = [*node.heading.names, *(attribute.name for attribute in node.stored.hidden)]
        columns = {name: Statement(f"{alias}.{self.dialect.quote(name)}") for name in named}
        return Select(columns, Statement(f"{self.dialect.table(node.name)} AS {alias}"))

    def _restrict(self, node: Restrict) -> Select:
        if isinstance(node.source, Union):
            entered = restricted(node.source, node.condition)
            if isinstance(entered, Union):
                return union(self, entered)
        select = self._open(node.source)
        condition = say_condition(node.condition, select.columns, node.source.heading, self.dialect, self.exists)
        return select._replace(where=(*select.where, condition))

    def exists(self, node: Node, pairs: tuple[tuple[str, str], ...], outer: Columns) -> Statement:
        """Return ``EXISTS (…)`` for the rows of a node that agree with the outer columns."""
        # EXISTS, not IN: SQLite uses no index for NOT IN over several columns, and MySQL takes no LIMIT within IN.
        select = self.operand(node)
        matched = (compose("{} = {}", select.columns[there], outer[own]) for own, there in pairs)
        return compose("EXISTS ({})", select._replace(where=(*select.where, *matched)).statement(Statement("1")))

    def _project(self, node: Project) -> Select:
        select = self.say(node.source)
        is_windowed = any(map(_has_window, (expression for _, expression in node.computed)))
        if (is_windowed and (select.limit or select.is_windowed)) or self._repeats(node, select):
            select = self.enclose(select, node.source.heading.names)
        columns = {new: select.columns[old] for new, old in node.attributes}
        for name, expression in node.computed:
            said = say_expression(expression, select.columns, node.source.heading, self.dialect)
            columns[name] = compose("({})", said)
        return select._replace(
            columns=columns,
            is_computed=select.is_computed or bool(node.computed),
            is_windowed=select.is_windowed or is_windowed,
        )

    def _repeats(self, node: Project, select: Select) -> bool:
        """Tell whether long expressions would be said once more, so that chains of them might double with each link."""
        if not select.is_computed:
            return False
        columns, heading = select.columns, node.source.heading
        mentions = [e.names & set(heading.names) if e.tree is not None else heading.names for _, e in node.computed]
        return any(len(columns[name].sql) > _LONGEST_REPEATED for names in mentions for name in names)

    def _join(self, node: Join) -> Select:
        left, right = self.operand(node.left), self.operand(node.right)
        if node.keeps_left and not right.is_plain:
            # Conditions on the right side must not remove rows of the left one, nor values be computed for no row.
            right = self.enclose(right, node.right.heading.names)
        merged = {**right.columns, **left.columns}
        shared = [compose("{} = {}", left.columns[name], right.columns[name]) for name in node.shared]
        kind = "LEFT JOIN" if node.keeps_left else "JOIN"
        agree = join(" AND ", shared or [Statement("1=1")])
        source = compose(f"{{}} {kind} {{}} ON {{}}", left.source, _grouped(right), agree)
        columns = {name: merged[name] for name in node.heading.names}
        is_computed = left.is_computed or right.is_computed
        return Select(columns, source, (*left.where, *right.where), is_joined=True, is_computed=is_computed)

    def _aggregate(self, node: Aggregate) -> Select:
        groups, source = self.operand(node.groups), self.operand(node.source)
        if groups.is_computed:
            # MariaDB takes an expression in GROUP BY for another one than the same among the selected.
            groups = self.enclose(groups, list(node.groups.heading.names))
        key = node.groups.heading.primary_key
        if node.keeps_unmatched and not (source.is_plain and key):
            # Conditions on the aggregated rows must not remove the groups that have none of them, and where there is
            # no key that would be NULL for those, another column has to be.
            source = source._replace(columns={**source.columns, _MATCHED: Statement("1")})
            source = self.enclose(source, [*self._needed(node), _MATCHED])
        agree = join(
            " AND ", (compose("{} = {}", groups.columns[n], source.columns[n]) for n in key) if key else ["1=1"]
        )
        kind = "LEFT JOIN" if node.keeps_unmatched else "JOIN"
        joined = compose(f"{{}} {kind} {{}} ON {{}}", groups.source, _grouped(source), agree)
        columns = {new: groups.columns[old] for new, old in node.attributes}
        heading = Heading(
            (
                *node.source.heading.visible,
                *(a for a in node.groups.heading.visible if a.name not in node.source.heading),
            )
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

    def _group(self, node: Group) -> Select:
        source = self.operand(node.source)
        if source.is_computed:
            # MariaDB takes an expression in GROUP BY for another one than the same among the selected.
            source = self.enclose(source, node.source.heading.names)
        columns = {name: source.columns[name] for name in node.key}
        for name, expression in node.computed:
            said = say_expression(expression, source.columns, node.source.heading, self.dialect)
            columns[name] = compose("({})", said)
        if node.key:
            return source._replace(columns=columns, group_by=tuple(columns[name] for name in node.key))
        # One row: of the aggregates, even without a row; otherwise of any row. What is around may ask for no aggregate.
        if not node.computed:
            return self.enclose(source._replace(limit=self.dialect.limit(1, 0)), [])
        return self.enclose(source._replace(columns={**columns, _MATCHED: Statement("count(*)")}), [*columns, _MATCHED])

    def rows(self, node: Node) -> Select:
        """Return a SELECT that may stand beside UNION."""
        select = self.say(node)
        if select.limit:  # SQLite takes no LIMIT beside UNION
            select = self.enclose(select, node.heading.names)
        return select._replace(order_by=())

    def _slice(self, node: Slice) -> Select:
        select = self.say(node.source)
        if select.limit:
            select = self.enclose(select, node.heading.names)
        if node.order_by:
            select = select._replace(order_by=self.order(select, node.order_by, node.heading))
        return select._replace(limit=self.dialect.limit(node.limit, node.offset))

    def order(self, select: Select, order_by: Order, heading: Heading) -> tuple[tuple[Statement, bool], ...]:
        """Return what a SELECT is to be ordered by."""
        wanted = [(select.columns[name], heading[name].type, descends) for name, descends in order_by]
        return tuple(
            (self.dialect.in_order(column, kind), descends)
            for column, kind, descends in wanted
            if not self._is_constant(column)
        )

    def _is_constant(self, column: Statement) -> bool:
        """Tell whether a column is a mere number, which servers take for a column's position in ORDER BY."""
        bare = column.sql.strip("()")
        return bare == self.dialect.placeholder or bare.upper() in ("TRUE", "FALSE", "NULL")


def _grouped(select: Select) -> Statement:
    return compose("({})", select.source) if select.is_joined else select.source


def _has_window(expression: Expression) -> bool:
    from sqlglot import exp

    if expression.tree is None:
        return re.search(r"\bover\b", expression.text, re.IGNORECASE) is not None
    return expression.tree.find(exp.Window) is not None

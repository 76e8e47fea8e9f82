"""
Unions as SELECT.

Every side is said once, and unions of unions stand side by side: databases take little nesting, and MariaDB works a
table expression out anew wherever it is mentioned.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from djnb.algebra.conditions import Condition, Matches, mentioned, walk
from djnb.algebra.nodes import Node, Restrict, Union, restrict
from djnb.algebra.unions import has_equal_names
from djnb.sql.expressions import Columns
from djnb.sql.parts import Select, listed
from djnb.sql.statement import Statement, compose, join

if TYPE_CHECKING:
    from djnb.sql.compiler import Compiler

_SIDE, _PLACE = "_side", "_place"
"""Columns beside the attributes, whose names no query sees begin with an underscore."""


def union(compiler: Compiler, node: Union) -> Select:
    """Return the SELECT of a union."""
    quote, names = compiler.dialect.quote, node.heading.names
    where: tuple[Statement, ...] = ()
    alias = compiler.alias()
    if set(names) == set(node.heading.primary_key):
        rows = join(" UNION ", [_rows(compiler, side, names) for side in _sides(node)])
    elif has_equal_names(node.left.heading, node.right.heading):
        rows = _numbered(compiler, node)
        where = (Statement(f"{alias}.{quote(_PLACE)} = 1"),)
    else:
        rows = _completed(compiler, node)
    columns = {name: Statement(f"{alias}.{quote(name)}") for name in names}
    return Select(columns, compose("({}) AS {}", rows, alias), where)


def restricted(node: Node, condition: Condition) -> Node:
    """Return a restricted query; of a union, the restricted sides, which find rows by an index that a union lacks."""
    if isinstance(node, Union) and _may_enter(condition, node):
        return Union(restricted(node.left, condition), restricted(node.right, condition))
    return restrict(node, condition)


def _may_enter(condition: Condition, union: Union) -> bool:
    """Tell whether a condition on a union can be asked of each side: it is about the key alone, and soon said."""
    names, left, right = mentioned(condition), union.left.heading, union.right.heading
    if names is None or not names <= set(left.primary_key):
        return False
    if any(isinstance(item, Matches) for item in walk(condition)):
        return False  # another query, which would be said once for each side
    return all(left[name].type == right[name].type for name in names)


def _sides(node: Node, *, alike: bool = True) -> list[Node]:
    """Return what a union of unions unites, all of the same attributes or all of different ones."""
    if isinstance(node, Restrict):
        node = restricted(node.source, node.condition)
    if isinstance(node, Union) and has_equal_names(node.left.heading, node.right.heading) == alike:
        return [*_sides(node.left, alike=alike), *_sides(node.right, alike=alike)]
    return [node]


def _numbered(compiler: Compiler, node: Union) -> Statement:
    """Return the rows of every side, those of one key numbered from 1 in the order of the sides."""
    quote, names = compiler.dialect.quote, node.heading.names
    sides = [_rows(compiler, each, names, {_SIDE: Statement(str(number))}) for number, each in enumerate(_sides(node))]
    key = join(", ", map(quote, node.heading.primary_key))
    return compose(
        f"SELECT {{}}, ROW_NUMBER() OVER ({{}}ORDER BY {quote(_SIDE)}) AS {quote(_PLACE)} FROM ({{}}) AS {{}}",
        join(", ", map(quote, names)),
        compose("PARTITION BY {} ", key) if key else "",
        join(" UNION ALL ", sides),
        compiler.alias(),
    )


def _completed(compiler: Compiler, node: Union) -> Statement:
    """Return the rows of every side, NULL in what a side does not have; those of several sides have all they have."""
    quote, names, key = compiler.dialect.quote, node.heading.names, node.heading.primary_key
    sides = [_rows(compiler, side, names) for side in _sides(node, alike=False)]
    # A key has one row at most on each side, and an attribute is on one side alone: max() is its only value.
    columns = [quote(name) if name in key else f"max({quote(name)}) AS {quote(name)}" for name in names]
    return compose(
        "SELECT {} FROM ({}) AS {} GROUP BY {}",
        join(", ", columns),
        join(" UNION ALL ", sides),
        compiler.alias(),
        join(", ", list(map(quote, key)) or ["NULL"]),
    )


def _rows(compiler: Compiler, node: Node, names: Sequence[str], further: Columns = MappingProxyType({})) -> Statement:
    """Return the SELECT of a side, with NULL for the attributes that it does not have."""
    select = compiler.rows(node)
    columns = {name: select.columns[name] if name in node.heading else Statement("NULL") for name in names}
    return select.statement(listed({**columns, **further}, compiler.dialect))

"""Statements that ask: rows, counts, whether there is any row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from djnb.algebra.conditions import Condition
from djnb.algebra.nodes import Node, Stored
from djnb.algebra.order import Order
from djnb.model.naming import TableName
from djnb.sql.compiler import Compiler
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement, compose, join
from djnb.sql.where import say_condition

HEAD = 512
"""How many bytes of a large value tell what it holds."""


def select_rows(
    node: Node,
    dialect: Dialect,
    names: Sequence[str],
    *,
    order_by: Order = (),
    limit: int | None = None,
    offset: int = 0,
    heads_of: Mapping[str, int] | None = None,
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
    heads_of : mapping of str to int, optional
        Attributes of which the size in bytes is wanted rather than the value. The columns behind all others are their
        values, in the order of the mapping: whole up to so many bytes, and only the first `HEAD` of longer ones.
    """
    compiler = Compiler(dialect)
    select = compiler.say(node)
    if select.limit and (order_by or limit is not None or offset):
        select = compiler.enclose(select, node.heading.names)
    heads = heads_of or {}
    columns = []
    for name in names:
        column = select.columns[name]
        shown = dialect.byte_length(column) if name in heads else dialect.output(column, node.heading[name])
        columns.append(compose("{} AS {}", shown, dialect.quote(name)))
    columns += [dialect.first_bytes(select.columns[name], HEAD, whole_up_to=most) for name, most in heads.items()]
    if order_by:
        select = select._replace(order_by=compiler.order(select, order_by, node.heading))
    if limit is not None or offset:
        select = select._replace(limit=dialect.limit(limit, offset))
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
    named = [*table.heading.names, *(attribute.name for attribute in table.stored.hidden)]
    columns = {name: Statement(f"{owner}.{dialect.quote(name)}") for name in named}
    return say_condition(condition, columns, table.heading, dialect, Compiler(dialect).exists)


def count_tables(names: Sequence[TableName], dialect: Dialect) -> Statement:
    """Return the statement that counts the rows of several tables at once."""
    counts = (f"(SELECT count(*) FROM {dialect.table(name)})" for name in names)
    return compose("SELECT {}", join(", ", counts))

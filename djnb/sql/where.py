"""Conditions and expressions in SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from djnb.algebra.conditions import (
    Always,
    AmongKeys,
    Both,
    Condition,
    Either,
    Equals,
    Fails,
    Holds,
    Matches,
)
from djnb.algebra.expression import Expression
from djnb.algebra.nodes import Node
from djnb.errors import InvalidValueError
from djnb.model.core_types import AttributeType, Family
from djnb.model.heading import Heading
from djnb.model.naming import TableName
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement, compose, join
from djnb.sql.text import outer_columns
from djnb.sql.values import UnfitError, encoder

Columns = Mapping[str, Statement]
Exists = Callable[[Node, tuple[tuple[str, str], ...], Columns], Statement]
"""Says ``EXISTS (SELECT … )`` for a query whose rows match the given columns; ``sql.select`` has it."""

# Stands for a piece that is put in after sqlglot has said the rest; private-use characters, which no SQL text needs.
_MARK = "\ue000{}\ue001"
_MARKED = re.compile("\ue000(\\d+)\ue001")


def bind(name: str, value: Any, attribute_type: AttributeType, dialect: Dialect) -> Statement:
    """
    Return the placeholder for a value that is compared with an attribute.

    Raises
    ------
    InvalidValueError
        The value does not fit the attribute's type.
    """
    try:
        return Statement(dialect.placeholder, (encoder(attribute_type, dialect)(value),))
    except UnfitError as error:
        problem = InvalidValueError(
            f"'{name}' (`{attribute_type}`) is compared with {value!r}, which {error}.",
            remedy="Restrict by a value of the attribute's type.",
        )
        problem.attribute, problem.value = name, value
        raise problem from None


def say_condition(
    condition: Condition, columns: Columns, heading: Heading, dialect: Dialect, exists: Exists
) -> Statement:
    """Return a condition as SQL that can stand in a WHERE, each part in parentheses."""

    def equal(name: str, value: Any) -> Statement:
        if value is None:
            return compose("{} IS NULL", columns[name])
        return compose("{} = {}", columns[name], bind(name, value, heading[name].type, dialect))

    def say(item: Condition) -> Statement:
        match item:
            case Always(value):
                return Statement("1=1" if value else "1=0")
            case Holds(expression):
                return compose("({})", say_expression(expression, columns, heading, dialect))
            case Equals(name, value):
                return equal(name, value)
            case AmongKeys(names, rows):
                return _among(names, rows)
            case Both(items):
                return compose("({})", join(" AND ", map(say, items)))
            case Either(items):
                return compose("({})", join(" OR ", map(say, items)))
            case Fails(Matches() as inner):
                return compose("NOT {}", say(inner))
            case Fails(inner):
                # A row for which the condition is unknown does not meet it, so it stays.
                return compose("NOT COALESCE({}, 0)", compose("({})", say(inner)))
            case Matches(node, pairs):
                return exists(node, pairs, columns)
        raise TypeError(f"{type(item).__name__} is no condition")

    def _among(names: tuple[str, ...], rows: tuple[tuple[Any, ...], ...]) -> Statement:
        encode = [heading[name].type for name in names]
        if len(names) == 1:
            listed = join(", ", (bind(names[0], row[0], encode[0], dialect) for row in rows))
            return compose("{} IN ({})", columns[names[0]], listed)
        # MySQL and MariaDB use an index for a list of row values, and SQLite for VALUES.
        values = join(
            ", ",
            (
                compose(
                    "({})", join(", ", (bind(n, v, t, dialect) for n, v, t in zip(names, row, encode, strict=True)))
                )
                for row in rows
            ),
        )
        left = join(", ", (columns[name] for name in names))
        return compose("({}) IN ({})", left, compose(dialect.row_list, values))

    return say(condition)


def say_expression(
    expression: Expression,
    columns: Columns,
    heading: Heading,
    dialect: Dialect,
    *,
    counted: Statement | None = None,
) -> Statement:
    """
    Return a user's expression in the dialect, with attributes replaced by their columns and literals bound.

    Parameters
    ----------
    expression : Expression
        As ``sql.text.read`` gives it.
    columns : mapping
        What stands for each attribute.
    heading : Heading
        Tells the types with which literals are compared.
    dialect : Dialect
        Of the database.
    counted : Statement, optional
        What ``count(*)`` counts where unmatched groups are kept: a column that is NULL for them.
    """
    from sqlglot import exp

    if expression.tree is None:
        return Statement(dialect.escape(expression.text))
    tree = expression.tree.copy()
    pieces: list[Statement] = []

    def put(node: Any, piece: Statement) -> Any:
        mark = exp.Var(this=_MARK.format(len(pieces)))
        pieces.append(piece)
        if node is tree:
            return mark
        node.replace(mark)
        return tree

    if counted is not None:
        for count in list(tree.find_all(exp.Count)):
            if isinstance(count.this, exp.Star):
                count.this.replace(exp.Var(this=_MARK.format(len(pieces))))
                pieces.append(counted)
    for literal in list(tree.find_all(exp.Literal)):
        if literal.find_ancestor(exp.Interval, exp.DataType, exp.JSONPath) is None:
            tree = put(literal, _bind_literal(literal, heading, dialect))
    if isinstance(tree, exp.Expression):
        for column in outer_columns(tree):
            tree = put(column, columns[column.name])
        for table in list(tree.find_all(exp.Table)):
            if table.db:
                table.replace(exp.Var(this=dialect.table(TableName(table.db, table.name))))
    # The text goes through compose(): braces in it are not places.
    text = dialect.escape(tree.sql(dialect=dialect.sqlglot_name, comments=False)).replace("{", "{{").replace("}", "}}")
    order = [int(number) for number in _MARKED.findall(text)]
    return compose(_MARKED.sub("{}", text), *(pieces[number] for number in order))


def _bind_literal(literal: Any, heading: Heading, dialect: Dialect) -> Statement:
    if not literal.is_string:
        number = int(literal.this) if literal.is_int else Decimal(literal.this)
        return Statement(dialect.placeholder, (dialect.bind_number(number),))
    kind = _compared_with(literal, heading)
    if kind is not None:
        try:
            return Statement(dialect.placeholder, (encoder(kind, dialect)(literal.this),))
        except UnfitError:
            pass  # not a whole date or UUID: compared as the text that it is
    return Statement(dialect.placeholder, (literal.this,))


def _compared_with(literal: Any, heading: Heading) -> AttributeType | None:
    """Return the type of the attribute with which a literal is compared, if its text needs that type's form."""
    from sqlglot import exp

    parent = literal.parent
    if not isinstance(parent, (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)):
        return None
    columns = [side for side in (parent.this, parent.args.get("expression")) if isinstance(side, exp.Column)]
    for column in columns:
        if column.name in heading:
            kind = heading[column.name].type
            if kind.family in (Family.DATETIME, Family.TIME, Family.UUID):
                return kind
            if kind.family is Family.DATE and len(literal.this.strip()) == 10:
                return kind
    return None

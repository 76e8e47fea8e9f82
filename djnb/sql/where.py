"""Conditions and expressions in SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
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
from djnb.sql.alike import say_alike, see_matched_rows
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement, compose, join
from djnb.sql.text import is_outside_aggregates, outer_columns
from djnb.sql.values import UnfitError, canonical, encoder

Columns = Mapping[str, Statement]
Exists = Callable[[Node, tuple[tuple[str, str], ...], Columns], Statement]
"""Says ``EXISTS (SELECT … )`` for a query whose rows match the given columns; ``sql.select`` has it."""

# Stands for a piece that is put in after sqlglot has said the rest; private-use characters, which no SQL text needs.
_MARK = "\ue000{}\ue001"
_WIDEST = 200
"""How many conditions AND or OR connects before they are put into parentheses of their own."""

_UNPADDED = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
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


def _shallow(operator: str, parts: list[Statement]) -> Statement:
    """Return parts joined by AND or OR, in parentheses, nested where they are many: SQLite takes 1000 in depth."""
    while len(parts) > _WIDEST:
        parts = [_shallow(operator, parts[start : start + _WIDEST]) for start in range(0, len(parts), _WIDEST)]
    return compose("({})", join(operator, parts))


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
                return _shallow(" AND ", [say(item) for item in items])
            case Either(items):
                return _shallow(" OR ", [say(item) for item in items])
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


@dataclass(frozen=True)
class Groups:
    """
    What an aggregate's expression sees of the groups.

    Attributes
    ----------
    columns : mapping
        What stands for an attribute outside the functions of many rows.
    matched : Statement or None
        A column that is NULL where a group has no rows and stays all the same.
    """

    columns: Columns
    matched: Statement | None = None


def say_expression(
    expression: Expression, columns: Columns, heading: Heading, dialect: Dialect, *, groups: Groups | None = None
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
    groups : Groups, optional
        For the expressions of an aggregate.
    """
    from sqlglot import exp

    if expression.tree is None:
        return Statement(dialect.escape(expression.text))
    tree = exp.Paren(this=expression.tree.copy())  # so that every node of the expression has a parent
    say_alike(tree)
    pieces: list[Statement] = []

    def mark(piece: Statement) -> Any:
        pieces.append(piece)
        return exp.Var(this=_MARK.format(len(pieces) - 1))

    def said(node: Any) -> Statement:
        # The text goes through compose(): braces in it are not places.
        text = dialect.escape(node.sql(dialect=dialect.sqlglot_name, comments=False))
        text = text.replace("{", "{{").replace("}", "}}")
        order = [int(number) for number in _MARKED.findall(text)]
        return compose(_MARKED.sub("{}", text), *(pieces[number] for number in order))

    if groups is not None and groups.matched is not None:
        for function in list(tree.find_all(exp.AggFunc)):
            see_matched_rows(function, partial(mark, groups.matched))
    for literal in list(tree.find_all(exp.Literal)):
        if literal.find_ancestor(exp.Interval, exp.DataType, exp.JSONPath) is None:
            literal.replace(mark(_bind_literal(literal, heading, dialect)))
    for column in outer_columns(tree):
        seen = groups.columns if groups is not None and is_outside_aggregates(column) else columns
        column.replace(mark(seen[column.name]))
    for table in list(tree.find_all(exp.Table)):
        if table.db:
            table.replace(exp.Var(this=dialect.table(TableName(table.db, table.name))))
    for match in reversed(list(tree.find_all(exp.RegexpLike))):  # inner ones first
        # Every database has the operator; MariaDB lacks the function that sqlglot writes for MySQL.
        match.replace(mark(compose("({} REGEXP {})", said(match.this), said(match.expression))))
    return said(tree.this)


def _bind_literal(literal: Any, heading: Heading, dialect: Dialect) -> Statement:
    if not literal.is_string:
        number = int(literal.this) if literal.is_int else Decimal(literal.this)
        return Statement(dialect.placeholder, (dialect.bind_number(number),))
    kind = _compared_with(literal, heading)
    if kind is not None:
        text = _UNPADDED.sub(_pad, literal.this.strip())
        finer = replace(kind, scale=6)
        try:
            # A literal with more digits of a second than the attribute has is not rounded: that would move the bound.
            is_finer = kind.family is Family.DATETIME and canonical(text, kind) != canonical(text, finer)
            return Statement(dialect.placeholder, (encoder(finer if is_finer else kind, dialect)(text),))
        except UnfitError:
            pass  # not a whole date or UUID: compared as the text that it is
    return Statement(dialect.placeholder, (literal.this,))


def _pad(match: re.Match[str]) -> str:
    return f"{match[1]}-{match[2]:>02}-{match[3]:>02}"


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
            # With a time of day, the literal is compared as text, which begins with the date.
            if kind.family is Family.DATE and len(literal.this.strip()) <= len("2024-01-01"):
                return kind
    return None

"""
Reading what users write: restrictions and expressions in SQL, in the manner of MySQL, on every database.

The text is parsed by sqlglot, its attributes are checked against the heading, and ``sql.where`` says it again in
the database's own dialect. What the parser cannot read goes to the database as it is.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from djnb.algebra.expression import Expression
from djnb.errors import QuerySyntaxError, UnknownAttributeError
from djnb.model.core_types import COMPUTED, AttributeType, Family, parse_type
from djnb.model.heading import Heading

if TYPE_CHECKING:
    from sqlglot import exp

logger = logging.getLogger(__name__)


def read(text: str, heading: Heading, *, owner: str = "") -> Expression:
    """
    Read a restriction or an expression.

    Raises
    ------
    UnknownAttributeError
        It mentions an attribute that the heading does not have.
    QuerySyntaxError
        It has places for values (``?``, ``:name``), or it could end what it is put into: a parenthesis that it did not
        open, a semicolon, nothing at all.
    """
    if text in heading:  # spares the parser, and allows names that are words of SQL
        return Expression(text, frozenset([text]), heading[text].type, tree=_column(text))
    tree = _parse(text)
    if tree is None:
        _check_enclosable(text)
        return Expression(text, has_subquery="select" in text.lower())  # unread: rather once too often than missed
    _check_places(tree, text)
    names = [column.name for column in outer_columns(tree)]
    for name in names:
        if name not in heading:
            raise UnknownAttributeError.among(name, heading.names, owner=owner)
    return Expression(text, frozenset(names), _type_of(tree, heading), _has_subquery(tree), _is_value(tree), tree)


def _is_value(tree: exp.Expression) -> bool:
    from sqlglot import exp

    return isinstance(tree.unnest(), exp.Literal)


def _has_subquery(tree: exp.Expression) -> bool:
    from sqlglot import exp

    return tree.find(exp.Select) is not None


def outer_columns(tree: exp.Expression) -> list[exp.Column]:
    """Return the attributes that a text mentions, leaving out those of subqueries written within it."""
    from sqlglot import exp

    return [column for column in tree.find_all(exp.Column) if column.find_ancestor(exp.Select) is None]


def is_aggregate(expression: Expression) -> bool:
    """Tell whether an expression makes one value of many rows; one with OVER does not."""
    from sqlglot import exp

    if expression.tree is None:
        return False
    return any(not isinstance(node.parent, exp.Window) for node in expression.tree.find_all(exp.AggFunc))


def is_outside_aggregates(column: Any) -> bool:
    """Tell whether a column of an expression stands outside the functions of many rows."""
    from sqlglot import exp

    # A function that the parser does not know may be one of many rows.
    return column.find_ancestor(exp.AggFunc, exp.Anonymous) is None


def names_outside_aggregates(expression: Expression) -> list[str]:
    """Return the attributes that an expression mentions outside the functions of many rows."""
    if expression.tree is None:
        return []
    return [column.name for column in outer_columns(expression.tree) if is_outside_aggregates(column)]


def _check_enclosable(text: str) -> None:
    """Refuse a text that cannot be read and would not stay within the parentheses that are put around it."""
    import sqlglot
    from sqlglot import TokenType

    try:
        tokens = sqlglot.tokenize(text, dialect="mysql")
    except sqlglot.errors.SqlglotError as error:
        raise QuerySyntaxError(f"'{text}' cannot be read: {error}", remedy="Check its quotes.") from None
    depth = 0
    for token in tokens:
        depth += (token.token_type is TokenType.L_PAREN) - (token.token_type is TokenType.R_PAREN)
        if depth < 0 or token.token_type is TokenType.SEMICOLON or token.comments:
            break
    else:
        if tokens and not depth:
            return
    raise QuerySyntaxError(
        f"'{text}' is no condition or expression.",
        remedy="Write one, with its parentheses closed and without semicolons and comments.",
    )


def _check_places(tree: Any, text: str) -> None:
    from sqlglot import exp

    if tree.find(exp.Placeholder, exp.Parameter) is not None:
        raise QuerySyntaxError(
            f"'{text}' has a place for a value.", remedy="Write the value, or restrict by a dict: `{'name': value}`."
        )


def _column(name: str) -> Any:
    from sqlglot import exp

    return exp.column(name)


@lru_cache(maxsize=1024)
def _parse(text: str) -> Any:
    import sqlglot
    from sqlglot import exp

    try:
        return sqlglot.parse_one(text, dialect="mysql", into=exp.Condition)
    except sqlglot.errors.SqlglotError as error:
        logger.debug("The text %r goes to the database as it is: %s", text, error)
        return None


def _type_of(tree: exp.Expression, heading: Heading) -> AttributeType:
    """Return the type of an expression's value, as far as its form tells."""
    from sqlglot import exp

    def go(node: Any) -> AttributeType:
        match node:
            case exp.Column():
                return heading[node.name].type if node.name in heading else COMPUTED
            case exp.Paren() | exp.Min() | exp.Max() | exp.AnyValue() | exp.Distinct():
                inner = node.expressions[0] if isinstance(node, exp.Distinct) else node.this
                return go(inner)
            case exp.Neg() | exp.Abs():
                inner = go(node.this)  # -128 as int8 has no counterpart, and 5 as an unsigned number has none
                return parse_type("int64") if inner.family in (Family.INTEGER, Family.BOOL) else inner
            case exp.Coalesce():
                return _common([go(side) for side in (node.this, *node.expressions)])
            case exp.Count() | exp.Length():
                return parse_type("int64")
            case exp.Avg() | exp.Stddev() | exp.StddevPop() | exp.StddevSamp() | exp.Variance() | exp.Div():
                return parse_type("float64")
            case exp.Sum():
                inner = go(node.this)
                whole = inner.family in (Family.INTEGER, Family.BOOL)
                return parse_type("int64") if whole else parse_type("float64") if _is_float(inner) else COMPUTED
            case exp.Add() | exp.Sub() | exp.Mul():
                sides = (go(node.this), go(node.expression))
                if all(side.family is Family.INTEGER for side in sides):
                    return parse_type("int64")
                return parse_type("float64") if any(map(_is_float, sides)) else COMPUTED
            case exp.Literal():
                if node.is_string:
                    return parse_type("varchar(255)")
                return parse_type("int64") if node.is_int else parse_type("float64")
            case exp.Predicate() | exp.And() | exp.Or() | exp.Not() | exp.Boolean():
                return parse_type("bool")
            case exp.Concat() | exp.Upper() | exp.Lower() | exp.Trim() | exp.Substring():
                return parse_type("longtext")
        return COMPUTED

    return go(tree)


def _common(types: list[AttributeType]) -> AttributeType:
    """Return the type that holds the values of all the types, if there is one."""
    if all(kind == types[0] for kind in types):
        return types[0]
    if all(kind.family is Family.INTEGER for kind in types):
        return parse_type("int64")
    if all(kind.family in (Family.INTEGER, Family.FLOAT) for kind in types):
        return parse_type("float64")
    return parse_type("longtext") if all(kind.family is Family.STRING for kind in types) else COMPUTED


def _is_float(kind: AttributeType) -> bool:
    return kind.family is Family.FLOAT

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
from djnb.errors import UnknownAttributeError
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
    """
    if text in heading:  # spares the parser, and allows names that are words of SQL
        return Expression(text, frozenset([text]), heading[text].type, _column(text))
    tree = _parse(text)
    if tree is None:
        return Expression(text)
    names = [column.name for column in outer_columns(tree)]
    for name in names:
        if name not in heading:
            raise UnknownAttributeError.among(name, heading.names, owner=owner)
    return Expression(text, frozenset(names), _type_of(tree, heading), tree)


def outer_columns(tree: exp.Expression) -> list[exp.Column]:
    """Return the attributes that a text mentions, leaving out those of subqueries written within it."""
    from sqlglot import exp

    return [column for column in tree.find_all(exp.Column) if column.find_ancestor(exp.Select) is None]


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
            case exp.Paren() | exp.Min() | exp.Max() | exp.AnyValue() | exp.Neg() | exp.Abs() | exp.Distinct():
                inner = node.expressions[0] if isinstance(node, exp.Distinct) else node.this
                return go(inner)
            case exp.Coalesce():
                return go(node.this)
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
                return parse_type("int64") if node.is_int else COMPUTED
            case exp.Predicate() | exp.And() | exp.Or() | exp.Not() | exp.Boolean():
                return parse_type("bool")
            case exp.Concat() | exp.Upper() | exp.Lower() | exp.Trim() | exp.Substring():
                return parse_type("varchar(65535)")
        return COMPUTED

    return go(tree)


def _is_float(kind: AttributeType) -> bool:
    return kind.family is Family.FLOAT

"""
The SQL that users write, as trees of few kinds of nodes.

sqlglot reads it in MySQL's manner. Every function keeps the name and the arguments that it was written with, so that
``sql.functions`` alone says what a function means; what has several spellings gets one.
"""

from __future__ import annotations

import logging
from functools import cache, lru_cache
from typing import Any, ClassVar

from djnb.sql.functions import AGGREGATES, BARE, canonical_name
from djnb.sql.precedence import regroup

logger = logging.getLogger(__name__)

_SPECIAL = ("CAST", "CONVERT", "EXTRACT", "GROUP_CONCAT", "TRIM", "SUBSTR", "SUBSTRING", "POSITION")
"""Functions whose arguments have a syntax of their own."""

_DEEPEST = 120
"""How many parentheses and operators may stand within each other; AND and OR do not count."""


@cache
def _manner() -> Any:
    """Return sqlglot's MySQL, without what it knows of functions."""
    from sqlglot import TokenType, exp
    from sqlglot.dialects.mysql import MySQL
    from sqlglot.parsers.mysql import MySQLParser

    def extract(_: Any, this: Any, path: Any) -> Any:
        return exp.Anonymous(this="JSON_EXTRACT", expressions=[this, path])

    def extract_text(_: Any, this: Any, path: Any) -> Any:
        return exp.Anonymous(this="JSON_UNQUOTE", expressions=[extract(_, this, path)])

    def null_safe(this: Any, expression: Any) -> Any:
        # Some versions of sqlglot put parentheses around its own node, which then cannot be told from the user's.
        node = exp.EQ(this=this, expression=expression)
        node.meta["null_safe"] = True
        return node

    class Manner(MySQL):
        class Tokenizer(MySQL.Tokenizer):
            # The statement REPLACE has no place in an expression, the function has.
            KEYWORDS: ClassVar[dict[str, Any]] = {k: v for k, v in MySQL.Tokenizer.KEYWORDS.items() if k != "REPLACE"}

        class Parser(MySQLParser):
            FUNCTIONS: ClassVar[dict[str, Any]] = {}
            EQUALITY: ClassVar[dict[Any, Any]] = {**MySQLParser.EQUALITY, TokenType.NULLSAFE_EQ: null_safe}
            FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
                k: v for k, v in MySQLParser.FUNCTION_PARSERS.items() if k in _SPECIAL
            }
            COLUMN_OPERATORS: ClassVar[dict[Any, Any]] = {
                **MySQLParser.COLUMN_OPERATORS,
                TokenType.ARROW: extract,
                TokenType.DARROW: extract_text,
            }

    return Manner


@lru_cache(maxsize=1024)
def parse(text: str) -> Any:
    """
    Return the tree of a text; None where it cannot be read, or says what not every database can be told.

    Raises
    ------
    RecursionError
        It nests too deeply for whoever walks it.
    """
    import sqlglot
    from sqlglot import exp

    if _depth(text) > _DEEPEST:
        raise RecursionError
    try:
        tree = exp.Paren(this=sqlglot.parse_one(text, dialect=_manner(), into=exp.Condition))
        _simplify(tree)
        regroup(tree)
    except (sqlglot.errors.SqlglotError, ValueError) as error:
        logger.debug("The text %r goes to the database as it is: %s", text, error)
        return None
    tree = tree.this
    tree.pop()
    if _height(tree) > _DEEPEST:
        raise RecursionError
    for query in tree.find_all(exp.Query):
        for column in query.find_all(exp.Column):
            column.meta["inner"] = True
    unknown = [node for node in outer_nodes(tree) if not isinstance(node, _known())]
    if unknown:
        logger.debug("The text %r goes to the database as it is: %s", text, type(unknown[0]).__name__)
        return None
    return tree


def outer_nodes(tree: Any) -> list[Any]:
    """Return the nodes of a tree, leaving out those within subqueries but for the subqueries themselves."""
    from sqlglot import exp

    return list(tree.walk(prune=lambda node: isinstance(node, exp.Query)))


def is_inner(column: Any) -> bool:
    """Tell whether a column of a tree stands within a subquery."""
    return bool(column.meta.get("inner"))


def _depth(text: str) -> int:
    """Return how deeply the parentheses of a text nest."""
    deepest = depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


def _height(tree: Any) -> int:
    """Return how deeply the nodes of a tree nest, chains of AND and OR as one."""
    highest, rest = 0, [(tree, 1)]
    while rest:
        node, height = rest.pop()
        highest = max(highest, height)
        for child in node.iter_expressions():
            is_chained = type(child) is type(node) and type(node).__name__ in ("And", "Or")
            rest.append((child, height + (not is_chained)))
    return highest


@cache
def _known() -> tuple[type, ...]:
    from sqlglot import exp

    return (
        *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.HexString, exp.Star, exp.Var),
        *(exp.Paren, exp.Tuple, exp.And, exp.Or, exp.Xor, exp.Not, exp.Neg, exp.BitwiseNot),
        *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.Is, exp.In, exp.Between),
        *(exp.Like, exp.Escape, exp.RegexpLike, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod),
        *(exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseLeftShift, exp.BitwiseRightShift),
        *(exp.Anonymous, exp.AnonymousAggFunc, exp.GroupConcat, exp.Distinct, exp.Order, exp.Ordered),
        *(exp.Case, exp.If, exp.Cast, exp.DataType, exp.DataTypeParam, exp.Interval, exp.Extract, exp.Trim),
        *(exp.Window, exp.WindowSpec, exp.Subquery, exp.Select, exp.SetOperation, exp.Exists, exp.Any, exp.All),
        *(exp.Placeholder, exp.Parameter, exp.Dot),
    )


def _simplify(tree: Any) -> None:
    """Give what has several spellings one, in place."""
    from sqlglot import exp

    for node in reversed(list(tree.walk())):  # inner ones first
        new = _simplified(node)
        if new is not node:
            node.replace(new)
    for node in list(tree.find_all(exp.Anonymous)):
        if str(node.name).upper() in ("TIMESTAMPDIFF", "TIMESTAMPADD") and node.expressions:
            unit = node.expressions[0]
            if isinstance(unit, exp.Column):
                unit.replace(exp.Var(this=_unit(unit.name)))


def _simplified(node: Any) -> Any:
    from sqlglot import exp

    def call(name: str, *arguments: Any) -> Any:
        return exp.Anonymous(this=name, expressions=[argument for argument in arguments if argument is not None])

    match node:
        case exp.Anonymous() if not isinstance(node.parent, exp.Dot):
            name = canonical_name(str(node.name))
            if name in AGGREGATES:
                return exp.AnonymousAggFunc(this=name, expressions=node.expressions)
            node.set("this", name)
        case exp.EQ() if node.meta.get("null_safe"):
            return exp.NullSafeEQ(this=node.this, expression=node.expression)
        case exp.CurrentTimestamp() | exp.Localtime() | exp.Localtimestamp():
            return call("NOW", node.this)
        case exp.CurrentDate():
            return call("CURDATE")
        case exp.CurrentTime():
            return call("CURTIME", node.this)
        case exp.Column() if not node.table and not node.this.args.get("quoted") and node.name.upper() in BARE:
            node.meta["bare"] = True  # a function without parentheses, unless an attribute is called so
        case exp.If() if not isinstance(node.parent, exp.Case):
            return call("IF", node.this, node.args.get("true"), node.args.get("false"))
        case exp.Substring():
            return call("SUBSTRING", node.this, node.args.get("start"), node.args.get("length"))
        case exp.StrPosition():
            return call("LOCATE", node.args.get("substr"), node.this)
        case exp.Trim() if not node.args.get("position") and node.expression is None:
            return call("TRIM", node.this)
        case exp.Concat() if all(isinstance(part, exp.Literal) and part.is_string for part in node.expressions):
            return exp.Literal.string("".join(part.this for part in node.expressions))  # 'a' 'b'
        case exp.Concat():
            return call("CONCAT", *node.expressions)  # of GROUP_CONCAT
        case exp.Introducer() if isinstance(node.expression, exp.Literal):
            return node.expression  # _utf8mb4'a'
        case exp.Collate() if node.expression.name.lower().endswith("_bin"):
            return node.this  # as everything is compared
        case exp.Interval() if node.args.get("unit") is not None:
            node.set("unit", exp.Var(this=_unit(node.args["unit"].name)))
        case exp.Extract():
            node.set("this", exp.Var(this=_unit(node.this.name)))
    return node


def _unit(name: str) -> str:
    return name.upper().removeprefix("SQL_TSI_")

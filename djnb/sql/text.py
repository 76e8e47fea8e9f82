"""
Reading what users write: restrictions and expressions in SQL, in the manner of MySQL, on every database.

The text is parsed by sqlglot, its attributes are checked against the heading and its functions against the list of
``sql.functions``, and ``sql.expressions`` says it again in the database's own dialect. What the parser cannot read goes
to the database as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from djnb.algebra.expression import Expression
from djnb.algebra.paths import begins_path, read_path
from djnb.errors import QuerySyntaxError, UnknownAttributeError, UnknownFunctionError, did_you_mean
from djnb.model.core_types import Family
from djnb.model.heading import Heading
from djnb.sql.casts import target_of
from djnb.sql.functions import ALIASES, COMPOUND_UNITS, FUNCTIONS, PASSED, UNITS, WINDOWS
from djnb.sql.grammar import is_inner, parse
from djnb.sql.kinds import kind_of
from djnb.sql.paths import value_at

if TYPE_CHECKING:
    from sqlglot import exp


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
    if (path := read_path(text, heading)) is not None:
        tree = value_at(path)
        kind = kind_of(tree, heading).type
        if path.type is not None and path.type.family is Family.JSON:
            kind = path.type  # read as JSON, where a user's own JSON_EXTRACT stays text
        return Expression(text, frozenset([path.name]), kind, tree=tree)
    try:
        tree = parse(text)
    except RecursionError:
        raise QuerySyntaxError(
            f"'{text[:60]}…' nests too deeply.",
            remedy="Write it as several restrictions, or in several steps of `proj`.",
        ) from None
    if tree is None or not _is_known(tree):
        _check_enclosable(text)
        return Expression(text, has_subquery="select" in text.lower())  # unread: rather once too often than missed
    _check_places(tree, text)
    _check_functions(tree)
    names = [c.name for c in outer_columns(tree) if not (c.meta.get("bare") and c.name not in heading)]
    _check_qualified(tree, heading)
    for name in names:
        if name not in heading:
            raise UnknownAttributeError.among(name, heading.names, owner=owner)
    kind = kind_of(tree, heading).type
    return Expression(text, frozenset(names), kind, _has_subquery(tree), _is_value(tree), tree)


def _is_value(tree: exp.Expression) -> bool:
    from sqlglot import exp

    return isinstance(tree.unnest(), exp.Literal)


def _has_subquery(tree: exp.Expression) -> bool:
    from sqlglot import exp

    return tree.find(exp.Select) is not None


def outer_columns(tree: exp.Expression) -> list[exp.Column]:
    """Return the attributes that a text mentions, leaving out those of subqueries written within it."""
    from sqlglot import exp

    return [column for column in tree.find_all(exp.Column) if not is_inner(column)]


def is_aggregate(expression: Expression) -> bool:
    """Tell whether an expression makes one value of many rows; one with OVER does not."""
    from sqlglot import exp

    if expression.tree is None:
        return False
    return any(not isinstance(node.parent, exp.Window) for node in expression.tree.find_all(exp.AggFunc))


def is_outside_aggregates(column: Any) -> bool:
    """Tell whether a column of an expression stands outside the functions of many rows."""
    from sqlglot import exp

    if column.find_ancestor(exp.AggFunc) is not None:
        return False
    # A function that is not listed may be one of many rows.
    function = column.find_ancestor(exp.Anonymous)
    while function is not None and function.name in FUNCTIONS:
        function = function.find_ancestor(exp.Anonymous)
    return function is None


def names_outside_aggregates(expression: Expression) -> list[str]:
    """Return the attributes that an expression mentions outside the functions of many rows."""
    if expression.tree is None:
        return []
    return [column.name for column in outer_columns(expression.tree) if is_outside_aggregates(column)]


def _check_qualified(tree: Any, heading: Heading) -> None:
    """Refuse paths among other SQL, of which the last name would be taken for an attribute."""
    for column in outer_columns(tree):
        parts = [part.name for part in column.parts]
        if len(parts) > 1 and parts[0] in heading and begins_path(".".join(parts), heading):
            steps = ".".join(parts[1:])
            raise QuerySyntaxError(
                f"'{parts[0]}.{steps}' is a path, which stands alone.",
                remedy=f"Within SQL, write `{parts[0]}->>'$.{steps}'`; in a dict, `{{'{parts[0]}.{steps}': value}}`.",
            )


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


def _check_functions(tree: Any) -> None:
    """Refuse functions that there are not, wrong numbers of arguments and units that are none."""
    from sqlglot import exp

    for node in tree.find_all(exp.Anonymous, exp.AnonymousAggFunc):
        name = str(node.this)
        if isinstance(node.parent, exp.Dot) or name in PASSED or (name in WINDOWS and _is_windowed(node)):
            continue
        if name not in FUNCTIONS:
            raise UnknownFunctionError.among(name, [*FUNCTIONS, *ALIASES])
        function, count = FUNCTIONS[name], len(node.expressions)
        if count < function.least or (function.most is not None and count > function.most):
            raise QuerySyntaxError(
                f"{name} is given {count} argument{'' if count == 1 else 's'}.", remedy=f"Write `{function.usage}`."
            )
        if function.kinds[:1] == ("unit",):
            _check_unit(node.expressions[0].name, UNITS)
    for node in tree.find_all(exp.Interval, exp.Extract):
        _check_unit(node.text("unit") if isinstance(node, exp.Interval) else node.this.name, (*UNITS, *COMPOUND_UNITS))


def _is_windowed(node: Any) -> bool:
    from sqlglot import exp

    return isinstance(node.parent, exp.Window)


def _check_unit(name: str, available: Sequence[str]) -> None:
    if name not in available:
        raise QuerySyntaxError(
            f"'{name}' is no unit of time.", remedy=f"{did_you_mean(name, available)}Units are: {', '.join(available)}."
        )


def _is_known(tree: Any) -> bool:
    """Tell whether every database has the types to which a text casts."""
    from sqlglot import exp

    return all(target_of(node) is not None for node in tree.find_all(exp.Cast))


def _check_places(tree: Any, text: str) -> None:
    from sqlglot import exp

    if tree.find(exp.Placeholder, exp.Parameter) is not None:
        raise QuerySyntaxError(
            f"'{text}' has a place for a value.", remedy="Write the value, or restrict by a dict: `{'name': value}`."
        )


def _column(name: str) -> Any:
    from sqlglot import exp

    return exp.column(name)

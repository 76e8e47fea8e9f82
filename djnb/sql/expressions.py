"""
A user's expression said in the dialect of a database, so that every database gives the same value for it.

Every operator stands in parentheses of its own, every function and operator is one that the dialect names, and every
number and text is bound.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from djnb.algebra.expression import Expression
from djnb.model.core_types import AttributeType, Family
from djnb.model.heading import Heading
from djnb.model.naming import TableName
from djnb.sql.aggregates import say_aggregate, say_group_concat, say_window
from djnb.sql.casts import target_of
from djnb.sql.comparisons import common_form, form, hex_text, is_json
from djnb.sql.dialect import Dialect
from djnb.sql.functions import FUNCTIONS
from djnb.sql.grammar import is_inner
from djnb.sql.kinds import Kind, kind_of
from djnb.sql.statement import Statement, compose, join
from djnb.sql.text import is_outside_aggregates
from djnb.sql.values import UnfitError, canonical, encoder

Columns = Mapping[str, Statement]

# Stands for a piece that is put in after sqlglot has said the rest; private-use characters, which no SQL text needs.
_MARK = "\ue000{}\ue001"
_MARKED = re.compile("\ue000(\\d+)\ue001")
_UNPADDED = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)")
_DATED = re.compile(r"\d{4}-\d\d-\d\d")
_NUMERIC = re.compile(r"-?\d+(\.\d+)?")


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
        Tells the types with which values are compared.
    dialect : Dialect
        Of the database.
    groups : Groups, optional
        For the expressions of an aggregate.
    """
    if expression.tree is None:
        return Statement(dialect.escape(expression.text))
    return Speaker(columns, heading, dialect, groups).say(expression.tree)


class Speaker:
    """Says trees of ``sql.grammar``."""

    def __init__(self, columns: Columns, heading: Heading, dialect: Dialect, groups: Groups | None) -> None:
        self.columns, self.heading, self.dialect, self.groups = columns, heading, dialect, groups

    def kind(self, node: Any) -> Kind:
        """Return what is known of a node's value."""
        return kind_of(node, self.heading)

    def say(self, node: Any) -> Statement:
        """Return a tree as SQL that can stand beside any operator."""
        from sqlglot import exp

        match node:
            case exp.Column():
                return self._column(node)
            case exp.Literal():
                return self._literal(node)
            case exp.HexString():
                digits = node.name if len(node.name) % 2 == 0 else "0" + node.name
                return Statement(self.dialect.placeholder, (bytes.fromhex(digits),))
            case exp.Boolean():
                return Statement("TRUE" if node.this else "FALSE")
            case exp.Null():
                return Statement("NULL")
            case exp.Star():
                return Statement("*")
            case exp.Paren():
                return compose("({})", self.say(node.this))
            case exp.Tuple():
                return compose("({})", join(", ", map(self.say, node.expressions)))
            case exp.And() | exp.Or():
                return self._connected(node)
            case exp.Xor():
                return compose("((NOT {}) <> (NOT {}))", self.say(node.this), self.say(node.expression))
            case exp.Not():
                return compose("(NOT {})", self.say(node.this))
            case exp.Neg():
                return self._operator("-x", node.this)
            case exp.BitwiseNot():
                return self._operator("~", node.this)
            case exp.Escape():
                return self._like(node.this, node.expression)
            case exp.Like():
                return self._like(node, None)
            case exp.RegexpLike():
                return self._operator("REGEXP", node.this, node.expression)
            case exp.Is():
                return compose("({} IS {})", self.say(node.this), self.say(node.expression))
            case exp.In():
                return self._in(node)
            case exp.Between():
                sides = self._alike(node.this, node.args["low"], node.args["high"])
                return compose("({} BETWEEN {} AND {})", *sides)
            case exp.Add() | exp.Sub() if isinstance(node.expression, exp.Interval):
                name = "DATE_ADD" if isinstance(node, exp.Add) else "DATE_SUB"
                return self._moved(name, node.this, node.expression)
            case exp.Add() if isinstance(node.this, exp.Interval):
                return self._moved("DATE_ADD", node.expression, node.this)
            case exp.Case():
                return self._case(node)
            case exp.Cast():
                return self._cast(node)
            case exp.Extract():
                return compose(self.dialect.extract, node.this.name, self.say(node.expression))
            case exp.Trim():
                return self._trim(node)
            case exp.Anonymous():
                return self._function(node)
            case exp.AnonymousAggFunc():
                return say_aggregate(self, node)
            case exp.GroupConcat():
                return say_group_concat(self, node)
            case exp.Window():
                return say_window(self, node)
        symbol = _SYMBOLS.get(type(node).__name__)
        if symbol is not None:
            return self._operator(symbol, node.this, node.expression)
        comparison = _COMPARISONS.get(type(node).__name__)
        if comparison is not None:
            template = self.dialect.operators[comparison] if comparison == "<=>" else f"({{}} {comparison} {{}})"
            return compose(template, *self._alike(node.this, node.expression))
        return self._by_sqlglot(node)

    def _call(self, name: str, *arguments: Statement | str, is_exact: bool = False) -> Statement:
        return compose(f"{self.dialect.function(name, is_exact=is_exact)}({{}})", join(", ", arguments))

    def _column(self, node: Any) -> Statement:
        if is_inner(node):
            return Statement(self.dialect.escape(node.sql(dialect=self.dialect.sqlglot_name)))
        if node.meta.get("bare") and node.name not in self.heading:
            return self._call(node.name.upper())
        outside = self.groups is not None and is_outside_aggregates(node)
        return (self.groups.columns if self.groups is not None and outside else self.columns)[node.name]

    def _literal(self, node: Any, compared: AttributeType | None = None) -> Statement:
        place = self.dialect.placeholder
        if not node.is_string:
            number = int(node.this) if node.is_int else Decimal(node.this)
            if isinstance(number, Decimal) and "e" in node.this.lower():
                return Statement(place, (float(number),))
            return Statement(place, (self.dialect.bind_number(number),))
        if compared is not None:
            text = _UNPADDED.sub(_pad, node.this.strip())
            finer = replace(compared, scale=6)
            try:
                # A text with more digits of a second than the attribute has is not rounded: the bound would move.
                is_finer = compared.family is Family.DATETIME and canonical(text, compared) != canonical(text, finer)
                return Statement(place, (encoder(finer if is_finer else compared, self.dialect)(text),))
            except UnfitError:
                pass  # not a whole date or UUID: compared as the text that it is
        return Statement(place, (node.this,))

    def _connected(self, node: Any) -> Statement:
        # Chains of hundreds are one level deep, for Python and for the database's parser.
        parts, rest = [], [node]
        while rest:
            item = rest.pop()
            if type(item) is type(node):
                rest += [item.expression, item.this]
            else:
                parts.append(self.say(item))
        return shallow(" AND " if type(node).__name__ == "And" else " OR ", parts)

    def _operator(self, symbol: str, *nodes: Any) -> Statement:
        kinds = [self.kind(node) for node in nodes]
        templates = self.dialect.operators
        if all(kind.is_exact for kind in kinds) and any(kind.scale for kind in kinds):
            templates = {**templates, **self.dialect.exact_operators}
        template = self.dialect.escape(templates[symbol])
        if symbol == "REGEXP":
            return compose(template, *(self.as_text(node) for node in nodes))
        return compose(template, *map(self.as_number, nodes))

    def _converted(self, how: str, said: Statement) -> Statement:
        template = self.dialect.conversions.get(how)
        return said if template is None else compose(template, said)

    def as_number(self, node: Any) -> Statement:
        """Return a node as the number that it is computed with."""
        kind, said = self.kind(node), self.say(node)
        if kind.is_moment or kind.is_span:
            return self._converted("time as number", said)
        return self._converted("json as number", said) if is_json(node) else said

    def as_text(self, node: Any) -> Statement:
        """Return a node as text."""
        kind, said = self.kind(node), self.say(node)
        if kind.scale:
            return compose(self.dialect.decimal_as_text, said, str(kind.scale))
        return self._converted("as text", said) if kind.is_number or kind.is_moment or kind.is_span else said

    def _alike(self, *nodes: Any) -> list[Statement]:
        """Return sides of a comparison in one form, where the database does not see to that."""
        from sqlglot import exp

        if any(isinstance(node, (exp.Tuple, exp.Subquery, exp.Any, exp.All)) for node in nodes):
            return [self.say(node) for node in nodes]
        kinds = [self.kind(node) for node in nodes]
        plain = [node for node in nodes if isinstance(node, exp.Column) and node.name in self.heading]
        compared = self.heading[plain[0].name].type if plain else None
        if compared is not None and self._fits(compared, nodes):
            return [
                self._literal(node, compared) if isinstance(node, exp.Literal) else self.say(node) for node in nodes
            ]
        how = common_form(kinds, nodes)
        if how is None and any(kind.is_text for kind in kinds):
            return [hex_text(node, self.dialect) or self.say(node) for node in nodes]
        return [
            said
            if how is None or (how == "number" and kind.is_number)
            else self._converted(form(how, node, kind), said)
            for node, kind, said in zip(nodes, kinds, map(self.say, nodes), strict=True)
        ]

    def _fits(self, compared: AttributeType, nodes: Iterable[Any]) -> bool:
        """Tell whether an attribute is compared with texts that take its stored form, or with its like."""
        from sqlglot import exp

        if compared.family not in (Family.DATE, Family.DATETIME, Family.TIME, Family.UUID):
            return False
        for node in nodes:
            if isinstance(node, exp.Literal) and node.is_string:
                # With a time of day, the date is compared as the moment that it begins with.
                if compared.family is Family.DATE and len(node.this.strip()) > len("2024-01-01"):
                    return False
                is_as_written = self._literal(node, compared).params == (node.this,)
                if is_as_written and compared.family is not Family.UUID and not _DATED.match(node.this):
                    return False
            elif not isinstance(node, exp.Column) or self.kind(node).type != compared:
                return False
        return True

    def _like(self, node: Any, escape: Any) -> Statement:
        return compose(
            "({} {} {} ESCAPE {})",
            self.as_text(node.this),
            "NOT LIKE" if node.args.get("negate") else "LIKE",
            self.say(node.expression),
            Statement(self.dialect.placeholder, ("\\",)) if escape is None else self.say(escape),
        )

    def _in(self, node: Any) -> Statement:
        query = node.args.get("query")
        if query is not None:
            return compose("({} IN {})", self.say(node.this), self.say(query))
        sides = self._alike(node.this, *node.expressions)
        listed = join(", ", sides[1:])
        if type(node.this).__name__ == "Tuple":
            listed = compose(self.dialect.row_list, listed)
        return compose("({} IN ({}))", sides[0], listed)

    def _case(self, node: Any) -> Statement:
        from sqlglot import exp

        parts = [Statement("CASE")]
        for branch in node.args["ifs"]:
            condition = (
                branch.this if node.this is None else exp.EQ(this=node.this.copy(), expression=branch.this.copy())
            )
            parts.append(compose("WHEN {} THEN {}", self.say(condition), self.say(branch.args["true"])))
        if node.args.get("default") is not None:
            parts.append(compose("ELSE {}", self.say(node.args["default"])))
        return compose("({} END)", join(" ", parts))

    def _moved(self, name: str, start: Any, interval: Any) -> Statement:
        amount = interval.this
        said = self.say(amount)
        if type(amount).__name__ == "Literal" and _NUMERIC.fullmatch(amount.this):
            number = Decimal(amount.this) if "." in amount.this else int(amount.this)
            said = Statement(self.dialect.placeholder, (self.dialect.bind_number(number),))
        return self._call(name, self.say(start), compose(self.dialect.interval, said, interval.text("unit")))

    def _cast(self, node: Any) -> Statement:
        target, sizes = target_of(node) or ("BINARY", ())
        said = self.as_text(node.this) if target == "CHAR" else self.as_number(node.this)
        if target in ("DATE", "DATETIME", "TIME", "BINARY"):
            said = self.say(node.this)
        return self.dialect.cast(said, target, sizes, is_exact=self.kind(node.this).is_exact)

    def _trim(self, node: Any) -> Statement:
        where = str(node.args.get("position") or "BOTH").upper()
        filler = Statement(self.dialect.placeholder, (" ",)) if node.expression is None else self.say(node.expression)
        return self.dialect.trim(self.as_text(node.this), filler, where)

    def _function(self, node: Any) -> Statement:
        from sqlglot import exp

        name, arguments = str(node.name), node.expressions
        match name:
            case "IF":
                choice = exp.Case(ifs=[exp.If(this=arguments[0].copy(), true=arguments[1].copy())])
                choice.set("default", arguments[2].copy())
                return self.say(_inside(choice, node))
            case "NULLIF":
                same = exp.EQ(this=arguments[0].copy(), expression=arguments[1].copy())
                choice = exp.Case(ifs=[exp.If(this=same, true=exp.Null())], default=arguments[0].copy())
                return self.say(_inside(choice, node))
            case "PI":  # servers show six decimals of it
                return Statement(self.dialect.placeholder, (math.pi,))
            case "ISNULL":
                return compose("({} IS NULL)", self.say(arguments[0]))
            case "COALESCE" if len(arguments) == 1:
                return self.say(arguments[0])
            case "DATE_ADD" | "DATE_SUB" | "ADDDATE" | "SUBDATE":
                interval = arguments[1]
                if not isinstance(interval, exp.Interval):
                    interval = exp.Interval(this=interval, unit=exp.Var(this="DAY"))
                back = name in ("DATE_SUB", "SUBDATE")
                return self._moved("DATE_SUB" if back else "DATE_ADD", arguments[0], interval)
            case "TIMESTAMPADD":
                interval = exp.Interval(this=arguments[1], unit=arguments[0])
                return self._moved("DATE_ADD", arguments[2], interval)
            case "TIMESTAMPDIFF":
                unit = compose(self.dialect.unit, arguments[0].name)
                return self._call(name, unit, *map(self.say, arguments[1:]))
        function = FUNCTIONS.get(name)
        if function is None:
            return compose(f"{name}({{}})", join(", ", map(self.say, arguments)))
        kinds = [self.kind(argument) for argument in arguments]
        numbers = [kind for place, kind in enumerate(kinds) if function.kind_of(place) == "number"]
        is_exact = bool(numbers) and all(kind.is_exact for kind in numbers)
        said = [self._argument(function.kind_of(place), argument) for place, argument in enumerate(arguments)]
        return self._call(name, *said, is_exact=is_exact)

    def _argument(self, wanted: str, node: Any) -> Statement:
        if wanted == "text":
            return self.as_text(node)
        return self.as_number(node) if wanted in ("number", "integer") else self.say(node)

    def _by_sqlglot(self, node: Any) -> Statement:
        """Return a subquery, in which sqlglot says the clauses and this speaker the expressions."""
        from sqlglot import exp

        tree = node.copy()
        tree.parent = node.parent  # copies know where they stand, as columns of subqueries must
        pieces: list[Statement] = []

        def mark(piece: Statement) -> Any:
            pieces.append(piece)
            return exp.Var(this=_MARK.format(len(pieces) - 1))

        def go(inner: Any) -> None:
            for child in list(inner.iter_expressions()):
                if isinstance(child, exp.Table):
                    if child.db:
                        name = exp.Var(this=self.dialect.table(TableName(child.db, child.name)))
                        alias = child.args.get("alias")
                        child.replace(exp.alias_(name, alias.name, table=True) if alias is not None else name)
                elif isinstance(child, exp.Literal) and isinstance(inner, (exp.Ordered, exp.Group)):
                    continue
                elif _is_sayable(child):
                    child.replace(mark(self.say(child)))
                else:
                    go(child)

        go(tree)
        # The text goes through compose(): braces in it are not places.
        text = self.dialect.escape(tree.sql(dialect=self.dialect.sqlglot_name, comments=False))
        text = text.replace("{", "{{").replace("}", "}}")
        order = [int(number) for number in _MARKED.findall(text)]
        return compose(_MARKED.sub("{}", text), *(pieces[number] for number in order))


_SYMBOLS = {
    "Add": "+", "Sub": "-", "Mul": "*", "Div": "/", "IntDiv": "DIV", "Mod": "%",
    "BitwiseAnd": "&", "BitwiseOr": "|", "BitwiseXor": "^", "BitwiseLeftShift": "<<", "BitwiseRightShift": ">>",
}  # fmt: skip
_COMPARISONS = {"EQ": "=", "NEQ": "<>", "GT": ">", "GTE": ">=", "LT": "<", "LTE": "<=", "NullSafeEQ": "<=>"}
_WIDEST = 200
"""How many conditions AND or OR connects before they are put into parentheses of their own."""


def shallow(operator: str, parts: list[Statement]) -> Statement:
    """Return parts joined by AND or OR, in parentheses, nested where they are many: SQLite takes 1000 in depth."""
    while len(parts) > _WIDEST:
        parts = [shallow(operator, parts[start : start + _WIDEST]) for start in range(0, len(parts), _WIDEST)]
    return compose("({})", join(operator, parts))


def _is_sayable(node: Any) -> bool:
    from sqlglot import exp

    return isinstance(node, (exp.Condition, exp.GroupConcat)) and not isinstance(
        node, (exp.Query, exp.Identifier, exp.Star, exp.Exists, exp.Any, exp.All)
    )


def _inside(node: Any, former: Any) -> Any:
    """Return a node that stands where another one stood."""
    node.parent, node.arg_key = former.parent, former.arg_key
    return node


def _pad(match: re.Match[str]) -> str:
    return f"{match[1]}-{match[2]:>02}-{match[3]:>02}"

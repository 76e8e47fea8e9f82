"""What an expression gives: the type of its value, and whether that is an exact number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from djnb.model.core_types import COMPUTED, AttributeType, Family, parse_type
from djnb.model.heading import Heading
from djnb.sql.casts import target_of
from djnb.sql.functions import FUNCTIONS

_NUMBERS = (Family.INTEGER, Family.BOOL, Family.FLOAT, Family.DECIMAL)
_WHOLE = (Family.INTEGER, Family.BOOL)
_TEXTS = (Family.STRING, Family.ENUM)
_DAYS = frozenset({"DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "YEAR_MONTH"})
"""Units that leave a date a date."""


@dataclass(frozen=True)
class Kind:
    """
    What is known of an expression's value.

    Attributes
    ----------
    type : AttributeType
        With which it is fetched; ``COMPUTED`` if only the value tells.
    scale : int or None
        How many decimals an exact number has, 0 for an integer; None for floats and all else.
    """

    type: AttributeType = COMPUTED
    scale: int | None = None

    @property
    def is_exact(self) -> bool:
        """Whether it is an integer or a decimal."""
        return self.scale is not None

    @property
    def is_number(self) -> bool:
        """Whether it is known to be a number."""
        return self.is_exact or self.type.family in _NUMBERS

    @property
    def is_text(self) -> bool:
        """Whether it is known to be text."""
        return self.type.family in _TEXTS

    @property
    def is_moment(self) -> bool:
        """Whether it is known to be a date or a datetime."""
        return self.type.family in (Family.DATE, Family.DATETIME)

    @property
    def is_span(self) -> bool:
        """Whether it is known to be a time."""
        return self.type.family is Family.TIME


UNKNOWN = Kind()
INTEGER = Kind(parse_type("int64"), 0)
FLOAT = Kind(parse_type("float64"))
BOOL = Kind(parse_type("bool"), 0)
TEXT = Kind(parse_type("longtext"))


def decimal(scale: int) -> Kind:
    """Return the kind of exact numbers that an expression computes."""
    return Kind(COMPUTED, min(scale, 30))


def kind_of(node: Any, heading: Heading) -> Kind:
    """Return what is known of a tree's value."""
    from sqlglot import exp

    def of(inner: Any) -> Kind:
        return kind_of(inner, heading)

    match node:
        case exp.Column():
            name = node.name
            return of_type(heading[name].type) if name in heading and not node.meta.get("inner") else UNKNOWN
        case exp.Literal() if node.is_string:
            return Kind(parse_type("varchar(255)"))
        case exp.Literal():
            if node.is_int:
                return INTEGER
            digits = node.this.lower()
            return FLOAT if "e" in digits else decimal(len(digits.partition(".")[2]))
        case exp.Paren():
            return of(node.this)
        case exp.Distinct():
            return of(node.expressions[0])
        case exp.Neg():
            inner = of(node.this)  # -128 as int8 has no counterpart, and 5 as an unsigned number has none
            return INTEGER if inner.scale == 0 else decimal(inner.scale) if inner.scale else FLOAT
        case exp.Interval():
            return UNKNOWN
        case exp.Add() | exp.Sub() if isinstance(node.expression, exp.Interval):
            return _moved(of(node.this), node.expression.text("unit"))
        case exp.Add() if isinstance(node.this, exp.Interval):
            return _moved(of(node.expression), node.this.text("unit"))
        case exp.Add() | exp.Sub() | exp.Mul() | exp.Mod():
            return _computed(node, of(node.this), of(node.expression))
        case exp.Div():
            return FLOAT
        case exp.IntDiv() | exp.BitwiseAnd() | exp.BitwiseOr() | exp.BitwiseXor() | exp.BitwiseNot():
            return INTEGER
        case exp.BitwiseLeftShift() | exp.BitwiseRightShift() | exp.Extract():
            return INTEGER
        case exp.Anonymous() | exp.AnonymousAggFunc():
            return _of_function(node, of)
        case exp.GroupConcat() | exp.Trim():
            return TEXT
        case exp.Window():
            return of(node.this)
        case exp.Case():
            results = [branch.args["true"] for branch in node.args["ifs"]]
            return common([of(item) for item in (*results, node.args.get("default")) if item is not None])
        case exp.Cast():
            return _of_cast(node)
        case exp.Predicate() | exp.Connector() | exp.Not() | exp.Boolean() | exp.Escape():
            return BOOL
        case exp.Null():
            return Kind(COMPUTED, None)
    return UNKNOWN


def of_type(kind: AttributeType) -> Kind:
    """Return the kind of an attribute."""
    return Kind(kind, 0 if kind.family in _WHOLE else kind.scale if kind.family is Family.DECIMAL else None)


def common(kinds: list[Kind]) -> Kind:
    """Return the kind that holds the values of all, if there is one; what is unknown, as NULL is, does not count."""
    kinds = [kind for kind in kinds if kind != UNKNOWN]
    if not kinds:
        return UNKNOWN
    if all(kind == kinds[0] for kind in kinds):
        return kinds[0]
    if all(kind.type.family in _WHOLE for kind in kinds):
        return INTEGER
    if all(kind.is_exact for kind in kinds):
        return Kind(parse_type("float64"), max(kind.scale or 0 for kind in kinds))
    if all(kind.is_number for kind in kinds):
        return FLOAT
    if all(kind.type.family is Family.DATETIME for kind in kinds):
        return max(kinds, key=lambda kind: kind.type.scale)
    return TEXT if all(kind.is_text for kind in kinds) else UNKNOWN


def _computed(node: Any, left: Kind, right: Kind) -> Kind:
    from sqlglot import exp

    if left.scale is None or right.scale is None:
        return FLOAT if Family.FLOAT in (left.type.family, right.type.family) else UNKNOWN
    if left.scale == right.scale == 0:
        return INTEGER
    return decimal(left.scale + right.scale if isinstance(node, exp.Mul) else max(left.scale, right.scale))


def _moved(moment: Kind, unit: str) -> Kind:
    """Return the kind of a moment to which an interval was added."""
    family = moment.type.family
    if family is Family.DATE:
        return moment if unit.upper() in _DAYS else Kind(parse_type("datetime(6)"))
    if family is Family.DATETIME:
        return moment if "SECOND" not in unit.upper() else Kind(parse_type("datetime(6)"))
    return Kind(parse_type("time(6)")) if family is Family.TIME else UNKNOWN


def _of_cast(node: Any) -> Kind:
    match target_of(node):
        case "SIGNED" | "UNSIGNED", _:
            return INTEGER
        case "DECIMAL", (digits, scale):
            return of_type(parse_type(f"decimal({digits},{scale})"))
        case "DOUBLE", _:
            return FLOAT
        case "DATE", _:
            return Kind(parse_type("date"))
        case ("DATETIME" | "TIME") as name, sizes:
            return Kind(parse_type(f"{name.lower()}({sizes[0]})" if sizes and sizes[0] else name.lower()))
        case "CHAR", _:
            return TEXT
    return UNKNOWN


def _of_function(node: Any, of: Callable[[Any], Kind]) -> Kind:
    function = FUNCTIONS.get(node.name)
    arguments = node.expressions
    if function is None or not arguments:
        return of_type(parse_type(function.gives)) if function and function.gives not in _OPEN else UNKNOWN
    match function.gives:
        case "first":
            return of(arguments[0])
        case "second":
            return common([of(item) for item in arguments[1:]])
        case "same":
            found = common([of(item) for item in arguments])
            return INTEGER if function.name == "ABS" and found.scale == 0 else found
        case "number":
            return _number(function.name, arguments, of)
        case "moment":
            place = next((place for place, kind in enumerate(function.kinds) if kind == "moment"), 0)
            return _moved(of(arguments[place]), _unit_of(arguments))
        case "parsed":
            return _parsed(arguments[-1])
        case "varies":
            return UNKNOWN
        case given:
            return of_type(parse_type(given))


_OPEN = ("first", "second", "same", "number", "moment", "parsed", "varies")


def _unit_of(arguments: list[Any]) -> str:
    from sqlglot import exp

    for argument in arguments:
        if isinstance(argument, exp.Interval):
            return str(argument.text("unit"))
        if isinstance(argument, exp.Var):
            return str(argument.name)
    return "DAY"


def _number(name: str, arguments: list[Any], of: Callable[[Any], Kind]) -> Kind:
    first = of(arguments[0])
    if name == "MOD":
        return _computed(None, first, of(arguments[1]))
    if name == "UNIX_TIMESTAMP":
        return INTEGER if first.is_moment and not first.type.scale else UNKNOWN
    if first.scale is None:
        return FLOAT if first.type.family is Family.FLOAT or name in ("FLOOR", "CEIL") else UNKNOWN
    if name == "SUM":
        return INTEGER if first.scale == 0 else decimal(first.scale)
    if first.scale == 0 or name in ("FLOOR", "CEIL"):
        return INTEGER
    places = arguments[1] if len(arguments) > 1 else None
    if places is None:
        return INTEGER
    return decimal(min(first.scale, int(places.name)) if places.is_int and int(places.name) >= 0 else first.scale)


def _parsed(pattern: Any) -> Kind:
    if not getattr(pattern, "is_string", False):
        return UNKNOWN
    letters = {part[:1] for part in pattern.name.replace("%%", "").split("%")[1:]}
    has_date, has_time = bool(letters & set("YymcdejbMDaWwUuVvXx")), bool(letters & set("HkhIliSsfpTr"))
    if has_date and has_time:
        return Kind(parse_type("datetime(6)" if "f" in letters else "datetime"))
    return Kind(parse_type("date" if has_date else "time(6)" if "f" in letters else "time"))

"""
Values within JSON as trees of the functions that users write themselves: ``meta.n`` is ``JSON_VALUE(meta, '$.n')``.

``algebra.paths`` says what paths there are.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

from djnb.algebra.paths import Path
from djnb.errors import InvalidValueError
from djnb.model.core_types import AttributeType, Family, parse_type
from djnb.sql.values import UnfitError, canonical, write_time

_NUMBER = "^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$"


def value_at(path: Path) -> Any:
    """Return the tree of the value at a path, as the type that the path says."""
    from sqlglot import exp

    kind = path.type
    if kind is None:
        return _call("JSON_VALUE", path)
    match kind.family:
        case Family.JSON:
            return _call("JSON_EXTRACT", path)
        case Family.BOOL:  # as servers write truth values
            return exp.In(this=_call("JSON_VALUE", path), expressions=[_text("true"), _text("1")])
        case Family.STRING if not kind.length:
            return _call("JSON_VALUE", path)
        case Family.STRING:
            cut = [_call("JSON_VALUE", path), _number(kind.length)]
            return exp.Anonymous(this="LEFT", expressions=cut)
        case Family.DATE | Family.DATETIME | Family.TIME:
            return _cast(_call("JSON_VALUE", path), str(kind))
    # Servers take a text without a number for 0.
    target = {Family.INTEGER: "BIGINT", Family.FLOAT: "DOUBLE"}.get(kind.family, str(kind))
    is_number = exp.RegexpLike(this=_call("JSON_VALUE", path), expression=_text(_NUMBER))
    return exp.Case(ifs=[exp.If(this=is_number, true=_cast(_call("JSON_VALUE", path), target))])


def equality(path: Path, value: Any) -> Any:
    """
    Return the tree of the condition that what stands at a path is a value; None is what is missing, or JSON's null.

    Where the path has no type, numbers are compared as numbers, truth values with truth values, all else as text.

    Raises
    ------
    InvalidValueError
        The value is none of the path's type, or none that is compared.
    """
    from sqlglot import exp

    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        value = value.item()
    asked = path.type if path.type is not None and path.type.family is not Family.JSON else None
    if value is None and asked is None:
        kind = exp.Anonymous(this="JSON_TYPE", expressions=[_call("JSON_EXTRACT", path)])
        kind = exp.Anonymous(this="COALESCE", expressions=[kind, _text("NULL")])
        return exp.EQ(this=kind, expression=_text("NULL"))
    if value is None:
        return exp.Is(this=value_at(path), expression=exp.Null())
    try:
        if asked is None:
            return _same(path, value)
        return exp.EQ(this=value_at(path), expression=_fitting(value, asked))
    except UnfitError as error:
        problem = InvalidValueError(
            f"'{path.text}' is compared with {value!r}, which {error}.",
            remedy=f"Restrict by a text, a number, a truth value or None; \"JSON_CONTAINS({path.name}, '[1, 2]', "
            "'$.list')\" finds lists and objects.",
        )
        problem.attribute, problem.value = path.text, value
        raise problem from None


def _same(path: Path, value: Any) -> Any:
    from sqlglot import exp

    # JSON_VALUE gives true as 1 on MariaDB.
    written = exp.Anonymous(this="JSON_UNQUOTE", expressions=[_call("JSON_EXTRACT", path)])
    if isinstance(value, bool):
        return exp.EQ(this=written, expression=_text("true" if value else "false"))
    if isinstance(value, (int, float, Decimal)):
        is_number = exp.RegexpLike(this=written, expression=_text(_NUMBER))
        return exp.And(this=is_number, expression=exp.EQ(this=_call("JSON_VALUE", path), expression=_number(value)))
    if isinstance(value, (dict, list, tuple, set, frozenset, bytes)) or hasattr(value, "shape"):
        raise UnfitError("is not one value")
    return exp.EQ(this=_call("JSON_VALUE", path), expression=_text(str(value)))


def _fitting(value: Any, kind: AttributeType) -> Any:
    from sqlglot import exp

    fitting = canonical(value, kind)
    match kind.family:
        case Family.BOOL:
            return exp.Boolean(this=bool(fitting))
        case Family.INTEGER | Family.FLOAT | Family.DECIMAL:
            return _number(fitting)
        case Family.TIME:
            return _text(write_time(fitting, parse_type("time(6)")))
    return _text(str(fitting))


def _call(function: str, path: Path) -> Any:
    from sqlglot import exp

    steps = [
        f"[{step}]" if isinstance(step, int) else "." + json.dumps(step, ensure_ascii=False) for step in path.steps
    ]
    return exp.Anonymous(this=function, expressions=[exp.column(path.name), _text("$" + "".join(steps))])


def _cast(value: Any, target: str) -> Any:
    from sqlglot import exp

    return exp.Cast(this=value, to=exp.DataType.build(target, dialect="mysql"))


def _text(text: str) -> Any:
    from sqlglot import exp

    return exp.Literal(this=text, is_string=True)


def _number(value: float | Decimal) -> Any:
    from sqlglot import exp

    if not math.isfinite(value):
        raise UnfitError("no JSON holds")
    digits = format(abs(value), "f") if isinstance(value, Decimal) else repr(abs(value))
    literal = exp.Literal(this=digits, is_string=False)
    return exp.Neg(this=literal) if value < 0 else literal

"""
Expressions changed so that every database gives the same values for them.

What sqlglot translates keeps each database's own arithmetic; here are the places where that differs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def say_alike(tree: Any) -> None:
    """
    Change an expression in place.

    ================  =====================================================================================
    ``a / b``, avg    in floats: servers divide integers as decimals of four digits
    ``LIKE``          with the backslash as its escape, as in MySQL
    ``a XOR b``       by ``NOT`` and ``!=``, which every database has
    ``LENGTH(a)``     in bytes, as in MySQL
    ================  =====================================================================================
    """
    from sqlglot import exp

    for node in reversed(list(tree.find_all(exp.Div, exp.Avg, exp.Like, exp.Xor, exp.Length))):  # inner ones first
        match node:
            case exp.Div():
                node.set("this", _as_float(node.this))
            case exp.Avg():
                if isinstance(node.this, exp.Distinct):
                    node.this.set("expressions", [_as_float(item) for item in node.this.expressions])
                else:
                    node.set("this", _as_float(node.this))
            case exp.Like() if not isinstance(node.parent, exp.Escape):
                escape = exp.Escape(expression=exp.Literal.string("\\"))
                node.replace(escape)
                escape.set("this", node)
            case exp.Xor():
                node.replace(exp.Paren(this=exp.NEQ(this=_negated(node.this), expression=_negated(node.expression))))
            case exp.Length() if node.args.get("binary"):
                node.set("this", exp.Cast(this=node.this, to=exp.DataType.build("binary")))


def see_matched_rows(function: Any, matched: Callable[[], Any]) -> None:
    """
    Make a function of many rows pass over the row that stands for a group without rows.

    All attributes are NULL in that row, but not everything that is computed from them is.

    Parameters
    ----------
    function : sqlglot expression
        Is changed in place.
    matched : callable
        Returns what is NULL in that row, anew at each call.
    """
    from sqlglot import exp

    if isinstance(function.parent, exp.Window) or function.find_ancestor(exp.Select) is not None:
        return
    argument = function.this
    while isinstance(argument, exp.Order):
        argument = argument.this
    for item in argument.expressions if isinstance(argument, exp.Distinct) else [argument]:
        if isinstance(item, exp.Star):
            item.replace(matched())
        elif not isinstance(item, exp.Column):
            is_matched = exp.Not(this=exp.Is(this=matched(), expression=exp.Null()))
            case = exp.Case(ifs=[exp.If(this=is_matched)])
            item.replace(case)
            case.args["ifs"][0].set("true", item)


def _as_float(node: Any) -> Any:
    from sqlglot import exp

    return exp.Paren(this=exp.Add(this=exp.Paren(this=node), expression=exp.Var(this="0e0")))


def _negated(node: Any) -> Any:
    from sqlglot import exp

    return exp.Paren(this=exp.Not(this=exp.Paren(this=node)))

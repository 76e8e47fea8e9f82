"""
Which operator binds closer, as MySQL has it.

sqlglot gives ``|``, ``&`` and ``<<`` one rank, and ``=`` another one than ``<``; MySQL ranks them as the table here.
"""

from __future__ import annotations

from typing import Any

_RANKS = {
    **dict.fromkeys(("EQ", "NEQ", "GT", "GTE", "LT", "LTE", "NullSafeEQ"), 1),
    "BitwiseOr": 2,
    "BitwiseAnd": 3,
    **dict.fromkeys(("BitwiseLeftShift", "BitwiseRightShift"), 4),
    **dict.fromkeys(("Add", "Sub"), 5),
    **dict.fromkeys(("Mul", "Div", "IntDiv", "Mod"), 6),
    "BitwiseXor": 7,
}
"""Operators of one rank group from left to right."""


def regroup(tree: Any) -> None:
    """Group chains of operators as MySQL does, in place; parentheses stay as they are."""
    tops = [node for node in tree.walk() if _rank(node) and not _rank(node.parent)]
    for top in tops:
        if any(_rank(side) for side in (top.this, top.expression)):
            parent, key, place = top.parent, top.arg_key, top.index
            parent.set(key, _grouped(*_flat(top)), index=place)


def _rank(node: Any) -> int:
    return _RANKS.get(type(node).__name__, 0)


def _flat(top: Any) -> tuple[list[Any], list[Any]]:
    """Return the operands and the operators of a chain in the order of the text."""
    operands: list[Any] = []
    operators: list[Any] = []
    rest: list[tuple[Any, bool]] = [(top, False)]
    while rest:
        node, is_operator = rest.pop()
        if is_operator:
            operators.append(node)
        elif _rank(node):
            rest += [(node.expression, False), (node, True), (node.this, False)]
        else:
            operands.append(node)
    return operands, operators


def _grouped(operands: list[Any], operators: list[Any]) -> Any:
    done: list[Any] = [operands[0]]
    waiting: list[Any] = []

    def close() -> None:
        operator, right, left = waiting.pop(), done.pop(), done.pop()
        operator.set("this", left)
        operator.set("expression", right)
        done.append(operator)

    for operator, operand in zip(operators, operands[1:], strict=True):
        while waiting and _rank(waiting[-1]) >= _rank(operator):
            close()
        waiting.append(operator)
        done.append(operand)
    while waiting:
        close()
    return done[0]

"""
Finding the parent that a foreign key names.

The expression after ``->`` is a name, a dotted name, or such a name with ``.proj(new='old')``. It is looked up in the
namespace of the declaration; nothing else in it is run.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from djnb.algebra.conditions import relation_of
from djnb.algebra.nodes import Node, Project, Stored
from djnb.errors import DataJointError, UnknownParentError, did_you_mean
from djnb.model.definition import ForeignKeyLine


def find_parent(line: ForeignKeyLine, namespace: Mapping[str, Any], *, table: str) -> tuple[Stored, dict[str, str]]:
    """
    Return the parent of a foreign key, and the child's name for each attribute of its primary key.

    Parameters
    ----------
    line : ForeignKeyLine
        From the definition.
    namespace : mapping
        What names stand for.
    table : str
        The class being declared, for messages.

    Raises
    ------
    UnknownParentError
        The expression names no table, or one that is restricted or joined.
    """
    try:
        operand = _evaluate(ast.parse(line.expression, mode="eval").body, namespace)
    except SyntaxError:
        raise _refuse(line, table, f"'{line.expression}' cannot be read as the name of a table.") from None
    except _NotFoundError as problem:
        near = did_you_mean(str(problem), [n for n, v in namespace.items() if relation_or_class(v)])
        raise _refuse(
            line, table, f"'{problem}' is not found.",
            remedy=f"{near}Declare the parent before this table, in the same place or in a module imported here.",
        ) from None  # fmt: skip
    try:
        node = relation_of(operand)
    except DataJointError as error:
        raise _refuse(line, table, str(error)) from error
    if node is None:
        raise _refuse(line, table, f"'{line.expression}' is {type(operand).__name__}, not a table.")
    renames = {name: name for name in node.heading.primary_key}
    source: Node = node
    if isinstance(node, Project) and not node.computed:
        renames = {old: new for new, old in node.attributes if node.source.heading[old].in_key}
        source = node.source
    if not isinstance(source, Stored):
        raise _refuse(
            line, table, "A foreign key refers to a whole table, not to some of its rows.",
            remedy="Name the table; only `.proj(new='old')` may follow.",
        )  # fmt: skip
    return source, renames


def relation_or_class(value: Any) -> bool:
    """Whether a value of a namespace stands for a table."""
    return hasattr(type(value), "__relation__")


class _NotFoundError(Exception):
    """A name is not in the namespace."""


def _evaluate(tree: ast.expr, namespace: Mapping[str, Any]) -> Any:
    match tree:
        case ast.Name(id=name):
            if name not in namespace:
                raise _NotFoundError(name)
            return namespace[name]
        case ast.Attribute(value=value, attr=name):
            owner = _evaluate(value, namespace)
            if not hasattr(owner, name):
                raise _NotFoundError(ast.unparse(tree))
            return getattr(owner, name)
        case ast.Call(func=ast.Attribute(value=value, attr="proj"), args=args, keywords=keywords):
            owner = _evaluate(value, namespace)
            names = [ast.literal_eval(argument) for argument in args]
            renames = {k.arg: ast.literal_eval(k.value) for k in keywords if k.arg is not None}
            return owner.proj(*names, **renames)
    raise SyntaxError


def _refuse(line: ForeignKeyLine, table: str, message: str, *, remedy: str = "") -> UnknownParentError:
    return UnknownParentError.at(line.text, line.number, line.column, message, remedy=remedy, table=table)

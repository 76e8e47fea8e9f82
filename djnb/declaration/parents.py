"""
Finding the parent that a foreign key names.

The expression after ``->`` is a name, a dotted name, or such a name with ``.proj(new='old')``. It is looked up in the
namespace of the declaration; nothing else in it is run. ```schema`.`table```, in back quotes, is looked up in the
database, so that every table can be referred to, whether it has a class or not.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from djnb.algebra.conditions import relation_of
from djnb.algebra.nodes import Node, Project, Stored, choose
from djnb.errors import DataJointError, MissingTableError, UnknownParentError, did_you_mean
from djnb.model.definition import ForeignKeyLine
from djnb.model.naming import TableName

Lookup = Callable[[TableName], Stored]
"""Gives the table of a name; raises MissingTableError if the database does not have it."""

_QUOTED = "_quoted"
"""What stands for a table in back quotes while the expression is read; no name of a user's begins so."""


def find_parent(
    line: ForeignKeyLine, namespace: Mapping[str, Any], lookup: Lookup | None = None, *, table: str
) -> tuple[Stored, dict[str, str]]:
    """
    Return the parent of a foreign key, and the child's name for each attribute of its primary key.

    Parameters
    ----------
    line : ForeignKeyLine
        From the definition.
    namespace : mapping
        What names stand for.
    lookup : callable, optional
        Finds a table that is named in back quotes.
    table : str
        The class being declared, for messages.

    Raises
    ------
    UnknownParentError
        The expression names no table, or one that is restricted or joined.
    """
    try:
        operand = _read(line.expression, namespace, lookup)
        node = relation_of(operand)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the ways in which Python's parser refuses
        raise _refuse(
            line, table, f"'{line.expression}' cannot be read as the name of a table.",
            remedy="Write `-> Parent`, `-> module.Parent` or `-> Parent.proj(new='old')`.",
        ) from None  # fmt: skip
    except _NotFoundError as problem:
        near = did_you_mean(str(problem), [n for n, v in namespace.items() if relation_or_class(v)])
        raise _refuse(
            line, table, f"'{problem}' is not found.",
            remedy=f"{near}Declare the parent before this table, in the same place or in a module imported here.",
        ) from None  # fmt: skip
    except MissingTableError as error:
        raise _refuse(
            line, table, "The parent is not in the database.",
            remedy="Declare the parent before this table; a table cannot refer to itself.",
        ) from error  # fmt: skip
    except DataJointError as error:
        raise _refuse(line, table, error.message, remedy=error.remedy) from error
    if node is None:
        raise _refuse(
            line, table, f"'{line.expression}' is of type {type(operand).__name__}, which is not a table.",
            remedy="Name a table class.",
        )  # fmt: skip
    renames = {name: name for name in node.heading.primary_key}
    source: Node = node
    if isinstance(node, Project) and not node.computed:
        renames = {new: new for new, _ in node.attributes}
    while isinstance(source, Project) and not source.computed:
        before = dict(source.attributes)
        renames = {before[old]: new for old, new in renames.items()}
        source = source.source
    if not isinstance(source, Stored):
        raise _refuse(
            line, table, "A foreign key refers to a whole table, not to some of its rows.",
            remedy="Name the table; only `.proj(new='old')` may follow.",
        )  # fmt: skip
    others = [name for name in renames if not source.heading[name].in_key]
    if others:
        raise _refuse(
            line, table, f"'{others[0]}' is not in the primary key of the parent, and only that is referred to.",
            remedy=f"Its primary key is: {', '.join(source.heading.primary_key)}.",
        )  # fmt: skip
    if not renames:
        raise _refuse(
            line, table, "The parent has no primary key to refer to: it holds one row.",
            remedy="Leave the line out; the row is the same for all rows of this table.",
        )  # fmt: skip
    return source, renames


def relation_or_class(value: Any) -> bool:
    """Whether a value of a namespace stands for a table."""
    return hasattr(type(value), "__relation__")


class _NotFoundError(Exception):
    """A name is not in the namespace."""


@dataclass(frozen=True)
class _Quoted:
    """A table that is named in back quotes."""

    node: Node

    def __relation__(self) -> Node:
        return self.node

    def proj(self, *names: str, **renames: str) -> _Quoted:
        kept = choose(self.node.heading, names, renames, self.node.label)
        return _Quoted(Project(self.node, tuple(kept.items())))


def _read(expression: str, namespace: Mapping[str, Any], lookup: Lookup | None) -> Any:
    match = re.match(r"`([^`]+)`\s*\.\s*`([^`]+)`", expression)
    if match is None or lookup is None:
        return _evaluate(ast.parse(expression, mode="eval").body, namespace)
    tree = ast.parse(_QUOTED + expression[match.end() :], mode="eval").body
    return _evaluate(tree, {_QUOTED: _Quoted(lookup(TableName(match[1], match[2])))})


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
        case ast.Call(func=ast.Attribute(value=value, attr="proj"), args=args, keywords=keywords) if all(
            keyword.arg for keyword in keywords
        ):
            owner = _evaluate(value, namespace)
            return owner.proj(*map(_text, args), **{k.arg: _text(k.value) for k in keywords if k.arg is not None})
    raise SyntaxError


def _text(tree: ast.expr) -> str:
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return tree.value
    raise SyntaxError


def _refuse(line: ForeignKeyLine, table: str, message: str, *, remedy: str = "") -> UnknownParentError:
    return UnknownParentError.at(line.text, line.number, line.column, message, remedy=remedy, table=table)

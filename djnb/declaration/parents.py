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
from djnb.algebra.nodes import Node, Project, Stored
from djnb.algebra.projection import choose
from djnb.errors import DataJointError, MissingTableError, UnknownParentError, did_you_mean
from djnb.model.definition import ForeignKeyLine
from djnb.model.naming import TableName

Lookup = Callable[[TableName], Stored]
"""Gives the table of a name; raises MissingTableError if the database does not have it."""

_QUOTED = "_quoted"
"""What stands for a table in back quotes while the expression is read; no name of a user's begins so."""


def find_parent(
    line: ForeignKeyLine,
    namespace: Mapping[str, Any],
    lookup: Lookup | None = None,
    *,
    table: str,
    own: Stored | None = None,
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
    own : Stored, optional
        The table being declared, as far as the lines above declare it: a foreign key may refer to it.

    Raises
    ------
    UnknownParentError
        The expression names no table, or one that is restricted or joined; or the table itself, and rows could not
        refer to other rows.
    """
    try:
        operand = _read(line.expression, namespace, lookup, own)
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
            remedy="Declare the parent before this table; a table refers to itself by its own name.",
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
    if own is not None and source.name == own.name:
        _check_own(line, renames, table)
    return source, renames


def _check_own(line: ForeignKeyLine, renames: Mapping[str, str], table: str) -> None:
    """Refuse a foreign key to the table itself that no first row could have, or no row but itself."""
    example = ", ".join(f"parent_{name}='{name}'" for name in list(renames)[-1:])
    remedy = f"Write, below `---`: `-> [nullable] {table}.proj({example})`."
    if line.in_key:
        raise _refuse(line, table, "A table cannot refer to itself in its primary key.", remedy=remedy)
    if not line.is_nullable:
        raise _refuse(line, table, "A first row has no other row of the table to refer to.", remedy=remedy)
    if all(old == new for old, new in renames.items()):
        raise _refuse(line, table, "Every row would refer to itself.", remedy=remedy)


def relation_or_class(value: Any) -> bool:
    """Whether a value of a namespace stands for a table."""
    return hasattr(type(value), "__relation__")


class _NotFoundError(Exception):
    """A name is not in the namespace."""


@dataclass(frozen=True)
class _Named:
    """A table that is named in back quotes, or by its own definition."""

    node: Node

    def __relation__(self) -> Node:
        return self.node

    def proj(self, *names: str, **renames: str) -> _Named:
        kept = choose(self.node.heading, names, renames, self.node.label)
        return _Named(Project(self.node, tuple(kept.items())))


def _read(expression: str, namespace: Mapping[str, Any], lookup: Lookup | None, own: Stored | None) -> Any:
    match = re.match(r"`([^`]+)`\s*\.\s*`([^`]+)`", expression)
    if match is None or lookup is None:
        return _evaluate(ast.parse(expression, mode="eval").body, namespace, own)
    tree = ast.parse(_QUOTED + expression[match.end() :], mode="eval").body
    name = TableName(match[1], match[2])
    found = own if own is not None and name == own.name else lookup(name)
    return _evaluate(tree, {_QUOTED: _Named(found)}, own)


def _evaluate(tree: ast.expr, namespace: Mapping[str, Any], own: Stored | None) -> Any:
    match tree:
        case ast.Name(id=name):
            if name not in namespace:
                raise _NotFoundError(name)
            return _or_itself(namespace[name], own)
        case ast.Attribute(value=value, attr=name):
            owner = _evaluate(value, namespace, own)
            if not hasattr(owner, name):
                raise _NotFoundError(ast.unparse(tree))
            return _or_itself(getattr(owner, name), own)
        case ast.Call(func=ast.Attribute(value=value, attr="proj"), args=args, keywords=keywords) if all(
            keyword.arg for keyword in keywords
        ):
            owner = _evaluate(value, namespace, own)
            return owner.proj(*map(_text, args), **{k.arg: _text(k.value) for k in keywords if k.arg is not None})
    raise SyntaxError


def _or_itself(value: Any, own: Stored | None) -> Any:
    """Return what stands for the table being declared, which nobody can ask yet, or the value itself."""
    if own is not None and relation_or_class(value) and getattr(value, "name", None) == own.name:
        return _Named(own)
    return value


def _text(tree: ast.expr) -> str:
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return tree.value
    raise SyntaxError


def _refuse(line: ForeignKeyLine, table: str, message: str, *, remedy: str = "") -> UnknownParentError:
    return UnknownParentError.at(line.text, line.number, line.column, message, remedy=remedy, table=table)

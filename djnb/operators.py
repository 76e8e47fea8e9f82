"""
What operators make of questions: checked here, with the user's own names, before any SQL is said.

A question goes in, as a node, and what stands after the operator; a larger question comes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from djnb.algebra.conditions import Condition, Matches, make_condition, relation_of, walk
from djnb.algebra.expression import Expression
from djnb.algebra.keys import determines
from djnb.algebra.matching import mismatches
from djnb.algebra.nodes import Aggregate, Group, Join, Node, Project, Promote, Union
from djnb.algebra.nodes import restrict as restrict_node
from djnb.algebra.order import top
from djnb.algebra.projection import check_groups, check_new_names, choose
from djnb.algebra.top import Top
from djnb.algebra.unions import check_union
from djnb.errors import OperandError, warn_user
from djnb.model.heading import Heading
from djnb.model.lineage import origin
from djnb.model.naming import TableName
from djnb.settings import get_config
from djnb.sql.text import is_aggregate, names_outside_aggregates, read


class SemanticWarning(UserWarning):
    """Attributes of one name but different origin were matched."""


def condition_of(operand: Any, node: Node, *, semantic_check: bool = True) -> Condition:
    """Return the condition that an operand of ``&`` stands for."""
    made = make_condition(operand, node.heading, lambda text, heading: read(text, heading, owner=node.label))
    if semantic_check:
        for item in walk(made):
            if isinstance(item, Matches):
                check_matching(node.heading, item.node.heading)
    return made


def restrict(node: Node, operand: Any, *, semantic_check: bool = True) -> Node:
    """
    Return the rows that an operand of ``&`` keeps.

    Raises
    ------
    OperandError, UnknownAttributeError, QuerySyntaxError
        The operand cannot restrict the query.
    """
    if isinstance(operand, Top):
        return top(node, operand)
    return restrict_node(node, condition_of(operand, node, semantic_check=semantic_check))


def join(
    left: Node, right: Node, *, semantic_check: bool = True, keeps_left: bool = False, allow_nullable_pk: bool = False
) -> Join:
    """
    Return the pairs of rows that agree in the attributes of the same name.

    Raises
    ------
    OperandError
        Rows of the left operand are to stay, but could become several each.
    """
    if semantic_check:
        check_matching(left.heading, right.heading)
    if keeps_left and not allow_nullable_pk and not determines(left.heading, right.heading):
        lacking = [name for name in right.heading.primary_key if name not in left.heading]
        raise OperandError(
            f"A row of `{left.label}` may match several of `{right.label}`, for it lacks '{lacking[0]}', "
            "which would be NULL in the primary key of rows without a match.",
            remedy="Join without `left`, aggregate the right side first, or say `allow_nullable_pk=True`.",
        )
    return Join(left, right, keeps_left)


def promote(node: Node, names: Sequence[str]) -> Promote:
    """
    Return the query with further attributes in its primary key.

    Raises
    ------
    UnknownAttributeError
        The query has no such attribute.
    OperandError
        The attribute holds values that cannot be compared.
    """
    _check_comparable(node, names)
    return Promote(node, tuple(names))


def union(left: Node, right: Node) -> Union:
    """
    Return the rows of either query.

    Raises
    ------
    OperandError
        The queries have no common shape.
    """
    check_union(left.heading, right.heading)
    check_matching(left.heading, right.heading, left.heading.primary_key)
    return Union(left, right)


def project(node: Node, names: Sequence[Any], computed: Mapping[str, str]) -> Project:
    """
    Return the query with attributes chosen, renamed or computed.

    Raises
    ------
    UnknownAttributeError
        A name is not in the heading.
    OperandError
        A new name is taken or hidden, or an expression makes one value of many rows.
    """
    heading = node.heading
    _check_visible(computed)
    renames = {new: old for new, old in computed.items() if old in heading}
    expressions = {
        new: read(_unwrap(text, heading), heading, owner=node.label)
        for new, text in computed.items()
        if new not in renames
    }
    kept = choose(heading, tuple(names), renames, node.label)
    check_new_names(kept, expressions)
    for new, expression in expressions.items():
        if is_aggregate(expression):
            raise OperandError(
                f"`{new}='{expression.text}'` makes one value of many rows.",
                remedy=f"Say for which rows: `groups.aggr({node.label}, {new}='{expression.text}')`.",
            )
    return Project(node, tuple(kept.items()), tuple(expressions.items()))


def aggregate(
    groups: Node, source: Node, names: Sequence[Any], aggregates: Mapping[str, str], *, keeps_unmatched: bool
) -> Aggregate:
    """
    Return, for each row of ``groups``, values computed over the matching rows of ``source``.

    Raises
    ------
    UnknownAttributeError
        A name is in neither heading, or the source lacks an attribute of the groups' primary key.
    OperandError
        A new name is taken or hidden, or an expression has many values for one row.
    """
    heading = groups.heading
    check_groups(heading, source.heading, owner=source.label)
    check_matching(heading, source.heading, heading.primary_key)
    _check_visible(aggregates)
    renames = {new: old for new, old in aggregates.items() if old in heading}
    kept = choose(heading, tuple(names), renames, groups.label)
    seen = Heading((*source.heading.visible, *(a for a in heading.visible if a.name not in source.heading)))
    expressions = {new: read(text, seen, owner=groups.label) for new, text in aggregates.items() if new not in renames}
    check_new_names(kept, expressions)
    _check_single(expressions, heading.names, groups.label)
    return Aggregate(groups, source, tuple(kept.items()), tuple(expressions.items()), keeps_unmatched)


def group(source: Node, key: Sequence[str], names: Sequence[Any] = (), aggregates: Mapping[str, str] = {}) -> Node:
    """
    Return the combinations of values that some attributes have, each with values computed over its rows.

    Raises
    ------
    UnknownAttributeError
        The query has no such attribute.
    OperandError
        An attribute holds values that cannot be compared, a new name is taken or hidden, or an expression has many
        values for one combination.
    """
    _check_comparable(source, key)
    _check_visible(aggregates)
    renames = {new: old for new, old in aggregates.items() if old in key}
    expressions = {
        new: read(text, source.heading, owner=source.label) for new, text in aggregates.items() if new not in renames
    }
    check_new_names(dict.fromkeys(key, ""), expressions)
    grouped = Group(source, tuple(key), tuple(expressions.items()))
    _check_single(expressions, key, grouped.label)
    kept = choose(grouped.heading, (*names, *expressions), renames, grouped.label)
    return Project(grouped, tuple(kept.items())) if renames else grouped


def operand_of(operator: str, operand: Any) -> Node:
    """
    Return the query that stands after an operator.

    Raises
    ------
    OperandError
        Nothing that stands for a query is there.
    """
    node = relation_of(operand)
    if node is None:
        raise OperandError(f"A query cannot be {operator} {operand!r}.", remedy="Give a query or a table.")
    return node


def check_matching(left: Heading, right: Heading, names: Sequence[str] | None = None) -> None:
    """
    Warn of namesakes with different origins, or refuse them, as the setting ``semantic_check`` says.

    Parameters
    ----------
    left, right : Heading
        Of the operands.
    names : sequence of str, optional
        The namesakes that are matched; all if not given.
    """
    mode = get_config().semantic_check
    if mode == "off":
        return
    for mismatch in mismatches(left, right):
        if names is not None and mismatch.name not in names:
            continue
        if mode == "error":
            raise OperandError(
                str(mismatch), remedy="`dj.config.semantic_check = 'warn'` lets such joins pass with a warning."
            )
        warn_user(str(mismatch), SemanticWarning)


def check_copying(rows: Any, into: Heading, table: TableName) -> None:
    """
    Warn where the rows of a query would refer to a parent by what is another thing, or refuse it, as for joins.

    What a foreign key brings must come from where the foreign key leads. An attribute that the table declares itself
    takes any value, and so does every attribute of values that are computed.

    Raises
    ------
    OperandError
        An attribute of the query has another origin, and the setting ``semantic_check`` is ``error``.
    """
    node = relation_of(rows)
    mode = get_config().semantic_check
    if node is None or mode == "off":
        return
    for mismatch in mismatches(node.heading, into):
        comes_from, leads_to = mismatch.left, mismatch.right
        if comes_from is None or leads_to is None or leads_to == origin(table, mismatch.name):
            continue
        said = f"'{mismatch.name}' is {comes_from} in the query, and {leads_to} in `{table.class_name}`."
        if mode == "error":
            raise OperandError(
                said,
                remedy="`dj.config.semantic_check = 'warn'` lets such rows pass with a warning.",
            )
        warn_user(f"{said} Its values are inserted all the same.", SemanticWarning)


def _check_comparable(node: Node, names: Sequence[str]) -> None:
    node.heading.check(names, owner=node.label)
    for name in names:
        if node.heading[name].is_blob:
            raise OperandError(
                f"'{name}' holds values of type `{node.heading[name].type}`, which cannot be compared.",
                remedy=f"Leave '{name}' out of `U`.",
            )


def _check_visible(names: Mapping[str, str]) -> None:
    hidden = [name for name in names if name.startswith("_")]
    if hidden:
        raise OperandError(
            f"'{hidden[0]}' begins with an underscore, as hidden attributes do.", remedy="Choose another new name."
        )


def _check_single(expressions: Mapping[str, Expression], determined: Sequence[str], owner: str) -> None:
    """Refuse aggregates that mention an attribute of which a group has many values."""
    for new, expression in expressions.items():
        for name in names_outside_aggregates(expression):
            if name not in determined:
                raise OperandError(
                    f"`{new}='{expression.text}'`: '{name}' has many values for one row of `{owner}`.",
                    remedy=f"Make one of them, for example with `max({name})`.",
                )


def _unwrap(text: str, heading: Heading) -> str:
    """Return ``old`` for ``(old)``, which copies an attribute."""
    inner = text.strip()[1:-1].strip() if text.strip().startswith("(") and text.strip().endswith(")") else ""
    return inner if inner in heading else text

"""
The operators as immutable nodes. Each knows its heading; none knows a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from djnb.algebra.conditions import Condition, both
from djnb.algebra.expression import Expression
from djnb.algebra.keys import join_key
from djnb.algebra.matching import namesakes
from djnb.errors import OperandError, UnknownAttributeError
from djnb.model.attribute import Attribute
from djnb.model.heading import Heading
from djnb.model.naming import TableName


@dataclass(frozen=True)
class Node:
    """A question: a relation that a connection can answer."""

    @cached_property
    def heading(self) -> Heading:
        """The attributes of the answer."""
        raise NotImplementedError

    @property
    def label(self) -> str:
        """How messages and previews call it."""
        raise NotImplementedError


@dataclass(frozen=True)
class Stored(Node):
    """The rows of a table in the database."""

    name: TableName
    stored: Heading

    @cached_property
    def heading(self) -> Heading:
        """The visible attributes of the table."""
        return Heading(self.stored.attributes)

    @property
    def label(self) -> str:
        """The class's name."""
        return self.name.class_name


@dataclass(frozen=True)
class Restrict(Node):
    """The rows of ``source`` that meet a condition."""

    source: Node
    condition: Condition

    @cached_property
    def heading(self) -> Heading:
        """The source's heading."""
        return self.source.heading

    @property
    def label(self) -> str:
        """As the source."""
        return self.source.label


@dataclass(frozen=True)
class Project(Node):
    """
    Attributes chosen, renamed and computed.

    Attributes
    ----------
    source : Node
        Whose rows.
    attributes : tuple of (str, str)
        Pairs of the new and the old name; all of the primary key is among them.
    computed : tuple of (str, Expression)
        New attributes.
    """

    source: Node
    attributes: tuple[tuple[str, str], ...]
    computed: tuple[tuple[str, Expression], ...] = ()

    @cached_property
    def heading(self) -> Heading:
        """The chosen attributes under their new names, then the computed ones."""
        old = self.source.heading
        kept = [replace(old[source], name=name) for name, source in self.attributes]
        return Heading(tuple(kept + [computed_attribute(name, e, old) for name, e in self.computed]))

    @property
    def label(self) -> str:
        """As the source."""
        return self.source.label


@dataclass(frozen=True)
class Join(Node):
    """Pairs of rows that agree in the shared attributes."""

    left: Node
    right: Node

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """The attributes that must agree."""
        return tuple(namesakes(self.left.heading, self.right.heading))

    @cached_property
    def heading(self) -> Heading:
        """The primary key first; within that, the left operand's attributes first, unless the right one decides."""
        left, right = self.left.heading, self.right.heading
        first, second = left, right
        if not set(right.primary_key) <= set(left.names) and set(left.primary_key) <= set(right.names):
            first, second = right, left
        merged = [*first, *(a for a in second if a.name not in first)]
        return Heading(tuple(merged)).keyed_by(join_key(left, right))

    @property
    def label(self) -> str:
        """Both operands."""
        return f"{self.left.label} * {self.right.label}"


@dataclass(frozen=True)
class Aggregate(Node):
    """
    One row for each row of ``groups``, with values computed over the matching rows of ``source``.

    Attributes
    ----------
    groups : Node
        Whose primary key defines the groups.
    source : Node
        What is aggregated; it holds the groups' primary key.
    attributes : tuple of (str, str)
        The groups' attributes that are kept, new and old name; all of the primary key is among them.
    computed : tuple of (str, Expression)
        The aggregates.
    keeps_unmatched : bool
        Whether groups without rows stay, with counts of 0 and other aggregates NULL.
    """

    groups: Node
    source: Node
    attributes: tuple[tuple[str, str], ...]
    computed: tuple[tuple[str, Expression], ...]
    keeps_unmatched: bool = True

    @cached_property
    def heading(self) -> Heading:
        """The groups' attributes, then the aggregates."""
        groups = self.groups.heading
        kept = [replace(groups[old], name=new) for new, old in self.attributes]
        return Heading(tuple(kept + [computed_attribute(name, e, groups) for name, e in self.computed]))

    @property
    def label(self) -> str:
        """Both operands."""
        return f"{self.groups.label}.aggr({self.source.label})"


@dataclass(frozen=True)
class Slice(Node):
    """
    The rows of ``source`` from ``offset`` on, ``limit`` at most, in an order.

    Attributes
    ----------
    order_by : tuple of (str, bool)
        Names, and whether each descends.
    """

    source: Node
    limit: int | None
    offset: int
    order_by: tuple[tuple[str, bool], ...]

    @cached_property
    def heading(self) -> Heading:
        """The source's heading."""
        return self.source.heading

    @property
    def label(self) -> str:
        """As the source."""
        return self.source.label


def computed_attribute(name: str, expression: Expression, source: Heading) -> Attribute:
    """Return the attribute that an expression makes; a copied attribute keeps its type and its comment."""
    if expression.text in source:
        return replace(source[expression.text], name=name, in_key=False, lineage=None)
    return Attribute(name, expression.type, nullable=True)


def restrict(source: Node, condition: Condition) -> Node:
    """Return the restricted query; conditions upon conditions become one."""
    if isinstance(source, Restrict):
        return Restrict(source.source, both([source.condition, condition]))
    return Restrict(source, condition)


def choose(heading: Heading, names: tuple[Any, ...], renames: Mapping[str, str], owner: str) -> dict[str, str]:
    """
    Return which attributes a projection keeps, by new name.

    Parameters
    ----------
    heading : Heading
        Of the source.
    names : tuple of str
        Attributes; ``...`` (the text or the object) for all that are not in the key, ``-name`` to leave one out.
    renames : mapping
        New name to old name.
    owner : str
        What messages call the source.

    Raises
    ------
    UnknownAttributeError
        A name is not in the heading.
    OperandError
        An attribute of the key is left out, or two attributes get one name.
    """
    texts = ["..." if name is Ellipsis else name for name in names]
    dropped = [name[1:].strip() for name in texts if name.startswith("-")]
    chosen = [name for name in texts if not name.startswith("-") and name != "..."]
    heading.check([*dropped, *chosen, *renames.values()], owner=owner)
    for name in dropped:
        if heading[name].in_key:
            raise OperandError(
                f"'{name}' belongs to the primary key and cannot be left out.",
                remedy="Aggregate to a coarser key with `aggr`, or rename it.",
            )
    everything = "..." in texts
    by_old: dict[str, str] = {}
    for new, old in renames.items():
        if old in by_old:
            raise OperandError(f"'{old}' is renamed twice.", remedy=f"Copy it the second time: `{new}='({old})'`.")
        by_old[old] = new
    kept: dict[str, str] = {}
    for attribute in heading:
        name = attribute.name
        stays = name in chosen or (name not in by_old and name not in dropped and (attribute.in_key or everything))
        for new in ([by_old[name]] if name in by_old else []) + ([name] if stays else []):
            if new in kept:
                raise OperandError(f"Two attributes would be called '{new}'.", remedy="Choose another new name.")
            kept[new] = name
    return kept


def check_new_names(kept: Mapping[str, str], computed: Mapping[str, Expression]) -> None:
    """
    Refuse computed attributes that would take the name of a kept one.

    Raises
    ------
    OperandError
        A name is taken.
    """
    taken = [name for name in computed if name in kept]
    if taken:
        raise OperandError(f"Two attributes would be called '{taken[0]}'.", remedy="Choose another new name.")


def check_groups(groups: Heading, source: Heading, *, owner: str = "") -> None:
    """
    Refuse to aggregate what lacks the key of the groups.

    Raises
    ------
    UnknownAttributeError
        The aggregated query lacks an attribute of the groups' primary key.
    """
    for name in groups.primary_key:
        if name not in source:
            raise UnknownAttributeError.among(name, source.names, owner=owner)

"""
The operators as immutable nodes. Each knows its heading; none knows a database.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from djnb.algebra.conditions import Condition, both
from djnb.algebra.expression import Expression
from djnb.algebra.keys import join_key, left_join_key
from djnb.algebra.matching import namesakes
from djnb.algebra.unions import united
from djnb.model.attribute import Attribute
from djnb.model.heading import Heading
from djnb.model.naming import TableName


@dataclass(frozen=True)
class Node:
    """A question: a relation that a connection can answer."""

    @cached_property
    def heading(self) -> Heading:
        """The attributes of the answer."""
        raise NotImplementedError  # every node says it, some by a field, which no abstract property allows

    @property
    def label(self) -> str:
        """How messages and previews call it."""
        raise NotImplementedError  # likewise


@dataclass(frozen=True)
class Stored(Node):
    """The rows of a table in the database."""

    name: TableName
    stored: Heading

    @cached_property
    def heading(self) -> Heading:
        """The visible attributes of the table."""
        return Heading(self.stored.visible)

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
        kept = [_renamed(old[source], name) for name, source in self.attributes]
        return Heading(tuple(kept + [computed_attribute(name, e, old) for name, e in self.computed]))

    @property
    def label(self) -> str:
        """As the source."""
        return self.source.label


@dataclass(frozen=True)
class Join(Node):
    """
    Pairs of rows that agree in the shared attributes.

    Attributes
    ----------
    left, right : Node
        The operands.
    keeps_left : bool
        Whether rows of the left operand without a match stay, with the other's attributes NULL.
    """

    left: Node
    right: Node
    keeps_left: bool = False

    @cached_property
    def shared(self) -> tuple[str, ...]:
        """The attributes that must agree."""
        return tuple(namesakes(self.left.heading, self.right.heading))

    @cached_property
    def heading(self) -> Heading:
        """The primary key first; within that, the left operand's attributes first, unless the right one decides."""
        left, right = self.left.heading, self.right.heading
        if self.keeps_left:
            added = [replace(a, nullable=True) for a in right.visible if a.name not in left]
            return Heading((*left.visible, *added)).keyed_by(left_join_key(left, right))
        first, second = left, right
        if not set(right.primary_key) <= set(left.names) and set(left.primary_key) <= set(right.names):
            first, second = right, left
        merged = [*first.visible, *(a for a in second.visible if a.name not in first)]
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
        kept = [_renamed(groups[old], new) for new, old in self.attributes]
        return Heading(tuple(kept + [computed_attribute(name, e, groups) for name, e in self.computed]))

    @property
    def label(self) -> str:
        """Both operands."""
        return f"{self.groups.label}.aggr({self.source.label})"


@dataclass(frozen=True)
class Group(Node):
    """
    One row for each combination of values that some attributes have in ``source``; NULL is one of the values.

    Attributes
    ----------
    source : Node
        Whose rows.
    key : tuple of str
        The attributes, which become the primary key. None: all rows are one group.
    computed : tuple of (str, Expression)
        The aggregates. With them, a group of all rows is there even if it has no row.
    """

    source: Node
    key: tuple[str, ...]
    computed: tuple[tuple[str, Expression], ...] = ()

    @cached_property
    def heading(self) -> Heading:
        """The attributes of the key, then the aggregates."""
        old = self.source.heading
        keyed = [replace(old[name], in_key=True) for name in self.key]
        return Heading((*keyed, *(computed_attribute(name, e, old) for name, e in self.computed)))

    @property
    def label(self) -> str:
        """As it is written."""
        names = f"U({', '.join(map(repr, self.key))})"
        return f"{names}.aggr({self.source.label})" if self.computed else f"{names} & {self.source.label}"


@dataclass(frozen=True)
class Promote(Node):
    """The rows of ``source``, with further attributes in the primary key."""

    source: Node
    names: tuple[str, ...]

    @cached_property
    def heading(self) -> Heading:
        """The source's heading with the larger key."""
        old = self.source.heading
        return old.keyed_by([*old.primary_key, *self.names])

    @property
    def label(self) -> str:
        """As the source."""
        return self.source.label


@dataclass(frozen=True)
class Union(Node):
    """
    The rows of either operand; a row that both have by its key stands once.

    The operands have the same primary key. Where their other attributes are the same too, the left one's row counts.
    Otherwise they share none of them, and what an operand does not have of a row is NULL.
    """

    left: Node
    right: Node

    @cached_property
    def heading(self) -> Heading:
        """The primary key, then the left operand's other attributes, then those of the right one."""
        return united(self.left.heading, self.right.heading)

    @property
    def label(self) -> str:
        """Both operands."""
        return f"{self.left.label} + {self.right.label}"


@dataclass(frozen=True)
class Slice(Node):
    """
    The rows of ``source`` from ``offset`` on, ``limit`` at most, in an order.

    Attributes
    ----------
    order_by : tuple of (str, bool)
        Names, and whether each descends; none for the order that the source has.
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


def _renamed(attribute: Attribute, name: str) -> Attribute:
    if name == attribute.name:
        return attribute
    return replace(attribute, name=name, attribute_expression=f"`{attribute.name}`")


def computed_attribute(name: str, expression: Expression, source: Heading) -> Attribute:
    """Return the attribute that an expression makes; a copied attribute keeps its type and its comment."""
    if expression.text in source:
        copied = source[expression.text]
        return replace(copied, name=name, in_key=False, lineage=None, attribute_expression=f"`{copied.name}`")
    return Attribute(name, expression.type, nullable=True, attribute_expression=expression.text)


def restrict(source: Node, condition: Condition) -> Node:
    """Return the restricted query; conditions upon conditions become one."""
    if isinstance(source, Restrict):
        return Restrict(source.source, both([source.condition, condition]))
    return Restrict(source, condition)

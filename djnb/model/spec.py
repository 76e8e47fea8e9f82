"""A table as it is to be created, or as the database has it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from djnb.model.attribute import Attribute
from djnb.model.heading import Heading
from djnb.model.naming import TableName


@dataclass(frozen=True)
class ForeignKey:
    """
    A dependency: attributes of a child that point at the primary key of a parent.

    Attributes
    ----------
    child, parent : TableName
        The two tables.
    attributes : tuple of (str, str)
        Pairs of the child's and the parent's name, in the order of the key.
    name : str
        What the database calls the constraint, where it does; two names are the same foreign key.
    """

    child: TableName
    parent: TableName
    attributes: tuple[tuple[str, str], ...]
    name: str = field(default="", compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The child's attributes."""
        return tuple(child for child, _ in self.attributes)


@dataclass(frozen=True)
class Index:
    """A secondary index over attributes; ``name`` is the database's, where it is known."""

    attributes: tuple[str, ...]
    is_unique: bool = False
    name: str = field(default="", compare=False)


@dataclass(frozen=True)
class TableSpec:
    """
    A table, whole.

    Attributes
    ----------
    name : TableName
        Where it is.
    comment : str
        What its definition's first line says.
    attributes : tuple of Attribute
        In the order of the definition, hidden ones among them.
    primary_key : tuple of str
        In the order of the definition; may hold a hidden attribute.
    foreign_keys : tuple of ForeignKey
        In the order of the definition.
    indexes : tuple of Index
        Secondary indexes that were asked for.
    implied_indexes : tuple of Index
        Those that the database has only because foreign keys need them.
    foreign_indexes : tuple of str
        What creates the indexes that a definition cannot say, over expressions or some of the rows; other programs
        made them. Only where altering a table must make them again.
    hides_key : bool
        The database shows the user some of the columns only, and not the whole primary key.
    """

    name: TableName
    comment: str
    attributes: tuple[Attribute, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()
    indexes: tuple[Index, ...] = ()
    implied_indexes: tuple[Index, ...] = field(default=(), compare=False)
    foreign_indexes: tuple[str, ...] = field(default=(), compare=False)
    hides_key: bool = False

    @cached_property
    def heading(self) -> Heading:
        """The heading that queries see."""
        return Heading.of(self.attributes)

    def is_primary(self, foreign_key: ForeignKey) -> bool:
        """Whether a foreign key lies within the primary key."""
        return set(foreign_key.names) <= set(self.primary_key)

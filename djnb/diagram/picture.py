"""What is drawn: tables and the foreign keys between them, as values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName, Tier
from djnb.model.spec import ForeignKey, TableSpec


class Bond(StrEnum):
    """How a row is tied to the row that it refers to."""

    ONE_TO_ONE = "is its whole primary key"
    IN_KEY = "is in its primary key"
    SECONDARY = "is a secondary attribute"


@dataclass(frozen=True)
class Node:
    """
    A table.

    Attributes
    ----------
    name : TableName
        Where it is.
    comment : str
        What its definition's first line says.
    has_own_key : bool
        Whether its primary key has attributes that no foreign key brings: it adds a dimension to the pipeline.
    """

    name: TableName
    comment: str = ""
    has_own_key: bool = False

    @property
    def label(self) -> str:
        """The class that would declare it."""
        return self.name.class_name

    @property
    def tier(self) -> Tier | None:
        """Its tier, as its name tells."""
        return self.name.tier


@dataclass(frozen=True)
class Edge:
    """
    A foreign key.

    Attributes
    ----------
    parent, child : TableName
        The two tables.
    bond : Bond
        What it is in the child.
    renamed : tuple of (str, str)
        Pairs of the child's and the parent's name, where they differ.
    """

    parent: TableName
    child: TableName
    bond: Bond
    renamed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Picture:
    """
    What is drawn, parents before children.

    Attributes
    ----------
    nodes : tuple of Node
        The tables.
    edges : tuple of Edge
        The foreign keys between them.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def by_schema(self) -> dict[str, list[Node]]:
        """Return the tables of each schema."""
        grouped: dict[str, list[Node]] = {}
        for node in self.nodes:
            grouped.setdefault(node.name.schema, []).append(node)
        return grouped


def compose(
    tables: Iterable[TableName], dependencies: Dependencies, find: Callable[[TableName], TableSpec | None]
) -> Picture:
    """
    Return the picture of some tables.

    Parameters
    ----------
    tables : iterable of TableName
        What to draw; those that `find` does not find are left out.
    dependencies : Dependencies
        The foreign keys, of other tables too.
    find : callable
        Returns a table by its name, or None.
    """
    specs = {name: spec for name in tables if (spec := find(name)) is not None}
    order = dependencies.order(specs)
    place = {name: number for number, name in enumerate(order)}
    keys = [k for k in dependencies.foreign_keys if k.child in specs and k.parent in specs and k.child != k.parent]
    keys.sort(key=lambda k: (place[k.child], place[k.parent], k.attributes))  # databases list them in any order
    edges = [edge(key, specs[key.child]) for key in keys]
    return Picture(tuple(_node(specs[name]) for name in order), tuple(edges))


def edge(key: ForeignKey, child: TableSpec) -> Edge:
    """Return a foreign key as it is drawn."""
    names, primary = set(key.names), {name for name in child.primary_key if not name.startswith("_")}
    if not names <= primary:
        bond = Bond.SECONDARY
    else:
        bond = Bond.ONE_TO_ONE if names == primary else Bond.IN_KEY
    return Edge(key.parent, key.child, bond, tuple((own, other) for own, other in key.attributes if own != other))


def _node(spec: TableSpec) -> Node:
    inherited = {name for key in spec.foreign_keys for name in key.names}
    own = [name for name in spec.primary_key if name not in inherited and not name.startswith("_")]
    return Node(spec.name, spec.comment, has_own_key=bool(own))

"""What is drawn: tables and the foreign keys between them, as values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName, Tier
from djnb.model.spec import ForeignKey, TableSpec


class Bond(StrEnum):
    """How a row is tied to the row that it refers to."""

    ONE_TO_ONE = "is its whole primary key"
    IN_KEY = "is in its primary key"
    SECONDARY = "is a secondary attribute"


class Emphasis(StrEnum):
    """How much a table stands out."""

    PLAIN = "plain"
    STRONG = "strong"
    FAINT = "faint"


@dataclass(frozen=True)
class Mark:
    """
    What is written under the name of a table.

    Attributes
    ----------
    text : str
        How far it is, or how many of its rows are meant: ``150 / 200``.
    share : float, optional
        The same, 0 to 1, for a bar.
    note : str
        What goes on there: ``2 at work``.
    alarm : str
        What is wrong: ``3 errors``.
    emphasis : Emphasis
        How much the table stands out.
    """

    text: str = ""
    share: float | None = None
    note: str = ""
    alarm: str = ""
    emphasis: Emphasis = Emphasis.PLAIN


class Role(StrEnum):
    """What a line of text in a node is."""

    NAME = "name"
    PARTS = "parts"
    COUNT = "count"
    ALARM = "alarm"


@dataclass(frozen=True)
class Node:
    """
    A table, with its parts where these are folded into it; or what is collapsed of a schema.

    Attributes
    ----------
    name : TableName
        Where it is; of a schema, the table's name is empty.
    comment : str
        What its definition's first line says.
    has_own_key : bool
        Whether its primary key has attributes that no foreign key brings: it adds a dimension to the pipeline.
    folded : tuple of TableName
        The tables that it stands for besides.
    folds : tuple of str
        What is written of these.
    loops : tuple of str
        The attributes by which the table refers to itself.
    mark : Mark
        What is known of its rows.
    """

    name: TableName
    comment: str = ""
    has_own_key: bool = False
    folded: tuple[TableName, ...] = ()
    folds: tuple[str, ...] = ()
    loops: tuple[str, ...] = ()
    mark: Mark = Mark()

    @property
    def is_schema(self) -> bool:
        """Whether it stands for tables of a schema, rather than for a table and its parts."""
        return not self.name.table

    @property
    def label(self) -> str:
        """The class that would declare it, or the schema."""
        return self.name.schema if self.is_schema else self.name.class_name

    @property
    def tier(self) -> Tier | None:
        """Its tier, as its name tells."""
        return None if self.is_schema else self.name.tier

    @property
    def kind(self) -> str:
        """Its tier in a word, ``Manual``; ``table`` where the name tells none, ``schema`` for a schema."""
        return "schema" if self.is_schema else str(self.tier or "table")

    @property
    def tables(self) -> tuple[TableName, ...]:
        """The tables that it stands for."""
        return self.folded if self.is_schema else (self.name, *self.folded)

    @property
    def texts(self) -> list[tuple[Role, str]]:
        """What is written in it, line by line."""
        counts = " · ".join(part for part in (self.mark.text, self.mark.note) if part)
        lines = [(Role.NAME, self.label)]
        lines += [(Role.COUNT, counts)] if counts else []
        lines += [(Role.ALARM, f"\N{WARNING SIGN} {self.mark.alarm}")] if self.mark.alarm else []
        loops = [f"\N{ANTICLOCKWISE OPEN CIRCLE ARROW} {name}" for name in self.loops]
        return lines + [(Role.PARTS, text) for text in (*self.folds, *loops)]

    @property
    def title(self) -> str:
        """All that is known of it, in one line."""
        where = self.name.schema if self.is_schema else f"{self.name.schema}.{self.label}"
        known = [self.comment, *(text for role, text in self.texts if role is not Role.NAME)]
        return ": ".join(filter(None, (f"{where} ({self.kind})", " · ".join(filter(None, known)))))


@dataclass(frozen=True)
class Edge:
    """
    A foreign key.

    Attributes
    ----------
    parent, child : TableName
        The two nodes.
    bond : Bond
        What it is in the child.
    renamed : tuple of (str, str)
        Pairs of the child's and the parent's name, where they differ.
    via : str
        The part of the parent that is referred to, where it is folded.
    rule : str
        How a restriction goes along it, where one does.
    """

    parent: TableName
    child: TableName
    bond: Bond
    renamed: tuple[tuple[str, str], ...] = ()
    via: str = ""
    rule: str = ""

    @property
    def label(self) -> str:
        """What is written on it."""
        return " \N{MIDDLE DOT} ".join(filter(None, (self.via, ", ".join(own for own, _ in self.renamed), self.rule)))


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

    @property
    def title(self) -> str:
        """What it shows, in a few words."""
        tables, schemas = sum(len(node.tables) for node in self.nodes), list(self.by_schema())
        named = ", ".join(schemas) if len(schemas) <= 3 else f"{len(schemas)} schemas"
        return f"Diagram of {tables} table{'' if tables == 1 else 's'}{f' of {named}' if schemas else ''}"

    @property
    def labels(self) -> dict[TableName, str]:
        """What the nodes are called."""
        return {node.name: node.label for node in self.nodes}

    def by_schema(self) -> dict[str, list[Node]]:
        """Return the nodes of each schema, schemas before those that refer to them."""
        grouped: dict[str, list[Node]] = {}
        for node in self.nodes:
            grouped.setdefault(node.name.schema, []).append(node)
        above = {schema: {e.parent.schema for e in self.edges if e.child.schema == schema} for schema in grouped}
        return {schema: grouped[schema] for schema in parents_first(grouped, above)}

    def framed(self) -> dict[str, list[Node]]:
        """Return the nodes of each schema that is drawn as a group: none if there is but one schema."""
        grouped = self.by_schema()
        if len(grouped) == 1:
            return {}
        return {schema: nodes for schema, nodes in grouped.items() if not all(node.is_schema for node in nodes)}

    def marked(self, mark: Callable[[Node], Mark]) -> Picture:
        """Return the picture with other marks."""
        return replace(self, nodes=tuple(replace(node, mark=mark(node)) for node in self.nodes))


T = TypeVar("T", bound=Hashable)


def parents_first(names: Iterable[T], above: Mapping[T, Collection[T]]) -> list[T]:
    """Return names after all that stand above them, else in the order given; in a ring, the first one comes first."""
    left = dict.fromkeys(names)
    placed: dict[T, None] = {}
    while left:
        ready = (each for each in left if all(other in placed or other == each for other in above.get(each, ())))
        name = next(ready, next(iter(left)))
        placed[name] = left.pop(name)
    return list(placed)


def compose(
    tables: Iterable[TableName],
    dependencies: Dependencies,
    find: Callable[[TableName], TableSpec | None],
    rules: Mapping[ForeignKey, str] | None = None,
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
    rules : mapping, optional
        How a restriction goes along foreign keys, where one does.
    """
    specs = {name: spec for name in tables if (spec := find(name)) is not None}
    order = dependencies.order(specs)
    place = {name: number for number, name in enumerate(order)}
    among = [k for k in dependencies.foreign_keys if k.child in specs and k.parent in specs]
    among.sort(key=lambda k: (place[k.child], place[k.parent], k.attributes))  # databases list them in any order
    drawn = [replace(edge(k, specs[k.child]), rule=(rules or {}).get(k, "")) for k in among if k.child != k.parent]
    loops: dict[TableName, list[str]] = {}
    for key in among:
        if key.child == key.parent:
            loops.setdefault(key.child, []).append(", ".join(own for own, there in key.attributes if own != there))
    nodes = (replace(_node(specs[name]), loops=tuple(loops.get(name, ()))) for name in order)
    return Picture(tuple(nodes), tuple(drawn))


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

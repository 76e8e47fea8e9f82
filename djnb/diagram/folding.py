"""Fewer nodes: parts folded into their masters, schemas collapsed into one node each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from djnb.diagram.picture import Bond, Edge, Node, Picture, parents_first
from djnb.model.naming import TableName

_NAMED = 3
"""So many parts are named; of more, it is said how many there are."""


def fold(picture: Picture, *, drawn: Collection[TableName] = ()) -> Picture:
    """
    Return a picture with parts within their masters.

    Parameters
    ----------
    picture : Picture
        A node for each table.
    drawn : collection of TableName
        Parts that stay nodes of their own; so do those whose master is not in the picture.
    """
    there = {node.name for node in picture.nodes}
    hosts = {name: master for name in there if name not in drawn and (master := name.master) in there and master}
    return _contracted(picture, hosts)


def collapse(picture: Picture, collapsed: Collection[TableName]) -> Picture:
    """Return a picture with one node for those tables of each schema that are collapsed."""
    there = {node.name for node in picture.nodes}
    return _contracted(picture, {name: TableName(name.schema, "") for name in collapsed if name in there})


def _contracted(picture: Picture, hosts: Mapping[TableName, TableName]) -> Picture:
    """Return a picture in which nodes are within others, or within new ones of schemas."""
    inside: dict[TableName, list[Node]] = {}
    order: dict[TableName, Node] = {}
    for node in picture.nodes:
        host = hosts.get(node.name, node.name)
        if host != node.name:
            inside.setdefault(host, []).append(node)
        order.setdefault(host, Node(host))
        if host == node.name:
            order[host] = node
    nodes = {name: _hosting(node, inside[name]) if name in inside else node for name, node in order.items()}
    edges: dict[Edge, None] = {}
    for edge in picture.edges:
        moved = _moved(edge, hosts)
        if moved is not None:
            edges[moved] = None
    above: dict[TableName, set[TableName]] = {}
    for edge in edges:
        above.setdefault(edge.child, set()).add(edge.parent)
    return Picture(tuple(nodes[name] for name in parents_first(nodes, above)), _without_weaker(edges))


def _hosting(node: Node, inside: list[Node]) -> Node:
    tables = tuple(table for each in inside for table in each.tables)
    if node.is_schema:
        return replace(node, folded=tables, folds=(_number(len(tables), "table"),))
    names = [table.class_name.partition(".")[2] for table in tables]
    text = f"+ {', '.join(names)}" if len(names) <= _NAMED else f"+ {_number(len(names), 'part')}"
    return replace(node, folded=tables, folds=(text,))


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _moved(edge: Edge, hosts: Mapping[TableName, TableName]) -> Edge | None:
    """Return an edge between the nodes that its tables are in; None if they are in the same."""
    parent, child = hosts.get(edge.parent, edge.parent), hosts.get(edge.child, edge.child)
    if parent == child:
        return None
    if not (parent.table and child.table):  # of a schema, only whether anything refers to it
        return Edge(parent, child, Bond.SECONDARY if edge.bond is Bond.SECONDARY else Bond.IN_KEY)
    via = edge.parent.class_name.partition(".")[2] if parent != edge.parent else edge.via
    bond = edge.bond if (parent, child) == (edge.parent, edge.child) or edge.bond is Bond.SECONDARY else Bond.IN_KEY
    return replace(edge, parent=parent, child=child, via=via, bond=bond)


def _without_weaker(edges: Mapping[Edge, None]) -> tuple[Edge, ...]:
    """Return edges without those that another one says better: the same, but of a primary key."""
    found = set(edges)

    def is_said_better(edge: Edge) -> bool:
        return any(replace(edge, bond=bond) in found for bond in (Bond.IN_KEY, Bond.ONE_TO_ONE))

    return tuple(edge for edge in edges if edge.bond is not Bond.SECONDARY or not is_said_better(edge))

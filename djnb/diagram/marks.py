"""
What is known of rows, written into a picture. Pure: a picture and numbers go in, a picture comes out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from djnb.diagram.picture import Emphasis, Mark, Node, Picture
from djnb.model.naming import TableName


@dataclass(frozen=True)
class Standing:
    """
    How far a table is that ``make`` fills.

    Attributes
    ----------
    done, total : int
        Of its keys.
    errors, reserved : int
        Of its jobs.
    """

    done: int
    total: int
    errors: int = 0
    reserved: int = 0


def mark_standing(picture: Picture, known: Mapping[TableName, Standing]) -> Picture:
    """Return a picture with how far its tables are; a node of a schema has the sums over its tables."""

    def mark(node: Node) -> Mark:
        found = [known[table] for table in node.tables if table in known]
        if not found:
            return node.mark
        done, total = sum(each.done for each in found), sum(each.total for each in found)
        errors, reserved = sum(each.errors for each in found), sum(each.reserved for each in found)
        return replace(
            node.mark,
            text=f"{number(done)} / {number(total)}",
            share=done / total if total else 1.0,
            note=f"{number(reserved)} at work" if reserved else "",
            alarm=f"{number(errors)} error{'' if errors == 1 else 's'}" if errors else "",
        )

    return picture.marked(mark)


def mark_rows(
    picture: Picture,
    reached: Mapping[TableName, int],
    totals: Mapping[TableName, int],
    *,
    starts: Collection[TableName] = (),
) -> Picture:
    """
    Return a picture of rows that are reached: those of a delete, of what is upstream, of an export.

    Nodes without any are faint. Strong are those where it ends: no other node is reached from there.

    Parameters
    ----------
    picture : Picture
        The tables.
    reached : mapping
        How many rows of each table are reached; tables that are not in it have none.
    totals : mapping
        How many rows each table has, as far as that is known.
    starts : collection of TableName
        Tables that are not faint even without a row.
    """
    touched = {n.name for n in picture.nodes if any(reached.get(t) or t in starts for t in n.tables)}
    inner = {edge.parent for edge in picture.edges if edge.child in touched}

    def mark(node: Node) -> Mark:
        if node.name not in touched:
            return replace(node.mark, text=_of(node, reached, totals), share=None, emphasis=Emphasis.FAINT)
        emphasis = Emphasis.PLAIN if node.name in inner else Emphasis.STRONG
        own = node.tables if node.is_schema else node.tables[:1]
        total = sum(totals.get(table, 0) for table in own)
        share = sum(reached.get(table, 0) for table in own) / total if total else None
        return replace(node.mark, text=_of(node, reached, totals), share=share, emphasis=emphasis)

    nodes = tuple(_with_parts(node, reached, totals) for node in picture.marked(mark).nodes)
    edges = (e if {e.parent, e.child} <= touched else replace(e, rule="") for e in picture.edges)
    return Picture(nodes, tuple(edges))


def _of(node: Node, reached: Mapping[TableName, int], totals: Mapping[TableName, int]) -> str:
    own = node.tables if node.is_schema else node.tables[:1]
    if not any(table in reached for table in own):
        return ""
    count = sum(reached.get(table, 0) for table in own)
    known = [totals[table] for table in own if table in totals]
    return f"{number(count)} / {number(sum(known))}" if len(known) == len(own) else number(count)


def _with_parts(node: Node, reached: Mapping[TableName, int], totals: Mapping[TableName, int]) -> Node:
    """Return a node with the rows of its folded parts."""
    if node.is_schema or not any(table in reached for table in node.folded):
        return node
    lines = []
    for table in node.folded:
        of = f" / {number(totals[table])}" if table in totals else ""
        lines.append(f"+ {table.class_name.partition('.')[2]} {number(reached.get(table, 0))}{of}")
    return replace(node, folds=tuple(lines))


def number(count: int) -> str:
    """Return a number for people, ``4 203``."""
    return f"{count:,}".replace(",", "\N{NO-BREAK SPACE}")

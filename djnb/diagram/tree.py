"""A picture as plain text: a tree of each schema, a table each line, below the parent that comes last."""

from __future__ import annotations

from unicodedata import east_asian_width

from djnb.diagram.picture import Edge, Node, Picture, Role
from djnb.model.naming import TableName


def to_text(picture: Picture) -> str:
    """
    Return a picture as lines of text.

    A table stands below one of its parents, the one that is furthest down itself. What else it refers to is named
    behind an arrow, with its schema where that is another one.
    """
    if not picture.nodes:
        return "(no tables)"
    place = {node.name: number for number, node in enumerate(picture.nodes)}
    above: dict[TableName, list[Edge]] = {}
    for edge in picture.edges:
        above.setdefault(edge.child, []).append(edge)
    stem = {name: _stem(name, edges, place) for name, edges in above.items()}
    branches: dict[TableName | None, list[Node]] = {}
    for node in picture.nodes:
        below = stem.get(node.name)
        branches.setdefault(None if below is None else below.parent, []).append(node)
    lines = []
    for schema, nodes in picture.by_schema().items():
        rows: list[tuple[str, Node]] = []
        for root in (node for node in nodes if stem.get(node.name) is None):
            _walk(root, "", "", branches, rows)
        wide = max(_width(prefix + node.label) for prefix, node in rows)
        is_collapsed = all(node.is_schema for node in nodes)
        indent = "" if is_collapsed else "  "
        lines += [] if is_collapsed else [schema]
        for prefix, node in rows:
            name = prefix + node.label
            others = [each for each in above.get(node.name, ()) if each is not stem[node.name]]
            own = stem.get(node.name)
            if own is not None and (own.via or own.renamed):  # what the branch does not tell
                others.insert(0, own)
            said = [_said(edge, node, picture.labels) for edge in others]
            columns = [f"{node.kind:<8}", _noted(node), f"<- {', '.join(said)}" if said else ""]
            pad = " " * (wide - _width(name))
            lines.append(f"{indent}{name}{pad}  {'  '.join(filter(None, columns))}".rstrip())
    return "\n".join(lines)


def _stem(name: TableName, edges: list[Edge], place: dict[TableName, int]) -> Edge | None:
    """Return the foreign key below whose parent a table stands; none in a ring, and none from another schema."""
    fit = [each for each in edges if each.parent.schema == name.schema and place[each.parent] < place[name]]
    return max(fit, key=lambda each: (each.bond != each.bond.SECONDARY, place[each.parent]), default=None)


def _walk(
    node: Node,
    prefix: str,
    following: str,
    branches: dict[TableName | None, list[Node]],
    rows: list[tuple[str, Node]],
) -> None:
    rows.append((prefix, node))
    below = branches.get(node.name, [])
    for each in below:
        is_last = each is below[-1]
        _walk(
            each, following + ("└─ " if is_last else "├─ "), following + ("   " if is_last else "│  "), branches, rows
        )


def _said(edge: Edge, node: Node, labels: dict[TableName, str]) -> str:
    named = labels[edge.parent] + (f".{edge.via}" if edge.via else "")
    is_near = edge.parent.schema == node.name.schema or not edge.parent.table
    text = named if is_near else f"{edge.parent.schema}.{named}"
    if edge.renamed:
        text += f" as {', '.join(own for own, _ in edge.renamed)}"
    return text


def _noted(node: Node) -> str:
    return "  ".join(text.replace("\N{NO-BREAK SPACE}", " ") for role, text in node.texts if role is not Role.NAME)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)

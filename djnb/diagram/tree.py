"""A picture as plain text: tables, their tiers and what each refers to, parents first."""

from __future__ import annotations

from djnb.diagram.picture import Picture


def to_text(picture: Picture) -> str:
    """Return a picture as lines of text, a table each, under the name of its schema."""
    if not picture.nodes:
        return "(no tables)"
    parents: dict[object, list[str]] = {}
    for edge in picture.edges:
        same = edge.parent.schema == edge.child.schema
        label = edge.parent.class_name if same else f"{edge.parent.schema}.{edge.parent.class_name}"
        if edge.renamed:
            label += f" as {', '.join(own for own, _ in edge.renamed)}"
        parents.setdefault(edge.child, []).append(label)
    lines = []
    for schema, nodes in picture.by_schema().items():
        lines.append(schema)
        width = max(len(node.label) for node in nodes)
        for node in nodes:
            refers = f"  <- {', '.join(parents[node.name])}" if node.name in parents else ""
            tier = str(node.tier or "table")
            lines.append(f"  {node.label:<{width}}  {tier:<8}{refers}".rstrip())
    return "\n".join(lines)

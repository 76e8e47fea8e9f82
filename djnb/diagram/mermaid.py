"""A picture in the language of Mermaid, which GitHub, GitLab and JupyterLab draw."""

from __future__ import annotations

from djnb.diagram.picture import Bond, Edge, Picture
from djnb.diagram.style import LINE, LOOKS, TEXT
from djnb.model.naming import TableName

_ARROWS = {Bond.ONE_TO_ONE: "===", Bond.IN_KEY: "---", Bond.SECONDARY: "-.-"}


def to_mermaid(picture: Picture, *, direction: str = "LR") -> str:
    """
    Return a picture in the language of Mermaid.

    Parameters
    ----------
    picture : Picture
        What to draw.
    direction : {"LR", "TB"}
        Whether children stand to the right of their parents, or below them.
    """
    ids = {node.name: f"t{number}" for number, node in enumerate(picture.nodes)}
    lines = [f"flowchart {direction}"]
    for tier, look in LOOKS.items():
        name = str(tier or "other").lower()
        lines.append(f"  classDef {name} fill:{look.fill},stroke:{look.stroke},color:{TEXT}")
    schemas = picture.by_schema()
    for number, (schema, nodes) in enumerate(schemas.items()):
        drawn = []
        for node in nodes:
            opening, closing = LOOKS[node.tier].brackets
            label = f"<u>{_text(node.label)}</u>" if node.has_own_key else _text(node.label)
            drawn.append(f'{ids[node.name]}{opening}"{label}"{closing}:::{str(node.tier or "other").lower()}')
        if len(schemas) == 1:
            lines += [f"  {each}" for each in drawn]
        else:
            lines += [f'  subgraph s{number}["{_text(schema)}"]', *(f"    {each}" for each in drawn), "  end"]
    lines += [_edge(edge, ids) for edge in picture.edges]
    if picture.edges:
        lines.append(f"  linkStyle default stroke:{LINE}")
    return "\n".join(lines) + "\n"


def _edge(edge: Edge, ids: dict[TableName, str]) -> str:
    label = f'|"{_text(", ".join(own for own, _ in edge.renamed))}"|' if edge.renamed else ""
    return f"  {ids[edge.parent]} {_ARROWS[edge.bond]}{label} {ids[edge.child]}"


def _text(text: str) -> str:
    # Mermaid's entities are written with #, so that one must go first.
    return text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")

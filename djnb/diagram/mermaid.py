"""A picture in the language of Mermaid, which GitHub, GitLab and JupyterLab draw."""

from __future__ import annotations

from djnb.diagram.picture import Bond, Edge, Emphasis, Node, Picture, Role
from djnb.diagram.style import FAINT, LINE, LOOKS, QUIET, SCHEMA, TEXT, Shape, look_of
from djnb.model.naming import TableName

_ARROWS = {Bond.ONE_TO_ONE: "===", Bond.IN_KEY: "---", Bond.SECONDARY: "-.-"}
_BRACKETS = {
    Shape.BOX: ("[", "]"),
    Shape.ROUNDED: ("(", ")"),
    Shape.HEXAGON: ("{{", "}}"),
    Shape.OVAL: ("([", "])"),
    Shape.FOLDER: ("[[", "]]"),
}


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
    looks = {**{str(tier or "table").lower(): look for tier, look in LOOKS.items()}, "schema": SCHEMA}
    for name, look in looks.items():
        lines.append(f"  classDef {name} fill:{look.fill},stroke:{look.stroke},color:{TEXT}")
    lines.append(f"  classDef faint fill:{FAINT.fill},stroke:{FAINT.stroke},color:{QUIET}")
    lines.append("  classDef strong stroke-width:3px")
    framed = picture.framed()
    for number, (schema, nodes) in enumerate(picture.by_schema().items()):
        drawn = [_node(node, ids[node.name]) for node in nodes]
        if schema not in framed:
            lines += [f"  {each}" for each in drawn]
        else:
            lines += [f'  subgraph s{number}["{_text(schema)}"]', *(f"    {each}" for each in drawn), "  end"]
    strong = [ids[node.name] for node in picture.nodes if node.mark.emphasis is Emphasis.STRONG]
    if strong:
        lines.append(f"  class {','.join(strong)} strong")
    lines += [_edge(edge, ids) for edge in picture.edges]
    if picture.edges:
        lines.append(f"  linkStyle default stroke:{LINE}")
    return "\n".join(lines) + "\n"


def _node(node: Node, name: str) -> str:
    opening, closing = _BRACKETS[look_of(node).shape]
    said = []
    for role, text in node.texts:
        shown = _text(text)
        if role is Role.NAME and node.mark.emphasis is Emphasis.STRONG:
            shown = f"<b>{shown}</b>"
        said.append(f"<u>{shown}</u>" if role is Role.NAME and node.has_own_key else shown)
    kind = "faint" if node.mark.emphasis is Emphasis.FAINT else node.kind.lower()
    return f'{name}{opening}"{"<br/>".join(said)}"{closing}:::{kind}'


def _edge(edge: Edge, ids: dict[TableName, str]) -> str:
    label = f'|"{_text(edge.label)}"|' if edge.label else ""
    return f"  {ids[edge.parent]} {_ARROWS[edge.bond]}{label} {ids[edge.child]}"


def _text(text: str) -> str:
    # Mermaid's entities are written with #, so that one must go first.
    return text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")

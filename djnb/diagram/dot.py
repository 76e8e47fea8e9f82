"""A picture in the language of graphviz."""

from __future__ import annotations

from djnb.diagram.picture import Bond, Edge, Node, Picture
from djnb.diagram.style import FONT, LINE, LOOKS, TEXT, WIDTHS


def to_dot(picture: Picture, *, direction: str = "LR") -> str:
    """
    Return a picture in the language of graphviz.

    Parameters
    ----------
    picture : Picture
        What to draw.
    direction : {"LR", "TB"}
        Whether children stand to the right of their parents, or below them.
    """
    font, line = _quoted(FONT), _quoted(LINE)
    lines = [
        "digraph {",
        f"  graph [rankdir={direction}, bgcolor=transparent, fontname={font}, ranksep=0.4, nodesep=0.15]",
        f'  node [fontname={font}, fontcolor="{TEXT}", style=filled, height=0.3, margin="0.1,0.04"]',
        f"  edge [color={line}, arrowhead=none, fontname={font}, fontsize=9, fontcolor={line}]",
    ]
    schemas = picture.by_schema()
    for number, (schema, nodes) in enumerate(schemas.items()):
        if len(schemas) == 1:
            lines += [_node(node, "  ") for node in nodes]
            continue
        lines += [
            f"  subgraph cluster_{number} {{",
            f"    label={_quoted(schema)}; style=rounded; color={line}; fontcolor={line}; fontsize=10",
            *(_node(node, "    ") for node in nodes),
            "  }",
        ]
    lines += [_edge(edge) for edge in picture.edges]
    return "\n".join([*lines, "}"]) + "\n"


def _node(node: Node, indent: str) -> str:
    look = LOOKS[node.tier]
    label = _html(node.label)
    values = {
        "label": f"<<u>{label}</u>>" if node.has_own_key else _quoted(node.label),
        "shape": look.shape,
        "color": _quoted(look.stroke),
        "fillcolor": _quoted(look.fill),
        "fontsize": str(look.size),
        "tooltip": _quoted(_tooltip(node)),
    }
    return f"{indent}{_quoted(node.name.full)} [{', '.join(f'{name}={value}' for name, value in values.items())}]"


def _edge(edge: Edge) -> str:
    values = {"penwidth": f"{WIDTHS[edge.bond]:g}"}
    if edge.bond is Bond.SECONDARY:
        values["style"] = "dashed"
    if edge.renamed:
        values["label"] = _quoted(", ".join(own for own, _ in edge.renamed))
    listed = ", ".join(f"{name}={value}" for name, value in values.items())
    return f"  {_quoted(edge.parent.full)} -> {_quoted(edge.child.full)} [{listed}]"


def _tooltip(node: Node) -> str:
    kind = f"{node.tier} table" if node.tier is not None else "table"
    return f"{node.name.schema}.{node.name.table}: {node.comment or kind}"


def _quoted(text: str) -> str:
    # A backslash begins an escape in graphviz: doubled, it is itself.
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

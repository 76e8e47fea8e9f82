"""A picture in the language of graphviz."""

from __future__ import annotations

import re

from djnb.diagram.letters import escape
from djnb.diagram.picture import Bond, Edge, Node, Picture, Role
from djnb.diagram.style import FONT, GROUND, LINE, QUIET, TEXT, WIDTHS, Shape, look_of, outline_of, writing_of

_SHAPES = {
    Shape.BOX: ("box", "filled"),
    Shape.ROUNDED: ("box", "rounded,filled"),
    Shape.HEXAGON: ("hexagon", "filled"),
    Shape.OVAL: ("ellipse", "filled"),
    Shape.FOLDER: ("folder", "filled"),
}
"""What graphviz calls the shape, and its style."""

_MANY = 150
"""For more nodes, graphviz is told not to look for the very best places, which takes it half a minute."""


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
    effort = ", nslimit=1, nslimit1=1, mclimit=0.3" if len(picture.nodes) > _MANY else ""
    lines = [
        "digraph {",
        f"  graph [rankdir={direction}, bgcolor=transparent, fontname={font}, ranksep=0.4, nodesep=0.15{effort}]",
        f'  node [fontname={font}, fontcolor="{TEXT}", height=0.3, margin="0.1,0.04"]',
        f"  edge [color={line}, arrowhead=none, fontname={font}, fontsize=9, fontcolor={_quoted(TEXT)}]",
    ]
    framed = picture.framed()
    for number, (schema, nodes) in enumerate(picture.by_schema().items()):
        if schema not in framed:
            lines += [_node(node, "  ") for node in nodes]
            continue
        lines += [
            f"  subgraph cluster_{number} {{",
            f"    label={_on_ground(schema)}; fontcolor={_quoted(QUIET)}; fontsize=10",
            f'    style="rounded,filled"; color={line}; fillcolor="{LINE}1a"',
            *(_node(node, "    ") for node in nodes),
            "  }",
        ]
    lines += [_edge(edge) for edge in picture.edges]
    return "\n".join([*lines, "}"]) + "\n"


def identity(node: Node) -> str:
    """Return what a node is called in the text, which nobody sees."""
    return node.name.full


def _node(node: Node, indent: str) -> str:
    look = look_of(node)
    shape, style = _SHAPES[look.shape]
    values = {
        "label": _label(node),
        "shape": shape,
        "style": _quoted(style),
        "color": _quoted(look.stroke),
        "fillcolor": _quoted(look.fill),
        "penwidth": f"{outline_of(node):g}",
        "fontsize": str(look.size),
        "tooltip": _quoted(node.title),
    }
    return f"{indent}{_quoted(identity(node))} [{', '.join(f'{name}={value}' for name, value in values.items())}]"


def _label(node: Node) -> str:
    said = []
    for role, text in node.texts:
        style = writing_of(node, role)
        shown = escape(text)
        if style.is_bold:
            shown = f"<b>{shown}</b>"
        if role is Role.NAME and node.has_own_key:
            shown = f"<u>{shown}</u>"
        said.append(f'<font point-size="{style.size}" color="{style.colour}">{shown}</font>')
    return f"<{'<br/>'.join(said)}>"


def _edge(edge: Edge) -> str:
    values = {"penwidth": f"{WIDTHS[edge.bond]:g}"}
    if edge.bond is Bond.SECONDARY:
        values["style"] = "dashed"
    if edge.label:
        values["label"] = _on_ground(edge.label)
    listed = ", ".join(f"{name}={value}" for name, value in values.items())
    return f"  {_quoted(edge.parent.full)} -> {_quoted(edge.child.full)} [{listed}]"


def _on_ground(text: str) -> str:
    """Return a label with a ground of its own, which reads on light and dark pages."""
    shown = escape(text)
    return f'<<table border="0" cellborder="0" cellpadding="1" bgcolor="{GROUND}"><tr><td>{shown}</td></tr></table>>'


def _quoted(text: str) -> str:
    # A backslash begins an escape in graphviz: doubled, it is itself. Entities are its own too: `&amp;` would be `&`.
    text = re.sub(r"[\x00-\x1f\x7f]", " ", text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{text}"'

"""A picture as SVG, drawn in layers by our own hands: for where graphviz is not installed, and the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Literal

from djnb.diagram.layered import Box, Line, lay_out
from djnb.diagram.layered.sheet import Point, Rectangle
from djnb.diagram.letters import escape, shortened, width
from djnb.diagram.picture import Bond, Edge, Node, Picture, Role
from djnb.diagram.style import FONT, GROUND, LINE, QUIET, SMALL, TEXT, WIDTHS, Shape, look_of, outline_of, writing_of

_BESIDE = {Shape.BOX: 9.0, Shape.ROUNDED: 9.0, Shape.HEXAGON: 13.0, Shape.OVAL: 15.0, Shape.FOLDER: 10.0}
"""Between a text and the ends of its node."""
_ABOVE = 6.0
_LEADING = 1.25
_BAR = 4.0


def to_svg(picture: Picture, *, direction: Literal["LR", "TB"] = "LR", title: str = "") -> str:
    """
    Return a picture as SVG; the same picture always gives the same text.

    Parameters
    ----------
    picture : Picture
        What to draw.
    direction : {"LR", "TB"}
        Whether children stand to the right of their parents, or below them.
    title : str
        What is read out to those who do not see it.
    """
    title = title or picture.title
    place = {node.name: number for number, node in enumerate(picture.nodes)}
    framed = picture.framed()
    boxes = [Box(*_size(n), group=n.name.schema if n.name.schema in framed else "") for n in picture.nodes]
    lines = [Line(place[e.parent], place[e.child], _kind(e), _label_size(e)) for e in picture.edges]
    sheet = lay_out(boxes, lines, direction=direction)
    w, h = f"{sheet.width:.0f}", f"{sheet.height:.0f}"
    size = f'width="{w}" height="{h}" viewBox="0 0 {w} {h}"'
    font = f'font-family="{FONT}" font-size="12"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title)}" {font}>',
        f"<title>{escape(title)}</title>",
        *(_frame(schema, sheet.frames[schema]) for schema in framed if schema in sheet.frames),
        *_trunks(picture, sheet.paths, across=direction == "LR"),
        *(_label(e.label, place) for e, place in zip(picture.edges, sheet.labels, strict=True) if place),
        *(_node(node, box) for node, box in zip(picture.nodes, sheet.boxes, strict=True)),
        "</svg>",
    ]
    return "\n".join(parts)


def _size(node: Node) -> tuple[float, float]:
    written = [(writing_of(node, role), text) for role, text in node.texts]
    wide = max(width(text, style.size, is_bold=style.is_bold) for style, text in written)
    high = sum(style.size * _LEADING for style, _ in written) + (_BAR + 2 if node.mark.share is not None else 0)
    return round(max(wide, 24) + 2 * _BESIDE[look_of(node).shape], 1), round(high + 2 * _ABOVE, 1)


def _kind(edge: Edge) -> str:
    return {Bond.ONE_TO_ONE: "thick", Bond.IN_KEY: "thin", Bond.SECONDARY: "dashed"}[edge.bond]


def _label_size(edge: Edge) -> tuple[float, float] | None:
    return (round(width(edge.label, SMALL) + 10, 1), SMALL + 6.0) if edge.label else None


def _frame(schema: str, place: Rectangle) -> str:
    text = shortened(schema, 11, place.width - 16)
    wide = width(text, 11) + 12
    return (
        f"<g><title>{escape(f'schema {schema}')}</title>"
        f'<rect x="{place.x:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" height="{place.height:.1f}" rx="8"'
        f' fill="{LINE}" fill-opacity="0.1" stroke="{LINE}"/>'
        f'<rect x="{place.x + 2:.1f}" y="{place.y + 2:.1f}" width="{wide:.1f}" height="16" rx="6" fill="{GROUND}"/>'
        f'<text x="{place.x + 8:.1f}" y="{place.y + 14:.1f}" font-size="11" fill="{QUIET}">{escape(text)}</text></g>'
    )


def _trunks(picture: Picture, paths: Sequence[Sequence[Point]], *, across: bool) -> Iterable[str]:
    """Yield the lines; those that run together are drawn once."""
    edges, labels = picture.edges, picture.labels
    trunks: dict[tuple[object, str], list[int]] = {}
    for number, edge in enumerate(edges):
        trunks.setdefault((edge.parent, _kind(edge)), []).append(number)
    for numbers in trunks.values():
        drawn: dict[tuple[Point, Point], None] = {}
        for number in numbers:
            drawn.update(dict.fromkeys(pairwise(paths[number])))
        first = edges[numbers[0]]
        dash = ' stroke-dasharray="5 4"' if first.bond is Bond.SECONDARY else ""
        children = ", ".join(labels[edges[number].child] for number in numbers)
        title = f"{labels[first.parent]} \N{RIGHTWARDS ARROW} {children}"
        yield (
            f'<path fill="none" stroke="{LINE}" stroke-width="{WIDTHS[first.bond] + 0.3:g}"{dash}'
            f' d="{_path(drawn, across=across)}">'
            f"<title>{escape(title)}</title></path>"
        )


def _path(segments: Iterable[tuple[Point, Point]], *, across: bool) -> str:
    said = []
    at: Point | None = None
    for start, end in segments:
        if start != at:
            said.append(f"M{_point(start)}")
        if (start.y == end.y) if across else (start.x == end.x):
            said.append(f"L{_point(end)}")
        else:
            middle = (start.x + end.x) / 2 if across else (start.y + end.y) / 2
            one = Point(middle, start.y) if across else Point(start.x, middle)
            other = Point(middle, end.y) if across else Point(end.x, middle)
            said.append(f"C{_point(one)} {_point(other)} {_point(end)}")
        at = end
    return "".join(said)


def _point(point: Point) -> str:
    return f"{point.x:.1f},{point.y:.1f}"


def _label(text: str, place: Rectangle) -> str:
    centre = place.centre
    return (
        f'<g><rect x="{place.x:.1f}" y="{place.y:.1f}" width="{place.width:.1f}" height="{place.height:.1f}" rx="5"'
        f' fill="{GROUND}" stroke="{LINE}" stroke-width="0.7"/>'
        f'<text x="{centre.x:.1f}" y="{centre.y + 3.5:.1f}" text-anchor="middle" font-size="{SMALL}"'
        f' fill="{TEXT}">{escape(text)}</text></g>'
    )


def _node(node: Node, place: Rectangle) -> str:
    look = look_of(node)
    said = [f"<g><title>{escape(node.title)}</title>"]
    said.append(
        f'{_outline(look.shape, place)} fill="{look.fill}" stroke="{look.stroke}" stroke-width="{outline_of(node):g}"/>'
    )
    y = place.y + _ABOVE
    for role, text in node.texts:
        style = writing_of(node, role)
        y += style.size * _LEADING
        line = ' text-decoration="underline"' if role is Role.NAME and node.has_own_key else ""
        bold = ' font-weight="bold"' if style.is_bold else ""
        said.append(
            f'<text x="{place.centre.x:.1f}" y="{y - style.size * 0.3:.1f}" text-anchor="middle"'
            f' font-size="{style.size}" fill="{style.colour}"{bold}{line}>{escape(text)}</text>'
        )
        if role is Role.COUNT and node.mark.share is not None:
            said.append(_bar(node.mark.share, place.centre.x, y, place.width - 2 * _BESIDE[look.shape], look.stroke))
            y += _BAR + 2
    return "".join([*said, "</g>"])


def _bar(share: float, middle: float, y: float, wide: float, colour: str) -> str:
    return (
        f'<rect x="{middle - wide / 2:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{_BAR:g}" rx="2" fill="#d0d7de"/>'
        f'<rect x="{middle - wide / 2:.1f}" y="{y:.1f}" width="{wide * min(max(share, 0), 1):.1f}" height="{_BAR:g}"'
        f' rx="2" fill="{colour}"/>'
    )


def _outline(shape: Shape, place: Rectangle) -> str:
    x, y, right, bottom, middle = place.x, place.y, place.right, place.bottom, place.centre.y
    if shape is Shape.HEXAGON:
        left, end = x + 8.0, right - 8.0
        corners = ((x, middle), (left, y), (end, y), (right, middle), (end, bottom), (left, bottom))
        return f'<polygon points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in corners)}"'
    if shape is Shape.FOLDER:
        tab = f"M{x:.1f},{y + 4:.1f}v-3q0,-1 1,-1h{place.width / 3:.1f}l4,4"
        return f'<path d="{tab}H{right:.1f}V{bottom:.1f}H{x:.1f}Z"'
    radius = {Shape.BOX: 1.0, Shape.ROUNDED: 7.0, Shape.OVAL: min(place.height / 2, 18.0)}[shape]
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{place.width:.1f}" height="{place.height:.1f}" rx="{radius:g}"'

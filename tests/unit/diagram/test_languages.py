"""Pictures as text: the languages of graphviz and Mermaid, by example."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from djnb.diagram.dot import to_dot
from djnb.diagram.mermaid import to_mermaid
from djnb.diagram.picture import Bond, Edge, Node, Picture
from djnb.diagram.svg import to_svg
from djnb.diagram.tree import to_text
from djnb.model.naming import TableName

A = TableName("lab", "subject")
B = TableName("lab", "__scan")
PICTURE = Picture(
    (Node(A, 'say "hi" \\ <b>', has_own_key=True), Node(B)),
    (Edge(A, B, Bond.SECONDARY, (("who", "subject"),)),),
)


def texts(svg):
    """Return what is written in an SVG picture."""
    return {each.text for each in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}


def test_dot_has_nodes_and_edges():
    """Names are quoted, comments become tooltips, a key of its own is underlined, a secondary foreign key dashed."""
    lines = to_dot(PICTURE).splitlines()

    assert "digraph {" == lines[0]
    assert lines[4].startswith(
        '  "`lab`.`subject`" [label=<<font point-size="12" color="#1f2328"><u>Subject</u></font>>'
    )
    assert 'tooltip="lab.Subject (Manual): say \\"hi\\" \\\\ <b>"]' in lines[4]
    assert 'shape=ellipse, style="filled", color="#cf222e"' in lines[5]
    assert lines[6].startswith('  "`lab`.`subject`" -> "`lab`.`__scan`" [penwidth=1, style=dashed, label=<<table')
    assert "<td>who</td>" in lines[6]


def test_mermaid_has_nodes_and_edges():
    """The same in Mermaid: shapes and classes by tier."""
    lines = to_mermaid(PICTURE, direction="TB").splitlines()

    assert "flowchart TB" == lines[0]
    assert '  t0["<u>Subject</u>"]:::manual' in lines
    assert '  t1(["Scan"]):::computed' in lines
    assert '  t0 -.-|"who"| t1' in lines


def test_several_schemas_are_groups():
    """Tables of two schemas are drawn in two frames."""
    picture = Picture((Node(A), Node(TableName("other", "#method"))), ())

    assert 2 == to_dot(picture).count("subgraph cluster_")
    assert 2 == to_mermaid(picture).count("subgraph ")
    assert ["lab", "  Subject  Manual", "other", "  Method  Lookup"] == to_text(picture).splitlines()
    assert {"lab", "other"} <= texts(to_svg(picture))


def test_nothing_is_drawn_of_nothing():
    """An empty picture is valid in every language."""
    empty = Picture((), ())

    assert to_dot(empty).endswith("}\n")
    assert to_mermaid(empty).startswith("flowchart LR")
    assert "(no tables)" == to_text(empty)
    assert to_svg(empty).endswith("</svg>")


def test_svg_has_nodes_and_edges():
    """The same as SVG: every text is escaped, nodes and lines say what they are."""
    svg = to_svg(PICTURE)
    titles = [each.text for each in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}title")]

    assert {"Subject", "Scan", "who"} == texts(svg)
    assert [
        "Diagram of 2 tables of lab",
        "Subject → Scan",
        'lab.Subject (Manual): say "hi" \\ <b>',
        "lab.Scan (Computed)",
    ] == titles
    assert "stroke-dasharray" in svg


def test_control_characters_do_not_break_the_svg():
    """What XML cannot hold is left out."""
    svg = to_svg(Picture((Node(A, "a\x00b\x1b[31mc\ud800"),), ()))

    assert "lab.Subject (Manual): a b [31mc " in [each.text for each in ET.fromstring(svg).iter() if each.text]


def test_every_tier_has_a_shape_of_its_own():
    """Tiers can be told apart without colours."""
    tables = [TableName("lab", name) for name in ("subject", "#method", "_scan", "__cells")]
    picture = Picture(tuple(map(Node, tables)), ())

    assert 4 == len(set(re.findall(r"t\d(\W+)\"", to_mermaid(picture))))
    assert 4 == len(set(re.findall(r'(shape=\w+, style="[\w,]+")', to_dot(picture))))

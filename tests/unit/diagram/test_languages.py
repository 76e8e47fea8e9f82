"""Pictures as text: the languages of graphviz and Mermaid, by example."""

from __future__ import annotations

from djnb.diagram.dot import to_dot
from djnb.diagram.mermaid import to_mermaid
from djnb.diagram.picture import Bond, Edge, Node, Picture
from djnb.diagram.tree import to_text
from djnb.model.naming import TableName

A = TableName("lab", "subject")
B = TableName("lab", "__scan")
PICTURE = Picture(
    (Node(A, 'say "hi" \\ <b>', has_own_key=True), Node(B)),
    (Edge(A, B, Bond.SECONDARY, (("who", "subject"),)),),
)


def test_dot_has_nodes_and_edges():
    """Names are quoted, comments become tooltips, a key of its own is underlined, a secondary foreign key dashed."""
    lines = to_dot(PICTURE).splitlines()

    assert "digraph {" == lines[0]
    assert '  "`lab`.`subject`" [label=<<u>Subject</u>>, shape=box' in lines[4]
    assert 'tooltip="lab.subject: say \\"hi\\" \\\\ <b>"]' in lines[4]
    assert 'shape=ellipse, color="#cf222e"' in lines[5]
    assert '  "`lab`.`subject`" -> "`lab`.`__scan`" [penwidth=1, style=dashed, label="who"]' == lines[6]


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


def test_nothing_is_drawn_of_nothing():
    """An empty picture is valid in every language."""
    empty = Picture((), ())

    assert to_dot(empty).endswith("}\n")
    assert to_mermaid(empty).startswith("flowchart LR")
    assert "(no tables)" == to_text(empty)

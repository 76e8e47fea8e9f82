"""Fewer nodes: what becomes of the lines, by example."""

from __future__ import annotations

from djnb.diagram.folding import collapse, fold
from djnb.diagram.picture import Bond, Edge, Node, Picture, parents_first
from djnb.diagram.svg import to_svg
from djnb.diagram.tree import to_text
from djnb.model.naming import TableName

SUBJECT, SCAN = TableName("lab", "subject"), TableName("lab", "__scan")
CELLS = [TableName("lab", f"__scan__cell_{letter}") for letter in "abcd"]
REVIEW = TableName("other", "review")


def picture(tables, *pairs, bond=Bond.IN_KEY):
    """Return a picture of tables and of foreign keys in their primary keys."""
    return Picture(tuple(map(Node, tables)), tuple(Edge(parent, child, bond) for parent, child in pairs))


def lines(drawn):
    """Return from which node to which a picture's lines lead, and what is written on them."""
    return [(edge.parent, edge.child, edge.label) for edge in drawn.edges]


def test_few_parts_are_named_and_many_are_counted():
    """A master says which parts it has, or how many they are."""
    few = fold(picture([SCAN, *CELLS[:2]], (SCAN, CELLS[0]), (SCAN, CELLS[1])))
    many = fold(picture([SCAN, *CELLS], *((SCAN, cell) for cell in CELLS)))

    assert [("+ CellA, CellB",)] == [node.folds for node in few.nodes]
    assert [("+ 4 parts",)] == [node.folds for node in many.nodes]
    assert () == few.edges


def test_part_without_its_master_is_a_node():
    """There is nothing that it could be folded into."""
    assert [CELLS[0]] == [node.name for node in fold(picture([CELLS[0]])).nodes]


def test_ring_that_folding_makes_is_drawn():
    """A part may refer to a table that refers to its master: one line of the two goes back, and the tree has both."""
    folded = fold(picture([SCAN, SUBJECT, CELLS[0]], (SCAN, SUBJECT), (SCAN, CELLS[0]), (SUBJECT, CELLS[0])))

    assert [(SCAN, SUBJECT, ""), (SUBJECT, SCAN, "")] == lines(folded)
    assert to_svg(folded).endswith("</svg>")
    assert ["lab", "  Scan        Computed  + CellA  <- Subject", "  └─ Subject  Manual"] == to_text(
        folded
    ).splitlines()


def test_collapsed_schema_stands_after_what_it_refers_to():
    """The node of a schema comes where its tables' foreign keys put it, not where its first table was."""
    whole = picture([REVIEW, SUBJECT, SCAN], (SUBJECT, REVIEW), (SUBJECT, SCAN), (SCAN, REVIEW))
    drawn = collapse(whole, [REVIEW])

    assert [SUBJECT, SCAN, TableName("other", "")] == [node.name for node in drawn.nodes]
    assert "other  schema    1 table  <- lab.Subject, lab.Scan" == to_text(drawn).splitlines()[-1]


def test_lines_between_the_same_nodes_become_one():
    """Of several lines to a collapsed schema, one is left; that of a primary key, if there is one."""
    keys = picture([SUBJECT, SCAN, REVIEW], (SUBJECT, REVIEW), (SCAN, REVIEW))
    others = picture([SUBJECT, SCAN, REVIEW], (SCAN, REVIEW), bond=Bond.SECONDARY)
    drawn = collapse(Picture(keys.nodes, (*others.edges, *keys.edges)), [SUBJECT, SCAN])

    assert [Edge(TableName("lab", ""), REVIEW, Bond.IN_KEY)] == list(drawn.edges)


def test_parents_come_first():
    """Else the order stays; in a ring, the first that was given comes first."""
    assert ["b", "a", "c"] == parents_first("abc", {"a": {"b"}})
    assert ["a", "b", "c"] == parents_first("abc", {"a": {"c"}, "b": {"a"}, "c": {"b"}})
    assert ["a"] == parents_first("a", {"a": {"a"}})

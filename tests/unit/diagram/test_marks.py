"""Numbers in pictures: a function of a picture and numbers, without a database."""

from __future__ import annotations

from djnb.diagram.folding import fold
from djnb.diagram.marks import Standing, mark_rows, mark_standing
from djnb.diagram.picture import Bond, Edge, Node, Picture
from djnb.diagram.svg import to_svg
from djnb.model.naming import TableName

SUBJECT, METHOD = TableName("lab", "subject"), TableName("lab", "#method")
SCAN, CELL, QUALITY = TableName("lab", "__scan"), TableName("lab", "__scan__cell"), TableName("lab", "__quality")
WHOLE = Picture(
    tuple(map(Node, (SUBJECT, METHOD, SCAN, CELL, QUALITY))),
    (
        Edge(SUBJECT, SCAN, Bond.IN_KEY, rule="copy"),
        Edge(METHOD, SCAN, Bond.IN_KEY),
        Edge(SCAN, CELL, Bond.IN_KEY, rule="copy"),
        Edge(SCAN, QUALITY, Bond.ONE_TO_ONE, rule="copy"),
    ),
)


def shown(picture):
    """Return what stands out how, with what numbers."""
    return {n.label: (n.mark.text.replace("\N{NO-BREAK SPACE}", " "), str(n.mark.emphasis)) for n in picture.nodes}


def test_rows_reached_stand_beside_rows_there():
    """Where it ends is bold, what is not reached is grey, and a rule is said only between tables that are reached."""
    drawn = mark_rows(fold(WHOLE), {SUBJECT: 1, SCAN: 2, CELL: 4_203, QUALITY: 0}, {SUBJECT: 12, SCAN: 30, CELL: 5_000})

    assert {
        "Subject": ("1 / 12", "plain"),
        "Method": ("", "faint"),
        "Scan": ("2 / 30", "strong"),
        "Quality": ("0", "faint"),
    } == shown(drawn)
    assert ("+ Cell 4\N{NO-BREAK SPACE}203 / 5\N{NO-BREAK SPACE}000",) == drawn.nodes[2].folds
    assert ["copy", "", ""] == [edge.rule for edge in drawn.edges]


def test_start_stands_out_without_rows():
    """Where it begins is not grey, even if nothing is there yet."""
    assert "strong" == shown(mark_rows(WHOLE, {}, {}, starts=[SCAN]))["Scan"][1]


def test_progress_has_a_bar():
    """How far a table is, is a number and a bar; what is at work and what has failed is said."""
    drawn = mark_standing(fold(WHOLE), {SCAN: Standing(1, 4, errors=1, reserved=2), QUALITY: Standing(0, 0)})
    scan, quality = drawn.nodes[2].mark, drawn.nodes[3].mark

    assert ("1 / 4", 0.25, "2 at work", "1 error") == (scan.text, scan.share, scan.note, scan.alarm)
    assert ("0 / 0", 1.0, "") == (quality.text, quality.share, quality.alarm)
    assert "lab.Scan (Computed): 1 / 4 · 2 at work · ⚠ 1 error · + Cell" in to_svg(drawn)

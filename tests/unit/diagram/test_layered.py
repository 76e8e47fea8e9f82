"""Layout without graphviz: what holds of every sheet, whatever is laid out."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from djnb.diagram.layered import Box, Line, lay_out
from djnb.diagram.layered.places import isotonic

CLOSE = 0.01  # pixels


@st.composite
def sheets(draw):
    """Give boxes and lines, some with labels and some going back, and a direction."""
    count = draw(st.integers(1, 14))
    groups = draw(st.integers(1, 4))
    sizes = st.floats(20, 160)
    boxes = [Box(draw(sizes), draw(st.floats(15, 60)), draw(st.sampled_from("abcd"[:groups]))) for _ in range(count)]
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] != pair[1])
    pairs = draw(st.lists(ends, max_size=24, unique=True)) if count > 1 else []
    labels = st.sampled_from([None, None, (40.0, 14.0)])
    lines = [Line(tail, head, draw(st.sampled_from(["thin", "dashed"])), draw(labels)) for tail, head in pairs]
    return boxes, lines, draw(st.sampled_from(["LR", "TB"]))


def overlaps(one, other, margin=-CLOSE):
    """Tell whether two rectangles have a part of the sheet in common."""
    return (
        one.x < other.right + margin
        and other.x < one.right + margin
        and one.y < other.bottom + margin
        and other.y < one.bottom + margin
    )


@settings(max_examples=150)
@given(sheets())
def test_every_sheet_can_be_read(given):
    """
    No box overlaps another one or a label, and none lies outside of the sheet. Boxes are as large as was asked.
    """
    boxes, lines, direction = given
    sheet = lay_out(boxes, lines, direction=direction)
    labels = [label for label in sheet.labels if label is not None]

    assert [(box.width, box.height) for box in boxes] == [(box.width, box.height) for box in sheet.boxes]
    assert [] == [pair for pair in combinations([*sheet.boxes, *labels], 2) if overlaps(*pair)]
    for each in (*sheet.boxes, *labels, *sheet.frames.values()):
        assert 0 <= each.x <= each.right <= sheet.width
        assert 0 <= each.y <= each.bottom <= sheet.height
    for point in (point for path in sheet.paths for point in path):
        assert 0 <= point.x <= sheet.width
        assert 0 <= point.y <= sheet.height


@settings(max_examples=100)
@given(sheets())
def test_lines_go_on_from_box_to_box(given):
    """A line begins at one box, ends at the other, goes on all the way, and passes under no box between."""
    boxes, lines, direction = given
    forward = [line for line in lines if line.tail < line.head]
    sheet = lay_out(boxes, forward, direction=direction)
    axis = "x" if direction == "LR" else "y"
    for line, path in zip(forward, sheet.paths, strict=True):
        tail, head = sheet.boxes[line.tail], sheet.boxes[line.head]
        along = [getattr(point, axis) for point in path]
        end = tail.right if direction == "LR" else tail.bottom
        assert along == sorted(along)
        assert end == pytest.approx(along[0])
        assert getattr(head, axis) == pytest.approx(along[-1])
        for start, stop in pairwise(path):
            if (start.y == stop.y) if direction == "LR" else (start.x == stop.x):
                for box in sheet.boxes:
                    across = box.y < start.y < box.bottom if direction == "LR" else box.x < start.x < box.right
                    first, last = getattr(start, axis), getattr(stop, axis)
                    begin, finish = (box.x, box.right) if direction == "LR" else (box.y, box.bottom)
                    assert not (across and first < finish - CLOSE and begin + CLOSE < last)


@settings(max_examples=100)
@given(sheets())
def test_frames_do_not_overlap(given):
    """A frame holds the boxes of its group, no other group's, and lies beside the other frames."""
    boxes, lines, direction = given
    sheet = lay_out(boxes, lines, direction=direction)

    assert [] == [pair for pair in combinations(sheet.frames.values(), 2) if overlaps(*pair)]
    for box, place in zip(boxes, sheet.boxes, strict=True):
        for group, frame in sheet.frames.items():
            assert overlaps(frame, place) == (group == box.group)


@settings(max_examples=50)
@given(sheets())
def test_same_boxes_lie_in_the_same_places(given):
    """The same picture is the same text, so that it can be compared."""
    boxes, lines, direction = given

    assert lay_out(boxes, lines, direction=direction) == lay_out(boxes, lines, direction=direction)


def test_what_can_be_untangled_does_not_cross():
    """Lines of a tree do not cross, and a chain is straight."""
    tree = [Line(parent, child) for child in range(1, 31) if (parent := (child - 1) // 2) >= 0]
    sheet = lay_out([Box(60, 20)] * 31, tree)
    ends = sorted((sheet.boxes[line.tail].x, sheet.boxes[line.tail].y, sheet.boxes[line.head].y) for line in tree)
    chain = lay_out([Box(60, 20)] * 9, [Line(number, number + 1) for number in range(8)])

    assert all(a[2] < b[2] for a, b in pairwise(ends) if a[0] == b[0] and a[1] < b[1])
    assert 1 == len({box.y for box in chain.boxes})


def test_lines_of_a_box_share_a_trunk():
    """Long lines that begin at one box run together before they part."""
    lines = [Line(0, 1), Line(1, 2), Line(2, 3), Line(2, 4), Line(0, 3), Line(0, 4)]
    sheet = lay_out([Box(60, 20)] * 5, lines)

    assert sheet.paths[4][:-1] == sheet.paths[5][:-1]


def test_boxes_without_lines_fill_a_square():
    """Tables that nothing refers to do not become one long column."""
    sheet = lay_out([Box(60, 20)] * 25, [])

    assert 5 == len({box.x for box in sheet.boxes})


def test_groups_after_each_other_share_a_lane():
    """A group that follows another one lies beside it, not below."""
    lines = [Line(0, 1), Line(1, 2), Line(2, 3)]
    sheet = lay_out([Box(60, 20, "a"), Box(60, 20, "a"), Box(60, 20, "b"), Box(60, 20, "b")], lines)

    assert sheet.frames["a"].y == sheet.frames["b"].y
    assert sheet.frames["a"].right < sheet.frames["b"].x


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0.1, 9)), max_size=12))
def test_places_never_fall(pairs):
    """Places that are wanted out of order are brought into order, and those in order stay."""
    targets, weights = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    placed = isotonic(targets, weights)

    assert placed == sorted(placed)
    assert sum(p * w for p, w in zip(placed, weights, strict=True)) == pytest.approx(
        sum(t * w for t, w in zip(targets, weights, strict=True)), abs=1e-6
    )
    assert sorted(targets) == isotonic(sorted(targets), weights)

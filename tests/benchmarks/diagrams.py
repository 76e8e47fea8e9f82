"""How long it takes to draw a pipeline, by djnb itself beside graphviz."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial

from djnb.diagram.dot import to_dot
from djnb.diagram.picture import Bond, Edge, Node, Picture
from djnb.diagram.render import can_draw, draw
from djnb.diagram.svg import to_svg
from djnb.diagram.tree import to_text
from djnb.model.naming import TableName
from tests.benchmarks.measure import Ways


def ways(tables: int) -> Iterator[Ways]:
    """Give the drawing of so many tables in one schema, and in ten; beside graphviz, or where it is not, the tree."""
    for schemas in (1, 10):
        picture = _pipeline(tables, schemas)
        yield Ways(
            f"draw {tables} tables of {schemas} schema{'' if schemas == 1 else 's'}",
            "graphviz" if can_draw() else "the tree",
            partial(to_svg, picture),
            partial(draw, to_dot(picture), "svg") if can_draw() else partial(to_text, picture),
        )


def _pipeline(tables: int, schemas: int) -> Picture:
    """Return a picture in which tables refer to one or two of those before them, mostly near ones."""
    chance = random.Random(1)
    prefixes = ["", "#", "_", "__", "__"]
    names = [
        TableName(f"schema_{number * schemas // tables}", f"{chance.choice(prefixes)}table_number_{_letters(number)}")
        for number in range(tables)
    ]
    edges = []
    for number in range(1, tables):
        nearest = range(max(0, number - 30), number)
        parents = (
            {chance.choice(nearest), chance.choice(nearest)} if chance.random() < 0.4 else {chance.choice(nearest)}
        )
        for parent in sorted(parents):
            renamed = (("reference", "number"),) if chance.random() < 0.1 else ()
            edges.append(Edge(names[parent], names[number], chance.choice(list(Bond)), renamed))
    return Picture(tuple(map(Node, names)), tuple(edges))


def _letters(number: int) -> str:
    return f"{chr(97 + number // 26 % 26)}{chr(97 + number % 26)}"

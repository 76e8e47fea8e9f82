"""Which operator binds closer: as the server has it, on every database."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import DatabaseError, QuerySyntaxError
from djnb.sql.statement import Statement
from tests.conformance.reading import connection

__all__ = ["connection"]


pytestmark = pytest.mark.mysql

OPERATORS = [
    *("=", "<=>", "<>", "<", "<=", ">", ">=", "|", "&", "<<", ">>", "+", "-", "*", "/", "DIV", "%", "^"),
    *("AND", "OR", "XOR", "IS TRUE", "IS NOT NULL", "LIKE", "NOT LIKE", "REGEXP", "IN", "NOT IN", "BETWEEN"),
]


@pytest.fixture(scope="module")
def Row(shared_schema):
    """One row."""

    @shared_schema
    class Row(dj.Manual):
        definition = """
        row : int32
        """

    Row.insert1((1,))
    return Row


@pytest.fixture(scope="module")
def server(mysql_url):
    """A server that is asked in its own words."""
    connection = dj.Connection(mysql_url)
    yield connection
    connection.close()


def followed(operator, right):
    """Return an operator with what may stand behind it."""
    if operator.startswith("IS"):
        return operator
    shapes = {"IN": "IN ({}, 0)", "NOT IN": "NOT IN ({}, 0)", "BETWEEN": "BETWEEN 0 AND {}", "REGEXP": "REGEXP '{}'"}
    return shapes.get(operator, f"{operator} {{}}").format(right)


@pytest.mark.parametrize("first", OPERATORS)
def test_chain_groups_as_on_the_server(Row, server, first):
    """`a | b & c`, `a = b < c`, `a - b ^ c`, `NOT a = b` mean the same everywhere, with no parentheses written."""
    numbers = [(7, 2, 3), (3, 1, 0), (0, 1, 1), (2, 2, 1)]
    bits, matching = ("|", "&", "<<", ">>", "^"), ("LIKE", "NOT LIKE", "REGEXP", "IN", "NOT IN", "BETWEEN")
    texts = [
        f"{before}{a} {followed(first, b)} {followed(second, c)}"
        for second in OPERATORS
        for a, b, c in numbers
        for before in ("", "NOT ", "! ")
        # On servers, bits have no sign, and a quotient as text has four digits.
        if not ({first, second} & {"-"} and {first, second} & {*bits})
        and not ("/" in (first, second) and {first, second} & {"LIKE", "NOT LIKE", "REGEXP"})
        # MariaDB groups these to the right; MySQL does not take them.
        if not (first in matching and second in matching)
    ]
    accepted, expected = [], []
    for text in texts:
        try:
            expected += [row[0] for row in server.execute(Statement(server.dialect.escape(f"SELECT {text}"))).rows]
        except (QuerySyntaxError, DatabaseError):
            continue  # some operators have no neighbours
        accepted.append(text)

    found = Row.proj(**{f"x{number}": text for number, text in enumerate(accepted)}).to_dicts()[0]

    values = [found[f"x{number}"] for number in range(len(accepted))]
    assert [] == [
        (text, theirs, ours)
        for text, theirs, ours in zip(accepted, expected, values, strict=True)
        if (theirs is None) != (ours is None) or (theirs is not None and abs(float(theirs) - float(ours)) > 1e-3)
    ]


def test_long_chain_stays_shallow(Row):
    """Hundreds of terms are added, compared and connected without parentheses."""
    assert Row.proj(x=" + ".join(["1"] * 50)).to_dicts() == [{"row": 1, "x": 50}]
    assert len(Row & " OR ".join(["row = 1"] * 3000)) == 1

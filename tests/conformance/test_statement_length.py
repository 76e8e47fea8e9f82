"""A long question is said at a length in proportion, and answered: `a + b + c …`, `q.extend(…).extend(…) …`."""

from __future__ import annotations

import functools
import operator

import pytest

import djnb as dj
from tests.conformance.reading import connection

__all__ = ["connection"]


LINKS = 12
NESTED_LINKS = 6
"""Of chains that must stand within each other, of which the parser of SQLite takes no more than a dozen."""


@pytest.fixture(scope="module")
def numbers(shared_schema):
    """A table of three rows."""

    @shared_schema
    class Number(dj.Manual):
        definition = """
        a     : int32
        ---
        value : int32
        """

    Number.insert([(1, 10), (2, 20), (3, 30)])
    return Number


def length(statements, query):
    """Return how long the statement is that fetches a query, and its rows."""
    statements.clear()
    rows = query.to_dicts()
    assert 1 == len(statements)
    return len(statements[0]), rows


CHAINS = {
    "unions of different attributes": lambda query, link, table: query + table.proj(**{f"x{link}": "value"}),
    "unions of the same attributes": lambda query, link, table: query + table.proj(value=f"value + {link}"),
    "unions of restricted unions": lambda query, link, table: (query & f"a < {link + 3}") + table,
    "left joins": lambda query, link, table: query.extend(table.proj(**{f"x{link}": "value"})),
    "left joins to the right": lambda query, link, table: table.proj(**{f"x{link}": "value"}).extend(query),
    "aggregations of aggregations": lambda query, link, table: table.aggr(query, value="count(*)"),
    "aggregations over groups": lambda query, link, table: query.aggr(table, ..., **{f"x{link}": "count(*)"}),
    "first rows of first rows": lambda query, link, table: query & dj.Top(3, "value" if link % 2 else "value DESC"),
    "computed from computed": lambda query, link, table: query.proj(value="2 * value - value"),
    "groups of groups": lambda query, link, table: dj.U("a").aggr(query, value="sum(value)"),
}

NESTED = {
    "unions restricted by queries": lambda query, link, table: (table + table) & query.proj(),
    "restrictions by first rows": lambda query, link, table: table & (query & dj.Top(3, "value")).proj(),
}


class TestLongChain:
    @pytest.mark.parametrize("kind", [*CHAINS, *NESTED])
    def test_grows_by_about_the_same_with_each_link(self, numbers, statements, kind):
        """Twice the links make a statement about twice as long, not one that outgrows the database."""
        extended = CHAINS[kind] if kind in CHAINS else NESTED[kind]
        links = LINKS if kind in CHAINS else NESTED_LINKS
        chain = functools.partial(functools.reduce, lambda query, link: extended(query, link, numbers()))

        half, _ = length(statements, chain(range(links // 2), numbers()))
        whole, rows = length(statements, chain(range(links), numbers()))

        assert whole < 3 * half
        assert [1, 2, 3] == sorted(map(operator.itemgetter("a"), rows))

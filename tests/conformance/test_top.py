"""The first rows in an order: `query & dj.Top(...)`."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import OperandError, UnknownAttributeError
from djnb.events import StatementSent
from tests.conformance import sessions
from tests.conformance.sessions import keys


@pytest.fixture(scope="module")
def tables(shared_schema):
    """Subjects, rigs, sessions and trials, declared once for all tests."""
    return sessions.declare(shared_schema)


class TestTop:
    def test_keeps_the_first_rows_by_key(self, tables):
        """One row by default, the first by the primary key."""
        assert [("ann", 1)] == keys(tables.Session & dj.Top())
        assert [("ann", 1), ("ann", 2)] == keys(tables.Session & dj.Top(2))
        assert [("bob", 1), ("ann", 2)] == keys(tables.Session & dj.Top(2, "KEY DESC"))

    def test_in_another_order(self, tables):
        """The order may name attributes, each maybe downwards; rows that are equal in it come by their key."""
        assert [("ann", 1, 2), ("ann", 1, 1), ("ann", 2, 1)] == keys(tables.Trial & dj.Top(3, "score DESC"))
        assert [("bob", 1, 1), ("ann", 2, 1)] == keys(tables.Trial & dj.Top(2, ["score", "session DESC"]))
        assert [("bob", 1, 1), ("ann", 2, 1)] == keys(tables.Trial & dj.Top(2, "score, session desc"))

    def test_passes_over_an_offset(self, tables):
        """Rows from one on, with or without a limit."""
        assert [("ann", 2)] == keys(tables.Session & dj.Top(1, offset=1))
        assert [("ann", 2), ("bob", 1)] == keys(tables.Session & dj.Top(None, offset=1))
        assert [] == keys(tables.Session & dj.Top(5, offset=100))

    def test_without_limit_only_orders(self, tables):
        """All rows, in the order asked, which projections and restrictions keep."""
        ordered = tables.Trial & dj.Top(None, "score DESC")

        assert 4 == len(ordered)
        assert [7, 5, 5, None] == [row["score"] for row in ordered]
        assert [("ann", 1, 2), ("ann", 1, 1), ("ann", 2, 1), ("bob", 1, 1)] == keys(ordered.proj())
        assert [("ann", 2, 1), ("bob", 1, 1)] == keys(ordered & "session = 2 OR score IS NULL")

    def test_order_is_that_of_the_fetch_unless_another_is_asked_for(self, tables):
        """A limit of the fetch takes the first in the order of the Top; an order of the fetch comes first."""
        best = tables.Trial & dj.Top(3, "score DESC")

        assert [7, 5] == [row["score"] for row in best.to_dicts(limit=2)]
        assert [("ann", 1), ("ann", 1)] == [(r["subject"], r["session"]) for r in best.proj().to_dicts(limit=2)]
        assert [5, 5, 7] == [row["score"] for row in best.to_dicts(order_by="score")]

    def test_of_a_table_is_a_table(self, tables):
        """Class and instance; what is kept is still the table."""
        assert isinstance(tables.Session & dj.Top(), tables.Session)
        assert keys(tables.Session() & dj.Top(2)) == keys(tables.Session.restrict(dj.Top(2)))


class TestTopOfATop:
    def test_in_the_same_order_is_within_the_first(self, tables):
        """The first of the first: never a row that the first one had left out."""
        first = tables.Trial & dj.Top(3)

        assert [("ann", 1, 1), ("ann", 1, 2)] == keys(first & dj.Top(2))
        assert [("ann", 2, 1)] == keys(first & dj.Top(5, offset=2))
        assert [] == keys(first & dj.Top(5, offset=3))

    def test_without_an_order_keeps_the_order(self, tables):
        """`order_by=None` takes the order that is there, and the key's where there is none."""
        assert [("ann", 1, 1)] == keys(tables.Trial & dj.Top(3, "score DESC") & dj.Top(1, None, offset=1))
        assert [("ann", 2, 1)] == keys((tables.Trial & dj.Top(3, "score DESC")).proj() & dj.Top(1, None, offset=2))
        assert [("ann", 1, 1)] == keys(tables.Trial & dj.Top(1, None))

    def test_in_another_order_sorts_what_is_left(self, tables):
        """The last two by key, then the better of them."""
        assert [("ann", 2, 1)] == keys(tables.Trial & dj.Top(2, "KEY DESC") & dj.Top(1, "score DESC"))


class TestEveryOperatorSeesTheFirstRowsOnly:
    """Restricting, joining, aggregating and counting a Top are about the rows of the Top."""

    @pytest.fixture
    def first(self, tables):
        """The first two trials, both of one session."""
        return tables.Trial & dj.Top(2)

    def test_restriction(self, first):
        """What was not among the first does not come in again."""
        assert [("ann", 1, 2)] == keys(first & "trial = 2")
        assert [] == keys(first & {"session": 2})
        assert [] == keys(first - "score > 0")

    def test_join(self, tables, first):
        """On either side."""
        assert keys(first) == keys(first * tables.Session) == keys(tables.Session * first)
        assert [("ann", 1, 1), ("ann", 1, 2)] == keys((tables.Session & dj.Top(1)) * tables.Trial)

    def test_restriction_by_it(self, tables, first):
        """As a condition too, negated or not."""
        assert [("ann", 1)] == keys(tables.Session & first)
        assert [("ann", 2), ("bob", 1)] == keys(tables.Session - first)
        assert [("ann", 2), ("bob", 1)] == keys(tables.Session & -first)
        assert [("ann", 1), ("bob", 1)] == keys(tables.Session & [first, "subject = 'bob'"])

    def test_aggregation(self, tables, first):
        """Of the groups, and of what is aggregated."""
        assert [2, 0, 0] == [row["n"] for row in tables.Session.aggr(first, n="count(*)")]
        assert [("ann", 1, 2)] == [
            (r["subject"], r["session"], r["n"]) for r in (tables.Session & dj.Top(1)).aggr(tables.Trial, n="count(*)")
        ]
        assert [{"n": 2}] == dj.U().aggr(first, n="count(*)").to_dicts()
        assert [("ann",)] == keys(dj.U("subject") & first)

    def test_projection(self, first):
        """Whatever is computed, also over several rows."""
        assert [5, 7] == [row["points"] for row in first.proj(points="score")]
        assert [2, 2] == [row["n"] for row in first.proj(n="count(*) OVER ()")]

    def test_union(self, tables, first):
        """Either side may be the first rows."""
        assert [("ann", 1, 1), ("ann", 1, 2), ("bob", 1, 1)] == keys(first + (tables.Trial & "score IS NULL"))

    def test_counting(self, tables, first):
        """Length, truth, membership."""
        assert 2 == len(first)
        assert not tables.Trial & dj.Top(0)
        assert not tables.Trial & dj.Top(5, offset=100)
        assert {"trial": 2} in first
        assert {"session": 2} not in first

    def test_preview(self, first):
        """What is shown."""
        assert "2 rows" in str(first)


class TestTopAsKeySource:
    def test_is_made_of_the_first_keys_only(self, shared_schema, tables):
        """A key source that is a Top stays within it, whatever is done already."""

        class Score(dj.Computed):
            definition = """
            -> Trial
            ---
            double : int32
            """

            @property
            def key_source(self):
                return tables.Trial & "score > 0" & dj.Top(2, "KEY DESC")

            def make(self, key):
                self.insert1({**key, "double": 2 * (tables.Trial & key).fetch1("score")})

        shared_schema(Score, context={"Trial": tables.Trial})
        Score.populate(max_calls=1)
        assert (1, 2) == tuple(Score.progress(display=False))

        Score.populate()
        assert [("ann", 1, 2), ("ann", 2, 1)] == keys(Score)
        assert (2, 2) == tuple(Score.progress(display=False))


class TestRefused:
    @pytest.mark.parametrize("limit", [-1, 1.5, "3", True])
    def test_a_limit_that_counts_nothing(self, limit):
        """A limit is a whole number, 0 or more."""
        with pytest.raises(OperandError, match="limit="):
            dj.Top(limit)

    def test_an_offset_that_counts_nothing(self):
        """So is an offset."""
        with pytest.raises(OperandError, match="offset=-2"):
            dj.Top(1, offset=-2)

    def test_an_unknown_attribute(self, tables, shared_connection):
        """Before anything is sent."""
        sent = []
        with shared_connection.bus.subscribed(sent.append, StatementSent):
            with pytest.raises(UnknownAttributeError, match="Did you mean 'score'"):
                tables.Trial & dj.Top(1, "scor")
            with pytest.raises(OperandError, match="'score UP' is no order"):
                tables.Trial & dj.Top(1, "score UP")

        assert [] == sent

    @pytest.mark.parametrize("operand", [dj.Not(dj.Top()), [dj.Top()], dj.AndList(["trial = 1", dj.Top()])])
    def test_among_conditions(self, tables, operand):
        """The first rows are no condition on a single row; the message says how to have the others."""
        with pytest.raises(OperandError, match=r"q - \(q & dj.Top"):
            tables.Trial & operand


class TestDelete:
    def test_takes_the_first_rows_and_no_others(self, schema):
        """A delete of a Top, also of a restricted one, leaves the rows that it left out."""

        @schema
        class Cage(dj.Manual):
            definition = """
            cage : int32
            ---
            size : int32
            """

        Cage.insert([(1, 5), (2, 9), (3, 7), (4, 1)])

        assert 1 == (Cage & dj.Top(2, "size DESC") & "cage > 2").delete(prompt=False)
        assert 2 == (Cage & dj.Top(2)).delete(prompt=False)
        assert [(4,)] == keys(Cage)


def test_values_of_an_enum_come_in_the_order_of_its_definition(schema):
    """Spring comes before Fall, by name or as part of the key, in a fetch and in a Top, up or down."""

    @schema
    class Term(dj.Manual):
        definition = """
        year : int32
        term : enum('Spring', 'Summer', 'Fall')
        """

    Term.insert((year, term) for year in (2023, 2024) for term in ("Fall", "Summer", "Spring"))

    seasons = ["Spring", "Summer", "Fall"]
    assert [(y, s) for y in (2023, 2024) for s in seasons] == [tuple(row.values()) for row in Term.to_dicts()]
    assert seasons[::-1] == [row["term"] for row in (Term & "year = 2023").to_dicts(order_by="term DESC")]
    first = Term & dj.Top(3, ("term", "year DESC"))
    assert [(2024, "Spring"), (2023, "Spring"), (2024, "Summer")] == [tuple(row.values()) for row in first.to_dicts()]
    assert 1 == len(first & {"term": "Summer"})
    assert ["Spring", "Summer", "Fall"] == [row["term"] for row in (dj.U("term") & Term).to_dicts(order_by="term")]
    joined = Term * Term.proj(..., other="term")
    assert ("Spring", "Spring") == tuple(joined.to_dicts("term", "other", limit=1)[0].values())

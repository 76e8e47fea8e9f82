"""The rows of either query: `one + other`."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import OperandError
from tests.conformance import sessions
from tests.conformance.reading import connection
from tests.conformance.sessions import keys

__all__ = ["connection"]


@pytest.fixture(scope="module")
def tables(shared_schema):
    """Subjects, rigs, sessions and trials, declared once for all tests."""
    return sessions.declare(shared_schema)


class TestOfTheSameAttributes:
    def test_has_the_rows_of_both_once(self, tables):
        """Restrictions of one table, which may overlap."""
        one, other = tables.Trial & "score > 6", tables.Trial & "subject = 'ann' AND session = 1"

        expected = tables.Trial & "score > 6 OR (subject = 'ann' AND session = 1)"
        assert expected.to_dicts() == (one + other).to_dicts()
        assert 2 == len(one + other)
        assert tables.Trial.to_dicts() == (tables.Trial + tables.Trial()).to_dicts()

    def test_has_the_left_row_where_keys_are_equal(self, tables):
        """A key has one row, the left one's."""
        first = tables.Trial & "session = 1 AND trial = 1 AND score > 0"
        other = tables.Trial.proj(score="trial * 100")

        assert [5, 200, 100, 100] == [row["score"] for row in first + other]

    def test_of_keys_alone(self, tables):
        """Keys of different tables; the order of the attributes does not matter."""
        assert [("ann",), ("bob",), ("cat",)] == keys((dj.U("subject") & tables.Session) + tables.Subject.proj())
        assert [("ann", 1), ("ann", 2), ("bob", 1)] == keys(
            tables.Session.proj() + (dj.U("session", "subject") & tables.Trial)
        )


class TestOfOtherAttributes:
    def test_fills_what_is_missing_with_null(self, tables):
        """A row of both has the attributes of both; a row of one has None in those of the other."""
        sessions = dj.U("subject").aggr(tables.Session, n="count(*)")

        assert [
            {"subject": "ann", "weight": 60.5, "n": 2},
            {"subject": "bob", "weight": None, "n": 1},
            {"subject": "cat", "weight": 50.0, "n": None},
        ] == (tables.Subject + sessions).to_dicts()
        assert [("ann", 60.5, 2), ("bob", None, 1)] == [
            tuple(row.values()) for row in (tables.Subject & "weight > 55") + sessions
        ]

    def test_with_one_side_of_keys_alone(self, tables):
        """The other side's attributes are there, None for further keys."""
        united = (tables.Subject & "weight > 55") + (dj.U("subject") & tables.Session)

        assert [{"subject": "ann", "weight": 60.5}, {"subject": "bob", "weight": None}] == united.to_dicts()


class TestGoesOnLikeAnyQuery:
    @pytest.fixture
    def united(self, tables):
        """Three trials."""
        return (tables.Trial & "score = 7") + (tables.Trial & "session = 2") + (tables.Trial & "score IS NULL")

    def test_restricted(self, tables, united):
        """By texts, dicts and queries, about the key or not; and as a restriction."""
        assert [("ann", 1, 2)] == keys(united & "score > 5")
        assert [("ann", 2, 1)] == keys(united & {"subject": "ann", "session": 2})
        assert [("bob", 1, 1)] == keys(united - (tables.Session & "rig IS NOT NULL"))
        assert [("ann", 1), ("ann", 2), ("bob", 1)] == keys(tables.Session & united)

    def test_joined_and_projected(self, tables, united):
        """On either side of a join."""
        assert [1, 2, None] == [row["rig"] for row in united * tables.Session]
        assert [1, 2, None] == [row["rig"] for row in tables.Session * united]
        assert [14, 10, None] == [row["twice"] for row in united.proj(twice="score * 2")]

    def test_aggregated(self, tables, united):
        """As groups, and as what is aggregated."""
        assert [1, 1, 1] == [row["n"] for row in tables.Session.aggr(united, n="count(*)")]
        assert [{"n": 3}] == dj.U().aggr(united, n="count(*)").to_dicts()
        assert [1, 1, 1] == [row["n"] for row in united.aggr(tables.Trial, n="count(*)")]

    def test_counted_and_ordered(self, united):
        """Length, truth, the first rows."""
        assert 3 == len(united)
        assert united
        assert not united & "trial > 5"
        assert [("bob", 1, 1)] == keys(united & dj.Top(1, "KEY DESC"))

    def test_of_many_is_answered(self, tables, connection):
        """Twenty sides."""
        united = tables.Trial & {"trial": 0}
        for number in range(1, 20):
            united = united + (tables.Trial & {"trial": number})

        assert 4 == len(united)


class TestRefused:
    def test_other_keys(self, tables):
        """The message tells both keys."""
        with pytest.raises(OperandError, match=r"Left: subject\. Right: subject, session"):
            tables.Subject + tables.Session

    def test_some_attributes_in_common(self, tables):
        """Neither all nor none: whose values would count?"""
        with pytest.raises(OperandError, match="'score' is on both sides"):
            tables.Trial + tables.Trial.proj("score", half="score / 2")

    def test_values_of_different_kinds(self, tables):
        """A name holds one kind of value."""
        with pytest.raises(OperandError, match=r"'rig' is `int32` on the left and `varchar\(8\)` on the right"):
            tables.Rig.proj() + tables.Subject.proj(rig="subject")

    def test_something_else(self, tables):
        """Only queries are united."""
        with pytest.raises(OperandError, match="cannot be united with 'rig > 1'"):
            tables.Rig + "rig > 1"

    def test_namesakes_of_different_origin(self, tables):
        """Keys that are different things are treated as in a join: a warning, or an error."""
        other = (tables.Rig * dj.U("room")).proj(subject="room", session="rig")

        with (
            dj.config.override(semantic_check="error"),
            pytest.raises(OperandError, match="'subject' has different origins"),
        ):
            tables.Session.proj() + other.proj()

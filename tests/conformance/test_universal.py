"""The universal set of some attributes: `dj.U(...)`."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import OperandError, UnknownAttributeError
from tests.conformance import sessions
from tests.conformance.reading import connection
from tests.conformance.sessions import keys

__all__ = ["connection"]


@pytest.fixture(scope="module")
def tables(shared_schema):
    """Subjects, rigs, sessions and trials, declared once for all tests."""
    return sessions.declare(shared_schema)


class TestUAndAQuery:
    def test_has_each_combination_once(self, tables):
        """The values that an attribute has, whether it is in the key or not; no value is one of them."""
        assert [{"subject": "ann"}, {"subject": "bob"}] == (dj.U("subject") & tables.Session).to_dicts()
        assert [{"score": None}, {"score": 5}, {"score": 7}] == (dj.U("score") & tables.Trial).to_dicts()
        assert [(1, None), (1, 5), (1, 7), (2, 5)] == keys(dj.U("session", "score") & tables.Trial)

    def test_takes_any_query(self, tables):
        """Classes, restricted, computed and aggregated queries."""
        assert [("ann",)] == keys(dj.U("subject") & (tables.Session & "session = 2"))
        assert [(0,), (1,)] == keys(dj.U("odd") & tables.Trial.proj(odd="trial % 2"))
        assert [(0,), (1,), (2,)] == keys(dj.U("n") & tables.Subject.aggr(tables.Session, n="count(*)"))

    def test_without_attributes_is_one_row_or_none(self, tables):
        """Whether there is any row, as a relation."""
        assert [{}] == (dj.U() & tables.Session).to_dicts()
        assert 0 == len(dj.U() & (tables.Session & False))

    def test_goes_on_like_any_query(self, tables):
        """Its attributes are its key; it restricts, joins and counts."""
        used = dj.U("rig") & tables.Session

        assert ["rig"] == used.primary_key
        assert 3 == len(used)
        assert [(1,), (2,)] == keys(tables.Rig & used)
        assert ["east", "west"] == [row["room"] for row in used * tables.Rig]
        assert [("cat",)] == keys(tables.Subject - (dj.U("subject") & tables.Session))

    def test_keeps_where_attributes_come_from(self, tables):
        """A join of it warns no more than one of the query."""
        with dj.config.override(semantic_check="error"):
            assert 2 == len((dj.U("subject") & tables.Session) * tables.Subject)


class TestAggregation:
    def test_computes_over_each_combination(self, tables):
        """One row for each value; the rows without a value are one group."""
        assert [
            {"score": None, "n": 1, "last": 1},
            {"score": 5, "n": 2, "last": 2},
            {"score": 7, "n": 1, "last": 1},
        ] == dj.U("score").aggr(tables.Trial, n="count(*)", last="max(session)").to_dicts()

    def test_of_everything_is_one_row(self, tables):
        """Also of no rows: they are none."""
        assert [{"n": 4, "best": 7}] == dj.U().aggr(tables.Trial, n="count(*)", best="max(score)").to_dicts()
        assert [{"n": 0, "best": None}] == dj.U().aggr(tables.Trial & False, n="count(*)", best="max(score)").to_dicts()
        assert 1 == len(dj.U().aggr(tables.Trial, n="count(*)").proj())

    def test_goes_on_like_any_query(self, tables):
        """Restricted, joined, projected and aggregated again; attributes may be renamed."""
        counted = dj.U("subject").aggr(tables.Trial, n="count(*)")

        assert [("ann",)] == keys(counted & "n > 1")
        assert [60.5, None] == [row["weight"] for row in counted * tables.Subject]
        assert [6, 2] == [row["twice"] for row in counted.proj(twice="2 * n")]
        assert [{"most": 3}] == dj.U().aggr(counted, most="max(n)").to_dicts()
        assert [{"who": "ann", "n": 3}, {"who": "bob", "n": 1}] == dj.U("subject").aggr(
            tables.Trial, who="subject", n="count(*)"
        ).to_dicts()

    def test_has_another_name(self, tables):
        """`aggregate` is `aggr`, of `U` as of tables."""
        by_u = dj.U("subject").aggregate(tables.Trial, n="count(*)")

        assert dj.U("subject").aggr(tables.Trial, n="count(*)").to_dicts() == by_u.to_dicts()
        assert (
            tables.Session.aggr(tables.Trial, n="count(*)", exclude_nonmatching=True).to_dicts()
            == tables.Session.aggregate(tables.Trial, n="count(*)", exclude_nonmatching=True).to_dicts()
        )

    def test_of_many_values_is_refused(self, tables):
        """An attribute that varies within a group needs a function of many rows."""
        with pytest.raises(OperandError, match=r"'score' has many values.*max\(score\)"):
            dj.U("subject").aggr(tables.Trial, s="score + 1")

    def test_with_groups_that_are_not_there_is_refused(self, tables):
        """There are infinitely many of them."""
        with pytest.raises(OperandError, match="infinitely many"):
            dj.U("subject").aggr(tables.Trial, n="count(*)", keep_all_rows=True)
        with pytest.raises(OperandError, match="infinitely many"):
            dj.U("subject").aggr(tables.Trial, n="count(*)", exclude_nonmatching=False)


class TestAQueryAndU:
    def test_keeps_everything(self, tables):
        """Every row has some combination of values."""
        assert keys(tables.Session) == keys(tables.Session & dj.U("rig"))
        assert [] == keys(tables.Session - dj.U("rig"))

    def test_joined_has_a_larger_key(self, tables):
        """As in DataJoint 0.14: the same rows, with the attributes in the primary key, on either side."""
        for promoted in (tables.Trial * dj.U("score"), dj.U("score") * tables.Trial, tables.Trial.join(dj.U("score"))):
            assert ["subject", "session", "trial", "score"] == promoted.primary_key
            assert 4 == len(promoted)
            assert [5, 7, 5, None] == [row["score"] for row in promoted]
        assert ["rig", "room"] == (tables.Rig * dj.U("room") & "rig = 1").primary_key


class TestRefused:
    def test_subtraction_from_it(self, tables):
        """Infinitely many rows would be left; the message says what can be subtracted from."""
        with pytest.raises(OperandError, match=r"\(dj.U\(...\) & query\) - other"):
            dj.U("subject") - tables.Session

    def test_unknown_attribute(self, tables):
        """The query must have the attributes."""
        for ask in (lambda u: u & tables.Session, lambda u: u.aggr(tables.Session), lambda u: tables.Session * u):
            with pytest.raises(UnknownAttributeError, match="Did you mean 'subject'"):
                ask(dj.U("subjekt"))

    def test_something_else(self, tables):
        """Only a query has combinations of values."""
        with pytest.raises(OperandError, match="cannot be made of `U` and 'subject > 1'"):
            dj.U("subject") & "subject > 1"
        with pytest.raises(OperandError, match="Give names of attributes"):
            dj.U(tables.Session)

    def test_attribute_that_cannot_be_compared(self, shared_schema):
        """Blobs are not compared."""

        @shared_schema
        class Trace(dj.Manual):
            definition = """
            trace : int32
            ---
            signal : longblob
            """

        with pytest.raises(OperandError, match="Leave 'signal' out"):
            dj.U("signal") & Trace

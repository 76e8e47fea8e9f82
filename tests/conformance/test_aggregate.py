"""For each row of one query, values computed over the matching rows of another."""

from __future__ import annotations

from datetime import date

import pytest

import djnb as dj
from djnb.errors import OperandError, UnknownAttributeError
from tests.conformance.reading import connection, declare, schema

__all__ = ["connection", "declare", "schema"]


@pytest.fixture(scope="module")
def Session(declare):
    """Three sessions."""
    rows = [(1, "a", 10), (2, "a", 20), (3, None, 30)]
    return declare("Session", "session : int32\n---\nkind = null : varchar(8)\nbonus = 10 : int32", rows=rows)


@pytest.fixture(scope="module")
def Trial(declare, Session):
    """Three trials of the first session, one of the second, none of the third."""
    return declare(
        "Trial",
        "-> Session\ntrial : int32\n---\nscore = null : int32\nday = null : date\nbonus = 1 : int32",
        rows=[(1, 1, 1, "2024-01-01", 1), (1, 2, 2, "2024-01-02", 1), (1, 3, None, None, 1), (2, 1, 2, None, 1)],
        Session=Session,
    )


@pytest.fixture(scope="module")
def Setup(declare):
    """A table of one row, without a key."""
    return declare("Setup", "---\nroom : varchar(8)", rows=[{"room": "east"}])


def values(query, name="v"):
    """Return the values of an attribute, in the order of the key."""
    return [row[name] for row in query.to_dicts()]


class TestAggregate:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("count(*)", [3, 1, 0]),
            ("count(score)", [2, 1, 0]),
            ("count(1)", [3, 1, 0]),
            ("count(distinct score)", [2, 1, 0]),
            ("count(distinct bonus + 1)", [1, 1, 0]),
            ("count(session)", [3, 1, 0]),
            ("count(*) + 1", [4, 2, 1]),
            ("count(*) > 0", [True, True, False]),
            ("sum(score)", [3, 2, None]),
            ("sum(1)", [3, 1, None]),
            ("sum(score IS NULL)", [1, 0, None]),
            ("sum(coalesce(score, 5))", [8, 2, None]),
            ("sum(score > 1)", [1, 1, None]),
            ("sum(if(score > 1, 1, 0))", [1, 1, None]),
            ("coalesce(sum(score), 0)", [3, 2, 0]),
            ("avg(score)", [1.5, 2.0, None]),
            ("avg(score * 1) / 4", [0.375, 0.5, None]),
            ("avg(distinct bonus)", [1.0, 1.0, None]),
            ("min(score)", [1, 2, None]),
            ("max(trial)", [3, 1, None]),
            ("max(day)", [date(2024, 1, 2), None, None]),
            ("max(score) - min(score)", [1, 0, None]),
            ("std(score)", [0.5, 0.0, None]),
            ("variance(score)", [0.25, 0.0, None]),
            ("max(concat('t', trial))", ["t3", "t1", None]),
            ("session * 10 + count(*)", [13, 21, 30]),
            ("concat(kind, count(*))", ["a3", "a1", None]),
            ("sum(trial) + session", [7, 3, None]),
        ],
    )
    def test_counts_are_0_and_other_values_null_where_nothing_matches(self, Session, Trial, text, expected):
        """Rows without a match stay; values and their Python types are the same on every database."""
        found = values(Session.aggr(Trial, v=text))

        assert list(zip(map(type, expected), expected, strict=True)) == list(zip(map(type, found), found, strict=True))

    def test_only_matching(self, Session, Trial):
        """`exclude_nonmatching` leaves out rows without a match; `keep_all_rows` is its opposite."""
        assert [3, 1] == values(Session.aggr(Trial, v="count(*)", exclude_nonmatching=True))
        assert [3, 1] == values(Session.aggr(Trial, v="count(*)", keep_all_rows=False))
        assert [3, 1, 0] == values(Session.aggr(Trial, v="count(*)", keep_all_rows=True))

    def test_keeps_attributes_that_are_asked_for(self, Session, Trial):
        """Besides the key, attributes of the groups by name, all by `...`, or under another name."""
        row = {"session": 2, "kind": "a", "bonus": 20, "v": 1}

        assert row == (Session.aggr(Trial, ..., v="count(*)") & "session = 2").fetch1()
        assert {"session": 2, "kind": "a", "v": 1} == (Session.aggr(Trial, "kind", v="count(*)") & "v = 1").fetch1()
        assert {"session": 2, "k": "a", "v": 1} == (Session.aggr(Trial, k="kind", v="count(*)") & {"v": 1}).fetch1()
        assert {"s": 2, "v": 1} == (Session.aggr(Trial, s="session", v="count(*)") & {"v": 1}).fetch1()

    def test_namesake_within_a_function_is_that_of_the_aggregated_rows(self, Session, Trial):
        """Both tables have a `bonus`: within `sum` it is the trials', outside the session's."""
        assert [3, 1, None] == values(Session.aggr(Trial, v="sum(bonus)"))
        assert [13, 21, 30] == values(Session.aggr(Trial, v="bonus + count(*)"))

    def test_groups_by_an_attribute_outside_the_key(self, Session, Trial):
        """The groups' key is matched by name, wherever the rows have it; NULL belongs to no group."""
        numbers = Session.proj(number="session")
        marked = Trial.proj(number="score")

        with dj.config.override(semantic_check="off"):
            counted = numbers.aggr(marked, v="count(*)", last="max(session * 10 + trial)")
        assert [
            {"number": 1, "v": 1, "last": 11},
            {"number": 2, "v": 2, "last": 21},
            {"number": 3, "v": 0, "last": None},
        ] == counted.to_dicts()

    def test_of_itself(self, Session):
        """Each row is its own group."""
        assert [10, 20, 30] == values(Session.proj().aggr(Session, v="max(bonus)"))

    def test_in_one_group(self, Setup, Trial):
        """A table of one row without a key counts all rows of another, also where there are none."""
        assert [4] == values(Setup.aggr(Trial, v="count(*)"))
        assert [0] == values(Setup.aggr(Trial & "score > 9", v="count(*)"))
        assert [{"room": "east", "v": 5}] == Setup.aggr(Trial, "room", v="sum(score)").to_dicts()
        assert [] == (Setup & "room = 'west'").aggr(Trial, v="count(*)").to_dicts()


class TestAggregateOfRestrictedAndJoined:
    def test_conditions_on_the_rows_remove_no_group(self, Session, Trial):
        """A group of which no row meets the condition stays, with a count of 0."""
        assert [1, 1, 0] == values(Session.aggr(Trial & "score > 1", v="count(*)"))
        assert [0, 0, 0] == values(Session.aggr(Trial & "score > 9", v="count(*)"))
        assert [1, 1] == values(Session.aggr(Trial & "score > 1", v="count(*)", exclude_nonmatching=True))
        assert [2, 0, 0] == values(Session.aggr(Trial - "score = 2" - {"trial": 9}, v="count(*)"))  # NULL stays

    def test_conditions_on_the_groups_remove_groups(self, Session, Trial):
        """Restricted groups are fewer groups."""
        assert [{"session": 2, "v": 1}] == (Session & "bonus = 20").aggr(Trial, v="count(*)").to_dicts()
        assert [{"session": 3, "v": 0}] == (Session - Trial.proj()).aggr(Trial, v="count(*)").to_dicts()

    def test_computed_attributes_of_the_rows(self, Session, Trial):
        """A computed attribute is NULL for a group without rows, even a constant one."""
        assert [6, 2, None] == values(Session.aggr(Trial.proj(two="2"), v="sum(two)"))
        assert [3, 1, 0] == values(Session.aggr(Trial.proj(two="2"), v="count(two)"))
        assert [30, 20, None] == values(Session.aggr(Trial.proj(ten="score * 10"), v="sum(ten)"))

    def test_computed_attributes_of_the_groups(self, Session, Trial):
        """Groups may carry attributes that are computed."""
        groups = Session.proj(twice="bonus * 2", label="concat(kind, '%')")

        assert [
            {"session": 1, "twice": 20, "label": "a%", "v": 3},
            {"session": 2, "twice": 40, "label": "a%", "v": 1},
            {"session": 3, "twice": 60, "label": None, "v": 0},
        ] == groups.aggr(Trial, ..., v="count(*)").to_dicts()
        assert [23, 41, 60] == values(groups.aggr(Trial, v="twice + count(*)"))

    def test_joined_rows(self, Session, Trial):
        """The rows of a join are aggregated, and groups without any stay."""
        joined = Trial.proj("score") * Session.proj("kind")

        assert [3, 1, 0] == values(Session.aggr(joined, v="count(*)"))
        assert [1, 1, 0] == values(Session.aggr(joined & "score = 2", v="count(kind)"))
        assert [1, 1] == values(Session.aggr(joined & "score = 2", v="count(*)", exclude_nonmatching=True))

    def test_joined_groups(self, Session, Trial, Setup):
        """The rows of a join are groups."""
        groups = Session.proj() * Trial.proj()

        assert [1, 2, None, 2] == values(groups.aggr(Trial, v="sum(score)"))
        assert [3, 1, 0] == values((Session.proj() * Setup).aggr(Trial, "room", v="count(*)"))

    def test_aggregated_rows_and_groups(self, Session, Trial):
        """Aggregates of aggregates."""
        counted = Session.aggr(Trial, n="count(*)")

        assert [3, 1, 0] == values(Session.aggr(counted, v="max(n)"))
        assert [2, 1, 0] == values(counted.aggr(Trial & "score IS NOT NULL", "n", v="count(*)"))
        assert [1, 0] == values((counted & "n > 0").aggr(Trial & "trial = 3", v="count(*)"))


class TestAggregateAsAQuery:
    def test_is_restricted_by_its_values(self, Session, Trial):
        """Conditions after the aggregate are about its values."""
        counted = Session.aggr(Trial, "kind", n="count(*)", top="max(score)")

        assert [1] == values(counted & "n > 1", "session")
        assert [3] == values(counted & {"n": 0, "top": None}, "session")
        assert [1, 2] == values(counted - "n = 0", "session")
        assert [3] == values(counted - "top > 0", "session")
        assert [1, 2] == values(counted & Trial, "session")
        assert (3, True, False) == (len(counted), bool(counted & "n = 3"), bool(counted & "n = 9"))

    def test_is_projected_ordered_and_joined(self, Session, Trial):
        """An aggregate takes part in all that a query can."""
        counted = Session.aggr(Trial, n="count(*)")

        assert [6, 2, 0] == values(counted.proj(v="n * 2"))
        assert [3, 2, 1] == [row["session"] for row in counted.to_dicts(order_by="n")]
        assert [{"session": 1, "n": 3}] == counted.to_dicts(order_by="n DESC", limit=1)
        assert [(1, 3, "a"), (2, 1, "a"), (3, 0, None)] == [
            (row["session"], row["n"], row["kind"]) for row in counted * Session
        ]
        assert [4] == values((counted * Trial).proj(v="n + 1") & {"session": 1, "trial": 2})

    def test_has_the_types_of_its_values(self, Session, Trial):
        """Counts and sums are whole numbers, means floats, in arrays and frames too."""
        counted = Session.aggr(Trial, n="count(*)", total="sum(score)", mean="avg(score)", last="max(day)")

        assert {"n": "Int64", "total": "Int64", "mean": "float64", "last": "datetime64[s]"} == {
            name: str(dtype) for name, dtype in counted.to_pandas().dtypes.items()
        }
        assert "int64" == counted.to_arrays("n").dtype


class TestAggregateRefused:
    def test_without_the_key_of_the_groups(self, Session, Trial):
        """What is aggregated has to have the key of the groups."""
        with pytest.raises(UnknownAttributeError, match="`Session` has no attribute 'trial'"):
            Trial.aggr(Session, n="count(*)")

    def test_misspelt_attribute(self, Session, Trial, statements):
        """A misspelt attribute is refused before any SQL is sent."""
        with pytest.raises(UnknownAttributeError, match=r"no attribute 'scor'. Did you mean 'score'"):
            Session.aggr(Trial, n="sum(scor)")

        assert [] == statements

    def test_attribute_of_many_rows_outside_a_function(self, Session, Trial, statements):
        """`score` has as many values as there are trials; none is picked at random."""
        for text in ("score", "score + 1", "score + count(*)"):
            with pytest.raises(OperandError, match=r"'score' has many values for one row of `Session`.*max\(score\)"):
                Session.aggr(Trial, v=text)
        assert [] == statements

    def test_name_that_is_taken(self, Session, Trial):
        """A value cannot be called like an attribute that is kept."""
        with pytest.raises(OperandError, match="Two attributes would be called 'session'"):
            Session.aggr(Trial, session="count(*)")

    def test_something_else(self, Session):
        """Only a query can be aggregated."""
        with pytest.raises(OperandError, match="cannot be aggregated over 'Trial'"):
            Session.aggr("Trial", n="count(*)")

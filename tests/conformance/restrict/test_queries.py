"""A query as a condition: rows with a match are kept, or excluded; and conditions one after the other."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import OperandError, UnknownAttributeError
from djnb.query import SemanticWarning
from tests.conformance.restrict.rows import ids


class TestRestrictByQuery:
    def test_keeps_rows_with_a_match(self, Session, Trial):
        """Rows that agree with some row of the other query in the attributes of the same name."""
        assert [1, 2] == ids(Session & Trial)
        assert [2] == ids(Session & (Trial & "outcome > 5"))
        assert [(1, 1), (1, 2)] == [
            tuple(key.values()) for key in (Trial & (Session & "trials = 10").proj()).fetch("KEY")
        ]

    def test_table_classes_and_instances_are_queries(self, Session, Trial):
        """A class stands for all rows of its table, on both sides."""
        assert [1, 2] == ids(Session & Trial()) == ids(Session() & Trial) == ids(Session() & Trial())

    def test_without_shared_attributes_any_row_will_do(self, Session, Trial):
        """A query that shares no attribute keeps everything if it has a row, else nothing."""
        elsewhere = Trial.proj(other_session="session_id", other_trial="trial")

        assert [1, 2, 3, 4] == ids(Session & elsewhere)
        assert [] == ids(Session & (elsewhere & "other_session = 9"))
        assert [1, 2, 3, 4] == ids(Session - (elsewhere & "other_session = 9"))

    def test_by_an_aggregate_and_a_join(self, Session, Trial):
        """Queries of any kind restrict."""
        counted = Session.proj().aggr(Trial, n="count(*)")

        assert [1] == ids(Session & (counted & "n = 2"))
        assert [3, 4] == ids(Session & (counted & {"n": 0}))
        assert [1, 2] == ids(Session & (Session.proj() * Trial))

    def test_by_itself(self, Session):
        """A table restricted by a part of itself, on its key."""
        assert [1, 3] == ids(Session & (Session & "good").proj())
        assert [2, 4] == ids(Session - (Session & "good").proj())

    def test_within_a_list(self, Session, Trial):
        """Queries are items of lists like all else."""
        assert [1, 2, 4] == ids(Session & [Trial, {"session_id": 4}])
        assert [1] == ids(Session & dj.AndList([Trial, "session_id < 2"]))
        assert [3] == ids(Session & dj.AndList([dj.Not(Trial), "score < 0"]))

    def test_namesakes_of_different_origin_match_with_a_warning(self, Session, schema):
        """Rows with equal values are matched, and the warning tells that the names may mean different things."""

        @schema
        class Other(dj.Manual):
            definition = """
            session_id : int32
            """

        Other.insert1([2])

        with pytest.warns(SemanticWarning, match="'session_id' has different origins"):
            restricted = Session & Other
        assert [2] == ids(restricted)

        with dj.config.override(semantic_check="error"), pytest.raises(OperandError, match="different origins"):
            Session & Other


class TestRestrictAgain:
    def test_all_conditions_hold(self, Session):
        """Restrictions upon restrictions hold together, in any order."""
        assert [3] == ids(Session & "session_id > 1" & {"good": True} & ["trials = 0", "trials = 20"])
        assert [2] == ids((Session & "session_id < 4") - {"good": True} - "score < 0")

    def test_leaves_the_first_query_as_it_was(self, Session):
        """A query is a value: restricting makes another one."""
        first = Session & "session_id > 1"
        first & "session_id > 2"

        assert [2, 3, 4] == ids(first)

    def test_computed_and_renamed_attributes(self, Session):
        """A restriction after a projection is about the new attributes."""
        query = Session.proj(number="session_id", double="trials * 2")

        assert [1] == [key["number"] for key in (query & "double = 20").fetch("KEY")]
        assert [2] == [key["number"] for key in (query & {"number": 2, "session_id": 1}).fetch("KEY")]
        with pytest.raises(UnknownAttributeError, match="no attribute 'session_id'"):
            query & "session_id = 1"

    def test_values_go_to_their_own_conditions(self, Session, Trial):
        """However a statement is nested, every value stays with its condition."""
        computed = (Session & "trials BETWEEN 5 AND 25").proj(late="IF(session_id > 1, 'late', 'early')")
        joined = computed * (Trial & {"trial": 1} & "outcome IN (5, 7)")
        counted = computed.aggr(Trial & "trial < 2", ..., n="sum(outcome * 2)") & "n > 9" & {"late": "late"}

        assert [2] == ids((joined & {"late": "late"}) & "session_id < 100")
        assert [{"session_id": 2, "late": "late", "n": 14}] == counted.to_dicts()


class TestExclude:
    @pytest.mark.parametrize(
        "condition",
        [
            "score > 0",
            "NOT score > 0",
            "score > 0 OR trials = 0",
            "score > 0 AND trials > 0",
            "score IN (0.5, 1.5)",
            "score NOT IN (0.5)",
            "name LIKE 'a%'",
            "good",
            {"score": 0.5},
            {"score": None},
            {"score": 0.5, "trials": 10},
            [{"score": 0.5}, {"score": 1.5}],
            [{"score": 0.5, "trials": 10}, {"score": 1.5, "trials": 20}],
            ["score > 1", "trials > 1"],
            dj.AndList(["score > 0", "trials > 10"]),
            dj.Not("score > 0"),
            dj.Not(dj.Not("score > 0")),
            dj.Not(["score > 1", dj.Not({"trials": 0})]),
            [],
            dj.AndList([]),
            True,
            {},
        ],
    )
    def test_has_exactly_the_rows_that_restricting_has_not(self, Session, condition):
        """A row for which a condition is neither true nor false, because of a NULL, does not meet it: it stays."""
        met, left = ids(Session & condition), ids(Session - condition)

        assert [1, 2, 3, 4] == sorted(met + left)
        assert left == ids(Session & dj.Not(condition))

    def test_query_leaves_rows_without_a_match(self, Session, Trial):
        """What has no row in the other query stays."""
        assert [3, 4] == ids(Session - Trial)
        assert [1, 3, 4] == ids(Session - (Trial & "outcome > 5"))
        assert [(1, 2)] == [tuple(key.values()) for key in (Trial - "outcome > 1").fetch("KEY")]

    def test_null_matches_nothing(self, Session, Trial):
        """A row whose shared attribute is NULL has no match, so it stays."""
        other = (Trial & "outcome = 5").proj(trials="outcome * 2")

        with dj.config.override(semantic_check="off"):
            matched = Session.proj("trials").proj(number="session_id", trials="trials")
            assert [1] == [
                key["number"] for key in (matched & other.proj("trials", s="session_id", t="trial")).fetch("KEY")
            ]
            left = matched - other.proj("trials", s="session_id", t="trial")
        assert [2, 3, 4] == [key["number"] for key in left.fetch("KEY")]


class TestAsACollection:
    def test_length_and_truth(self, Session):
        """A query has as many rows as it has, and is true if it has any."""
        assert (4, 1, 0) == (len(Session), len(Session & "score > 1"), len(Session & False))
        assert (True, False) == (bool(Session & "score > 1"), bool(Session() & "score > 9"))

    def test_class_has_length_members_and_rows(self, Session):
        """A class alone is asked like an instance of it; as a truth value, a class is true."""
        assert 4 == len(Session) == len(Session())
        assert {"session_id": 1} in Session
        assert {"session_id": 9} not in Session
        assert [1, 2, 3, 4] == [row["session_id"] for row in Session]
        assert bool(Session)

    def test_membership_is_a_restriction(self, Session, Trial):
        """`in` tells whether any row meets the condition, in one statement."""
        assert {"session_id": 1, "trials": 10} in Session()
        assert {"session_id": 1, "trials": 11} not in Session()
        assert "score > 1" in Session()
        assert Trial in Session()
        assert [] not in Session()

    def test_answers_in_one_statement(self, Session, statements):
        """Counting, truth and membership cost one statement each."""
        query = Session & "score > 0"

        answers = (len(query), bool(query), {"session_id": 1} in query)

        assert ((2, True, True), 3) == (answers, len(statements))

    def test_nothing_is_asked_before_rows_are_wanted(self, Session, Trial, statements):
        """Composing a query sends no statement."""
        Session & "score > 0" & Trial & {"session_id": 1}

        assert [] == statements

"""Pairs of rows that agree in the attributes of the same name."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import OperandError
from djnb.query import SemanticWarning
from tests.conformance.reading import connection, declare, schema

__all__ = ["connection", "declare", "schema"]


@pytest.fixture(scope="module")
def Subject(declare):
    """Two subjects."""
    rows = [("ann", 60.5), ("bob", None)]
    return declare("Subject", "subject : varchar(8)\n---\nweight = null : float64", rows=rows)


@pytest.fixture(scope="module")
def Rig(declare):
    """Two rigs."""
    return declare("Rig", "rig : int32\n---\nroom : varchar(8)", rows=[(1, "east"), (2, "west")])


@pytest.fixture(scope="module")
def Session(declare, Subject, Rig):
    """Three sessions; the last one without a rig."""
    definition = "-> Subject\nsession : int32\n---\n-> [nullable] Rig"
    rows = [("ann", 1, 1), ("ann", 2, 2), ("bob", 1, None)]
    return declare("Session", definition, rows=rows, Subject=Subject, Rig=Rig)


@pytest.fixture(scope="module")
def Trial(declare, Session):
    """Two trials of one session, one of another."""
    rows = [("ann", 1, 1, 5), ("ann", 1, 2, 7), ("bob", 1, 1, 9)]
    return declare("Trial", "-> Session\ntrial : int32\n---\nscore : int32", rows=rows, Session=Session)


class TestJoin:
    def test_matches_on_the_shared_attributes(self, Subject, Session):
        """Every session with the attributes of its subject."""
        assert [
            {"subject": "ann", "session": 1, "rig": 1, "weight": 60.5},
            {"subject": "ann", "session": 2, "rig": 2, "weight": 60.5},
            {"subject": "bob", "session": 1, "rig": None, "weight": None},
        ] == (Session * Subject).to_dicts()

    def test_on_a_secondary_attribute(self, Session, Rig):
        """A nullable foreign key joins where it has a value."""
        assert [("ann", 1, "east"), ("ann", 2, "west")] == [
            (row["subject"], row["session"], row["room"]) for row in Session * Rig
        ]

    def test_without_shared_attributes_is_every_pair(self, Subject, Rig):
        """Nothing to agree in: all pairs."""
        product = Subject * Rig

        assert ["subject", "rig"] == product.primary_key
        assert [("ann", 1), ("ann", 2), ("bob", 1), ("bob", 2)] == [tuple(key.values()) for key in product.fetch("KEY")]

    def test_of_a_table_with_itself_is_the_table(self, Trial):
        """Every row agrees with itself alone."""
        with dj.config.override(semantic_check="off"):
            assert Trial.to_dicts() == (Trial * Trial).to_dicts()

    def test_of_a_table_with_itself_renamed(self, Trial):
        """Pairs of trials of one session, by renaming what must not agree."""
        other = Trial.proj(other="trial")
        pairs = (Trial.proj() * other) & "trial < other"

        assert [{"subject": "ann", "session": 1, "trial": 1, "other": 2}] == pairs.to_dicts()

    def test_of_many_is_the_same_in_any_grouping(self, Subject, Session, Trial, Rig):
        """Joins of joins, nested on either side."""
        one = ((Trial * Session) * Subject) * Rig
        two = Trial * (Session * (Subject * Rig))

        key = ("subject", "session", "trial")
        expected = [("ann", 1, 1, 5, "east", 60.5), ("ann", 1, 2, 7, "east", 60.5)]
        for query in (one, two):
            rows = query.to_dicts(order_by=key)
            assert expected == [tuple(row[n] for n in (*key, "score", "room", "weight")) for row in rows]
            assert 2 == len(query)

    def test_of_classes_instances_and_queries(self, Subject, Session):
        """Whatever stands for a query can stand on either side, also as a method."""
        expected = (Session * Subject).to_dicts()

        assert expected == (Session() * Subject).to_dicts()
        assert expected == Session.join(Subject()).to_dicts()
        assert expected == (Session.proj("rig") * (Subject & True)).to_dicts()

    def test_with_something_else_is_refused(self, Session):
        """A join needs a query on both sides."""
        with pytest.raises(OperandError, match="cannot be joined with 'session > 1'"):
            Session * "session > 1"


class TestKeyOfAJoin:
    def test_is_that_of_the_side_which_decides_the_other(self, Subject, Session, Rig):
        """Where one side's key is among the other's attributes, the other's key is the key, its attributes first."""
        assert ["subject", "session"] == (Session * Subject).primary_key
        assert ["subject", "session"] == (Subject * Session).primary_key
        assert ["subject", "session", "rig", "weight"] == (Session * Subject).heading.names
        assert ["subject", "session", "rig", "weight"] == (Subject * Session).heading.names
        assert ["subject", "session"] == (Session * Rig).primary_key

    def test_is_both_keys_where_neither_decides(self, Session, Trial):
        """Both together, each name once."""
        query = Session.proj(other_session="session") * Trial

        assert ["subject", "other_session", "session", "trial"] == query.primary_key
        assert 5 == len(query)


class TestJoinOfRestrictedAndComputed:
    def test_restrictions_of_both_sides_hold(self, Session, Trial):
        """Operands may be restricted before, the join after."""
        query = (Session & "session = 1") * (Trial & "score > 5") & {"subject": "bob"}

        assert [("bob", 1, 1)] == [tuple(key.values()) for key in query.fetch("KEY")]

    def test_computed_attribute_decides(self, Session, Trial):
        """Attributes agree by name also where they are computed."""
        with pytest.warns(SemanticWarning, match="'session' has different origins"):
            query = Trial.proj("score") * Session.proj(number="session", session="session + 0")

        assert [("ann", 1, 1, 1), ("ann", 1, 2, 1), ("bob", 1, 1, 1)] == [
            (row["subject"], row["session"], row["trial"], row["number"]) for row in query
        ]

    def test_warning_shows_the_line_that_joins(self, Trial, Session):
        """What is warned of is a line of the user's, also where the classes themselves are joined."""
        other = Session.proj(number="session", session="session + 0")

        with pytest.warns(SemanticWarning) as joined:
            Trial * other
        with pytest.warns(SemanticWarning) as restricted:
            Trial & other

        assert [__file__, __file__] == [caught[0].filename for caught in (joined, restricted)]

    def test_aggregate_joins_like_a_table(self, Subject, Session, Trial):
        """An aggregate is a query like any other, on both sides."""
        counted = Session.proj().aggr(Trial, n="count(*)", total="sum(score)")

        assert [60.5, 60.5, None] == [row["weight"] for row in counted * Subject]
        assert [2, 0, 1] == [row["n"] for row in Subject * counted]
        assert [12, None, 9] == [row["total"] for row in (Subject * counted).to_dicts()]

    def test_values_keep_their_places(self, Subject, Session, Trial):
        """Bound values of both sides and of what comes after do not change places."""
        left = (Session & "session < 3").proj(a="session + 10")
        right = (Trial & {"score": [5, 7, 9][0]}).proj(b="score * 100")

        query = (left * right).proj(c="a + b") & "c > 510"

        assert [{"subject": "ann", "session": 1, "trial": 1, "c": 511}] == query.to_dicts()


class TestSemanticCheck:
    def test_namesakes_of_one_origin_match_without_a_word(self, Session, Trial):
        """What both inherited from the same attribute is the same thing."""
        assert 3 == len(Trial * Session)

    def test_namesakes_of_different_origin_warn(self, Subject, Rig):
        """Equal values are matched, and the warning says how to keep them apart."""
        with pytest.warns(SemanticWarning, match=r"'subject' has different origins.*other_subject='subject'"):
            query = Subject * Rig.proj(subject="room")

        assert [] == query.to_dicts()

    def test_may_be_an_error(self, Subject, Rig):
        """`semantic_check = 'error'` refuses such joins."""
        with dj.config.override(semantic_check="error"), pytest.raises(OperandError, match="different origins"):
            Subject * Rig.proj(subject="room")


class TestOtherConnection:
    def test_is_refused(self, Session, tmp_path):
        """Queries of two databases do not meet."""
        with dj.Connection(f"sqlite:///{tmp_path / 'other.sqlite'}") as other:
            elsewhere = dj.Schema("djnb_test_other", connection=other)

            @elsewhere
            class Foreign(dj.Manual):
                definition = """
                subject : varchar(8)
                """

            with pytest.raises(OperandError, match="different connections"):
                Session * Foreign
            with pytest.raises(OperandError, match="different connections"):
                Session & Foreign
            with pytest.raises(OperandError, match="different connections"):
                Foreign.aggr(Session, n="count(*)")


class TestOperatorsOfDataJoint014:
    def test_join_and_restrict_without_a_check(self, Trial, Session, Rig):
        """`@` and `^` do what they did, and their warnings name the methods that say the same."""
        other = Rig.proj(session="(rig)")

        with pytest.warns(DeprecationWarning, match=r"\.join\(other, semantic_check=False\)"):
            joined = Session @ other
        with pytest.warns(DeprecationWarning, match=r"\.restrict\(other, semantic_check=False\)"):
            restricted = Session ^ other

        assert joined.to_dicts() == Session.join(other, semantic_check=False).to_dicts()
        assert restricted.to_dicts() == Session.restrict(other, semantic_check=False).to_dicts()
        assert [("ann", 1), ("ann", 2)] == [tuple(key.values()) for key in joined.fetch("KEY")]


class TestHiddenAttributes:
    def test_cannot_be_made(self, Session):
        """Names with an underscore in front are not seen by queries, so none is given by one."""
        with pytest.raises(OperandError, match="'_x' begins with an underscore"):
            Session.proj(_x="rig")

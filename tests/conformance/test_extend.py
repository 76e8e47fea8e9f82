"""Each row with what another query knows about it: `query.extend(other)`, `query.join(other, left=True)`."""

from __future__ import annotations

import pytest

from djnb.errors import OperandError
from tests.conformance import sessions
from tests.conformance.reading import connection
from tests.conformance.sessions import keys

__all__ = ["connection"]


@pytest.fixture(scope="module")
def tables(shared_schema):
    """Subjects, rigs, sessions and trials, declared once for all tests."""
    return sessions.declare(shared_schema)


class TestExtend:
    def test_keeps_every_row_once(self, tables):
        """Sessions with the room of their rig; the one without a rig stays."""
        assert [
            {"subject": "ann", "session": 1, "rig": 1, "room": "east"},
            {"subject": "ann", "session": 2, "rig": 2, "room": "west"},
            {"subject": "bob", "session": 1, "rig": None, "room": None},
        ] == tables.Session.extend(tables.Rig).to_dicts()

    def test_is_a_left_join(self, tables):
        """Under its other name, for instances and classes; the key is the left side's."""
        extended = tables.Session().extend(tables.Rig())

        assert extended.to_dicts() == tables.Session.join(tables.Rig, left=True).to_dicts()
        assert ["subject", "session"] == extended.primary_key
        assert extended.heading["room"].nullable

    def test_restrictions_of_the_right_side_leave_the_left_side_whole(self, tables):
        """What the right side does not have is None; restrictions afterwards are of the whole."""
        extended = tables.Session.extend(tables.Rig & "room = 'west'")

        assert [None, "west", None] == [row["room"] for row in extended]
        assert [("ann", 2)] == keys(extended & "room = 'west'")
        assert [("ann", 1), ("bob", 1)] == keys(extended & {"room": None})

    def test_computed_values_of_the_right_side_are_none_without_a_row(self, tables):
        """Also constants: no row, no value."""
        right = (tables.Rig & "rig = 1").proj(known="1")

        assert [1, None, None] == [row["known"] for row in tables.Session.extend(right)]

    def test_of_aggregates_and_extensions(self, tables):
        """On either side, one after the other."""
        counted = tables.Session.aggr(tables.Trial, n="count(*)", exclude_nonmatching=True)
        extended = tables.Session.extend(counted & "n > 1").extend(tables.Rig).extend(tables.Subject)

        assert [(2, "east", 60.5), (None, "west", 60.5), (None, None, None)] == [
            (row["n"], row["room"], row["weight"]) for row in extended
        ]
        assert 3 == len(extended)
        assert [("ann", 1, 1, "east"), ("ann", 1, 2, "east")] == [
            (row["subject"], row["session"], row["trial"], row["room"]) for row in tables.Trial * extended & "n = 2"
        ]

    def test_that_would_multiply_rows_is_refused(self, tables):
        """A subject has many sessions; the message names what is not determined."""
        with pytest.raises(OperandError, match="may match several of `Session`, for it lacks 'session'"):
            tables.Subject.extend(tables.Session)
        with pytest.raises(OperandError, match="allow_nullable_pk=True"):
            tables.Subject.join(tables.Session, left=True)


class TestLeftJoinWithAWiderKey:
    def test_keeps_unmatched_rows(self, tables):
        """On demand rows become several, and None stands in the key where there is none."""
        joined = tables.Subject.join(tables.Session, left=True, allow_nullable_pk=True)

        assert ["subject", "session"] == joined.primary_key
        assert [("ann", 1), ("ann", 2), ("bob", 1), ("cat", None)] == keys(joined)
        assert [("cat", None)] == keys(joined & {"session": None})


class TestSemanticCheck:
    def test_can_be_left_out(self, tables):
        """Namesakes of different origin, matched without a word where that is meant."""
        other = tables.Rig.proj(session="(rig)")

        with pytest.warns(UserWarning, match="'session' has different origins"):
            tables.Session.extend(other)
        assert [1, 2, None] == [row["rig"] for row in tables.Session.extend(other, semantic_check=False)]

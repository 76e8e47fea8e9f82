"""One row is changed in place."""

from __future__ import annotations

import math

import numpy as np
import pytest

import djnb as dj
from djnb.errors import (
    DuplicateError,
    InsertError,
    InvalidValueError,
    MissingAttributeError,
    MissingParentError,
    OperandError,
    RowCountError,
    UnknownAttributeError,
)


@pytest.fixture
def Rig(schema):
    """A parent to refer to."""

    @schema
    class Rig(dj.Lookup):
        definition = "rig : varchar(8)"
        contents = (("east",), ("west",))

    return Rig


@pytest.fixture
def Session(schema, Rig):
    """A table with attributes of each kind of default."""

    @schema
    class Session(dj.Manual):
        definition = """
        subject : int32
        session : int32
        ---
        -> Rig
        code : varchar(8)
        state = "new" : varchar(8)
        score = null : float64
        data = null : <blob>
        unique index (code)
        """

    Session.insert(
        {"subject": 1, "session": n, "rig": "east", "code": f"c{n}", "state": "old", "score": 0.5} for n in (1, 2)
    )
    return Session


KEY = {"subject": 1, "session": 1}


class TestUpdate1:
    def test_changes_what_is_given_and_nothing_else(self, Session):
        """Other attributes and other rows stay."""
        before = (Session & "session = 2").fetch1()

        Session.update1({**KEY, "score": 2, "data": np.arange(3)})

        row = (Session & KEY).fetch1()
        assert (2.0, [0, 1, 2], "old", "c1") == (row["score"], row["data"].tolist(), row["state"], row["code"])
        assert before == (Session & "session = 2").fetch1()

    def test_none_resets(self, Session):
        """To the default where there is one, to NULL where that is allowed; NaN likewise."""
        Session.update1({**KEY, "score": None, "state": None})
        assert (None, "new") == (Session & KEY).fetch1("score", "state")

        Session.update1({**KEY, "score": 1.0})
        Session.update1({**KEY, "score": math.nan})
        assert (Session & KEY).fetch1("score") is None
        with pytest.raises(MissingAttributeError, match="None was given for 'code'"):
            Session.update1({**KEY, "code": None})

    def test_is_one_statement(self, Session, statements):
        """Two where nothing changes by it, to tell that from a row that is not there."""
        Session().heading
        statements.clear()

        Session.update1({**KEY, "score": 9.0})
        assert 1 == len(statements)
        Session.update1({**KEY, "score": 9.0})
        assert len(statements) <= 3

    def test_of_a_missing_row_is_refused(self, Session):
        """The message names the key."""
        with pytest.raises(RowCountError, match="no row with subject=1, session=7"):
            Session.update1({"subject": 1, "session": 7, "score": 1.0})

    @pytest.mark.parametrize(
        ("row", "error", "said"),
        [
            (KEY, InsertError, "nothing to change"),
            ({"subject": 1, "score": 1}, MissingAttributeError, "'session', which is of the primary key"),
            ({**KEY, "scor": 1}, UnknownAttributeError, "Did you mean 'score'"),
            ({**KEY, "score": "much"}, InvalidValueError, "is not a number"),
            ((1, 1), InsertError, "was given tuple"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, Session, statements, row, error, said):
        """Before anything is sent."""
        Session().heading
        statements.clear()

        with pytest.raises(error, match=said):
            Session.update1(row)
        assert [] == statements

    def test_conflicts_are_named(self, Session):
        """A unique value of another row, and a parent that is not there."""
        with pytest.raises(DuplicateError, match=r"has the same \(code\), which must be unique"):
            Session.update1({**KEY, "code": "c2"})
        with pytest.raises(MissingParentError, match="`Rig` with rig='north'"):
            Session.update1({**KEY, "rig": "north"})

        Session.update1({**KEY, "rig": "west", "code": "c9"})
        assert ("west", "c9") == (Session & KEY).fetch1("rig", "code")

    def test_of_a_restricted_table_is_refused(self, Session):
        """The row says which one is meant."""
        with pytest.raises(OperandError, match="restricted"):
            (Session & KEY).update1({**KEY, "score": 1})

    def test_belongs_to_a_transaction(self, Session, connection):
        """It is undone with it."""
        with pytest.raises(ZeroDivisionError), connection.transaction():
            Session.update1({**KEY, "score": 7.0})
            1 / 0

        assert 0.5 == (Session & KEY).fetch1("score")


class TestValidate:
    def test_rows_that_fit(self, Session, statements):
        """True, and nothing is sent."""
        Session().heading
        statements.clear()

        result = Session.validate([{**KEY, "rig": "east", "code": "x"}, {**KEY, "rig": "west", "code": "y"}])

        assert (True, (), 2) == (result.is_valid, result.errors, result.rows_checked)
        assert result
        assert "2 rows checked, all of them fit." == str(result)
        result.raise_if_invalid()
        assert [] == statements

    def test_all_that_is_wrong_is_listed(self, Session):
        """Row by row, attribute by attribute."""
        result = Session.validate(
            [
                {**KEY, "rig": "east", "code": "x"},
                {"subject": "one", "session": 1, "rig": "east", "code": "far too long", "score": 1},
                {**KEY, "rig": None, "code": "x", "scor": 1},
            ]
        )

        assert (False, 3) == (bool(result), result.rows_checked)
        assert [(1, "subject"), (1, "code"), (2, "scor"), (2, "rig")] == [(n, name) for n, name, _ in result.errors]
        assert "row 1, code: the value 'far too long' has 12 characters" in result.summary()
        with pytest.raises(InsertError, match="3 rows checked, 4 errors"):
            result.raise_if_invalid()

    def test_extra_attributes_may_be_passed_over(self, Session):
        """As for an insert."""
        row = {**KEY, "rig": "east", "code": "x", "other": object()}

        assert [False, True] == [bool(Session.validate([row], ignore_extra_fields=flag)) for flag in (False, True)]

    def test_what_is_no_row(self, Session):
        """A sequence of the wrong length ends the check with its number."""
        result = Session.validate([(1, 1)])

        assert [(0, None)] == [(number, name) for number, name, _ in result.errors]
        assert "Row 0 has 2 values" in result.summary()


class TestTableOfOneRow:
    @pytest.fixture
    def Setting(self, schema):
        """A table without a primary key."""

        @schema
        class Setting(dj.Lookup):
            definition = """
            ---
            value : int32
            """

        return Setting

    def test_its_row_is_changed(self, Setting):
        """`update1` and `upsert` need no key, for there is one row."""
        with pytest.raises(RowCountError, match="`Setting` has no row"):
            Setting.update1({"value": 1})

        results = [Setting.upsert([{"value": n}]).counts() for n in (1, 2, 2)]
        assert [[1, 0, 0], [0, 1, 0], [0, 0, 1]] == [list(each.values()) for each in results]
        Setting.update1({"value": 3})
        assert [{"value": 3}] == Setting.to_dicts()

    def test_a_second_row_is_refused(self, Setting):
        """The error says that there is one row, and how it is changed, and names nothing that is hidden."""
        Setting.insert1({"value": 1})

        with pytest.raises(DuplicateError, match=r"`Setting` has no primary key, so it holds one row.*update1"):
            Setting.insert1({"value": 2})
        assert 1 == Setting.fetch1("value")

"""A row that is there already is refused, passed over or replaced, as is asked."""

from __future__ import annotations

import pytest

from djnb.errors import DuplicateError, MissingParentError, OperandError
from tests.conformance.insert.rows import ANN, BOB


class TestDuplicate:
    def test_of_the_key_is_refused(self, Subject):
        """The message names the key and the row."""
        Subject.insert1(ANN)

        with pytest.raises(DuplicateError, match=r"`Subject` with subject=1 is there already \(row 1\)"):
            Subject.insert([BOB, {**ANN, "name": "other"}])
        assert [ANN] == Subject.to_dicts()

    def test_within_the_rows_is_refused(self, Subject):
        """A key given twice is told from one that is there."""
        with pytest.raises(DuplicateError, match=r"with subject=1 is given twice \(row 1\)"):
            Subject.insert([ANN, {**ANN, "name": "other"}])
        assert 0 == len(Subject)

    def test_of_a_unique_index_is_refused(self, Badge):
        """The message names the attributes that must be unique."""
        with pytest.raises(DuplicateError, match=r"has the same \(code\), which must be unique"):
            Badge.insert1((3, "red", "eve"))
        assert 2 == len(Badge)


class TestSkipDuplicates:
    def test_keeps_the_row_that_is_there(self, Subject):
        """A row whose key is there is passed over, whatever else it says; the others come in."""
        Subject.insert1(ANN)

        Subject.insert([{**ANN, "name": "other"}, BOB, {**BOB, "name": "again"}], skip_duplicates=True)

        assert [ANN, BOB] == Subject.to_dicts()

    def test_with_a_unique_index(self, Badge):
        """Only a duplicate of the key is passed over; another row's unique value is still refused."""
        Badge.insert([(1, "red", "x"), (1, "green", "x"), (3, "green", "eve")], skip_duplicates=True)
        assert [(1, "red", "ann"), (2, "blue", "bob"), (3, "green", "eve")] == [tuple(row.values()) for row in Badge]

        with pytest.raises(DuplicateError, match=r"\(code\), which must be unique"):
            Badge.insert([(4, "black", "a"), (5, "red", "b")], skip_duplicates=True)
        assert 3 == len(Badge)

    def test_does_not_hide_a_missing_parent(self, Session):
        """Other errors remain errors."""
        with pytest.raises(MissingParentError):
            Session.insert([(9, 1)], skip_duplicates=True)

    def test_and_replace_contradict_each_other(self, Subject):
        """One of the rows has to win."""
        with pytest.raises(OperandError, match="contradict each other"):
            Subject.insert([ANN], skip_duplicates=True, replace=True)


class TestReplace:
    def test_keeps_rows_that_refer_to_it(self, Subject, Session):
        """The row changes; what depends on it stays."""
        Subject.insert([ANN, BOB])
        Session.insert([(1, 1), (2, 1)])

        Subject.insert([{**ANN, "name": "anna"}], replace=True)

        assert [{**ANN, "name": "anna"}, BOB] == Subject.to_dicts()
        assert [(1, 1), (2, 1)] == [tuple(key.values()) for key in Session.fetch("KEY")]

    def test_resets_what_is_not_given(self, Subject):
        """The new row is as if it had been inserted alone: defaults and NULL where it says nothing."""
        Subject.insert([ANN, BOB])

        Subject.insert([{"subject": 1, "name": "anna"}, {"subject": 3, "name": "eve"}], replace=True)

        assert [
            {"subject": 1, "name": "anna", "species": "rat", "weight": None},
            BOB,
            {"subject": 3, "name": "eve", "species": "rat", "weight": None},
        ] == Subject.to_dicts()

    def test_of_nothing_but_a_key(self, Subject, Session):
        """Where there is nothing to change, the row stays."""
        Subject.insert1(ANN)
        Session.insert1((1, 1))

        Session.insert([(1, 1), (1, 2)], replace=True)

        assert [(1, 1), (1, 2)] == [tuple(key.values()) for key in Session.fetch("KEY")]

    def test_with_a_unique_index_changes_no_other_row(self, Badge):
        """A row with another row's unique value is refused; it does not replace that other row."""
        with pytest.raises(DuplicateError):
            Badge.insert([(3, "red", "eve")], replace=True)
        with pytest.raises(DuplicateError):
            Badge.insert([(2, "red", "eve")], replace=True)
        assert [(1, "red", "ann"), (2, "blue", "bob")] == [tuple(row.values()) for row in Badge]

        Badge.insert([(1, "pink", "ann"), (3, "red", "eve"), (3, "grey", "eva")], replace=True)
        assert [(1, "pink", "ann"), (2, "blue", "bob"), (3, "grey", "eva")] == [tuple(row.values()) for row in Badge]

"""What rows are given as: dicts, sequences, frames, arrays, generators, queries."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import djnb as dj
from djnb.errors import InsertError
from djnb.rows import insert as inserting
from tests.conformance.insert.rows import ANN, BOB


class TestInsertFrom:
    def test_dicts(self, Subject):
        """Each row a dict, in any order of names."""
        Subject.insert([ANN, dict(reversed(BOB.items()))])

        assert [ANN, BOB] == Subject.to_dicts()

    def test_one_dict(self, Subject):
        """`insert1` takes one row."""
        Subject.insert1(ANN)
        Subject().insert1(BOB)

        assert [ANN, BOB] == Subject.to_dicts()

    def test_sequences(self, Subject):
        """Values in the order of the heading."""
        Subject.insert([tuple(ANN.values()), list(BOB.values())])

        assert [ANN, BOB] == Subject.to_dicts()

    def test_tuples_in_batches(self, Subject, monkeypatch):
        """All rows plain tuples: as each of their values would go in alone, missing ones and defaults among them."""
        monkeypatch.setattr(inserting, "BATCH", 2)

        Subject.insert([(1, "ann", None, 1), (2, "bob", "mouse", math.nan), (3, "eve", "rat", 2.5), ("4", "al", "", 3)])

        kept = [(1, "ann", "rat", 1.0), (2, "bob", "mouse", None), (3, "eve", "rat", 2.5), (4, "al", "", 3.0)]
        assert [dict(zip(ANN, row, strict=True)) for row in kept] == Subject.to_dicts()

    @pytest.mark.parametrize(
        "row",
        [
            (5, None, "rat", 1.0),
            (5, "a name that is longer than twenty", "rat", 1.0),
            ("five", "eve", "rat", 1.0),
            (2, "eve", "rat", 1.0),
        ],
        ids=["missing", "too long", "no number", "duplicate"],
    )
    def test_tuples_are_refused_as_dicts_are(self, Subject, row, monkeypatch):
        """The error names the same row and the same reason, in whichever batch, and nothing is inserted."""
        monkeypatch.setattr(inserting, "BATCH", 2)
        rows = [(1, "ann", "rat", 1.0), (2, "bob", "rat", 1.0), (3, "sam", "rat", 1.0), row]

        with pytest.raises(dj.DataJointError) as of_tuples:
            Subject.insert(rows)
        with pytest.raises(dj.DataJointError) as of_dicts:
            Subject.insert([dict(zip(ANN, values, strict=True)) for values in rows])

        assert (type(of_dicts.value), str(of_dicts.value)) == (type(of_tuples.value), str(of_tuples.value))
        assert "row 3" in str(of_tuples.value).lower()
        assert [] == Subject.to_dicts()

    def test_generator(self, Subject):
        """Rows may come one by one."""
        Subject.insert(row for row in (ANN, BOB))

        assert [ANN, BOB] == Subject.to_dicts()

    def test_rows_of_different_names(self, Subject):
        """Each row gives what it has; the others get their defaults."""
        Subject.insert([{"subject": 1, "name": "a"}, {"subject": 2, "name": "b", "weight": 1}, {**BOB, "subject": 3}])

        assert [
            {"subject": 1, "name": "a", "species": "rat", "weight": None},
            {"subject": 2, "name": "b", "species": "rat", "weight": 1.0},
            {"subject": 3, "name": "bob", "species": "rat", "weight": None},
        ] == Subject.to_dicts()

    def test_frame_with_its_index(self, Subject):
        """What `to_pandas` gives can be inserted as it is: the named index counts as columns."""
        Subject.insert([ANN, BOB])
        frame = Subject.to_pandas()
        Subject.delete(prompt=False)

        Subject.insert(frame)

        assert [ANN, BOB] == Subject.to_dicts()

    def test_frame_without_index(self, Subject):
        """A frame whose rows are only numbered has all attributes as columns; missing values are NULL."""
        Subject.insert(
            pd.DataFrame(
                {"weight": [20.5, math.nan], "name": ["ann", "bob"], "subject": [1, 2], "species": ["mouse", None]},
                index=[7, 9],
            )
        )

        assert [ANN, BOB] == Subject.to_dicts()

    def test_empty_frame_and_empty_list(self, Subject, statements):
        """No row is no insert."""
        Subject.insert(pd.DataFrame({"subject": [], "name": []}))
        Subject.insert([])

        assert [] == [sql for sql in statements if sql.startswith("INSERT")]

    def test_structured_array_and_records(self, Subject):
        """Arrays with named fields, whole or record by record."""
        array = np.array([(1, "ann", "mouse", 20.5), (2, "bob", "rat", np.nan)], dtype="i4,U20,U8,f8")
        array.dtype.names = ("subject", "name", "species", "weight")

        Subject.insert(array)
        assert [ANN, BOB] == Subject.to_dicts()

        Subject.delete(prompt=False)
        Subject.insert([array[1]])
        Subject.insert1(array[0])
        assert [ANN, BOB] == Subject.to_dicts()

    def test_what_was_fetched(self, Subject):
        """`fetch()` and `to_arrays()` give arrays that can be inserted."""
        Subject.insert([ANN, BOB])
        for fetched in (Subject.fetch(), Subject.to_arrays(), Subject.to_dicts()):
            Subject.delete(prompt=False)
            Subject.insert(fetched)
            assert [ANN, BOB] == Subject.to_dicts()

    def test_query(self, Subject, Session):
        """The rows of a query, of another table or the same."""
        Subject.insert([ANN, BOB])

        Session.insert(Subject.proj(session="(subject)"))

        assert [(1, 1), (2, 2)] == [tuple(key.values()) for key in Session.fetch("KEY")]

    @pytest.mark.parametrize("given", [ANN, "ann", b"ann", 5, None])
    def test_what_holds_no_rows_is_refused(self, Subject, given):
        """A dict or a text is not a collection of rows; for a dict the message names `insert1`."""
        with pytest.raises(InsertError, match=r"is not a collection of rows(.*`insert1`)?"):
            Subject.insert(given)

    def test_row_that_is_none_is_refused(self, Subject):
        """The message says which row, and what it is."""
        with pytest.raises(InsertError, match="Row 1 is of type int"):
            Subject.insert([ANN, 5])
        with pytest.raises(InsertError, match="Row 0 has 2 values; the heading has 4 attributes: subject, name,"):
            Subject.insert([(1, "ann")])

        assert [] == Subject.to_dicts()


class TestInsertFromAnotherDatabase:
    def test_reads_where_the_query_is(self, Subject, tmp_path):
        """Rows of a query come from its own database, whatever the tables are called there."""
        with dj.Connection(f"sqlite:///{tmp_path / 'elsewhere.sqlite'}") as elsewhere:

            @dj.Schema(Subject.name.schema, connection=elsewhere)
            class Other(dj.Manual):
                definition = Subject.definition

            Other.insert([{"subject": 7, "name": "from elsewhere"}])
            Subject.insert(Other & "subject = 7")

        assert [7] == [row["subject"] for row in Subject.to_dicts()]

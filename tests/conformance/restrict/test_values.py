"""Conditions as values: dicts, rows, lists, arrays and frames; what is none of them is refused."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import djnb as dj
from djnb.errors import InvalidValueError, OperandError, UnknownAttributeError
from tests.conformance.restrict.rows import UUIDS, ids


class TestRestrictByDict:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ({"session_id": 2}, [2]),
            ({"session_id": np.int64(2)}, [2]),
            ({"session_id": "2"}, [2]),
            ({"name": "axb", "trials": 0}, [3]),
            ({"score": None}, [4]),
            ({"score": float("nan")}, [4]),
            ({"score": pd.NA, "session_id": 4}, [4]),
            ({"start": pd.NaT}, [4]),
            ({"day": date(2024, 2, 5)}, [2]),
            ({"day": "2024-02-05"}, [2]),
            ({"day": np.datetime64("2024-02-05")}, [2]),
            ({"start": datetime(2024, 2, 5, 9, 0, 1)}, [2]),
            ({"start": pd.Timestamp("2024-02-05 09:00:01")}, [2]),
            ({"token": UUIDS[1]}, [2]),
            ({"token": str(UUIDS[1])}, [2]),
            ({"price": Decimal("9.5")}, [1]),
            ({"price": 9.5}, [1]),
            ({"good": True}, [1, 3]),
            ({"good": 0}, [2]),
            ({"side": "right"}, [2]),
            ({}, [1, 2, 3, 4]),
            ({"session_id": 2, "unknown": 5}, [2]),
            ({"unknown": 5}, [1, 2, 3, 4]),
        ],
    )
    def test_keeps_rows_that_are_equal_in_all(self, Session, given, expected):
        """Values of any fitting type; None, NaN and NaT are NULL; names that are not in the heading are passed over."""
        assert expected == ids(Session & given)

    def test_value_of_another_type_is_refused(self, Session, statements):
        """A value that the attribute cannot have is refused before the rows are asked for."""
        with pytest.raises(InvalidValueError, match=r"'trials' .* is compared with 'many'") as caught:
            ids(Session & {"trials": "many"})

        assert ("trials", "many", []) == (caught.value.attribute, caught.value.value, statements)

    def test_blob_is_refused(self, Session):
        """Blobs cannot be compared."""
        with pytest.raises(OperandError, match="'traces' holds values of type `<blob>`, which cannot be compared"):
            Session & {"traces": [1]}


class TestRestrictByRowOfAFrame:
    def test_is_like_a_dict(self, Session):
        """A row of a DataFrame restricts by its values, never by the texts among them."""
        frame = Session.to_pandas("name").reset_index()

        assert [[1], [2], [3], [4]] == [
            [found["session_id"] for found in (Session & row).to_dicts("session_id")] for _, row in frame.iterrows()
        ]


class TestRestrictByMask:
    @pytest.mark.parametrize(
        "mask", [[True, False], np.array([True, False]), pd.Series([True, False]), (np.bool_(True),)]
    )
    def test_is_refused(self, Session, mask):
        """A mask keeps rows by their place, which a query does not know."""
        with pytest.raises(OperandError, match=r"truth values|has no rows|mask"):
            Session & mask


class TestRestrictByValue:
    @pytest.mark.parametrize("value", ["1", "'ann'", ["1", "2"], np.array(["1", "2"])])
    def test_is_refused(self, Session, value):
        """A value alone would be true or false for all rows."""
        with pytest.raises(OperandError, match="is a value, not a condition"):
            Session & value


class TestRestrictByMisspeltDict:
    def test_is_refused_where_nothing_else_is_known(self, Session, statements):
        """A dict whose only name is misspelt would keep all rows, and a delete would take them."""
        with pytest.raises(UnknownAttributeError, match="Did you mean 'session_id'"):
            Session & {"sesion_id": 1}

        assert [] == statements

    def test_names_of_other_tables_are_passed_over(self, Session):
        """A key of another table may have more attributes, or others altogether."""
        assert [1] == [row["session_id"] for row in (Session & {"session_id": 1, "electrode": 3}).to_dicts()]
        assert 4 == len(Session & {"electrode": 3})


class TestRestrictByList:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ([{"session_id": 1}, {"session_id": 3}], [1, 3]),
            ([{"session_id": 1}, {"session_id": 1}], [1]),
            ([{"session_id": 1, "trials": 10}, {"session_id": 2, "trials": 10}], [1]),
            ([{"session_id": 1}, {"name": "axb"}], [1, 3]),
            ([{"session_id": 1}, {"score": None}], [1, 4]),
            ([{"session_id": 1, "score": 0.5}, {"session_id": 4, "score": None}], [1, 4]),
            ([{"session_id": 1}, "trials = 0"], [1, 3]),
            (("session_id = 1", "session_id = 2"), [1, 2]),
            ({"session_id = 1"}, [1]),
            ([["session_id = 1"], [{"session_id": 4}]], [1, 4]),
            ([dj.AndList(["session_id > 1", "trials > 0"]), {"session_id": 4}], [2, 4]),
            ([dj.Not("session_id = 1")], [2, 3, 4]),
            ([{"session_id": 1}, {}], [1, 2, 3, 4]),
            ([], []),
            ([[]], []),
        ],
    )
    def test_keeps_rows_that_meet_any(self, Session, given, expected):
        """A list asks for any of its items; an empty one keeps nothing."""
        assert expected == ids(Session & given)

    def test_may_be_a_generator(self, Session):
        """Anything that can be iterated over is a list."""
        assert [1, 3] == ids(Session & ({"session_id": number} for number in (1, 3)))

    def test_may_be_the_keys_of_another_query(self, Session, Trial):
        """Keys that were fetched restrict as the query would; names that are not shared are passed over."""
        assert [1, 2] == ids(Session & Trial.keys())

    @pytest.mark.parametrize("item", ["session_id = {}", {"session_id": "{}"}, {"session_id": "{}", "score": None}])
    def test_may_be_long(self, Session, item):
        """A thousand conditions and more are not nested deeper than a database takes."""

        def numbered(number):
            if isinstance(item, str):
                return item.format(number)
            return {name: number if value else value for name, value in item.items()}

        assert [4] == ids(Session & [numbered(number) for number in range(4, 1200)])
        assert [1, 2, 3] == ids(Session & dj.AndList(dj.Not(numbered(number)) for number in range(4, 1200)))


class TestRestrictByAndList:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (dj.AndList(["session_id > 1", {"good": True}]), [3]),
            (dj.AndList([["session_id = 1", "session_id = 3"], "trials > 0"]), [1]),
            (dj.AndList([]), [1, 2, 3, 4]),
            (dj.AndList([True, False]), []),
        ],
    )
    def test_keeps_rows_that_meet_all(self, Session, given, expected):
        """All items must hold; an empty one keeps everything."""
        assert expected == ids(Session & given)


class TestRestrictByArraysAndFrames:
    def test_numpy_record(self, Session):
        """A record restricts like a dict of its fields."""
        record = np.array([(2, 5)], dtype=[("session_id", "i4"), ("unknown", "i4")])[0]

        assert [2] == ids(Session & record)

    def test_structured_array(self, Session):
        """A structured array is a list of records."""
        keys = (Session & "session_id > 2").fetch("session_id", "name")

        array = np.array(list(zip(keys[0], keys[1], strict=True)), dtype=[("session_id", "i8"), ("name", "O")])
        assert [3, 4] == ids(Session & array)
        assert [3, 4] == ids(Session & (Session & "session_id > 2").proj().fetch())
        assert [] == ids(Session & array[:0])

    def test_frame_with_its_index(self, Session):
        """A frame's named index counts as columns, so that what was fetched restricts to itself."""
        frame = (Session & "session_id > 2").to_pandas("name", "trials", "day", "score")

        assert [3, 4] == ids(Session & frame)

    def test_frame_with_missing_values(self, Session):
        """Missing values of pandas are NULL."""
        frame = pd.DataFrame(
            {"session_id": [3, 4], "score": [-1, np.nan], "trials": pd.array([0, None], dtype="Int16")}
        )

        assert [3, 4] == ids(Session & frame)

    def test_empty_frame_keeps_nothing(self, Session):
        """No row of the frame, no row of the query."""
        assert [] == ids(Session & pd.DataFrame({"session_id": []}))


class TestRestrictByOthers:
    def test_truth_values(self, Session):
        """True keeps everything, False nothing."""
        assert [1, 2, 3, 4] == ids(Session & True) == ids(Session & np.True_) == ids(Session - False)
        assert [] == ids(Session & False) == ids(Session & np.False_) == ids(Session - True)

    @pytest.mark.parametrize("operand", [None, 5, 1.5, b"session_id = 1", object(), int, [5], {"a": 1}.keys])
    def test_what_is_no_condition_is_refused(self, Session, operand):
        """What cannot restrict is refused, and the message says what can."""
        with pytest.raises(OperandError, match="Give a text, a dict, a list of them, a query or a table"):
            Session & operand

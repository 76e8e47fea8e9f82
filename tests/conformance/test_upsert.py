"""Rows are inserted or changed, and it is said which."""

from __future__ import annotations

import numpy as np
import pytest

import djnb as dj
from djnb.errors import DuplicateError, InvalidValueError, MissingAttributeError, UnknownAttributeError


@pytest.fixture
def Unit(schema):
    """Three rows; a unique index besides the key."""

    @schema
    class Unit(dj.Manual):
        definition = """
        unit : int32
        ---
        label : varchar(8)
        quality = "good" : varchar(8)
        rate = null : float64
        shape = null : <blob>
        unique index (label)
        """

    Unit.insert({"unit": n, "label": f"u{n}", "rate": n / 2, "shape": np.arange(n)} for n in (1, 2, 3))
    return Unit


def keys(*numbers):
    return tuple({"unit": number} for number in numbers)


class TestUpsert:
    def test_reports_what_became_of_each_row(self, Unit):
        """Inserted, changed, and left as they were."""
        result = Unit.upsert(
            [
                {"unit": 1, "label": "u1", "rate": 0.5, "shape": np.arange(1)},
                {"unit": 2, "rate": 7},
                {"unit": 4, "label": "u4"},
            ]
        )

        assert (keys(4), keys(2), keys(1)) == (result.inserted, result.changed, result.left)
        assert "1 inserted, 1 changed, 1 left as they were" == str(result)
        assert [(1, "u1", 0.5), (2, "u2", 7.0), (3, "u3", 1.5), (4, "u4", None)] == [
            (row["unit"], row["label"], row["rate"]) for row in Unit
        ]
        assert [0, 1] == (Unit & "unit = 2").fetch1("shape").tolist()

    def test_none_resets(self, Unit):
        """To NULL or to the default."""
        Unit.upsert([{"unit": 1, "quality": "bad"}])
        result = Unit.upsert([{"unit": 1, "quality": None, "rate": None}])

        assert (keys(1), ("good", None)) == (result.changed, (Unit & "unit = 1").fetch1("quality", "rate"))

    def test_takes_few_statements(self, Unit, statements):
        """Their number does not grow with the rows."""
        Unit().heading
        statements.clear()

        result = Unit.upsert({"unit": n, "label": f"u{n}", "rate": 1.0} for n in range(500))

        assert {"inserted": 497, "changed": 2, "left": 1} == result.counts()
        assert len(statements) <= 8

    @pytest.mark.parametrize(
        ("rows", "error"),
        [
            ([{"unit": 9, "label": "u9"}, {"unit": 9, "label": "again"}], DuplicateError),
            ([{"unit": 9, "label": "u9"}, {"unit": 2, "label": "u3"}], DuplicateError),
            ([{"unit": 2, "rate": 9}, {"label": "x"}], MissingAttributeError),
            ([{"unit": 2, "rate": 9}, {"unit": 10}], MissingAttributeError),
            ([{"unit": 2, "rate": 9}, {"unit": 3, "rate": "much"}], InvalidValueError),
            ([{"unit": 2, "rate": 9}, {"unit": 3, "rat": 1}], UnknownAttributeError),
        ],
    )
    def test_is_all_or_nothing(self, Unit, rows, error):
        """What cannot be done to one row is done to none."""
        before = Unit.to_arrays("label", "rate")

        with pytest.raises(error):
            Unit.upsert(rows)
        assert [a.tolist() for a in before] == [a.tolist() for a in Unit.to_arrays("label", "rate")]

    def test_none_for_the_time_of_entry_is_now(self, schema):
        """None stands for the default, also where that is the time at which the database is asked."""

        @schema
        class Note(dj.Manual):
            definition = """
            note : int32
            ---
            text : varchar(20)
            entered = CURRENT_TIMESTAMP : datetime
            """

        Note.insert1({"note": 1, "text": "old", "entered": "2001-01-01"})

        result = Note.upsert([{"note": 1, "text": "new", "entered": None}, {"note": 2, "text": "b", "entered": None}])

        assert (({"note": 1},), ({"note": 2},)) == (result.changed, result.inserted)
        texts, times = Note.to_arrays("text", "entered")
        assert ["new", "b"] == texts.tolist()
        assert all(time.astype(object).year > 2020 for time in times)

    def test_result_has_a_public_name(self, Unit):
        """What `upsert` and `validate` return can be named in signatures."""
        assert isinstance(Unit.upsert([]), dj.UpsertResult)
        assert isinstance(Unit.validate([]), dj.ValidationResult)

"""Rows go out as `fetch` and `fetch1` of DataJoint give them; and what any fetch costs."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

import djnb as dj
from djnb.errors import RowCountError
from djnb.events import Fetched
from tests.conformance.fetch.rows import KEYS


class TestFetchInTheClassicManner:
    def test_all_is_a_structured_array(self, Trial):
        """`fetch()` gives integers of 64 bits, floats, truth values, and objects for the rest."""
        array = Trial.fetch()

        assert [
            ("session", "int64"), ("trial", "int64"), ("score", "float64"), ("label", "object"), ("good", "bool"),
            ("day", "object"), ("reaction", "object"),
        ] == [(name, str(array.dtype[name])) for name in array.dtype.names]  # fmt: skip
        assert (1, 1, 1.5, "a", True, date(2024, 1, 1), 250) == array[0].item()

    def test_names_are_arrays(self, Trial):
        """One name an array, several a tuple."""
        score = Trial.fetch("score")
        day, reaction = Trial.fetch("day", "reaction")

        assert [1.5, 2.5, 0.5, 0.5] == score.tolist()
        assert date(2024, 1, 1) == day[0]
        assert [250, 300, None, 200] == reaction.tolist()

    def test_key_is_a_list_of_dicts(self, Trial):
        """`"KEY"` stands for the primary keys, alone and among names."""
        key, label = Trial.fetch("KEY", "label")

        assert KEYS == key == Trial.fetch("KEY") == Trial.keys()
        assert ["a", "b", "c", "d"] == label.tolist()

    def test_as_dict(self, Trial):
        """Rows as dicts, of all attributes, of some, of the key."""
        assert Trial.to_dicts() == Trial.fetch(as_dict=True)
        assert Trial.to_dicts("label") == Trial.fetch("label", as_dict=True)
        assert KEYS == Trial.fetch("KEY", as_dict=True)
        assert {"label": "a", "session": 1, "trial": 1} == Trial.fetch("label", "KEY", as_dict=True)[0]

    def test_as_frame(self, Trial):
        """A frame, indexed by the key."""
        pd.testing.assert_frame_equal(Trial.to_pandas(), Trial.fetch(format="frame"))
        pd.testing.assert_frame_equal(Trial.to_pandas("label"), Trial.fetch("label", format="frame"))
        pd.testing.assert_frame_equal(Trial.to_pandas("label"), Trial.fetch("KEY", "label", format="frame"))

    def test_with_order_limit_and_offset(self, Trial):
        """As the other ways of fetching."""
        assert ["c", "b"] == Trial.fetch("label", order_by="label DESC", limit=2, offset=1).tolist()
        assert ["c", "b"] == [
            row["label"] for row in Trial.fetch(as_dict=True, order_by="label DESC", limit=2, offset=1)
        ]
        assert ["c", "b"] == Trial.fetch(format="frame", order_by="label DESC", limit=2, offset=1)["label"].tolist()

    def test_setting_says_what_whole_rows_come_as(self, Trial):
        """`fetch_format = "frame"` gives a DataFrame, as in 0.14; attributes by name and dicts come as ever."""
        with dj.config.override(fetch_format="frame"):
            whole = Trial.fetch()
            told = Trial.fetch(format="array")
            dicts = Trial.fetch(as_dict=True)
            (one,) = (Trial & dj.Top(1)).fetch("label")

        assert whole.equals(Trial.fetch(format="frame"))
        assert (Trial.fetch().dtype, Trial.to_dicts()) == (told.dtype, dicts)
        assert one == dicts[0]["label"]

    def test_truth_values_are_a_mask(self, Typed):
        """A `bool` that is never NULL selects from another array."""
        flags, ids = Typed.fetch("flag", "id", limit=1)

        assert [1] == ids[flags].tolist()

    def test_squeezed(self, declare):
        """`squeeze` removes axes of length 1 from arrays in blobs."""
        Image = declare("Image", "image : int32\n---\npixels : <blob>", rows=[(1, np.zeros((1, 3, 1)))])

        assert [(1, 3, 1), (3,)] == [Image.fetch("pixels", squeeze=flag)[0].shape for flag in (False, True)]
        assert [(1, 3, 1), (3,)] == [Image.fetch1("pixels", squeeze=flag).shape for flag in (False, True)]

    def test_no_rows(self, Trial):
        """Empty arrays of the right types, empty lists."""
        nothing = Trial & False

        assert ((Trial & "reaction > 0").fetch().dtype, 0) == (nothing.fetch().dtype, len(nothing.fetch()))
        assert ([], [], "float64") == (nothing.fetch("KEY"), nothing.fetch(as_dict=True), nothing.fetch("score").dtype)


class TestFetch1:
    def test_gives_the_one_row(self, Trial):
        """All attributes as a dict, one as its value, several as a tuple."""
        one = Trial & {"session": 2, "trial": 1}

        assert {
            "session": 2,
            "trial": 1,
            "score": 0.5,
            "label": "c",
            "good": True,
            "day": date(2024, 1, 3),
            "reaction": None,
        } == one.fetch1()
        assert "c" == one.fetch1("label")
        assert ("c", 0.5, "c") == one.fetch1("label", "score", "label")
        assert KEYS[2] == one.fetch1("KEY")
        assert ("c", KEYS[2]) == one.fetch1("label", "KEY")

    @pytest.mark.parametrize(("condition", "found", "said"), [(False, 0, "no row"), (True, 2, "several rows")])
    def test_needs_exactly_one(self, Trial, condition, found, said):
        """None and several are errors that say which, and what to do."""
        for names in ((), ("label",), ("KEY",)):
            with pytest.raises(RowCountError, match=rf"needs exactly one row; `Trial` has {said} here") as caught:
                (Trial & condition).fetch1(*names)
            assert found == caught.value.found


class TestStatements:
    def test_every_fetch_is_one(self, Trial, statements):
        """However rows are fetched, it is one statement."""
        query = Trial & "score > 0"
        query.to_dicts()
        query.to_arrays()
        query.to_pandas()
        query.fetch("KEY", "label")
        query.keys()
        (query & "label = 'a'").fetch1()

        assert 6 == len(statements)

    def test_only_what_is_asked_for_is_sent(self, Typed, statements):
        """A blob that nobody named does not travel."""
        Typed.to_arrays("id", "name")

        assert [] == [sql for sql in statements if "data" in sql or "raw" in sql]

    def test_who_listens_hears_of_it(self, Trial, connection):
        """One event for one fetch, with the number of rows and the reason."""
        heard = []

        with connection.bus.subscribed(heard.append, Fetched):
            (Trial & "session = 1").to_pandas()

        assert [("read", 2)] == [(event.purpose, event.count) for event in heard]

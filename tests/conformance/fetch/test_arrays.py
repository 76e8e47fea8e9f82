"""Rows go out as arrays and frames, whose types are those of the attributes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

import djnb as dj


class TestToArrays:
    def test_one_name_one_array(self, Trial):
        """One name gives an array, several a tuple of arrays, in the order asked."""
        label, session = Trial.to_arrays("label", "session")

        assert ["a", "b", "c", "d"] == label.tolist() == Trial.to_arrays("label").tolist()
        assert [1, 1, 2, 2] == session.tolist()

    def test_no_name_a_structured_array(self, Trial):
        """Without names, one array with a field for each attribute."""
        array = Trial.to_arrays()

        assert ((4,), tuple(Trial.heading.names)) == (array.shape, array.dtype.names)
        assert (1, 1, 1.5, "a", True, date(2024, 1, 1), 250) == tuple(array[0].item())

    def test_types_are_those_of_the_attributes(self, Typed):
        """Numbers keep their size, times their unit; everything else is an object."""
        row = Typed & "id = 1"

        assert {
            "id": "int32", "i8": "int8", "i16": "int16", "i32": "int32", "i64": "int64", "u8": "uint8", "u64": "uint64",
            "f32": "float32", "f64": "float64", "price": "object", "flag": "bool", "short": "object", "name": "object",
            "story": "object", "side": "object", "day": "datetime64[D]", "t0": "datetime64[s]", "t3": "datetime64[ms]",
            "t6": "datetime64[us]", "span": "timedelta64[us]", "token": "object", "doc": "object", "raw": "object",
            "data": "object",
        } == {name: str(row.to_arrays(name).dtype) for name in Typed.heading.names}  # fmt: skip

    def test_types_of_no_rows_are_the_same(self, Typed):
        """An empty array has the type that a full one would have."""
        full, empty = (Typed & "id = 1").to_arrays(), (Typed & False).to_arrays()

        assert (full.dtype, (0,)) == (empty.dtype, empty.shape)

    def test_null(self, Typed):
        """NaN and NaT where the type has them; None in an array of objects otherwise."""
        null = {name: (Typed & "id = 2").to_arrays(name) for name in Typed.heading.secondary_attributes}

        assert {name for name, array in null.items() if array.dtype != object} == {
            "f32", "f64", "day", "t0", "t3", "t6", "span"
        }  # fmt: skip
        assert all(pd.isna(array).tolist() == [True] for array in null.values())
        assert [None] == null["i32"].tolist() == null["flag"].tolist()

    def test_values(self, Typed):
        """Arrays hold the values themselves."""
        row = Typed & "id = 1"

        assert np.datetime64("2024-02-29") == row.to_arrays("day")[0]
        assert np.datetime64("2024-01-05T12:00:00.120") == row.to_arrays("t3")[0]
        assert np.timedelta64(-108001, "s") == row.to_arrays("span")[0]
        assert np.float32(0.1) == row.to_arrays("f32")[0]
        assert (2, 3) == row.to_arrays("data")[0].shape

    def test_arrays_of_equal_shape_stay_values(self, declare):
        """Blobs of one shape are not stacked: one value for each row."""
        rows = [(1, np.zeros(3)), (2, np.ones(3))]
        Trace = declare("Trace", "trace : int32\n---\nsamples : <blob>", rows=rows)

        samples = Trace.to_arrays("samples")
        assert ((2,), "object", [3.0, 3.0]) == (samples.shape, samples.dtype, [len(s) + 0.0 for s in samples])
        assert (2,) == Trace.fetch("samples").shape == Trace.to_arrays()["samples"].shape == Trace.fetch().shape


class TestToPandas:
    def test_is_indexed_by_the_key(self, Trial):
        """The key is the index, the other attributes are columns."""
        frame = Trial.to_pandas()

        assert (["session", "trial"], Trial.heading.secondary_attributes) == (
            list(frame.index.names),
            list(frame.columns),
        )
        assert [1.5, 2.5, 0.5, 0.5] == frame["score"].tolist()
        assert "b" == frame.loc[(1, 2), "label"]

    def test_some_attributes(self, Trial):
        """The key always comes along."""
        frame = Trial.to_pandas("label", "trial", order_by="label DESC", limit=2)

        assert (["session", "trial"], ["label"]) == (list(frame.index.names), list(frame.columns))
        assert [((2, 2), "d"), ((2, 1), "c")] == list(frame["label"].items())
        assert [] == list(Trial.to_pandas("trial").columns)

    def test_types(self, Trial):
        """Integers stay integers, and are nullable where NULL is allowed, whether or not there is one."""
        expected = {
            "score": "float64",
            "label": "str" if pd.__version__ >= "3" else "object",
            "good": "bool",
            "day": "datetime64[s]",
            "reaction": "Int16",
        }
        for frame in (Trial.to_pandas(), (Trial & "reaction > 0").to_pandas(), (Trial & False).to_pandas()):
            assert expected == {name: str(dtype) for name, dtype in frame.dtypes.items()}
            assert ["int32", "int16"] == [str(level.dtype) for level in frame.index.levels]

    def test_nullable_types(self, Typed):
        """NULL is missing in pandas' own way for each type."""
        frame = Typed.to_pandas()

        assert {
            "i8": "Int8", "i16": "Int16", "i32": "Int32", "i64": "Int64", "u8": "UInt8", "u64": "UInt64",
            "f32": "float32", "f64": "float64", "price": "object", "flag": "boolean", "day": "datetime64[s]",
            "t0": "datetime64[s]", "t3": "datetime64[ms]", "t6": "datetime64[us]", "span": "timedelta64[us]",
            "token": "object", "doc": "object", "raw": "object", "data": "object",
        } == {
            name: str(dtype) for name, dtype in frame.dtypes.items() if name not in ("short", "name", "story", "side")
        }  # fmt: skip
        assert frame.loc[2].isna().all()
        assert (2**63 - 1, True, "Zoë 🐭\n'\"\\%") == tuple(frame.loc[1, ["i64", "flag", "name"]])

    def test_of_no_rows_has_index_columns_and_types(self, Typed):
        """An empty frame is like a full one without its rows."""
        full, empty = Typed.to_pandas(), (Typed & False).to_pandas()

        assert (0, "id", "int32") == (len(empty), empty.index.name, str(empty.index.dtype))
        assert full.dtypes.to_dict() == empty.dtypes.to_dict()

    def test_of_a_table_without_a_key_is_numbered(self, schema):
        """A table of one row has no key to be indexed by."""

        @schema
        class Setup(dj.Manual):
            definition = """
            ---
            room : varchar(8)
            """

        Setup.insert1(["east"])

        assert {"room": {0: "east"}} == Setup.to_pandas().to_dict()

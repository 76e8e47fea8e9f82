"""Rows as polars DataFrames and Arrow tables, squeezed blobs, first and last rows."""

from __future__ import annotations

import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import djnb as dj
from djnb.errors import MissingPackageError, OperandError, UnknownAttributeError

TOKEN = UUID("12345678123456781234567812345678")
FULL = {
    "id": 1, "n": 7, "small": -3, "big": 2**63 - 1, "x": 0.5, "price": Decimal("9.90"), "good": True, "name": "Zoë",
    "side": "left", "day": date(2024, 2, 29), "t3": datetime(2024, 1, 5, 12, 0, 0, 120_000),
    "span": timedelta(hours=-3), "token": TOKEN, "doc": {"a": [1, None]}, "raw": b"\0\xff",
}  # fmt: skip
EMPTY = {name: (2 if name == "id" else None) for name in FULL}


@pytest.fixture
def Mixed(schema):
    """One attribute of each kind, one row full and one empty."""

    @schema
    class Mixed(dj.Manual):
        definition = """
        id : int32
        ---
        n = null : int64
        small = null : int8
        big = null : bigint unsigned
        x = null : float64
        price = null : decimal(8,2)
        good = null : bool
        name = null : varchar(20)
        side = null : enum('left', 'right')
        day = null : date
        t3 = null : datetime(3)
        span = null : time
        token = null : uuid
        doc = null : json
        raw = null : bytes
        """

    Mixed.insert([FULL, EMPTY])
    return Mixed


@pytest.fixture
def Trace(schema):
    """Rows with arrays."""

    @schema
    class Trace(dj.Manual):
        definition = """
        trace : int32
        ---
        samples : <blob>
        """

    Trace.insert((number, np.full((1, 3, 1), float(number))) for number in range(5))
    return Trace


class TestToPolars:
    def test_types(self, Mixed):
        """Every attribute has its type, with and without NULL, with and without rows."""
        expected = {
            "id": pl.Int32, "n": pl.Int64, "small": pl.Int8, "big": pl.UInt64, "x": pl.Float64,
            "price": pl.Decimal(8, 2), "good": pl.Boolean, "name": pl.String, "side": pl.String, "day": pl.Date,
            "t3": pl.Datetime("ms"), "span": pl.Duration("us"), "token": pl.String, "doc": pl.Object, "raw": pl.Binary,
        }  # fmt: skip

        for query in (Mixed, Mixed & "id = 1", Mixed & False):
            assert expected == dict(query.to_polars().schema)

    def test_values(self, Mixed):
        """The values themselves; NULL is null."""
        full, empty = Mixed.to_polars().rows(named=True)

        assert ({**FULL, "token": str(TOKEN)}, EMPTY) == (full, empty)

    def test_some_attributes_with_the_key(self, Mixed):
        """The key always comes along, first."""
        assert ["id", "name", "n"] == (Mixed & "id = 1").to_polars("name", "n").columns
        assert [2, 1] == Mixed.to_polars("name", order_by="id DESC")["id"].to_list()

    def test_comes_back(self, Mixed):
        """What was fetched can be inserted."""
        frame = Mixed.to_polars()
        Mixed.delete(prompt=False)

        Mixed.insert(frame)

        assert [FULL, EMPTY] == Mixed.to_dicts()

    def test_holds_blobs(self, Trace):
        """As objects."""
        assert (1, 3, 1) == Trace.to_polars()["samples"][0].shape

    def test_of_computed_attributes(self, Mixed):
        """Sums and quotients are numbers."""
        frame = (Mixed & "id = 1").proj(twice="n * 2", half="x / 2").to_polars()

        assert [(1, 14, 0.25)] == frame.rows()


class TestToArrow:
    def test_types(self, Mixed):
        """Every attribute has its type, with and without NULL, with and without rows."""
        expected = {
            "id": pa.int32(), "n": pa.int64(), "small": pa.int8(), "big": pa.uint64(), "x": pa.float64(),
            "price": pa.decimal128(8, 2), "good": pa.bool_(), "name": pa.string(), "side": pa.string(),
            "day": pa.date32(), "t3": pa.timestamp("ms"), "span": pa.duration("us"), "token": pa.string(),
            "doc": pa.string(), "raw": pa.binary(),
        }  # fmt: skip

        for query in (Mixed, Mixed & "id = 1", Mixed & False):
            table = query.to_arrow()
            assert expected == dict(zip(table.schema.names, table.schema.types, strict=True))

    def test_values(self, Mixed):
        """The values themselves; documents and UUIDs as text."""
        full, empty = Mixed.to_arrow().to_pylist()

        assert ({**FULL, "token": str(TOKEN), "doc": '{"a": [1, null]}'}, EMPTY) == (full, empty)

    def test_arrays_are_lists(self, Trace):
        """Blobs of arrays become lists of lists."""
        table = Trace.to_arrow()

        assert [[[2.0], [2.0], [2.0]]] == table["samples"][2].as_py()
        assert pa.list_(pa.float64()) == Trace.to_arrow(squeeze=True).schema.field("samples").type

    def test_what_has_no_type_is_refused(self, Trace):
        """Blobs of different kinds have no common type; the message names the attribute."""
        Trace.insert([(10, "text"), (11, {"a": 1})])

        with pytest.raises(OperandError, match="'samples' holds values for which Arrow has no common type"):
            Trace.to_arrow()

    def test_comes_back(self, Mixed):
        """What was fetched can be inserted, all but documents, which Arrow has as text."""
        table = Mixed.proj(*[name for name in FULL if name not in ("id", "doc")]).to_arrow()
        Mixed.delete(prompt=False)

        Mixed.insert(table)

        assert [{**FULL, "doc": None}, EMPTY] == Mixed.to_dicts()


@pytest.mark.parametrize(("method", "package"), [("to_polars", "polars"), ("to_arrow", "pyarrow")])
def test_missing_package_is_named(Mixed, monkeypatch, method, package):
    """The message has the command that installs it."""
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(MissingPackageError, match=f"pip install {package}"):
        getattr(Mixed, method)()


class TestSqueeze:
    def test_in_every_way_to_fetch(self, Trace):
        """Axes of length 1 go, wherever arrays are fetched."""
        query = Trace & "trace = 2"

        assert {(3,)} == {
            np.shape(query.to_dicts(squeeze=True)[0]["samples"]),
            query.to_arrays("samples", squeeze=True)[0].shape,
            query.to_pandas(squeeze=True)["samples"].iloc[0].shape,
            query.to_polars(squeeze=True)["samples"][0].shape,
            query.fetch("samples", squeeze=True)[0].shape,
            query.fetch(as_dict=True, squeeze=True)[0]["samples"].shape,
            query.fetch(format="frame", squeeze=True)["samples"].iloc[0].shape,
            query.fetch1("samples", squeeze=True).shape,
            query.head(squeeze=True)[0]["samples"].shape,
        }
        assert (1, 3, 1) == query.fetch1("samples").shape

    def test_at_any_depth(self, Trace):
        """Arrays within dicts, lists and arrays; a single number becomes the number."""
        nested = np.empty((1, 2), dtype=object)
        nested[0, 0], nested[0, 1] = np.zeros((1, 4)), "text"
        value = {"a": np.array([[5.0]]), "b": [np.zeros((2, 1)), (np.ones((1, 1, 2)), 7)], "c": nested}
        Trace.insert1((9, value))

        squeezed = (Trace & "trace = 9").fetch1("samples", squeeze=True)

        assert (5.0, float) == (squeezed["a"], type(squeezed["a"]))
        assert [(2,), (2,), 7] == [squeezed["b"][0].shape, squeezed["b"][1][0].shape, squeezed["b"][1][1]]
        assert [(2,), (4,), "text"] == [squeezed["c"].shape, squeezed["c"][0].shape, squeezed["c"][1]]


class TestKeysBesideArrays:
    def test_include_key(self, Trace):
        """The keys as dicts, in front of the arrays, row for row."""
        keys, samples = Trace.to_arrays("samples", include_key=True, order_by="trace DESC", limit=2)

        assert ([{"trace": 4}, {"trace": 3}], 4.0) == (keys, samples[0][0, 0, 0])

    def test_without_names_the_key_is_among_the_fields(self, Trace):
        """There is nothing to add to all attributes."""
        assert ("trace", "samples") == Trace.to_arrays(include_key=True).dtype.names

    def test_an_attribute_of_the_key_is_asked_for_too(self, Trace):
        """It is fetched once and given twice."""
        keys, trace = Trace.to_arrays("trace", include_key=True, limit=1)

        assert ([{"trace": 0}], [0]) == (keys, trace.tolist())


class TestHeadAndTail:
    def test_first_and_last_rows_in_the_order_of_the_key(self, Trace):
        """`tail` gives the last ones, the very last at the end."""
        assert [0, 1] == [row["trace"] for row in Trace.head(2)]
        assert [3, 4] == [row["trace"] for row in Trace.tail(2)]
        assert list(range(5)) == [row["trace"] for row in Trace.head()] == [row["trace"] for row in Trace.tail()]
        assert [3, 4] == [row["trace"] for row in (Trace & "trace > 1").tail(limit=2)]

    def test_is_one_statement(self, Trace, statements):
        """Each."""
        Trace().heading
        statements.clear()

        Trace.head(2)
        Trace.tail(2)

        assert 2 == len(statements)


class TestFetchAsAsked:
    @pytest.mark.parametrize("options", [{"format": "polars"}, {"format": "array", "as_dict": True}])
    def test_contradictions_are_refused(self, Trace, statements, options):
        """A format that is none, or two forms at once."""
        with pytest.raises(OperandError, match="was asked for the format"):
            Trace.fetch(**options)

        assert [] == statements

    def test_key_and_names_in_any_order(self, Trace):
        """`fetch("KEY", "a")` and `fetch1("a", "KEY")` give what was asked, in that order."""
        keys, samples = Trace.fetch("KEY", "samples", order_by="KEY DESC", limit=1)
        again, key = (Trace & "trace = 4").fetch1("samples", "KEY")

        assert [{"trace": 4}] == keys == [key]
        np.testing.assert_array_equal(samples[0], again)

    def test_order_by_several(self, Mixed):
        """A list of names, with directions."""
        assert [1, 2] == Mixed.to_arrays("id", order_by=["name DESC", "KEY"]).tolist()
        assert [2, 1] == Mixed.fetch("id", order_by=("KEY DESC", "name")).tolist()

    def test_misspelt_name(self, Trace, statements):
        """Refused before any SQL is sent, in every way to fetch."""
        for fetch in (Trace.to_dicts, Trace.to_arrays, Trace.to_pandas, Trace.to_polars, Trace.to_arrow, Trace.fetch):
            with pytest.raises(UnknownAttributeError, match="Did you mean 'samples'"):
                fetch("sampels")

        assert [] == statements

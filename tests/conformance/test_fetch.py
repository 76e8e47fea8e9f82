"""Rows go out: as dicts, arrays, frames and single values, the same on every database."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

import djnb as dj
from djnb.errors import OperandError, RowCountError, UnknownAttributeError
from djnb.events import Fetched


@pytest.fixture(scope="module")
def connection(shared_connection):
    """These tests only read."""
    return shared_connection


@pytest.fixture(scope="module")
def schema(shared_schema):
    """Declared once for all of them."""
    return shared_schema


FULL = {
    "id": 1,
    "i8": -128,
    "i16": 32767,
    "i32": -(2**31),
    "i64": 2**63 - 1,
    "u8": 255,
    "u64": 2**63 - 1,
    "f32": 0.1,
    "f64": 5e-324 * 2**60,
    "price": Decimal("-123456.70"),
    "flag": True,
    "short": "ab",
    "name": "Zoë 🐭\n'\"\\%",
    "story": "x" * 5000,
    "side": "it's",
    "day": date(2024, 2, 29),
    "t0": datetime(1999, 12, 31, 23, 59, 59),
    "t3": datetime(2024, 1, 5, 12, 0, 0, 120_000),
    "t6": datetime(2024, 1, 5, 12, 0, 0, 1),
    "span": -timedelta(hours=30, seconds=1),
    "token": UUID("12345678-1234-5678-1234-567812345678"),
    "doc": {"a": [1, 2.5, None, True], "ü": "🐭"},
    "raw": bytes(range(256)),
}


@pytest.fixture(scope="module")
def Typed(schema):
    """A row with a value of each type, a second one that is NULL, a third one of other extremes."""

    @schema
    class Typed(dj.Manual):
        definition = """
        id : int32
        ---
        i8 = null    : int8
        i16 = null   : int16
        i32 = null   : int32
        i64 = null   : int64
        u8 = null    : tinyint unsigned
        u64 = null   : bigint unsigned
        f32 = null   : float32
        f64 = null   : float64
        price = null : decimal(8,2)
        flag = null  : bool
        short = null : char(4)
        name = null  : varchar(32)
        story = null : longtext
        side = null  : enum('left', 'it''s')
        day = null   : date
        t0 = null    : datetime
        t3 = null    : datetime(3)
        t6 = null    : datetime(6)
        span = null  : time
        token = null : uuid
        doc = null   : json
        raw = null   : bytes
        data = null  : <blob>
        """

    Typed.insert([{**FULL, "data": np.arange(6).reshape(2, 3)}, {"id": 2}])
    return Typed


@pytest.fixture(scope="module")
def Trial(schema):
    """Four trials, three attributes without NULL, of one session and another."""

    @schema
    class Trial(dj.Manual):
        definition = """
        session : int32
        trial   : int16
        ---
        score   : float64
        label   : varchar(8)
        good    : bool
        day     : date
        reaction = null : int16
        """

    Trial.insert(
        [
            (2, 1, 0.5, "c", True, "2024-01-03", None),
            (1, 2, 2.5, "b", False, "2024-01-02", 300),
            (1, 1, 1.5, "a", True, "2024-01-01", 250),
            (2, 2, 0.5, "d", True, "2024-01-04", 200),
        ]
    )
    return Trial


KEYS = [
    {"session": 1, "trial": 1},
    {"session": 1, "trial": 2},
    {"session": 2, "trial": 1},
    {"session": 2, "trial": 2},
]


class TestValues:
    def test_are_the_same_python_values_on_every_database(self, Typed):
        """Of each type, value and Python type are what the definition says."""
        row = (Typed & "id = 1").fetch1()
        data = row.pop("data")

        assert {name: (type(value), value) for name, value in FULL.items()} == {
            name: (type(value), value) for name, value in row.items()
        }
        assert ((2, 3), "int64", [0, 1, 2, 3, 4, 5]) == (data.shape, data.dtype, data.ravel().tolist())

    def test_of_null_are_none(self, Typed):
        """NULL is None for every type."""
        row = (Typed & "id = 2").fetch1()

        assert {"id": 2, **dict.fromkeys(Typed.heading.secondary_attributes)} == row

    @pytest.mark.parametrize(
        "value",
        [0.1, 1 / 3, 16777216.0, 1e-38, 3.4028234663852886e38, 123456.79, -0.5],
    )
    def test_of_float32_are_the_shortest_that_mean_the_same(self, Typed, connection, value):
        """0.1 kept in 32 bits comes back as 0.1, and every such number as what it is."""
        with pytest.raises(ZeroDivisionError), connection.transaction():
            Typed.insert1({"id": 9, "f32": value})
            found = (Typed & "id = 9").fetch1("f32")
            assert np.float32(value) == np.float32(found)
            assert float(np.format_float_positional(np.float32(value), unique=True)) == found
            1 / 0

    @pytest.mark.parametrize(
        "value", [1.7976931348623157e308, 2.2250738585072014e-308, 0.1 + 0.2, -1 / 3, 1e22, 2**53 + 0.0]
    )
    def test_of_float64_are_exact(self, Typed, connection, value):
        """No digit is lost on the way in and out."""
        with pytest.raises(ZeroDivisionError), connection.transaction():
            Typed.insert1({"id": 9, "f64": value})
            assert value == (Typed & "id = 9").fetch1("f64")
            assert [9] == [row["id"] for row in (Typed & {"f64": value}).to_dicts("id")]
            1 / 0

    def test_of_a_long_decimal(self, schema):
        """A decimal of 38 digits keeps them all, compares and orders as a number."""

        @schema
        class Ledger(dj.Manual):
            definition = """
            id : int32
            ---
            amount : decimal(38,10)
            """

        large = Decimal("1234567890123456789012345678.0123456789")
        Ledger.insert([(1, large), (2, 9), (3, 10), (4, -3)])

        assert large == (Ledger & "id = 1").fetch1("amount")
        assert [1, 3] == [row["id"] for row in (Ledger & "amount > 9.5").to_dicts()]
        assert [4, 2, 3, 1] == [row["id"] for row in Ledger.to_dicts(order_by="amount")]


class TestRowWithoutAttributes:
    def test_is_a_row_all_the_same(self, schema):
        """A table of one row that has no key: its empty key is fetched as often as it is counted."""

        @schema
        class Singleton(dj.Manual):
            definition = """
            ---
            room : varchar(8)
            """

        before = Singleton.proj().to_dicts()
        Singleton.insert1({"room": "east"})

        assert ([], [{}], [{}]) == (before, Singleton.proj().to_dicts(), Singleton.keys())
        assert ({}, {}) == (Singleton.proj().fetch1(), Singleton.fetch1("KEY"))
        assert 1 == len(Singleton.proj()) == len(Singleton.fetch("KEY"))


class TestToDicts:
    def test_all_attributes_in_the_order_of_the_key(self, Trial):
        """Rows come ordered by the primary key, attributes in the order of the heading."""
        rows = Trial.to_dicts()

        assert KEYS == [{"session": row["session"], "trial": row["trial"]} for row in rows]
        assert [Trial.heading.names] * 4 == [list(row) for row in rows]
        assert rows == list(Trial()) == list(Trial)

    def test_some_attributes(self, Trial):
        """The attributes that are named, in the order asked, the key only if it is among them."""
        assert [{"label": "a", "session": 1}, {"label": "b", "session": 1}] == Trial.to_dicts(
            "label", "session", limit=2
        )

    def test_no_rows(self, Trial):
        """An empty answer is an empty list."""
        assert [] == (Trial & False).to_dicts()

    def test_unknown_name_is_refused_with_a_suggestion(self, Trial, statements):
        """A misspelt name is refused before any SQL is sent."""
        for fetch in (Trial.to_dicts, Trial.to_arrays, Trial.to_pandas, Trial.fetch, Trial.fetch1):
            with pytest.raises(UnknownAttributeError, match=r"`Trial` has no attribute 'scor'. Did you mean 'score'"):
                fetch("scor")
        assert [] == statements


class TestOrderAndLimit:
    @pytest.mark.parametrize(
        ("order_by", "labels"),
        [
            ("label", "abcd"),
            ("label DESC", "dcba"),
            ("label desc", "dcba"),
            ("score, label DESC", "dcab"),
            (["score", "label"], "cdab"),
            (("score DESC", "KEY"), "bacd"),
            ("KEY", "abcd"),
            ("KEY DESC", "dcba"),
            ("`label` DESC", "dcba"),
            ("session DESC, trial ASC", "cdab"),
            ("reaction, KEY", "cdab"),
        ],
    )
    def test_order(self, Trial, order_by, labels):
        """By attributes, each maybe descending, or by the key; NULL comes first."""
        assert labels == "".join(row["label"] for row in Trial.to_dicts(order_by=order_by))
        assert labels == "".join(Trial.fetch("label", order_by=order_by))

    def test_limit_and_offset(self, Trial):
        """At most so many rows, after passing over some; an offset needs no limit."""
        for fetch in (Trial.to_dicts, Trial.keys):
            assert KEYS[:2] == [{n: row[n] for n in ("session", "trial")} for row in fetch(limit=2)]
            assert KEYS[1:3] == [{n: row[n] for n in ("session", "trial")} for row in fetch(limit=2, offset=1)]
            assert KEYS[3:] == [{n: row[n] for n in ("session", "trial")} for row in fetch(offset=3)]
            assert [] == fetch(limit=0)
        assert ["d", "c"] == list(Trial.to_arrays("label", order_by="label DESC", limit=2))
        assert ["c"] == list(Trial.fetch("label", order_by="label", limit=1, offset=2))

    @pytest.mark.parametrize("options", [{"limit": -1}, {"offset": -1}, {"order_by": "label foo"}])
    def test_what_makes_no_sense_is_refused(self, Trial, statements, options):
        """A negative number of rows, or a direction that is none, is refused before any SQL is sent."""
        with pytest.raises(OperandError):
            Trial.to_dicts(**options)

        assert [] == statements

    def test_unknown_name_to_order_by_is_refused(self, Trial, statements):
        """A misspelt name, or an attempt to write SQL, is refused before any SQL is sent."""
        for order_by in ("labl", "label; DROP TABLE trial", "rand()"):
            with pytest.raises((UnknownAttributeError, OperandError)):
                Trial.to_dicts(order_by=order_by)
        assert [] == statements


class TestKeys:
    def test_are_dicts_of_the_key(self, Trial):
        """Each key restricts the table to its row."""
        assert KEYS == Trial.keys()
        assert 1 == len(Trial & Trial.keys()[2])

    def test_of_a_projection_are_its_own(self, Trial):
        """A renamed key has its new names."""
        assert [{"s": 1, "trial": 1}] == Trial.proj(s="session").keys(limit=1)


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

    def test_arrays_of_equal_shape_stay_values(self, schema):
        """Blobs of one shape are not stacked: one value for each row."""

        @schema
        class Trace(dj.Manual):
            definition = """
            trace : int32
            ---
            samples : <blob>
            """

        Trace.insert([(1, np.zeros(3)), (2, np.ones(3))])

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

    def test_squeezed(self, schema):
        """`squeeze` removes axes of length 1 from arrays in blobs."""

        @schema
        class Image(dj.Manual):
            definition = """
            image : int32
            ---
            pixels : <blob>
            """

        Image.insert1((1, np.zeros((1, 3, 1))))

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

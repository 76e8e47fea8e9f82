"""Frames that the package connectorx reads are those that rows make; where it cannot make them, rows do."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import connectorx
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import djnb as dj
from djnb.errors import QuerySyntaxError, UnknownAttributeError
from djnb.events import Fetched

ROWS = [
    {
        "a": 1, "b": "žlutý 漢字 🙂", "i8": -128, "u8": 255, "i16": -32768, "u16": 65535, "i32": -(2**31),
        "u32": 2**32 - 1, "i64": -(2**63), "u64": 2**64 - 1, "f4": 1 / 3, "f8": 1.7e308, "good": True,
        "day": date(1000, 1, 1), "t0": datetime(2024, 1, 5, 12), "t3": datetime(2024, 1, 5, 12, 0, 0, 120_000),
        "t6": datetime(9999, 12, 31, 23, 59, 59, 999_999), "name": "50% 'ω' \\ \"", "code": "ab", "side": "left",
    },
    {"a": 1, "b": ""},
    {
        "a": -7, "b": "B", "i8": 0, "u8": 0, "i16": 0, "u16": 0, "i32": 0, "u32": 0, "i64": 0, "u64": 0,
        "f4": 16_777_217.0, "f8": 5e-324, "good": False, "day": date(2024, 2, 29), "t0": datetime(1, 1, 1),
        "t3": datetime(1969, 12, 31, 23, 59, 59, 999_000), "t6": datetime(1969, 12, 31, 23, 59, 59, 999_999),
        "name": "", "code": "", "side": "right",
    },
]  # fmt: skip
KEY = ["a", "b"]


@pytest.fixture
def Mixed(schema, connection):
    """Every type that connectorx may read, with the ends of its range, and NULL."""

    @schema
    class Mixed(dj.Manual):
        definition = """
        a : int16
        b : varchar(20)
        ---
        i8 = null : int8
        u8 = null : tinyint unsigned
        i16 = null : int16
        u16 = null : smallint unsigned
        i32 = null : int32
        u32 = null : int unsigned
        i64 = null : int64
        u64 = null : bigint unsigned
        f4 = null : float32
        f8 = null : float64
        good = null : bool
        day = null : date
        t0 = null : datetime
        t3 = null : datetime(3)
        t6 = null : datetime(6)
        name = null : varchar(20)
        code = null : char(4)
        side = null : enum('left', 'right')
        entered = CURRENT_TIMESTAMP : timestamp
        whole = 3 : int32
        ratio = 0.5 : float32
        yes = 1 : bool
        """

    rows = ROWS
    if connection.address.scheme == "sqlite":  # whose integers are signed
        rows = [{**row, "u64": 2**63 - 1} for row in ROWS]
    Mixed.insert(rows)
    return Mixed


@pytest.fixture
def read(monkeypatch):
    """Give the statements that connectorx sends, which it goes on to send."""
    sent: list[str] = []
    send = connectorx.read_sql

    def note(url, sql, **options):
        sent.append(sql)
        return send(url, sql, **options)

    monkeypatch.setattr(connectorx, "read_sql", note)
    return sent


def assert_same(query, *names, **options):
    """Fetch by connectorx and from rows, in all forms, and compare."""
    for fetch in ("to_pandas", "to_polars", "to_arrow"):
        with dj.config.override(database__use_connectorx=False):
            expected = getattr(query, fetch)(*names, **options)
        found = getattr(query, fetch)(*names, **options)
        if fetch == "to_pandas":
            assert_frame_equal(found, expected)
        else:
            assert found.equals(expected)
            assert found.schema == expected.schema


class TestFrames:
    def test_every_type(self, Mixed, read, connection):
        """Values and types are the same, with NULL and at the ends of ranges."""
        assert_same(Mixed)
        assert len(read) == (3 if connection.address.scheme == "mysql" else 0)

    def test_no_rows(self, Mixed):
        """Types are the same without rows."""
        assert_same(Mixed & "a > 100")

    def test_some_attributes_in_order(self, Mixed, read):
        """Names, order, limits and offsets count."""
        assert_same(Mixed, "t3", "side", order_by="b DESC", offset=1, limit=20_000)

    def test_one_attribute_as_key(self, Mixed):
        """The index has the type of the attribute."""
        assert_same(dj.U("side") & Mixed)

    def test_joined(self, Mixed):
        """What is joined and restricted by text is the same, percent signs among it."""
        assert_same(Mixed * Mixed.proj(again="i8") & "name LIKE '5%%' OR u8 - 1 < 0")

    def test_may_be_written_into(self, Mixed):
        """A frame is its owner's."""
        frame = Mixed.to_pandas()
        frame.loc[:, "ratio"] = 2.5
        frame.loc[:, "whole"] += 1
        assert frame["whole"].tolist() == [4, 4, 4]

    def test_is_one_statement_and_one_event(self, Mixed, connection, statements):
        """Who listens hears the same, whoever reads."""
        fetched = []
        with connection.bus.subscribed(fetched.append, Fetched):
            Mixed.to_pandas()
        assert len(statements) == 1
        assert [event.count for event in fetched] == [3]


class TestFallsBack:
    def test_bound_values(self, Mixed, read):
        """A value never becomes part of a statement's text."""
        assert_same(Mixed & {"b": "žlutý 漢字 🙂"})
        assert not read

    def test_transaction(self, Mixed, connection, read):
        """What the transaction has written is among the rows."""
        with connection.transaction():
            Mixed.insert1({"a": 9, "b": "new"})
            assert len(Mixed.to_pandas()) == 4
        assert not read

    def test_other_types(self, schema, read):
        """Whatever has no equal in Arrow comes from rows."""

        @schema
        class Priced(dj.Manual):
            definition = """
            id : int32
            ---
            price : decimal(30,12)
            """

        Priced.insert1((1, Decimal("123456789012345678.123456789012")))
        assert Priced.to_pandas()["price"].tolist() == [Decimal("123456789012345678.123456789012")]
        assert (Priced.proj(twice="2 * id")).to_pandas()["twice"].tolist() == [2]
        assert not read

    def test_few_rows(self, Mixed, read):
        """A handful is not worth a connection of its own."""
        assert len(Mixed.to_pandas(limit=2)) == 2
        assert not read

    def test_opted_out(self, Mixed, read):
        """The setting counts."""
        with dj.config.override(database__use_connectorx=False):
            Mixed.to_pandas()
        assert not read

    def test_error_is_the_ordinary_one(self, Mixed, connection, database_url):
        """A refusal is djnb's own error, and never shows the password."""
        with pytest.raises((UnknownAttributeError, QuerySyntaxError)) as caught:
            (Mixed & "nothing_like_this > 3").to_pandas()
        password = database_url.rpartition("@")[0].rpartition(":")[2]
        assert not password or password not in str(caught.value)
        assert isinstance(Mixed.to_pandas(), pd.DataFrame)

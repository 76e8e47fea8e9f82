"""Rows go out as dicts and keys, with the values that went in, in the order that is asked."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

import djnb as dj
from djnb.errors import OperandError, UnknownAttributeError
from tests.conformance.fetch.rows import FULL, KEYS


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

"""Many values at once become what each of them becomes alone."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from djnb.algebra.missing import has_missing, is_missing
from djnb.backends.mysql.dialect import MySQLDialect
from djnb.backends.sqlite.dialect import SQLiteDialect
from djnb.model.core_types import parse_type
from djnb.sql.values import UnfitError, encode_column, encoder

TYPES = [
    "int8",
    "int32",
    "int unsigned",
    "float32",
    "float64",
    "double unsigned",
    "bool",
    "char(3)",
    "varchar(3)",
    "longtext",
    "enum('a','b')",
    "date",
    "datetime",
    "datetime(3)",
    "decimal(4,1)",
]

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-200, 200),
    st.integers(),
    st.floats(),
    st.floats(0, 10).map(np.float32),
    st.sampled_from(["a", "b", "a ", "abcd", "ä", "\ud800", "", "1", "2024-01-02"]),
    st.text(max_size=4),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.datetimes().map(lambda moment: moment.replace(microsecond=0)),
    st.sampled_from(
        [pd.NaT, pd.NA, pd.Timestamp("2024-01-02 03:04:05"), np.int16(3), np.datetime64("NaT"), Decimal("1.5")]
    ),
)

# Values of one kind are what the short way takes.
COLUMNS = st.one_of(
    st.lists(VALUES, min_size=1, max_size=4),
    *(
        st.lists(st.one_of(st.none(), kind), min_size=1, max_size=6)
        for kind in (
            st.integers(-130, 130),
            st.floats(),
            st.booleans(),
            st.text(max_size=4),
            st.sampled_from("ab"),
            st.dates(),
            st.datetimes(),
            st.datetimes().map(lambda moment: moment.replace(microsecond=0)),
        )
    ),
)


def one_by_one(values, kind, dialect):
    """Return what is stored, or None if a value does not fit."""
    encode = encoder(kind, dialect)
    try:
        return [None if is_missing(value) else encode(value) for value in values]
    except UnfitError:
        return None


@pytest.mark.parametrize("dialect", [SQLiteDialect(), MySQLDialect()], ids=["sqlite", "mysql"])
@pytest.mark.parametrize("text", TYPES)
class TestEncodeColumn:
    @given(values=COLUMNS)
    def test_gives_what_the_values_give_alone(self, dialect, text, values):
        """The short way for many rows stores what the long way stores, and leaves the rest to the long way."""
        kind = parse_type(text)

        encoded = encode_column(values, kind, dialect)

        if encoded is not None:
            expected = one_by_one(values, kind, dialect)
            assert expected == encoded
            assert list(map(type, expected)) == list(map(type, encoded))


@pytest.mark.parametrize("dialect", [SQLiteDialect(), MySQLDialect()], ids=["sqlite", "mysql"])
class TestPlainColumn:
    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("int32", [1, None, -3]),
            ("float64", [0.5, float("nan"), None]),
            ("bool", [True, False]),
            ("varchar(3)", ["a", "äöü", None]),
            ("enum('a','b')", ["a", "b", "a"]),
            ("date", [date(2024, 1, 2), None]),
            ("datetime", [datetime(2024, 1, 2, 3, 4, 5)]),
            ("int8", [None, None]),
        ],
    )
    def test_takes_the_short_way(self, dialect, text, values):
        """Plain Python values of the right type need no look at each of them."""
        kind = parse_type(text)

        encoded = encode_column(values, kind, dialect)

        assert one_by_one(values, kind, dialect) == encoded


class TestHasMissing:
    @given(values=st.lists(VALUES, max_size=5))
    @example(values=[pd.NaT])
    @example(values=[1, float("nan")])
    def test_is_whether_any_value_is_missing(self, values):
        """Looking at all values at once finds what looking at each of them finds."""
        assert any(is_missing(value) for value in values) == has_missing(values)

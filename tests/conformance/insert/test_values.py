"""A value comes back as its type says, or is refused before it is sent."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

import djnb as dj
from djnb.errors import InvalidValueError

ACCEPTED = [
    ("int8", -128, -128),
    ("int8", 127, 127),
    ("int16", np.int64(-32768), -32768),
    ("int32", 2**31 - 1, 2**31 - 1),
    ("int64", -(2**63), -(2**63)),
    ("int64", 2**63 - 1, 2**63 - 1),
    ("int32", "12", 12),
    ("int32", 3.0, 3),
    ("int32", np.float64(3), 3),
    ("int32", Decimal(3), 3),
    ("int32", True, 1),
    ("tinyint unsigned", 255, 255),
    ("bigint unsigned", 2**63 - 1, 2**63 - 1),
    ("float64", 1, 1.0),
    ("float64", "1e-3", 0.001),
    ("float64", Decimal("0.1"), 0.1),
    ("float64", np.float32(0.5), 0.5),
    ("float64", 1.7976931348623157e308, 1.7976931348623157e308),
    ("float64", 2.2250738585072014e-308, 2.2250738585072014e-308),
    ("float64", 0.1 + 0.2, 0.1 + 0.2),
    ("float32", 0.1, 0.1),
    ("float32", 16777217, 16777216.0),
    ("float32", np.float32(1 / 3), 0.33333334),
    ("float32", 3.4028235e38, 3.4028235e38),
    ("decimal(8,2)", "1.005", Decimal("1.01")),
    ("decimal(8,2)", 1, Decimal("1.00")),
    ("decimal(8,2)", 0.1, Decimal("0.10")),
    ("decimal(8,2)", Decimal("-999999.99"), Decimal("-999999.99")),
    ("decimal(20,4)", "1234567890123456.7891", Decimal("1234567890123456.7891")),
    ("bool", True, True),
    ("bool", np.False_, False),
    ("bool", 1, True),
    ("bool", "false", False),
    ("char(4)", "ab", "ab"),
    ("char(4)", "ab  ", "ab"),
    ("varchar(4)", "äöü🙂", "äöü🙂"),
    ("varchar(4)", np.str_("ab"), "ab"),
    ("varchar(4)", 12, "12"),
    ("varchar(4)", "", ""),
    ("varchar(8)", "a\\'\"%s\n", "a\\'\"%s\n"),
    ("longtext", "x" * 70_000, "x" * 70_000),
    ("enum('left','it''s')", "it's", "it's"),
    ("date", date(1, 1, 1), date(1, 1, 1)),
    ("date", "9999-12-31", date(9999, 12, 31)),
    ("date", datetime(2024, 1, 5), date(2024, 1, 5)),
    ("date", pd.Timestamp("2024-01-05"), date(2024, 1, 5)),
    ("date", np.datetime64("2024-01-05"), date(2024, 1, 5)),
    ("datetime", datetime(2024, 1, 5, 12, 30, 15), datetime(2024, 1, 5, 12, 30, 15)),
    ("datetime", datetime(2024, 1, 5, 12, 30, 15, 500_000), datetime(2024, 1, 5, 12, 30, 16)),
    ("datetime", datetime(2024, 1, 5, 12, 30, 15, 499_999), datetime(2024, 1, 5, 12, 30, 15)),
    ("datetime", "2024-01-05", datetime(2024, 1, 5)),
    ("datetime", date(2024, 1, 5), datetime(2024, 1, 5)),
    ("datetime", "2024-01-05T12:00:00+02:00", datetime(2024, 1, 5, 10)),
    ("datetime", datetime(2024, 1, 5, 12, tzinfo=timezone(timedelta(hours=-1))), datetime(2024, 1, 5, 13)),
    ("datetime(3)", "2024-01-05 12:00:00.1235", datetime(2024, 1, 5, 12, 0, 0, 124_000)),
    ("datetime(6)", np.datetime64("2024-01-05T12:00:00.123456"), datetime(2024, 1, 5, 12, 0, 0, 123_456)),
    ("datetime(6)", pd.Timestamp("2024-01-05 12:00:00.123456"), datetime(2024, 1, 5, 12, 0, 0, 123_456)),
    ("time", "12:30", timedelta(hours=12, minutes=30)),
    ("time", time(23, 59, 59), timedelta(hours=23, minutes=59, seconds=59)),
    ("time", timedelta(hours=-838, minutes=-59, seconds=-59), -timedelta(hours=838, minutes=59, seconds=59)),
    ("time", np.timedelta64(90, "s"), timedelta(seconds=90)),
    ("time", pd.Timedelta("1h"), timedelta(hours=1)),
    ("time", "00:00:01.5", timedelta(seconds=2)),
    ("time(3)", "-01:00:00.1235", -timedelta(hours=1, microseconds=124_000)),
    ("uuid", UUID(int=5), UUID(int=5)),
    ("uuid", "00000000-0000-0000-0000-00000000000a", UUID(int=10)),
    ("uuid", UUID(int=7).bytes, UUID(int=7)),
    ("json", {"a": [1, 2.5, None, "é", {"b": True}]}, {"a": [1, 2.5, None, "é", {"b": True}]}),
    ("json", [], []),
    ("json", "text", "text"),
    ("json", 0, 0),
    ("bytes", b"\x00\xff'\"\\%s", b"\x00\xff'\"\\%s"),
    ("bytes", bytearray(b"ab"), b"ab"),
    ("bytes", b"", b""),
    ("<blob>", {"a": (1, "two", None)}, {"a": (1, "two", None)}),
]  # fmt: skip

REFUSED = [
    ("int8", 128, "is outside the range of `int8`, -128 to 127"),
    ("int16", -32769, "is outside the range"),
    ("int32", 2**31, "is outside the range"),
    ("int64", 2**63, "is outside the range"),
    ("int64", "9" * 5000, "is outside the range"),
    ("tinyint unsigned", -1, "is outside the range of `tinyint unsigned`, 0 to 255"),
    ("int32", 1.5, "is not a whole number"),
    ("int32", math.inf, "is not a whole number"),
    ("int32", "1.0", "is not a whole number"),
    ("int32", "", "is not a whole number"),
    ("int32", [1], "is not a whole number"),
    ("float64", "abc", "is not a number"),
    ("float64", "nan", "is not a number"),
    ("float64", 1 + 2j, "is not a number"),
    ("float64", b"1", "is not a number"),
    ("float64", [1.0], "is not a number"),
    ("float32", 3.5e38, "is outside the range of `float32`"),
    ("decimal(8,2)", 1_000_000, "has more digits than `decimal"),
    ("decimal(8,2)", "999999.995", "has more digits than `decimal"),
    ("decimal(8,2)", "NaN", "is not a decimal number"),
    ("decimal(8,2)", math.inf, "is not a decimal number"),
    ("decimal(8,2)", "1,5", "is not a decimal number"),
    ("bool", 2, "is neither true nor false"),
    ("bool", "yes", "is neither true nor false"),
    ("bool", np.array([1, 2]), "is neither true nor false"),
    ("varchar(4)", "abcde", r"has 5 characters; `varchar\(4\)` holds 4"),
    ("varchar(4)", 1.5, "is of type float, not text"),
    ("varchar(4)", b"ab", "is of type bytes, not text"),
    ("varchar(4)", True, "is of type bool, not text"),
    ("varchar(4)", "\ud83d", "holds half of a surrogate pair"),
    ("enum('left','right')", "Left", "is not among the values of the enum: 'left', 'right'"),
    ("enum('left','right')", "", "is not among the values"),
    ("date", "2024-02-30", "is not a date"),
    ("date", "yesterday", "is not a date"),
    ("date", datetime(2024, 1, 5, 12), "has a time of day"),
    ("date", 20240105, "is not a date"),
    ("datetime", "2024-01-05 25:00", "is not a time"),
    ("datetime", 0, "is not a time"),
    ("datetime", time(12), "is not a time"),
    ("time", "12", "is not a time of day"),
    ("time", "12:75:00", "is not a time of day"),
    ("time", timedelta(hours=839), "is outside the range of `time`"),
    ("uuid", "not-a-uuid", "is not a UUID"),
    ("uuid", b"short", "is not a UUID"),
    ("uuid", 5, "is not a UUID"),
    ("json", {1, 2}, "cannot be written as JSON"),
    ("json", [math.nan], "cannot be written as JSON"),
    ("bytes", "text", "is of type str, not bytes"),
    ("bytes", np.zeros(2), "is of type ndarray, not bytes; `<blob>` holds arrays"),
    ("<blob>", lambda: None, "cannot be packed"),
]  # fmt: skip


@pytest.fixture(scope="module")
def typed(shared_schema):
    """Give a table with one attribute of each type that the tests need."""
    kinds = list(dict.fromkeys([kind for kind, *_ in ACCEPTED] + [kind for kind, *_ in REFUSED]))
    lines = "\n".join(f"v{index} = null : {kind}" for index, kind in enumerate(kinds))

    @shared_schema
    class Typed(dj.Manual):
        definition = f"id : int32\n---\n{lines}\n"

    return Typed, {kind: f"v{index}" for index, kind in enumerate(kinds)}


class TestValue:
    @pytest.mark.parametrize(("kind", "value", "expected"), ACCEPTED, ids=lambda item: repr(item)[:30])
    def test_that_fits_comes_back_as_its_type_says(self, typed, kind, value, expected):
        """The same Python value on every database, whatever was given for it."""
        Typed, names = typed

        Typed.insert([{"id": 1, names[kind]: value}], replace=True)

        found = Typed.fetch1(names[kind])
        assert (type(expected), expected) == (type(found), found)
        if kind not in ("<blob>", "bytes"):
            assert [1] == [key["id"] for key in (Typed & {names[kind]: value}).fetch("KEY")]

    @pytest.mark.parametrize(("kind", "value", "problem"), REFUSED, ids=lambda item: repr(item)[:30])
    def test_that_does_not_fit_is_refused(self, typed, kind, value, problem):
        """The message names the row, the attribute, the value and the type; no row comes in."""
        Typed, names = typed
        before = len(Typed)

        with pytest.raises(InvalidValueError, match=rf"for '{names[kind]}' in row 1 {problem}") as caught:
            Typed.insert([{"id": 10}, {"id": 11, names[kind]: value}])

        assert (names[kind], 1) == (caught.value.attribute, caught.value.row)
        assert value is caught.value.value
        assert before == len(Typed)

    def test_that_is_missing_is_null(self, typed):
        """Every type has NULL."""
        Typed, names = typed

        Typed.insert([{"id": 2, **dict.fromkeys(names.values())}], replace=True)

        assert {"id": 2, **dict.fromkeys(names.values())} == (Typed & "id = 2").fetch1()


class TestInfinity:
    def test_is_kept_or_refused_but_never_changed(self, typed, shared_connection):
        """A database that has no infinite numbers refuses them; another gives them back."""
        Typed, names = typed
        row = {"id": 3, names["float64"]: math.inf}

        if shared_connection.dialect.stores_infinity:
            Typed.insert([row], replace=True)
            assert math.inf == (Typed & "id = 3").fetch1(names["float64"])
        else:
            with pytest.raises(InvalidValueError, match="in row 0 is infinite, and this database has no infinite"):
                Typed.insert([row], replace=True)


def test_truth_values_of_numpy_are_whole_numbers(schema):
    """A mask's element goes where 0 and 1 go, as Python's own True and False do."""

    @schema
    class Flag(dj.Manual):
        definition = """
        id : int32
        ---
        flag : tinyint
        """

    Flag.insert([(1, np.True_), (2, np.False_), (3, True)])

    assert [1, 0, 1] == Flag.to_arrays("flag").tolist()

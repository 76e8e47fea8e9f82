"""Rows come in, from whatever holds them, all of them or none."""

# ruff: noqa: DTZ001 -- times in a database are UTC without saying so
from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

import djnb as dj
from djnb.errors import (
    DuplicateError,
    InsertError,
    InvalidValueError,
    MissingAttributeError,
    MissingParentError,
    OperandError,
    UnknownAttributeError,
)
from djnb.events import RowsInserted
from djnb.rows import insert as inserting
from tests.conformance.recordings import server_only


@pytest.fixture
def Subject(schema):
    """A table with a default, a nullable attribute and one that every row must give."""

    @schema
    class Subject(dj.Manual):
        definition = """
        subject : int32
        ---
        name             : varchar(20)
        species = "rat"  : varchar(8)
        weight = null    : float64
        """

    return Subject


@pytest.fixture
def Session(schema, Subject):
    """A table that refers to it."""

    @schema
    class Session(dj.Manual):
        definition = """
        -> Subject
        session : int32
        """

    return Session


@pytest.fixture
def Badge(schema, Subject):
    """A table with a unique index besides its key."""

    @schema
    class Badge(dj.Manual):
        definition = """
        badge : int32
        ---
        code : varchar(8)
        owner = "nobody" : varchar(8)
        unique index (code)
        """

    Badge.insert([(1, "red", "ann"), (2, "blue", "bob")])
    return Badge


ANN = {"subject": 1, "name": "ann", "species": "mouse", "weight": 20.5}
BOB = {"subject": 2, "name": "bob", "species": "rat", "weight": None}


class TestInsertFrom:
    def test_dicts(self, Subject):
        """Each row a dict, in any order of names."""
        Subject.insert([ANN, dict(reversed(BOB.items()))])

        assert [ANN, BOB] == Subject.to_dicts()

    def test_one_dict(self, Subject):
        """`insert1` takes one row."""
        Subject.insert1(ANN)
        Subject().insert1(BOB)

        assert [ANN, BOB] == Subject.to_dicts()

    def test_sequences(self, Subject):
        """Values in the order of the heading."""
        Subject.insert([tuple(ANN.values()), list(BOB.values())])

        assert [ANN, BOB] == Subject.to_dicts()

    def test_tuples_in_batches(self, Subject, monkeypatch):
        """All rows plain tuples: as each of their values would go in alone, missing ones and defaults among them."""
        monkeypatch.setattr(inserting, "BATCH", 2)

        Subject.insert([(1, "ann", None, 1), (2, "bob", "mouse", math.nan), (3, "eve", "rat", 2.5), ("4", "al", "", 3)])

        kept = [(1, "ann", "rat", 1.0), (2, "bob", "mouse", None), (3, "eve", "rat", 2.5), (4, "al", "", 3.0)]
        assert [dict(zip(ANN, row, strict=True)) for row in kept] == Subject.to_dicts()

    @pytest.mark.parametrize(
        "row",
        [
            (5, None, "rat", 1.0),
            (5, "a name that is longer than twenty", "rat", 1.0),
            ("five", "eve", "rat", 1.0),
            (2, "eve", "rat", 1.0),
        ],
        ids=["missing", "too long", "no number", "duplicate"],
    )
    def test_tuples_are_refused_as_dicts_are(self, Subject, row, monkeypatch):
        """The error names the same row and the same reason, in whichever batch, and nothing is inserted."""
        monkeypatch.setattr(inserting, "BATCH", 2)
        rows = [(1, "ann", "rat", 1.0), (2, "bob", "rat", 1.0), (3, "sam", "rat", 1.0), row]

        with pytest.raises(dj.DataJointError) as of_tuples:
            Subject.insert(rows)
        with pytest.raises(dj.DataJointError) as of_dicts:
            Subject.insert([dict(zip(ANN, values, strict=True)) for values in rows])

        assert (type(of_dicts.value), str(of_dicts.value)) == (type(of_tuples.value), str(of_tuples.value))
        assert "row 3" in str(of_tuples.value).lower()
        assert [] == Subject.to_dicts()

    def test_generator(self, Subject):
        """Rows may come one by one."""
        Subject.insert(row for row in (ANN, BOB))

        assert [ANN, BOB] == Subject.to_dicts()

    def test_rows_of_different_names(self, Subject):
        """Each row gives what it has; the others get their defaults."""
        Subject.insert([{"subject": 1, "name": "a"}, {"subject": 2, "name": "b", "weight": 1}, {**BOB, "subject": 3}])

        assert [
            {"subject": 1, "name": "a", "species": "rat", "weight": None},
            {"subject": 2, "name": "b", "species": "rat", "weight": 1.0},
            {"subject": 3, "name": "bob", "species": "rat", "weight": None},
        ] == Subject.to_dicts()

    def test_frame_with_its_index(self, Subject):
        """What `to_pandas` gives can be inserted as it is: the named index counts as columns."""
        Subject.insert([ANN, BOB])
        frame = Subject.to_pandas()
        Subject.delete(prompt=False)

        Subject.insert(frame)

        assert [ANN, BOB] == Subject.to_dicts()

    def test_frame_without_index(self, Subject):
        """A frame whose rows are only numbered has all attributes as columns; missing values are NULL."""
        Subject.insert(
            pd.DataFrame(
                {"weight": [20.5, math.nan], "name": ["ann", "bob"], "subject": [1, 2], "species": ["mouse", None]},
                index=[7, 9],
            )
        )

        assert [ANN, BOB] == Subject.to_dicts()

    def test_empty_frame_and_empty_list(self, Subject, statements):
        """No row is no insert."""
        Subject.insert(pd.DataFrame({"subject": [], "name": []}))
        Subject.insert([])

        assert [] == [sql for sql in statements if sql.startswith("INSERT")]

    def test_structured_array_and_records(self, Subject):
        """Arrays with named fields, whole or record by record."""
        array = np.array([(1, "ann", "mouse", 20.5), (2, "bob", "rat", np.nan)], dtype="i4,U20,U8,f8")
        array.dtype.names = ("subject", "name", "species", "weight")

        Subject.insert(array)
        assert [ANN, BOB] == Subject.to_dicts()

        Subject.delete(prompt=False)
        Subject.insert([array[1]])
        Subject.insert1(array[0])
        assert [ANN, BOB] == Subject.to_dicts()

    def test_what_was_fetched(self, Subject):
        """`fetch()` and `to_arrays()` give arrays that can be inserted."""
        Subject.insert([ANN, BOB])
        for fetched in (Subject.fetch(), Subject.to_arrays(), Subject.to_dicts()):
            Subject.delete(prompt=False)
            Subject.insert(fetched)
            assert [ANN, BOB] == Subject.to_dicts()

    def test_query(self, Subject, Session):
        """The rows of a query, of another table or the same."""
        Subject.insert([ANN, BOB])

        Session.insert(Subject.proj(session="(subject)"))

        assert [(1, 1), (2, 2)] == [tuple(key.values()) for key in Session.fetch("KEY")]

    @pytest.mark.parametrize("given", [ANN, "ann", b"ann", 5, None])
    def test_what_holds_no_rows_is_refused(self, Subject, given):
        """A dict or a text is not a collection of rows; for a dict the message names `insert1`."""
        with pytest.raises(InsertError, match=r"is not a collection of rows(.*`insert1`)?"):
            Subject.insert(given)

    def test_row_that_is_none_is_refused(self, Subject):
        """The message says which row, and what it is."""
        with pytest.raises(InsertError, match="Row 1 is of type int"):
            Subject.insert([ANN, 5])
        with pytest.raises(InsertError, match="Row 0 has 2 values; the heading has 4 attributes: subject, name,"):
            Subject.insert([(1, "ann")])

        assert [] == Subject.to_dicts()


class TestInsertWithinATransaction:
    def test_refused_insert_leaves_nothing_and_the_transaction_stands(self, Subject, connection, monkeypatch):
        """Whoever catches the error goes on with what was there before the insert, in small and in large."""
        monkeypatch.setattr(inserting, "BATCH", 10)
        with connection.transaction():
            Subject.insert1({"subject": 100, "name": "a"})
            for count in (5, 35):
                with pytest.raises(DuplicateError):
                    Subject.insert(
                        [{"subject": n, "name": "a"} for n in range(count)] + [{"subject": 100, "name": "b"}]
                    )

        assert [{"subject": 100}] == Subject.keys()

    def test_wide_rows_that_a_server_takes_in_several_messages(self, schema, connection):
        """A refusal in the second message undoes the first one, and names the right row."""

        @schema
        class Wide(dj.Manual):
            definition = """
            number : int32
            ---
            text : varchar(4000)
            """

        with connection.transaction():
            Wide.insert1((1000, "there"))
            with pytest.raises(DuplicateError, match=r"number=1000 is there already \(row 1000\)"):
                Wide.insert((number, "x" * 3000) for number in range(1001))

        assert 1 == len(Wide)


class TestInsertFromAnotherDatabase:
    def test_reads_where_the_query_is(self, Subject, tmp_path):
        """Rows of a query come from its own database, whatever the tables are called there."""
        with dj.Connection(f"sqlite:///{tmp_path / 'elsewhere.sqlite'}") as elsewhere:

            @dj.Schema(Subject.name.schema, connection=elsewhere)
            class Other(dj.Manual):
                definition = Subject.definition

            Other.insert([{"subject": 7, "name": "from elsewhere"}])
            Subject.insert(Other & "subject = 7")

        assert [7] == [row["subject"] for row in Subject.to_dicts()]


class TestInsertMany:
    def test_is_all_or_none(self, Subject, monkeypatch):
        """A row that is refused in a later batch undoes the earlier ones."""
        monkeypatch.setattr(inserting, "BATCH", 10)
        rows = [{"subject": number, "name": "a"} for number in range(35)]

        with pytest.raises(DuplicateError, match=r"with subject=0 .* \(row 35\)"):
            Subject.insert([*rows, {"subject": 0, "name": "again"}])
        assert 0 == len(Subject)

        with pytest.raises(InvalidValueError, match="row 35"):
            Subject.insert([*rows, {"subject": 35, "name": "x" * 21}])
        assert 0 == len(Subject)

        Subject.insert(rows)
        assert 35 == len(Subject)

    def test_is_undone_by_what_the_rows_raise(self, Subject, monkeypatch):
        """A generator that breaks leaves nothing behind."""
        monkeypatch.setattr(inserting, "BATCH", 2)

        def broken():
            yield from ({"subject": number, "name": "a"} for number in range(5))
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            Subject.insert(broken())
        assert 0 == len(Subject)

    def test_within_a_transaction_belongs_to_it(self, Subject, connection):
        """An insert within a transaction is undone with it."""
        with pytest.raises(ZeroDivisionError), connection.transaction():  # noqa: PT012
            Subject.insert([ANN, BOB])
            1 / 0
        assert 0 == len(Subject)

    def test_that_is_refused_within_a_transaction_leaves_nothing_of_itself(self, Subject, connection):
        """The transaction may go on after the error, with what it had before."""
        with connection.transaction():
            Subject.insert1(BOB)
            with pytest.raises(DuplicateError, match=r"with subject=2 is there already \(row 2\)"):
                Subject.insert([ANN, {**ANN, "subject": 3}, BOB])

        assert [BOB] == Subject.to_dicts()

    def test_tells_who_listens(self, Subject, connection):
        """One event for one insert, with the number of rows."""
        heard = []

        with connection.bus.subscribed(heard.append, RowsInserted):
            Subject.insert([ANN, BOB])

        assert [RowsInserted(Subject.name.full, 2)] == heard

    def test_thousands_of_rows_in_few_statements(self, Subject, statements):
        """The number of statements does not grow with the rows."""
        len(Subject)
        statements.clear()

        Subject.insert({"subject": number, "name": "a"} for number in range(5000))

        assert len(statements) <= 3
        assert 5000 == len(Subject)


class TestDuplicate:
    def test_of_the_key_is_refused(self, Subject):
        """The message names the key and the row."""
        Subject.insert1(ANN)

        with pytest.raises(DuplicateError, match=r"`Subject` with subject=1 is there already \(row 1\)"):
            Subject.insert([BOB, {**ANN, "name": "other"}])
        assert [ANN] == Subject.to_dicts()

    def test_within_the_rows_is_refused(self, Subject):
        """A key given twice is told from one that is there."""
        with pytest.raises(DuplicateError, match=r"with subject=1 is given twice \(row 1\)"):
            Subject.insert([ANN, {**ANN, "name": "other"}])
        assert 0 == len(Subject)

    def test_of_a_unique_index_is_refused(self, Badge):
        """The message names the attributes that must be unique."""
        with pytest.raises(DuplicateError, match=r"has the same \(code\), which must be unique"):
            Badge.insert1((3, "red", "eve"))
        assert 2 == len(Badge)


class TestSkipDuplicates:
    def test_keeps_the_row_that_is_there(self, Subject):
        """A row whose key is there is passed over, whatever else it says; the others come in."""
        Subject.insert1(ANN)

        Subject.insert([{**ANN, "name": "other"}, BOB, {**BOB, "name": "again"}], skip_duplicates=True)

        assert [ANN, BOB] == Subject.to_dicts()

    def test_with_a_unique_index(self, Badge):
        """Only a duplicate of the key is passed over; another row's unique value is still refused."""
        Badge.insert([(1, "red", "x"), (1, "green", "x"), (3, "green", "eve")], skip_duplicates=True)
        assert [(1, "red", "ann"), (2, "blue", "bob"), (3, "green", "eve")] == [tuple(row.values()) for row in Badge]

        with pytest.raises(DuplicateError, match=r"\(code\), which must be unique"):
            Badge.insert([(4, "black", "a"), (5, "red", "b")], skip_duplicates=True)
        assert 3 == len(Badge)

    def test_does_not_hide_a_missing_parent(self, Session):
        """Other errors remain errors."""
        with pytest.raises(MissingParentError):
            Session.insert([(9, 1)], skip_duplicates=True)

    def test_and_replace_contradict_each_other(self, Subject):
        """One of the rows has to win."""
        with pytest.raises(OperandError, match="contradict each other"):
            Subject.insert([ANN], skip_duplicates=True, replace=True)


class TestReplace:
    def test_keeps_rows_that_refer_to_it(self, Subject, Session):
        """The row changes; what depends on it stays."""
        Subject.insert([ANN, BOB])
        Session.insert([(1, 1), (2, 1)])

        Subject.insert([{**ANN, "name": "anna"}], replace=True)

        assert [{**ANN, "name": "anna"}, BOB] == Subject.to_dicts()
        assert [(1, 1), (2, 1)] == [tuple(key.values()) for key in Session.fetch("KEY")]

    def test_resets_what_is_not_given(self, Subject):
        """The new row is as if it had been inserted alone: defaults and NULL where it says nothing."""
        Subject.insert([ANN, BOB])

        Subject.insert([{"subject": 1, "name": "anna"}, {"subject": 3, "name": "eve"}], replace=True)

        assert [
            {"subject": 1, "name": "anna", "species": "rat", "weight": None},
            BOB,
            {"subject": 3, "name": "eve", "species": "rat", "weight": None},
        ] == Subject.to_dicts()

    def test_of_nothing_but_a_key(self, Subject, Session):
        """Where there is nothing to change, the row stays."""
        Subject.insert1(ANN)
        Session.insert1((1, 1))

        Session.insert([(1, 1), (1, 2)], replace=True)

        assert [(1, 1), (1, 2)] == [tuple(key.values()) for key in Session.fetch("KEY")]

    def test_with_a_unique_index_changes_no_other_row(self, Badge):
        """A row with another row's unique value is refused; it does not replace that other row."""
        with pytest.raises(DuplicateError):
            Badge.insert([(3, "red", "eve")], replace=True)
        with pytest.raises(DuplicateError):
            Badge.insert([(2, "red", "eve")], replace=True)
        assert [(1, "red", "ann"), (2, "blue", "bob")] == [tuple(row.values()) for row in Badge]

        Badge.insert([(1, "pink", "ann"), (3, "red", "eve"), (3, "grey", "eva")], replace=True)
        assert [(1, "pink", "ann"), (2, "blue", "bob"), (3, "grey", "eva")] == [tuple(row.values()) for row in Badge]


class TestNames:
    def test_unknown_one_is_refused(self, Subject):
        """The message offers the nearest name and says which row it was in."""
        with pytest.raises(
            UnknownAttributeError, match=r"`Subject` has no attribute 'nam'. Did you mean 'name'"
        ) as caught:
            Subject.insert([ANN, {**BOB, "nam": "bob"}])

        assert ["In row 1. `ignore_extra_fields=True` passes over such values."] == caught.value.__notes__
        assert 0 == len(Subject)

    def test_unknown_one_is_passed_over_if_that_is_wanted(self, Subject):
        """`ignore_extra_fields` takes of each row what the heading has."""
        Subject.insert([{**ANN, "nam": "x", "data": object()}, BOB], ignore_extra_fields=True)

        assert [ANN, BOB] == Subject.to_dicts()

    def test_missing_one_is_refused(self, Subject):
        """An attribute without a default has to be given, and given a value."""
        with pytest.raises(MissingAttributeError, match="Row 1 for `Subject` gives no value for 'name'"):
            Subject.insert([ANN, {"subject": 2}])
        for missing in (None, math.nan, pd.NA, pd.NaT, np.datetime64("NaT"), Decimal("nan")):
            with pytest.raises(MissingAttributeError, match=r"Row 0 for `Subject` gives .* for 'name'"):
                Subject.insert([{"subject": 2, "name": missing}])
        with pytest.raises(MissingAttributeError, match="'subject'"):
            Subject.insert1({"name": "ann"})

        assert 0 == len(Subject)


class TestMissingValues:
    @pytest.mark.parametrize(
        "missing", [None, math.nan, np.float32("nan"), pd.NA, pd.NaT, np.datetime64("NaT"), Decimal("nan")], ids=repr
    )
    def test_are_null_or_the_default(self, Subject, missing):
        """None, NaN, NaT and NA are NULL where that is allowed, and the default where there is one."""
        Subject.insert1({"subject": 1, "name": "a", "species": missing, "weight": missing})

        assert {"subject": 1, "name": "a", "species": "rat", "weight": None} == Subject.fetch1()

    @pytest.mark.parametrize("nan", [math.nan, np.float32("nan")], ids=repr)
    def test_nan_is_not_taken_for_the_default_of_a_number(self, schema, nan):
        """A computation that gave no number is not replaced by one in silence; None asks for the default."""

        @schema
        class Gain(dj.Manual):
            definition = """
            gain : int32
            ---
            value = 1.5 : float64
            """

        with pytest.raises(InvalidValueError, match="'value' in row 0 is not a number"):
            Gain.insert1({"gain": 1, "value": nan})
        Gain.insert1({"gain": 1, "value": None})

        assert [{"gain": 1, "value": 1.5}] == Gain.to_dicts()


class TestParents:
    def test_missing_one_is_refused(self, Subject, Session):
        """The message names the parent, the values it lacks and the row; nothing is inserted."""
        Subject.insert1(ANN)

        with pytest.raises(
            MissingParentError, match="Row 1 for `Session` refers to `Subject` with subject=5"
        ) as caught:
            Session.insert([(1, 1), (5, 1)])

        assert ("Subject", {"subject": 5}) == (caught.value.parent, caught.value.key)
        assert 0 == len(Session)

    def test_missing_one_under_another_name(self, schema, Subject):
        """A renamed foreign key is explained in the parent's words; NULL refers to nobody."""

        @schema
        class Litter(dj.Manual):
            definition = """
            litter : int32
            ---
            -> [nullable] Subject.proj(mother='subject')
            """

        Litter.insert1((1, None))
        with pytest.raises(MissingParentError, match="refers to `Subject` with subject=7") as caught:
            Litter.insert([(2, 7)])

        assert {"subject": 7} == caught.value.key
        assert [(1, None)] == [tuple(row.values()) for row in Litter]


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


class TestDefaults:
    def test_are_what_the_definition_says(self, schema):
        """Attributes that are not given have their defaults, of the right type."""

        @schema
        class Settings(dj.Manual):
            definition = """
            id = 1 : int32
            ---
            gain = 1.5         : float64
            name = "it's"      : varchar(8)
            side = "left"      : enum('left', 'right')
            day = "2024-01-05" : date
            cost = 0.5         : decimal(4,2)
            good = true        : bool
            stamp = CURRENT_TIMESTAMP : datetime
            """

        before = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
        Settings.insert1({})
        row = Settings.fetch1()
        stamp = row.pop("stamp")

        assert {
            "id": 1,
            "gain": 1.5,
            "name": "it's",
            "side": "left",
            "day": date(2024, 1, 5),
            "cost": Decimal("0.50"),
            "good": True,
        } == row
        assert timedelta() <= stamp - before < timedelta(minutes=1)

    def test_of_the_key_is_a_key(self, schema):
        """A second row with the default key is a duplicate; `skip_duplicates` passes over it."""

        @schema
        class Setting(dj.Manual):
            definition = """
            id = 1 : int32
            ---
            name = "x" : varchar(8)
            unique index (name)
            """

        Setting.insert1({})
        with pytest.raises(DuplicateError):
            Setting.insert1({"name": "y"})

        assert [{"id": 1, "name": "x"}] == Setting.to_dicts()


class TestTableOfOneRow:
    @pytest.fixture
    def Setup(self, schema):
        """A table without a key."""

        @schema
        class Setup(dj.Manual):
            definition = """
            ---
            room : varchar(8)
            """

        return Setup

    def test_takes_one_row(self, Setup):
        """The second row is a duplicate; it may be passed over or replace the first."""
        Setup.insert1({"room": "east"})
        with pytest.raises(DuplicateError):
            Setup.insert1({"room": "west"})
        Setup.insert1({"room": "north"}, skip_duplicates=True)
        assert [{"room": "east"}] == Setup.to_dicts()

        Setup.insert1({"room": "south"}, replace=True)
        assert ([{"room": "south"}], [{}]) == (Setup.to_dicts(), Setup.keys())
        assert ({}, "south") == Setup.fetch1("KEY", "room")


@server_only  # a file takes no messages
class TestRowTooLargeForTheServer:
    def test_is_refused_by_its_number_and_the_connection_goes_on(self, schema, connection, mysql_limit):
        """The error names the row and its size; nothing is inserted, and the transaction around it goes on."""

        @schema
        class Raw(dj.Manual):
            definition = "id : int32\n---\nraw : bytes"

        rows = [{"id": 0, "raw": b"a"}, {"id": 1, "raw": bytes(mysql_limit)}]
        with connection.transaction():
            Raw.insert1({"id": 7, "raw": b"kept"})
            with pytest.raises(InvalidValueError, match=r"Row 1 has [\d,]+ bytes, and the server takes [\d,]+"):
                Raw.insert(rows)
        assert Raw.keys() == [{"id": 7}]

    @pytest.fixture
    def mysql_limit(self, connection):
        """Give the number of bytes that no message may have."""
        return connection.message_limit()


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

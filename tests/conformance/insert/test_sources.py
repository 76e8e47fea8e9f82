"""Rows come from queries, files, frames and generators, in bounded chunks."""

from __future__ import annotations

import tracemalloc
from datetime import date
from uuid import UUID

import numpy as np
import pandas as pd
import polars as pl
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
from djnb.events import Fetched, RowsInserted
from djnb.operators import SemanticWarning
from djnb.rows import given

MEGABYTE = 2**20


@pytest.fixture
def Source(schema):
    """Where rows are copied from."""

    @schema
    class Source(dj.Manual):
        definition = """
        source : int32
        ---
        label : varchar(8)
        x = null : float64
        data = null : <blob>
        """

    Source.insert({"source": n, "label": f"s{n}", "x": n / 2, "data": np.arange(n)} for n in range(1, 5))
    return Source


@pytest.fixture
def Target(schema):
    """Where they go: a wider integer, a longer text, an attribute with a default."""

    @schema
    class Target(dj.Manual):
        definition = """
        source : int64
        ---
        label : varchar(16)
        x = null : float64
        data = null : <blob>
        state = "new" : varchar(8)
        """

    return Target


class TestFromAQuery:
    def test_is_one_statement(self, Source, Target, statements):
        """The database copies the rows by itself, matched by attribute."""
        Target().heading, Source().heading
        statements.clear()

        Target.insert(Source & "source > 1")

        assert 1 == len(statements)
        assert [(2, "s2", 1.0, "new"), (3, "s3", 1.5, "new"), (4, "s4", 2.0, "new")] == [
            (row["source"], row["label"], row["x"], row["state"]) for row in Target
        ]
        np.testing.assert_array_equal(np.arange(3), (Target & "source = 3").fetch1("data"))

    def test_renamed_and_joined(self, Source, Target):
        """Any query whose attributes have the names of the table's."""
        Target.insert(
            (Source * Source.proj(again="source", other="label") & "source = again").proj("label"),
            ignore_extra_fields=True,
        )

        assert ["s1", "s2", "s3", "s4"] == [row["label"] for row in Target]

    def test_into_itself(self, Source):
        """Rows of a table as rows of it, copied or read one by one while they are inserted."""
        Source.insert(Source & "source < 3", skip_duplicates=True)
        Source.insert((dict(row, source=row["source"] + 10) for row in Source), chunk_size=1)

        assert 8 == len(Source)

    def test_extra_attributes(self, Source, declare):
        """Refused unless they are to be passed over, before anything is sent."""
        Label = declare("Label", "source : int32\n---\nlabel : varchar(8)")

        with pytest.raises(UnknownAttributeError, match="`Label` has no attribute 'x'"):
            Label.insert(Source)
        assert 0 == len(Label)

        Label.insert(Source, ignore_extra_fields=True)
        assert 4 == len(Label)

    def test_missing_attribute(self, Source, Target):
        """A query that lacks what every row must give is refused."""
        with pytest.raises(MissingAttributeError, match="has no attribute 'label', which has no default"):
            Target.insert(Source.proj("x"))

    def test_duplicates(self, Source, Target):
        """Refused with the row's key; skipped; or replaced, as for rows."""
        Target.insert([{"source": 2, "label": "old", "state": "kept"}])

        with pytest.raises(DuplicateError, match="source=2 is there already"):
            Target.insert(Source)
        assert 1 == len(Target)

        Target.insert(Source, skip_duplicates=True)
        assert ["s1", "old", "s3", "s4"] == Target.to_arrays("label").tolist()

        Target.insert(Source, replace=True)
        assert ["s1", "s2", "s3", "s4"] == Target.to_arrays("label").tolist()
        assert "new" == (Target & "source = 2").fetch1("state")

    def test_skipping_is_one_statement(self, Source, Target, statements):
        """Duplicates are passed over by the database."""
        Target().heading, Source().heading
        statements.clear()

        Target.insert(Source, skip_duplicates=True)
        Target.insert(Source, replace=True)

        assert 2 == len(statements)

    def test_skipping_hides_no_other_conflict(self, Source, declare):
        """A duplicate of another unique index stays an error."""
        Named = declare("Named", "source : int32\n---\nlabel : varchar(8)\nunique index (label)", rows=[(9, "s3")])

        with pytest.raises(DuplicateError, match=r"\(label\), which must be unique"):
            Named.insert(Source.proj("label"), skip_duplicates=True)
        with pytest.raises(DuplicateError):
            Named.insert(Source.proj("label"), replace=True)
        assert [{"source": 9, "label": "s3"}] == Named.to_dicts()

    def test_missing_parents(self, Source, declare):
        """The message names the parent and its key."""
        Parent = declare("Parent", "source : int32", rows=[(1,), (2,)])
        Child = declare("Child", "-> Parent", Parent=Parent)

        with (
            pytest.warns(SemanticWarning, match="'source' is"),
            pytest.raises(MissingParentError, match="`Parent` with source=3"),
        ):
            Child.insert(Source.proj())
        assert 0 == len(Child)

    def test_values_that_do_not_fit(self, Source, declare):
        """A narrower attribute: every value is checked, on every database."""
        Narrow = declare("Narrow", "source : int8\n---\nlabel : varchar(2)")

        Narrow.insert(Source.proj("label"))
        assert 4 == len(Narrow)

        Source.insert1({"source": 300, "label": "longer"})
        with pytest.raises(InvalidValueError):
            Narrow.insert((Source & "source = 300").proj("label"))

    def test_tells_who_listens(self, Source, Target, connection):
        """The query was read, and rows were inserted."""
        heard = []

        with connection.bus.subscribed(heard.append, Fetched, RowsInserted):
            Target.insert(Source)

        assert [("Fetched", 4), ("RowsInserted", 4)] == [(type(event).__name__, event.count) for event in heard]

    def test_within_a_transaction(self, Source, Target, connection):
        """It belongs to the transaction, and a refusal leaves the transaction as it was."""
        with connection.transaction():
            Target.insert1({"source": 2, "label": "old"})
            with pytest.raises(DuplicateError):
                Target.insert(Source)
            Target.insert(Source & "source > 2")

        assert ["old", "s3", "s4"] == Target.to_arrays("label").tolist()


class TestOriginOfAQuery:
    @pytest.fixture
    def Cage(self, declare):
        """Numbered as the sources are."""
        return declare("Cage", "cage : int32")

    @pytest.fixture
    def Reading(self, declare, Source):
        """Refers to a source, and has a number of its own."""
        return declare("Reading", "-> Source\ncage : int32", Source=Source)

    def test_other_thing_in_the_place_of_a_parent_is_told(self, Source, Cage, Reading):
        """A cage's number is no source's; the warning says where both come from."""
        Cage.insert([(1,), (2,)])
        cages = Cage.proj(source="cage") * dj.U("cage").aggr(Cage, n="count(*)").proj()
        with pytest.warns(SemanticWarning, match=r"'source' is .*\.cage\.cage in the query, and .*\.source\.source in"):
            Reading.insert(cages)

        assert 4 == len(Reading)

    def test_setting_refuses_it(self, Source, Cage, Reading):
        """With `semantic_check = "error"` nothing is inserted; with `"off"` nothing is said."""
        Cage.insert([(1,)])
        cages = Cage.proj(source="cage") * dj.U("cage").aggr(Cage, n="count(*)").proj()
        with (
            dj.config.override(semantic_check="error"),
            pytest.raises(OperandError, match=r"'source' is .* in the query"),
        ):
            Reading.insert(cages)
        before = len(Reading)
        with dj.config.override(semantic_check="off"):
            Reading.insert(cages)

        assert (0, 1) == (before, len(Reading))

    def test_same_thing_a_computed_value_and_a_key_of_its_own_pass(self, Source, Cage, Reading):
        """What comes from the parent fits its foreign key; an attribute of the table's own takes any value."""
        Reading.insert(Source.proj(cage="source * 10"))
        Cage.insert(Source.proj(cage="source"))

        assert (4, [1, 2, 3, 4]) == (len(Reading), Cage.to_arrays("cage").tolist())


class TestFromAFile:
    @pytest.fixture
    def Listed(self, declare):
        """A table with attributes of many types, two of which must have a value."""
        return declare(
            "Listed",
            """
            listed : int32
            ---
            name : varchar(20)
            note = "none" : varchar(20)
            x = null : float64
            day = null : date
            good = null : bool
            token = null : uuid
            doc = null : json
            """,
        )

    def test_types_are_those_of_the_heading(self, Listed, tmp_path):
        """Text becomes what the attribute holds; empty cells are defaults, NULL, or the empty text."""
        path = tmp_path / "rows.csv"
        path.write_text(
            "listed,name,note,x,day,good,token,doc\n"
            '1,"Ann, Zoë",,0.5,2024-02-29,true,12345678-1234-5678-1234-567812345678,"{""a"": [1]}"\n'
            "2,,short,,,,,\n\n",
            encoding="utf-8-sig",
        )

        Listed.insert(path)

        assert [
            {"listed": 1, "name": "Ann, Zoë", "note": "none", "x": 0.5, "day": date(2024, 2, 29), "good": True,
             "token": UUID("12345678123456781234567812345678"), "doc": {"a": [1]}},
            {"listed": 2, "name": "", "note": "short", "x": None, "day": None, "good": None, "token": None,
             "doc": None},
        ] == Listed.to_dicts()  # fmt: skip

    def test_what_pandas_writes(self, Listed, tmp_path):
        """`to_pandas().to_csv(path)` comes back."""
        Listed.insert([{"listed": 1, "name": "a", "x": 1.5, "day": date(2024, 1, 1), "good": False}])
        expected = Listed.to_dicts()
        Listed.to_pandas().to_csv(tmp_path / "rows.csv")
        Listed.delete(prompt=False)

        Listed.insert(tmp_path / "rows.csv")

        assert expected == Listed.to_dicts()

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "is empty"),
            ("listed,name,name\n1,a,b\n", "names 'name' twice"),
            ("listed,name\n1,a\n2,b,c\n", "Line 3 of .* has 3 values for 2 attributes"),
            ("listed,name,doc\n1,a,{\n", "'doc' in line 2 of .* is no JSON document"),
        ],
    )
    def test_that_is_no_table_is_refused(self, Listed, tmp_path, text, said):
        """The message says where; nothing is inserted."""
        path = tmp_path / "rows.csv"
        path.write_text(text)

        with pytest.raises(InsertError, match=said):
            Listed.insert(path)
        assert 0 == len(Listed)

    def test_unknown_names_and_wrong_values(self, Listed, tmp_path):
        """As for other rows."""
        path = tmp_path / "rows.csv"
        path.write_text("listed,nam\n1,a\n")
        with pytest.raises(UnknownAttributeError, match="Did you mean 'name'"):
            Listed.insert(path)
        path.write_text("listed,name,x\n1,a,much\n")
        with pytest.raises(InvalidValueError, match="'much' for 'x' in row 0 is not a number"):
            Listed.insert(path)

    def test_that_cannot_be_read(self, Listed, tmp_path):
        """A missing file, or one that is no text; a name alone is no path."""
        with pytest.raises(InsertError, match="cannot be read"):
            Listed.insert(tmp_path / "missing.csv")
        (tmp_path / "binary.csv").write_bytes(b"listed,name\n1,\xff\xfe\n")
        with pytest.raises(InsertError, match="cannot be read"):
            Listed.insert(tmp_path / "binary.csv")
        with pytest.raises(InsertError, match=r"A CSV file is given as a `pathlib.Path`"):
            Listed.insert("rows.csv")


class TestInsertDataFrame:
    def test_takes_the_index_that_is_the_key(self, Source):
        """What `to_pandas` gave comes back, whatever was done to it meanwhile."""
        frame = Source.to_pandas()
        frame["x"] = frame["x"] * 2
        Source.delete(prompt=False)

        Source.insert_dataframe(frame)

        assert [1.0, 2.0, 3.0, 4.0] == Source.to_arrays("x").tolist()

    def test_leaves_out_another_index(self, Source):
        """Rows that are numbered or labelled otherwise lose their labels."""
        frame = pd.DataFrame({"source": [7, 8], "label": ["a", "b"]}, index=pd.Index(["p", "q"], name="letter"))

        Source.insert_dataframe(frame)
        Source.insert_dataframe(frame.assign(source=[9, 10]).reset_index(drop=True))
        Source.insert_dataframe(frame.assign(source=[11, 12]), index_as_pk=False)

        assert [7, 8, 9, 10, 11, 12] == (Source & "source > 4").to_arrays("source").tolist()

    def test_refuses_an_index_that_is_said_to_be_the_key(self, Source):
        """The message names both."""
        with pytest.raises(InsertError, match=r"The index of the DataFrame is \(letter\), the primary key \(source\)"):
            Source.insert_dataframe(
                pd.DataFrame({"label": ["a"]}, index=pd.Index(["p"], name="letter")), index_as_pk=True
            )
        with pytest.raises(InsertError, match="is no DataFrame"):
            Source.insert_dataframe([{"source": 1}])

    def test_has_the_options_of_insert(self, Source):
        """`skip_duplicates`, for one."""
        Source.insert_dataframe(Source.to_pandas(), skip_duplicates=True)

        assert 4 == len(Source)

    def test_polars(self, Source):
        """A polars frame has no index; `insert` takes it."""
        Source.insert(pl.DataFrame({"source": [8, 9], "label": ["p", None], "x": [1.5, None]}).drop_nulls("label"))

        assert [(8, "p", 1.5)] == [(r["source"], r["label"], r["x"]) for r in Source & "source > 4"]


class TestChunks:
    def test_of_a_size(self, Source, statements):
        """`chunk_size` bounds how many rows are sent at a time; the insert is still one whole."""
        statements.clear()
        Source.insert(({"source": n, "label": "x"} for n in range(10, 20)), chunk_size=4)
        assert 3 == len([sql for sql in statements if sql.startswith("INSERT")])

        with pytest.raises(DuplicateError):
            Source.insert(({"source": n, "label": "x"} for n in (20, 21, 22, 23, 10)), chunk_size=2)
        assert 14 == len(Source)

        with pytest.raises(OperandError, match="Chunks of 0 rows"):
            Source.insert([], chunk_size=0)

    def test_of_large_values_fit_into_memory(self, Source, monkeypatch):
        """Rows are sent before they are too many bytes, however few they are."""
        monkeypatch.setattr(given, "BATCH_BYTES", 4 * MEGABYTE)
        noise = np.random.default_rng(7).integers(0, 256, MEGABYTE, dtype="uint8")

        tracemalloc.start()
        Source.insert({"source": 100 + n, "label": "x", "data": noise + n} for n in range(40))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert 44 == len(Source)
        assert peak < 30 * MEGABYTE

    def test_from_one_table_to_another_in_bounded_memory(self, Source, Target):
        """Rows that have to be checked are fetched and inserted as they come."""
        noise = np.random.default_rng(7).integers(0, 256, MEGABYTE, dtype="uint8")
        Source.insert({"source": 100 + n, "label": "x", "data": noise} for n in range(20))

        Target.insert(Source.proj("x", "data", label="label", state="upper(label)"))

        assert {"S1", "X"} <= set(Target.to_arrays("state"))

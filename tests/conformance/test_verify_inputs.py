"""What make has read must not have changed when its rows are kept; otherwise it computes again."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

import djnb as dj
from djnb.errors import InputsChangedError, LockError, MakeError
from djnb.sql.statement import Statement
from tests.conformance.recordings import KEYS


@pytest.fixture
def Sample(schema, Recording):
    """Four samples of each recording."""

    @schema
    class Sample(dj.Manual):
        definition = """
        -> Recording
        sample : int32
        ---
        value : float64
        note = "" : varchar(20)
        array : longblob
        """

    Sample.insert(
        (recording, sample, recording + sample / 10, "", np.full(300, 1.0 * sample))
        for recording in (1, 2, 3)
        for sample in range(4)
    )
    return Sample


@pytest.fixture
def other(database_url, schema):
    """The same schema as another program sees it."""
    with dj.Connection(database_url) as connection:
        yield dj.VirtualModule("other", schema.name, connection=connection)


@pytest.fixture
def impatience(database_url):
    """What makes a connection give up waiting for a lock soon."""
    is_file = database_url.startswith("sqlite")
    return "PRAGMA busy_timeout = 1" if is_file else "SET SESSION innodb_lock_wait_timeout = 1"


READINGS = {
    "fetch1": lambda samples: (samples & "sample = 1").fetch1("value") if samples & "sample = 1" else -1,
    "to_dicts": lambda samples: sum(row["value"] for row in samples.to_dicts()),
    "to_arrays": lambda samples: samples.to_arrays("value").sum(),
    "fetch": lambda samples: samples.fetch("value").sum(),
    "to_pandas": lambda samples: samples.to_pandas("value")["value"].sum(),
    "to_polars": lambda samples: samples.to_polars("value")["value"].sum(),
    "to_arrow": lambda samples: sum(samples.to_arrow("value")["value"].to_pylist()),
    "limit": lambda samples: sum(row["value"] for row in samples.to_dicts(order_by="value DESC", limit=2)),
    "len": lambda samples: len(samples & "value > 1.05"),
    "bool": lambda samples: bool(samples & "value between 1.05 and 1.15 or value > 5"),
    "in": lambda samples: {"recording_id": 1, "sample": 1} in (samples & "value < 5"),
    "aggregation": lambda samples: dj.U("recording_id").aggr(samples, total="sum(value)").fetch1("total"),
    "join": lambda samples: sum(row["value"] for row in (samples * samples.proj(other_value="value")).to_dicts()),
    "iteration": lambda samples: sum(row["value"] for row in samples),
    "part of an iteration": lambda samples: next(row["value"] for row in samples if row["sample"] >= 1),
    "blobs": lambda samples: sum(array.sum() for array in samples.to_arrays("array")),
    "iteration over blobs": lambda samples: sum(row["array"].sum() for row in samples),
    "sql": lambda samples: sum(
        row[0] for row in samples.connection.query(f"SELECT value FROM ({samples.proj('value').make_sql()}) AS x")
    ),
}

CHANGES = {
    "update": lambda Sample: Sample.update1({"recording_id": 1, "sample": 1, "value": 7.5, "array": np.full(300, 7.5)}),
    "insert": lambda Sample: Sample.insert1((1, 9, 9.5, "", np.full(300, 9.5))),
    "delete": lambda Sample: (Sample & "recording_id = 1 AND sample = 1").delete(prompt=False),
}


class TestInputsThatChange:
    @pytest.mark.parametrize("change", CHANGES)
    @pytest.mark.parametrize("reading", READINGS)
    def test_between_reading_and_inserting_are_computed_again(self, computed, Sample, other, reading, change):
        """Whatever way make reads, and whatever changes: what is stored follows from what is there."""
        calls = []

        def make(self, key):
            value = READINGS[reading](Sample & key)
            calls.append(value)
            if len(calls) == 1:
                CHANGES[change](other.Sample)
            self.insert1(dict(key, value=value))

        Result = computed(make)

        Result.populate(KEYS[0])

        now = READINGS[reading](Sample & KEYS[0])
        assert now == Result.fetch1("value") == calls[-1]
        assert (calls[0] != now) <= (len(calls) == 2)

    def test_by_nothing_that_was_read_are_not_computed_again(self, computed, Sample, other):
        """Rows of others, other tables, and attributes that were not fetched, may change."""
        calls = []

        def make(self, key):
            value = (Sample & key).to_arrays("value").sum()
            calls.append(value)
            other.Sample.update1({"recording_id": 2, "sample": 1, "value": 7.5})
            other.Sample.update1({"recording_id": 1, "sample": 1, "note": "checked"})
            other.Recording.insert1((9, "2024-09-09", 1.0))
            self.insert1(dict(key, value=value))

        Result = computed(make)

        Result.populate(KEYS[0])

        assert (1, 1) == (len(calls), len(Result()))

    def test_and_change_back_are_as_they_were(self, computed, Sample, other):
        """It matters what is there, not what was there in between."""
        calls = []

        def make(self, key):
            calls.append((Sample & key).to_arrays("value").sum())
            other.Sample.update1({"recording_id": 1, "sample": 1, "value": 7.5})
            other.Sample.update1({"recording_id": 1, "sample": 1, "value": 1.1})
            self.insert1(dict(key, value=calls[-1]))

        Result = computed(make)

        Result.populate(KEYS[0])

        assert 1 == len(calls)

    def test_between_two_readings_are_computed_again(self, computed, Sample, other):
        """Two answers to one question cannot both be what the rows follow from."""
        calls = []

        def make(self, key):
            first = (Sample & key).to_arrays("value").sum()
            if not calls:
                other.Sample.update1({"recording_id": 1, "sample": 1, "value": 7.5})
            second = (Sample & key).to_arrays("value").sum()
            calls.append((first, second))
            self.insert1(dict(key, value=second - first))

        Result = computed(make)

        Result.populate(KEYS[0])

        assert (2, 0.0) == (len(calls), Result.fetch1("value"))

    def test_each_time_are_an_error_that_names_them(self, computed, Sample, other):
        """After five times, the key's error says which tables and which attributes keep changing."""
        calls = []

        def make(self, key):
            (Sample & key).to_dicts()
            calls.append(key)
            other.Sample.update1({"recording_id": 1, "sample": 1, "value": len(calls) + 0.5, "note": f"{len(calls)}"})
            other.Sample.update1({"recording_id": 1, "sample": 2, "array": np.full(300, len(calls) + 0.5)})
            self.insert1(dict(key, value=0))

        Result = computed(make)

        with pytest.raises(MakeError) as caught:
            Result.populate(KEYS[0])

        cause = caught.value.__cause__
        assert isinstance(cause, InputsChangedError)
        assert (5, ("Sample",), []) == (len(calls), cause.tables, Result.to_dicts())
        assert "were inserted: `Sample` (value, note, array). Nothing was inserted." in str(cause)

    def test_by_rows_that_come_are_an_error_that_counts_them(self, computed, Sample, other):
        """Where rows have come or gone, it is said how many."""

        def make(self, key):
            count = len((Sample & key).to_dicts())
            other.Sample.insert1((1, count + 10, 0, "", np.zeros(1)))
            self.insert1(dict(key, value=0))

        Result = computed(make)

        with pytest.raises(MakeError, match=r"`Sample` \(1 row more\)"):
            Result.populate(KEYS[0])

    def test_are_told_although_make_passes_over_the_error(self, computed, Sample, other):
        """A make that catches every error of its insert is computed again all the same."""
        calls = []

        def make(self, key):
            calls.append((Sample & key).to_arrays("value").sum())
            if len(calls) == 1:
                other.Sample.update1({"recording_id": 1, "sample": 1, "value": 7.5})
            with contextlib.suppress(dj.DataJointError):
                self.insert1(dict(key, value=calls[-1]))

        Result = computed(make)

        Result.populate(KEYS[0])

        assert (2, calls[-1]) == (len(calls), Result.fetch1("value"))

    def test_after_the_first_insert_have_to_wait(self, database_url, computed, Sample, impatience):
        """From the first insert to the end, nobody can change what was read."""
        refused = []

        def make(self, key):
            value = (Sample & key).to_arrays("value").sum()
            self.insert1(dict(key, value=value))
            with dj.Connection(database_url) as impatient:
                impatient.query(impatience)
                name = impatient.dialect.table(Sample.name)
                try:
                    impatient.query(f"UPDATE {name} SET value = 7.5 WHERE recording_id = 1 AND sample = 1")
                except LockError as error:
                    refused.append(error)

        Result = computed(make)

        Result.populate(KEYS[0])

        assert 1 == len(refused)


class TestNotLookedAtAgain:
    def test_table_itself_and_its_parts(self, computed, database_url, schema):
        """Reading one's own table, where other workers insert, would only make them wait for each other."""

        class Piece(dj.Part):
            definition = "-> master\npiece : int32"

        def make(self, key):
            number = len(self.Piece()) + len(type(self)())
            if not number:
                with dj.Connection(database_url) as connection:
                    other = dj.VirtualModule("other", schema.name, connection=connection)
                    other.Result.insert1(dict(KEYS[2], value=9), allow_direct_insert=True)
            self.insert1(dict(key, value=number))

        Result = computed(make, Piece=Piece)

        Result.populate(KEYS[0])

        assert 0.0 == (Result & KEYS[0]).fetch1("value")

    def test_functions_that_answer_otherwise_each_time(self, computed, Recording, connection):
        """The time of day is no input that changes."""

        def make(self, key):
            (Recording & key).proj(drawn="rand()", at="now(6)").to_dicts()
            self.insert1(dict(key, value=1))

        Result = computed(make)

        assert 3 == Result.populate().success_count

    def test_of_a_file_into_which_nobody_has_written(self, computed, Sample, statements):
        """A file knows that; a server is asked again, with the beginning of the transaction."""

        def make(self, key):
            self.insert1(dict(key, value=(Sample & key).to_arrays("value").sum()))

        Result = computed(make)
        statements.clear()

        Result.populate(KEYS[0])

        (begun,) = (sql for sql in statements if "BEGIN" in sql)
        is_file = "IMMEDIATE" in begun
        assert ("BEGIN IMMEDIATE" == begun) == is_file
        assert ("Sample" in begun or "sample" in begun) != is_file

    def test_large_arrays_do_not_travel_again(self, computed, Sample, statements):
        """A server computes their SHA-1 itself."""

        def make(self, key):
            self.insert1(dict(key, value=(Sample & key).to_arrays("array")[0].sum()))

        Result = computed(make)
        Sample.insert1((1, 5, 0, "", np.random.default_rng(1).random(1_000)))
        statements.clear()

        Result.populate(KEYS[0])

        (begun,) = (sql for sql in statements if "BEGIN" in sql)
        assert "SHA1(" in begun or begun == "BEGIN IMMEDIATE"


class TestManyRows:
    def test_are_read_again_bit_by_bit(self, database_url, schema, computed, monkeypatch):
        """An answer of more rows than are held is compared too, and only their change is told."""
        monkeypatch.setattr("djnb.connection.reads.MANY_ROWS", 50)
        monkeypatch.setattr("djnb.connection.digest.KEPT_ROWS", 20)

        @schema
        class Tick(dj.Manual):
            definition = "tick : int32\n---\nvalue : float64"

        Tick.insert((n, n / 3) for n in range(100))
        calls = []

        def make(self, key):
            calls.append(Tick.to_arrays("value").sum())
            if len(calls) == 1:
                with dj.Connection(database_url) as other:
                    dj.VirtualModule("other", schema.name, connection=other).Tick.update1({"tick": 70, "value": 0.5})
            self.insert1(dict(key, value=calls[-1]))

        Result = computed(make)

        Result.populate(KEYS[0])

        assert (2, Tick.to_arrays("value").sum()) == (len(calls), Result.fetch1("value"))


class TestWhileItComputes:
    def test_no_transaction_is_open(self, connection, computed, Recording, database_url):
        """Others may write, and even alter tables, for as long as make computes; to make it is a transaction."""

        def make(self, key):
            data = (Recording & key).fetch1("data")
            assert connection.in_transaction
            assert not connection._sessions.current().driver.in_transaction
            with dj.Connection(database_url) as others:
                name = others.dialect.table(Recording.name)
                others.execute(Statement(f"ALTER TABLE {name} ADD COLUMN note{key['recording_id']} INT"))
            self.insert1(dict(key, value=data.mean()))

        Result = computed(make)

        assert 3 == Result.populate().success_count

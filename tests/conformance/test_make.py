"""The contract of `make`: it inserts a row of its key, and nobody else inserts into its table."""

from __future__ import annotations

import contextlib
import threading

import numpy as np
import pytest

import djnb as dj
from djnb.errors import (
    DirectInsertError,
    DuplicateError,
    EmptyMakeError,
    InvalidValueError,
    MakeError,
    MissingParentError,
    TransactionError,
)
from djnb.populate.result import PopulateResult
from tests.conformance.recordings import KEYS, fails_at


class TestMakeThatFails:
    def test_raises_a_make_error_with_the_key_and_the_cause(self, computed):
        """The error names the table, the key and the cause, says what was kept, and what to do next."""
        problem = ValueError("bad spike")
        Result = computed(fails_at(2, problem))

        with pytest.raises(MakeError) as caught:
            Result.populate()

        assert (
            "`Result.make` failed for the key {'recording_id': 2}: ValueError: bad spike. "
            "Nothing was inserted for it. Mend the cause and populate again, "
            "or go on past such keys with suppress_errors=True."
        ) == str(caught.value)
        assert (problem, "Result", {"recording_id": 2}) == (
            caught.value.__cause__,
            caught.value.table,
            caught.value.key,
        )

    def test_nothing_of_its_key_is_kept_and_what_was_before_is(self, computed):
        """Rows that make had inserted before it raised are gone; the keys before stay; the keys after are not tried."""

        def make(self, key):
            self.insert1(dict(key, value=1))
            if key["recording_id"] == 2:
                raise ValueError

        Result = computed(make)

        with pytest.raises(MakeError):
            Result.populate()

        assert [KEYS[0]] == Result.keys()

    def test_suppressed_errors_let_the_others_be_made(self, computed):
        """With `suppress_errors=True` every other key is made, and the result tells which was not."""
        Result = computed(fails_at(2, ValueError("bad spike")))

        result = Result.populate(suppress_errors=True)

        assert PopulateResult("Result", 2, [(KEYS[1], "ValueError: bad spike")]) == result
        assert [KEYS[0], KEYS[2]] == Result.keys()

    def test_tables_it_wrote_besides_its_own_are_undone_too(self, schema, computed):
        """The transaction is of the whole make, whatever it writes."""

        @schema
        class Log(dj.Manual):
            definition = "entry : int32"

        def log(self, key):
            Log.insert1((key["recording_id"],))

        Result = computed(fails_at(2, ValueError(), before=log))

        Result.populate(suppress_errors=True)

        assert [{"entry": 1}, {"entry": 3}] == Log.to_dicts()

    @pytest.mark.parametrize("suppress_errors", [False, True])
    def test_insert_of_nothing(self, computed, suppress_errors):
        """A make that forgets to insert is told so, and how to leave a key out."""
        Result = computed(lambda self, key: None)
        message = (
            "`Result.make` inserted nothing for the key {'recording_id': 1}. "
            "Insert a row with `self.insert1(dict(key, ...))`; "
            "leave the key out of `key_source` if it must have none."
        )

        if suppress_errors:
            result = Result.populate(KEYS[0], suppress_errors=True)
            assert [(KEYS[0], f"EmptyMakeError: {message}")] == result.error_list
        else:
            with pytest.raises(EmptyMakeError) as caught:
                Result.populate(KEYS[0])
            assert message == str(caught.value)

    def test_insert_of_another_key(self, computed):
        """A row under another key than the one asked for is no row for it: it is undone, and said."""

        def make(self, key):
            self.insert1({"recording_id": 4 - key["recording_id"], "value": 0})

        Result = computed(make)

        with pytest.raises(EmptyMakeError, match=r"inserted nothing for the key \{'recording_id': 1\}"):
            Result.populate()

        assert [] == Result.to_dicts()

    def test_key_spelled_otherwise_is_the_key(self, schema):
        """A date inserted as text, a number as numpy's, in a DataFrame, are what the key asked for."""
        import pandas as pd

        @schema
        class Day(dj.Manual):
            definition = "day : date\nnumber : int32"

        @schema
        class Weather(dj.Computed):
            definition = "-> Day"

            def make(self, key):
                self.insert(pd.DataFrame([{"day": str(key["day"]), "number": np.int64(key["number"])}]))

        Day.insert([("2024-01-15", 1), ("2024-01-16", 2)])

        Weather.populate()

        assert Day.keys() == Weather.keys()

    def test_refused_row_that_make_passes_over_is_no_row(self, computed):
        """A make that swallows the refusal of its row has inserted nothing."""

        def make(self, key):
            with contextlib.suppress(InvalidValueError):
                self.insert1(dict(key, value="much"))

        Result = computed(make)

        with pytest.raises(EmptyMakeError):
            Result.populate()

    def test_insert_into_a_part_only(self, computed):
        """The row of the master is what counts: a part's row without it is refused by the database."""

        class Piece(dj.Part):
            definition = "-> master\npiece : int32"

        Result = computed(lambda self, key: self.Piece.insert1(dict(key, piece=1)), Piece=Piece)

        with pytest.raises(MakeError) as caught:
            Result.populate()

        assert isinstance(caught.value.__cause__, MissingParentError)

    def test_insert_of_the_same_row_twice(self, computed):
        """A duplicate that make itself made is an error, not a key that somebody else had made."""

        def make(self, key):
            self.insert1(dict(key, value=1))
            self.insert1(dict(key, value=2))

        Result = computed(make)

        with pytest.raises(MakeError) as caught:
            Result.populate()

        assert isinstance(caught.value.__cause__, DuplicateError)
        assert [] == Result.to_dicts()

    def test_transaction_that_make_opens_is_refused(self, connection, computed):
        """A make is in a transaction already: it cannot open one, nor leave one open, and the next key is well."""
        opened = contextlib.ExitStack()

        def make(self, key):
            self.insert1(dict(key, value=1))
            if key["recording_id"] == 1:
                opened.enter_context(connection.transaction())

        Result = computed(make)

        result = Result.populate(suppress_errors=True, return_exception_objects=True)

        assert [TransactionError] == [type(error) for _, error in result]
        assert (KEYS[1:], False) == (Result.keys(), connection.in_transaction)

    def test_populate_of_another_table_within_make_is_refused(self, schema, computed, Recording):
        """Upstream tables are populated before, not from within: the error says so."""

        @schema
        class Other(dj.Computed):
            definition = "-> Recording"

            def make(self, key):
                self.insert1(key)

        Result = computed(lambda self, key: Other.populate(key))

        with pytest.raises(MakeError) as caught:
            Result.populate()

        assert (
            "`Other.populate` was called within a transaction. Every key has a transaction of its own: call it outside."
        ) == str(caught.value.__cause__)
        assert [] == Other.to_dicts()

    def test_system_exit_ends_the_populate(self, computed, heard):
        """`sys.exit()` in a make is not an error of a key: it leaves, undone, whatever is suppressed."""
        Result = computed(fails_at(2, SystemExit(3)))

        with pytest.raises(SystemExit):
            Result.populate(suppress_errors=True)

        assert ([KEYS[0]], "PopulateFinished") == (Result.keys(), type(heard[-1]).__name__)


class TestInsertOutsideMake:
    def test_into_the_table_is_refused(self, Result, statements):
        """The error says where the rows come from and how to repair by hand; nothing is sent."""
        with pytest.raises(DirectInsertError) as caught:
            Result.insert1(dict(KEYS[0], value=1))

        assert (
            "`Result` is Computed: its rows come from `make()`, under `populate()`. "
            "Run `Result.populate()`, or, to repair by hand, insert with `allow_direct_insert=True`."
        ) == str(caught.value)
        assert [] == statements

    def test_into_a_part_is_refused(self, computed):
        """The parts of a computed table are as much make's as the table itself."""

        class Piece(dj.Part):
            definition = "-> master\npiece : int32"

        Result = computed(fails_at(None, None), Piece=Piece)
        Result.populate()

        with pytest.raises(DirectInsertError, match=r"Run `Result\.populate\(\)`"):
            Result.Piece.insert1(dict(KEYS[0], piece=1))

        assert [] == Result.Piece.to_dicts()

    def test_is_done_where_it_is_asked_for(self, computed):
        """`allow_direct_insert=True` repairs a table and its parts by hand."""

        class Piece(dj.Part):
            definition = "-> master\npiece : int32"

        Result = computed(fails_at(None, None), Piece=Piece)

        Result.insert1(dict(KEYS[0], value=7), allow_direct_insert=True)
        Result.Piece.insert([dict(KEYS[0], piece=1)], allow_direct_insert=True)

        assert ([{"recording_id": 1, "value": 7.0}], [{"recording_id": 1, "piece": 1}]) == (
            Result.to_dicts(),
            Result.Piece.to_dicts(),
        )
        assert (1, 3) == Result.progress(display=False)

    def test_from_the_make_of_another_table_is_refused(self, schema, computed, Recording):
        """A make inserts into its own table and its parts, not into other computed tables."""

        @schema
        class Other(dj.Computed):
            definition = "-> Recording"

            def make(self, key):
                self.insert1(key)

        Result = computed(lambda self, key: Other.insert1(key))

        with pytest.raises(MakeError) as caught:
            Result.populate()

        assert isinstance(caught.value.__cause__, DirectInsertError)

    def test_from_another_thread_is_refused(self, computed):
        """While one thread makes a key, the others may still not insert."""
        refused = []

        def make(self, key):
            def insert():
                try:
                    self.insert1(dict(key, value=2))
                except DirectInsertError as error:
                    refused.append(error)

            worker = threading.Thread(target=insert)
            worker.start()
            worker.join()
            self.insert1(dict(key, value=1))

        Result = computed(make)

        Result.populate(KEYS[0])

        assert (1, [{"recording_id": 1, "value": 1.0}]) == (len(refused), Result.to_dicts())

    def test_after_a_failed_make_is_refused(self, computed):
        """The permission ends with make, however it ends."""
        Result = computed(fails_at(1, ValueError()))
        Result.populate(suppress_errors=True, max_calls=1)

        with pytest.raises(DirectInsertError):
            Result.insert1(dict(KEYS[0], value=1))


class TestErrorOfAPopulate:
    def test_has_what_was_done_before(self, computed):
        """The error that ends a populate says how many keys were made."""
        Result = computed(fails_at(2, ValueError("bad spike")))

        with pytest.raises(MakeError) as caught:
            Result.populate()

        assert (1, 1, 1) == (
            caught.value.result.success_count,
            len(caught.value.result.error_list),
            caught.value.result.remaining,
        )


class TestClass:
    def test_attributes_can_be_set(self, computed, Recording, monkeypatch):
        """A key source may be given to a class later, and a test may replace `make`."""
        Result = computed(lambda self, key: self.insert1(dict(key, value=1)))
        Result.key_source = Recording & "recording_id = 2"
        monkeypatch.setattr(Result, "make", lambda self, key: self.insert1(dict(key, value=5)))

        Result.populate()

        assert [{"recording_id": 2, "value": 5.0}] == Result.to_dicts()

    def test_methods_of_a_tier_can_be_called_on_an_instance(self, Recording):
        """`dj.Manual.insert(self, rows)` is how classic pipelines extend a method."""
        dj.Manual.insert1(Recording(), {"recording_id": 9, "session_date": "2024-01-01", "data": 1})

        assert 4 == len(Recording)

"""Populate: every missing key is made once, in a transaction of its own, and what happens is told as it happens."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import djnb as dj
from djnb.errors import (
    DirectInsertError,
    DuplicateError,
    EmptyMakeError,
    InvalidValueError,
    LostConnectionError,
    MakeError,
    MissingParentError,
    NotDeclaredError,
    OperandError,
    PopulateError,
    PopulateInterrupted,
    TransactionError,
    UnknownAttributeError,
)
from djnb.events import (
    KeyFailed,
    KeyFinished,
    KeySkipped,
    KeyStarted,
    PopulateFinished,
    PopulateStarted,
    StatementSent,
)
from djnb.populate.result import PopulateResult
from djnb.sql.statement import Statement


@pytest.fixture
def Recording(schema):
    """Three recordings of four samples."""

    @schema
    class Recording(dj.Manual):
        definition = """
        recording_id : int32
        ---
        session_date : date
        data : longblob
        """

    Recording.insert(
        [
            {"recording_id": 3, "session_date": "2024-03-03", "data": np.full(4, 3.0)},
            {"recording_id": 1, "session_date": "2023-01-01", "data": np.full(4, 1.0)},
            {"recording_id": 2, "session_date": "2024-02-02", "data": np.full(4, 2.0)},
        ]
    )
    return Recording


server_only = pytest.mark.parametrize("database_url", [pytest.param("mysql", marks=pytest.mark.mysql)], indirect=True)

KEYS = [{"recording_id": 1}, {"recording_id": 2}, {"recording_id": 3}]


@pytest.fixture
def computed(schema, Recording):
    """Give a function that declares `Result`, a table over Recording, with the `make` and the members given."""

    def declare(make=None, *, tier=dj.Computed, **members):
        members = {"definition": "-> Recording\n---\nvalue : float64", **members}
        if make is not None:
            members["make"] = make
        cls = schema(type("Result", (tier,), members), context={"Recording": Recording})
        (Recording * cls).to_dicts()  # what the database holds is known from here on
        return cls

    return declare


def insert_mean(self, key):
    """Compute as a `make` should: fetch by the key, compute, insert."""
    data = (self.recording & key).fetch1("data")
    self.insert1(dict(key, value=data.mean()))


@pytest.fixture
def Result(computed, Recording):
    """A table that holds the mean of each recording."""
    return computed(insert_mean, recording=Recording)


def fails_at(number, error, *, before=lambda self, key: None):
    """Return a `make` that raises for one key and works for the others."""

    def make(self, key):
        before(self, key)
        if key["recording_id"] == number:
            raise error
        self.insert1(dict(key, value=key["recording_id"]))

    return make


@pytest.fixture
def heard(connection):
    """Give the populate's events as they come: kind, key."""
    events = []
    kinds = (PopulateStarted, KeyStarted, KeyFinished, KeySkipped, KeyFailed, PopulateFinished)
    with connection.bus.subscribed(events.append, *kinds):
        yield events


def outline(events):
    return [(type(event).__name__, *getattr(event, "key", {}).values()) for event in events]


class TestRequirements:
    """What the project's user wrote down, nearly word for word."""

    def test_basic_structure(self, schema, Recording):
        """Fetch, compute, insert: mean and deviation of every recording."""

        @schema
        class Analysis(dj.Computed):
            definition = """
            -> Recording
            ---
            mean_value : float
            std_value : float
            """

            def make(self, key):
                # 1. Fetch data from upstream tables
                data = (Recording & key).fetch1("data")

                # 2. Compute results
                result = dict(key, mean_value=data.mean(), std_value=data.std())

                # 3. Insert into self
                self.insert1(result)

        Analysis.populate()

        assert [
            {"recording_id": 1, "mean_value": 1.0, "std_value": 0.0},
            {"recording_id": 2, "mean_value": 2.0, "std_value": 0.0},
            {"recording_id": 3, "mean_value": 3.0, "std_value": 0.0},
        ] == Analysis.to_dicts()

    def test_imported_reads_files_and_computed_reads_tables(self, schema, tmp_path):
        """An Imported table takes its data from files, a Computed one takes them from there."""

        @schema
        class Session(dj.Manual):
            definition = """
            session_id : int
            ---
            data_path : varchar(255)
            """

        @schema
        class RawData(dj.Imported):
            definition = """
            -> Session
            ---
            data : longblob
            """

            def make(self, key):
                filepath = (Session & key).fetch1("data_path")
                data = np.load(filepath)
                self.insert1(dict(key, data=data))

        @schema
        class ProcessedData(dj.Computed):
            definition = """
            -> RawData
            ---
            processed : longblob
            """

            def make(self, key):
                raw = (RawData & key).fetch1("data")
                self.insert1(dict(key, processed=raw * 10))

        np.save(tmp_path / "one.npy", np.arange(3))
        Session.insert1({"session_id": 1, "data_path": str(tmp_path / "one.npy")})

        RawData.populate()
        ProcessedData.populate()

        np.testing.assert_array_equal([0, 10, 20], ProcessedData.fetch1("processed"))

    def test_make_is_given_a_plain_primary_key(self, schema):
        """The key is a dict of the primary key's values, and parameters are fetched by it as well as data."""
        given = []

        @schema
        class Session(dj.Manual):
            definition = """
            subject_id : int
            session_date : date
            """

        @schema
        class ProcessingParams(dj.Lookup):
            definition = """
            params_id : int
            ---
            gain : float
            """
            contents = ((1, 0.5), (2, 2.0))

        @schema
        class Processed(dj.Computed):
            definition = """
            -> Session
            -> ProcessingParams
            ---
            result : float
            """

            def make(self, key):
                given.append(dict(key))
                params = (ProcessingParams & key).fetch1()
                del params["params_id"]
                self.insert1(dict(key, result=10 * params["gain"]))

        Session.insert1((1, "2024-01-15"))

        Processed.populate()

        day = (Session).fetch1("session_date")
        assert [
            {"subject_id": 1, "session_date": day, "params_id": 1},
            {"subject_id": 1, "session_date": day, "params_id": 2},
        ] == given
        assert [5.0, 20.0] == Processed.to_arrays("result").tolist()

    def test_several_inserts_in_one_make(self, schema):
        """A table that adds a dimension to its key inserts several rows for one key, if it says that it may."""

        @schema
        class Session(dj.Manual):
            definition = "session_id : int"

        @schema
        class Trial(dj.Manual):
            definition = """
            -> Session
            trial_num : int
            ---
            score : float
            """

        @schema
        class TrialAnalysis(dj.Computed):
            allow_new_pk_fields = True
            definition = """
            -> Session
            trial_num : int
            ---
            metric : float
            """

            def make(self, key):
                trials = (Trial & key).fetch(as_dict=True)

                for trial in trials:
                    metric = trial["score"] * 2
                    self.insert1(dict(key, trial_num=trial["trial_num"], metric=metric))

        Session.insert([(1,), (2,)])
        Trial.insert([(1, 1, 0.5), (1, 2, 1.5), (2, 1, 2.5)])

        TrialAnalysis.populate()

        assert [(1, 1, 1.0), (1, 2, 3.0), (2, 1, 5.0)] == [tuple(row.values()) for row in TrialAnalysis.to_dicts()]
        assert (2, 2) == TrialAnalysis.progress(display=False)

    def test_master_and_parts_in_one_make(self, schema):
        """The cells of an image are inserted with the image's row."""

        @schema
        class Image(dj.Manual):
            definition = """
            image_id : int
            ---
            pixels : longblob
            """

        @schema
        class Segmentation(dj.Computed):
            definition = """
            -> Image
            ---
            num_cells : int
            """

            class Cell(dj.Part):
                definition = """
                -> master
                cell_id : int
                ---
                center_x : float
                center_y : float
                area : float
                """

            def make(self, key):
                image = (Image & key).fetch1("pixels")
                cells = [{"center_x": x, "center_y": y, "area": image[y, x]} for y, x in np.argwhere(image)]

                # Insert master
                self.insert1(dict(key, num_cells=len(cells)))

                # Insert parts
                self.Cell.insert([dict(key, cell_id=i, **cell) for i, cell in enumerate(cells)])

        Image.insert([(1, np.array([[0, 7], [9, 0]])), (2, np.zeros((2, 2)))])

        Segmentation.populate()

        assert [{"image_id": 1, "num_cells": 2}, {"image_id": 2, "num_cells": 0}] == Segmentation.to_dicts()
        assert [
            {"image_id": 1, "cell_id": 0, "center_x": 1.0, "center_y": 0.0, "area": 7.0},
            {"image_id": 1, "cell_id": 1, "center_x": 0.0, "center_y": 1.0, "area": 9.0},
        ] == Segmentation.Cell.to_dicts()

    def test_restricted_to_some_recordings(self, Recording, Result):
        """`Analysis.populate(Recording & 'session_date > "2024-01-01"')` makes those only."""
        Result.populate(Recording & 'session_date > "2024-01-01"')

        assert KEYS[1:] == Result.keys()

    def test_options_together(self, Result, capsys):
        """A restriction as text, a bar, a limit and suppressed errors in one call."""
        result = Result.populate(
            restrictions="recording_id < 100",
            display_progress=True,
            max_calls=2,
            suppress_errors=True,
        )

        assert (2, []) == (result.success_count, result.error_list)
        assert "2/2" in capsys.readouterr().err

    def test_errors_are_iterated_as_keys_with_messages(self, computed):
        """`for error in errors: print(error)` shows which key failed and why."""
        Result = computed(fails_at(2, ValueError("bad spike")))

        errors = Result.populate(suppress_errors=True)

        assert [({"recording_id": 2}, "ValueError: bad spike")] == list(errors)

    def test_exception_objects_instead_of_messages(self, computed):
        """With `return_exception_objects=True` the exceptions themselves are listed."""
        problem = ValueError("bad spike")
        Result = computed(fails_at(2, problem))

        exceptions = Result.populate(suppress_errors=True, return_exception_objects=True)

        assert [({"recording_id": 2}, problem)] == list(exceptions)

    def test_invalid_key_gets_a_placeholder(self, computed):
        """A key that cannot be computed has a row that says so, and is not tried again."""

        def make(self, key):
            if key["recording_id"] == 2:
                self.insert1(dict(key, result=None, valid=False))
                return
            self.insert1(dict(key, result=1.5, valid=True))

        Result = computed(make, definition="-> Recording\n---\nresult = null : float\nvalid : bool")

        Result.populate()

        assert [(1, 1.5, 1), (2, None, 0), (3, 1.5, 1)] == [tuple(row.values()) for row in Result.to_dicts()]
        assert 0 == Result.populate().success_count

    def test_external_tool(self, computed, Recording, tmp_path):
        """A make may run a program on files of its own."""

        def make(self, key):
            data = (Recording & key).fetch1("data")
            input_file = tmp_path / f"input_{key['recording_id']}.npy"
            np.save(input_file, data)
            code = f"import numpy as np; print(np.load({str(input_file)!r}).sum())"
            done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
            self.insert1(dict(key, value=float(done.stdout)))
            input_file.unlink()

        Result = computed(make)

        Result.populate(KEYS[1])

        assert [{"recording_id": 2, "value": 8.0}] == Result.to_dicts()


class TestKeys:
    def test_come_in_the_order_of_the_primary_key(self, computed, heard):
        """Whatever the order of insertion, keys are made in their own order."""
        Result = computed(fails_at(None, None))

        Result.populate()

        assert KEYS == [event.key for event in heard if isinstance(event, KeyStarted)]

    def test_that_are_there_are_not_made_again(self, Result):
        """A second populate finds nothing to do; a new recording is the only thing that a third one makes."""
        first = Result.populate(KEYS[0])
        second = Result.populate()
        third = Result.populate()

        assert [1, 2, 0] == [result.success_count for result in (first, second, third)]

    def test_make_may_change_its_key(self, computed, heard):
        """The key is make's own copy: what it does to it concerns nobody else."""

        def make(self, key):
            row = dict(key, value=1.0)
            key.clear()
            self.insert1(row)

        Result = computed(make)

        Result.populate(KEYS[0])

        assert [("KeyStarted", 1), ("KeyFinished", 1)] == outline(heard)[1:-1]

    @pytest.mark.parametrize(("max_calls", "made", "remaining"), [(0, 0, 3), (2, 2, 1), (3, 3, 0), (9, 3, 0)])
    def test_max_calls_is_the_most_that_are_made(self, Result, max_calls, made, remaining):
        """`max_calls` counts calls of make; what is left for another time is said."""
        result = Result.populate(max_calls=max_calls)

        assert PopulateResult("Result", made, remaining=remaining) == result
        assert KEYS[:made] == Result.keys()

    def test_max_calls_counts_keys_that_fail(self, computed):
        """A call that fails is a call."""
        Result = computed(fails_at(1, ValueError("bad")))

        result = Result.populate(max_calls=2, suppress_errors=True)

        assert (1, [KEYS[0]], 1) == (result.success_count, result.failed_keys, result.remaining)

    def test_negative_max_calls_is_refused(self, Result, statements):
        """A negative number of calls is a slip, and is refused before any SQL is sent."""
        with pytest.raises(PopulateError, match=r"max_calls=-1 is negative\. Give the greatest number"):
            Result.populate(max_calls=-1)

        assert [] == statements

    def test_make_kwargs_reach_make(self, computed):
        """Further arguments for make are passed on."""

        def make(self, key, *, factor):
            self.insert1(dict(key, value=factor * key["recording_id"]))

        Result = computed(make)

        Result.populate(make_kwargs={"factor": 10})

        assert [10.0, 20.0, 30.0] == Result.to_arrays("value").tolist()


class TestRestrictions:
    @pytest.mark.parametrize(
        ("given", "made"),
        [
            ("recording_id >= 2", [2, 3]),
            ({"recording_id": 2}, [2]),
            ([{"recording_id": 1}, {"recording_id": 3}], [1, 3]),
            (["recording_id = 1", {"recording_id": 2}], [1, 2]),
            ([], []),
            (dj.Not("recording_id = 2"), [1, 3]),
            (dj.AndList(["recording_id > 1", "recording_id < 3"]), [2]),
        ],
        ids=["text", "dict", "keys", "mixed list", "empty list", "Not", "AndList"],
    )
    def test_anything_that_may_follow_an_ampersand(self, Result, given, made):
        """A restriction is a text, a dict, a list or a combination of them."""
        Result.populate(given)

        assert made == Result.to_arrays("recording_id").tolist()

    def test_query_restricts_by_its_rows(self, Result, Recording):
        """A query that uses attributes which the key does not have chooses among the keys."""
        Result.populate(restrictions=Recording & {"session_date": "2024-02-02"})

        assert [KEYS[1]] == Result.keys()

    def test_frame_restricts_by_its_rows(self, Result, Recording):
        """Keys looked up in a DataFrame are a restriction."""
        frame = Recording.to_pandas("session_date")

        Result.populate(frame[["session_date"]].iloc[1:])

        assert KEYS[1:] == Result.keys()

    def test_several_must_all_hold(self, Result):
        """Restrictions one after the other, and the one with a name, are all meant."""
        Result.populate("recording_id > 1", "recording_id < 4", restrictions={"recording_id": 3})

        assert [KEYS[2]] == Result.keys()

    def test_misspelt_attribute_is_refused_before_any_sql(self, Result, statements):
        """A slip in a restriction is an error with a suggestion, not a populate of everything or nothing."""
        with pytest.raises(UnknownAttributeError, match="Did you mean 'recording_id'"):
            Result.populate("recordingid > 1")

        assert [] == statements

    def test_failed_keys_restrict_the_next_populate(self, computed):
        """What failed is populated again by giving `result.failed_keys` back."""
        broken = [ValueError("not yet")]

        def make(self, key):
            if broken and key["recording_id"] != 3:
                raise broken[0]
            self.insert1(dict(key, value=1))

        Result = computed(make)
        result = Result.populate(suppress_errors=True)
        broken.clear()

        again = Result.populate(result.failed_keys)

        assert (1, 2) == (result.success_count, again.success_count)


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


class TestCannotRun:
    def test_class_without_make(self, computed, statements):
        """Without make there is nothing to call; the error shows what one looks like."""
        Result = computed()
        statements.clear()

        with pytest.raises(PopulateError, match=r"`Result` has no `make`\. Define `def make\(self, key\)`"):
            Result.populate()

        assert [] == statements

    def test_restricted_table(self, Result):
        """What is restricted is the key source, by an argument, and the error shows how."""
        with pytest.raises(
            PopulateError, match=r"Give the restriction as an argument: `Result\.populate\(restriction\)`"
        ):
            (Result & KEYS[0]).populate()

        assert [] == Result.to_dicts()

    def test_within_a_transaction(self, connection, Result):
        """Every key has a transaction of its own, so there must be none around."""
        with connection.transaction(), pytest.raises(PopulateError, match="was called within a transaction"):
            Result.populate()

        assert [] == Result.to_dicts()

    def test_class_that_no_schema_has_decorated(self):
        """The error says what is missing above the class."""

        class Loose(dj.Computed):
            definition = "-> Recording"

            def make(self, key):
                self.insert1(key)

        with pytest.raises(NotDeclaredError, match="Write `@schema` on the line above `class Loose`"):
            Loose.populate()

    def test_manual_table_has_no_populate(self, Recording):
        """Rows of Manual tables come from people."""
        assert not hasattr(Recording, "populate")


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


class TestKeySource:
    def test_is_by_default_the_join_of_the_parents(self, schema, Recording):
        """Every recording meets every method, renamed as the table renames them."""

        @schema
        class Method(dj.Lookup):
            definition = "method : varchar(8)"
            contents = (("fast",), ("slow",))

        @schema
        class Compared(dj.Computed):
            definition = """
            -> Recording.proj(left_id="recording_id")
            -> Method
            ---
            -> Recording
            """

            def make(self, key):
                self.insert1(dict(key, recording_id=key["left_id"]))

        assert [{"left_id": n, "method": m} for n in (1, 2, 3) for m in ("fast", "slow")] == Compared.key_source.keys()

        Compared.populate("left_id = 2", {"method": "slow"})

        assert [{"left_id": 2, "method": "slow", "recording_id": 2}] == Compared.to_dicts()

    def test_as_an_attribute(self, computed, Recording):
        """A query as a class attribute says which keys the table should have."""
        Result = computed(fails_at(None, None), key_source=Recording & "recording_id > 1")

        Result.populate()

        assert (KEYS[1:], (2, 2)) == (Result.keys(), Result.progress(display=False))

    def test_as_a_property(self, computed, Recording):
        """A property is asked anew every time."""
        newest = [2]
        source = property(lambda self: Recording & f"recording_id <= {newest[0]}")
        Result = computed(fails_at(None, None), key_source=source)
        Result.populate()
        newest[0] = 3

        result = Result.populate()

        assert 1 == result.success_count
        assert KEYS == Result.keys()

    def test_as_a_class(self, computed, Recording):
        """A table class is a query for all its rows."""
        Result = computed(fails_at(None, None), key_source=Recording)

        Result.populate("recording_id = 3")

        assert [KEYS[2]] == Result.keys()

    def test_with_secondary_attributes_may_be_restricted_by_them(self, computed, Recording):
        """A key source that carries a date can be restricted by it in a text; make still gets the key alone."""
        given = []
        Result = computed(fails_at(None, None, before=lambda self, key: given.append(key)), key_source=Recording)

        Result.populate("session_date < '2024-01-01'")

        assert [KEYS[0]] == given

    def test_with_an_attribute_that_the_table_lacks(self, computed, schema):
        """The error names the attribute, before any key is made."""

        @schema
        class Stranger(dj.Manual):
            definition = "stranger : int32"

        Result = computed(fails_at(None, None), key_source=Stranger)

        with pytest.raises(
            PopulateError,
            match=r"The key source of `Result` has the attribute 'stranger', which the table lacks\. "
            r"Its key is: stranger\. Project or aggregate",
        ):
            Result.populate()

    def test_that_is_no_query(self, computed):
        """A list of keys is no key source."""
        Result = computed(fails_at(None, None), key_source=KEYS)

        with pytest.raises(OperandError, match="Give a query or a table"):
            Result.populate()

    def test_of_a_table_without_parents_in_its_key(self, computed):
        """There is nothing to make keys from, and the error says what to add."""
        Result = computed(fails_at(None, None), definition="own : int32\n---\n-> Recording", allow_new_pk_fields=True)

        with pytest.raises(PopulateError, match="Add `-> Parent` to the primary key, or define `key_source`"):
            Result.populate()


class TestInterrupt:
    @pytest.mark.parametrize("suppress_errors", [False, True])
    def test_undoes_the_key_in_hand_and_keeps_those_before(self, computed, heard, suppress_errors):
        """Ctrl-C during the second key: the first is kept, the second is undone, and errors are never what it is."""

        def make(self, key):
            self.insert1(dict(key, value=1))
            if key["recording_id"] == 2:
                raise KeyboardInterrupt

        Result = computed(make)

        with pytest.raises(PopulateInterrupted, match="populate was interrupted: Result: 1 made, 2 left") as caught:
            Result.populate(suppress_errors=suppress_errors)

        expected = PopulateResult("Result", 1, remaining=2, is_interrupted=True)
        assert [KEYS[0]] == Result.keys()
        assert (expected, expected) == (caught.value.result, heard[-1].result)
        assert isinstance(caught.value, KeyboardInterrupt)
        assert [
            ("PopulateStarted",),
            ("KeyStarted", 1),
            ("KeyFinished", 1),
            ("KeyStarted", 2),
            ("PopulateFinished",),
        ] == outline(heard)

    def test_that_a_subscriber_meets_is_one_too(self, connection, Result):
        """Ctrl-C may come while a progress bar is being painted, before the first key even."""

        def interrupt(event):
            raise KeyboardInterrupt

        with connection.bus.subscribed(interrupt, PopulateStarted), pytest.raises(PopulateInterrupted) as caught:
            Result.populate()

        assert (0, 3) == (caught.value.result.success_count, caught.value.result.remaining)

    def test_next_populate_makes_the_rest(self, computed):
        """After Ctrl-C, the same call goes on where it was left."""
        hit = [True]

        def make(self, key):
            self.insert1(dict(key, value=1))
            if key["recording_id"] == 2 and hit:
                hit.clear()
                signal.raise_signal(signal.SIGINT)

        Result = computed(make)
        with pytest.raises(PopulateInterrupted):
            Result.populate()

        assert (2, KEYS) == (Result.populate().success_count, Result.keys())

    def test_of_a_real_process(self, run_child, computed):
        """Ctrl-C in a terminal, in the middle of a computation."""
        Result = computed(fails_at(None, None))

        told, code = run_child("compute", lambda: None)

        assert ("Result: 1 made, 2 left, interrupted\n", 0) == (told, code)
        assert [{"recording_id": 1, "value": 1.0}] == Result.to_dicts()

    @server_only
    def test_of_a_real_process_amid_a_question_to_the_server(self, run_child, computed, mysql_admin):
        """Ctrl-C while the server works on an answer that make waits for."""
        Result = computed(fails_at(None, None))
        asked = "SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP%'"

        def wait_for_the_question():
            while not mysql_admin(asked):
                pass

        told, code = run_child("ask", wait_for_the_question)
        for (number,) in mysql_admin(asked):  # the server sleeps on, with locks
            mysql_admin(f"KILL {number}")

        assert ("Result: 1 made, 2 left, interrupted\n", 0) == (told, code)
        assert [{"recording_id": 1, "value": 1.0}] == Result.to_dicts()


@pytest.fixture
def run_child(database_url, schema):
    """Give a function that populates `Result` in a process and interrupts it within the second key."""

    def run(what, wait):
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, schema.name, what],
            env={**os.environ, "DJNB_DATABASE_URL": database_url, "PYTHONPATH": _ROOT},
            stdout=subprocess.PIPE,
            text=True,
        )
        with child:
            assert "making 2\n" == child.stdout.readline()
            wait()
            child.send_signal(signal.SIGINT)
            told, _ = child.communicate(timeout=60)
        return told, child.returncode

    return run


_ROOT = str(Path(dj.__file__).parents[1])

_CHILD = """
import sys, threading
import djnb as dj
from djnb.errors import PopulateInterrupted
from djnb.sql.statement import Statement

schema = dj.Schema(sys.argv[1], create_schema=False, create_tables=False)

@schema
class Result(dj.Computed):
    definition = "-> Recording"

    def make(self, key):
        self.insert1(dict(key, value=1))
        if key["recording_id"] == 2:
            print("making 2", flush=True)
            if sys.argv[2] == "ask":
                self.connection.execute(Statement("SELECT SLEEP(60)"))
            threading.Event().wait(60)

try:
    Result.populate(suppress_errors=True)
except PopulateInterrupted as interrupt:
    print(interrupt.result)
"""


class TestStop:
    def test_ends_after_the_key_in_hand(self, connection, Result, heard):
        """A Stop button lets the current key end well; the result says that it was stopped and what is left."""
        with connection.bus.subscribed(lambda event: event.run.stop(), KeyStarted):
            result = Result.populate()

        expected = PopulateResult("Result", 1, remaining=2, is_stopped=True)
        assert ([KEYS[0]], expected, expected) == (Result.keys(), result, heard[-1].result)
        assert "Result: 1 made, 2 left, stopped" == str(result)

    def test_before_the_first_key_makes_none(self, connection, Result):
        """A run can be stopped as soon as it is known."""
        with connection.bus.subscribed(lambda event: event.run.stop(), PopulateStarted):
            result = Result.populate()

        assert (0, 3, []) == (result.success_count, result.remaining, Result.to_dicts())

    def test_comes_from_another_thread(self, connection, computed):
        """The button's thread is not the one that works."""
        started, stopped = threading.Event(), threading.Event()
        runs = []

        def make(self, key):
            started.set()
            stopped.wait(60)
            self.insert1(dict(key, value=1))

        Result = computed(make)

        def press():
            started.wait(60)
            runs[0].stop()
            stopped.set()

        button = threading.Thread(target=press)
        button.start()
        with connection.bus.subscribed(lambda event: runs.append(event.run), PopulateStarted):
            result = Result.populate()
        button.join()

        assert (1, True, True) == (result.success_count, result.is_stopped, runs[0].is_stopping)


class TestSomebodyElse:
    def test_made_the_key_meanwhile(self, connection, computed, heard):
        """A key that another worker finished first is passed over: no error, and its row stays as it is."""
        Result = computed(fails_at(None, None))

        def overtake(event):
            if event.key == KEYS[1]:
                Result.insert1(dict(KEYS[1], value=99), allow_direct_insert=True)

        with connection.bus.subscribed(overtake, KeyStarted):
            result = Result.populate()

        assert PopulateResult("Result", 2, skipped_count=1) == result
        assert "Result: 2 made, 1 already there" == str(result)
        assert [1.0, 99.0, 3.0] == Result.to_arrays("value").tolist()
        assert [("KeyStarted", 2), ("KeySkipped", 2), ("KeyStarted", 3)] == outline(heard)[3:6]


class TestThreads:
    def test_main_thread_asks_while_another_populates(self, computed):
        """A populate in the background and queries in the next cell do not disturb each other."""
        second_is_made, go_on = threading.Event(), threading.Event()
        results = []

        def make(self, key):
            if key["recording_id"] == 2:
                second_is_made.set()
                go_on.wait(60)
            self.insert1(dict(key, value=1))

        Result = computed(make)
        worker = threading.Thread(target=lambda: results.append(Result.populate()))
        worker.start()
        second_is_made.wait(60)

        seen = (len(Result()), Result.keys(), Result.progress(display=False), Result.connection.in_transaction)
        go_on.set()
        worker.join()

        assert (1, [KEYS[0]], (1, 3), False) == seen
        assert ([PopulateResult("Result", 3)], KEYS) == (results, Result.keys())

    def test_two_populate_one_table(self, connection, Recording, computed):
        """Both find the same keys; each key is made once and passed over by the other, without an error."""
        Recording.insert([(n, "2024-04-04", np.zeros(1)) for n in range(4, 21)])
        Result = computed(fails_at(None, None))
        both_know_their_keys = threading.Barrier(2)
        results = []

        def work():
            results.append(Result.populate(suppress_errors=True))

        with connection.bus.subscribed(lambda event: both_know_their_keys.wait(60), PopulateStarted):
            workers = [threading.Thread(target=work) for _ in range(2)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()

        assert (20, 20, []) == (
            sum(result.success_count for result in results),
            sum(result.skipped_count for result in results),
            [error for result in results for error in result],
        )
        assert list(range(1, 21)) == Result.to_arrays("recording_id").tolist()


class TestEvents:
    def test_tell_what_happens_in_order(self, connection, computed, heard):
        """Start, each key, its end, the end: with the run, the table, the number of keys and the error."""
        problem = ValueError("bad spike")
        Result = computed(fails_at(2, problem))

        result = Result.populate(suppress_errors=True)

        run = heard[0].run
        assert [
            ("PopulateStarted",),
            ("KeyStarted", 1),
            ("KeyFinished", 1),
            ("KeyStarted", 2),
            ("KeyFailed", 2),
            ("KeyStarted", 3),
            ("KeyFinished", 3),
            ("PopulateFinished",),
        ] == outline(heard)
        assert [run] * 8 == [event.run for event in heard]
        assert ("Result", 3, "Result", 3) == (heard[0].table, heard[0].total, run.table, run.total)
        assert (problem, True) == (heard[4].error, heard[4].duration >= 0)
        assert result is heard[-1].result

    def test_total_is_bounded_by_max_calls(self, Result, heard):
        """The bar's length is what will be made at most."""
        Result.populate(max_calls=2)

        assert 2 == heard[0].total

    def test_error_that_ends_a_populate_is_told_before_it_is_raised(self, computed, heard):
        """A face sees the failed key and the end, though the caller gets an exception."""
        Result = computed(fails_at(2, ValueError("bad spike")))

        with pytest.raises(MakeError):
            Result.populate()

        assert [("KeyFailed", 2), ("PopulateFinished",)] == outline(heard)[-2:]
        assert PopulateResult("Result", 1, [(KEYS[1], "ValueError: bad spike")], remaining=1) == heard[-1].result

    def test_key_is_committed_when_it_is_told_finished(self, connection, Result):
        """Who hears of a finished key may fetch it at once, from any thread."""
        found = []

        def look(event):
            worker = threading.Thread(target=lambda: found.append((Result & event.key).keys()))
            worker.start()
            worker.join()

        with connection.bus.subscribed(look, KeyFinished):
            Result.populate()

        assert [[key] for key in KEYS] == found

    def test_subscriber_that_raises_breaks_nothing(self, connection, Result, caplog):
        """A broken display is logged, and every key is made."""
        with connection.bus.subscribed(lambda event: 1 / 0, PopulateStarted, KeyStarted, KeyFinished):
            result = Result.populate()

        assert (3, 7) == (result.success_count, len(caplog.records))

    def test_two_runs_can_be_told_apart(self, Result, heard):
        """Each run has an identity of its own."""
        Result.populate(KEYS[0])
        Result.populate(KEYS[1])

        assert 2 == len({event.run.id for event in heard})


class TestDisplayProgress:
    def test_shows_a_bar_with_count_and_errors_on_stderr(self, computed, capsys):
        """The bar has the table's name, the count and how many failed; nothing goes to standard output."""
        Result = computed(fails_at(2, ValueError()))

        Result.populate(display_progress=True, suppress_errors=True)

        shown = capsys.readouterr()
        last = shown.err.rstrip().splitlines()[-1].split("\r")[-1]
        assert ("", True) == (shown.out, last.startswith("Result: 100%"))
        assert "3/3" in last
        assert "1 failed" in last

    def test_shows_nothing_unless_asked(self, Result, capsys):
        """By default a populate is silent."""
        Result.populate()

        assert ("", "") == capsys.readouterr()

    def test_bar_is_closed_when_make_raises(self, computed, capsys):
        """The bar ends on a line of its own, below which the traceback is readable, and says what failed."""
        Result = computed(fails_at(2, ValueError()))

        with pytest.raises(MakeError):
            Result.populate(display_progress=True)

        shown = capsys.readouterr().err
        last = shown.splitlines()[-1].split("\r")[-1]
        assert ("\n", True, True) == (shown[-1], "2/3" in last, last.endswith("1 failed]"))

    def test_bar_follows_its_own_run_only(self, connection, Recording, computed, schema, capsys):
        """Another populate at the same time does not move the bar."""

        @schema
        class Other(dj.Computed):
            definition = "-> Recording"

            def make(self, key):
                self.insert1(key)

        Result = computed(fails_at(None, None))

        with connection.bus.subscribed(lambda event: event.run.table == "Result" and Other.populate(), PopulateStarted):
            Result.populate(display_progress=True, max_calls=1)

        assert (3, True) == (len(Other()), "1/1" in capsys.readouterr().err)


class TestStatements:
    """What a populate costs, in statements: the cost that users on a lab server feel."""

    def test_four_for_each_key_of_one_fetch_and_one_insert(self, Result, statements):
        """One question for the keys; then the key's transaction, its fetch and its insert."""
        Result.populate()

        per_key = ["BEGIN", "SELECT", "INSERT", "COMMIT"]
        assert ["SELECT", *per_key * 3] == [sql.split()[0] for sql in statements]

    def test_two_besides_what_make_sends(self, computed, statements):
        """A make that only inserts costs its insert and the transaction."""
        Result = computed(fails_at(None, None))
        statements.clear()

        Result.populate()

        assert ["SELECT", *["BEGIN", "INSERT", "COMMIT"] * 3] == [sql.split()[0] for sql in statements]

    def test_one_if_there_is_nothing_to_do(self, Result, statements):
        """Asking whether anything is missing is one question."""
        Result.populate()
        statements.clear()

        Result.populate()

        assert ["SELECT"] == [sql.split()[0] for sql in statements]

    def test_failed_key_costs_its_rollback(self, computed, statements):
        """A key that fails is not asked about again."""
        Result = computed(fails_at(2, ValueError()))
        statements.clear()

        Result.populate(suppress_errors=True)

        expected = ["SELECT", "BEGIN", "INSERT", "COMMIT", "BEGIN", "ROLLBACK", "BEGIN", "INSERT", "COMMIT"]
        assert expected == [sql.split()[0] for sql in statements]

    def test_first_populate_of_a_kernel_reads_the_schema_once(self, database_url, schema, Result):
        """A fresh connection asks once what the schema holds, besides the keys."""
        Result.populate()
        sent = []
        with dj.Connection(database_url) as fresh, fresh.bus.subscribed(lambda e: sent.append(e.sql), StatementSent):
            again = dj.Schema(schema.name, connection=fresh, create_tables=False)

            @again
            class Result(dj.Computed):
                definition = "-> Recording"

                def make(self, key):
                    self.insert1(key)

            Result.populate()

        assert 2 == len(sent)


ERRORS = [({"recording_id": n}, f"ValueError: <b>bad</b> spike {n}") for n in range(7)]


class TestResult:
    """The value that a populate returns."""

    def test_iterating_yields_the_errors(self):
        """It stands for the list of errors, and its length is theirs."""
        result = PopulateResult("Analysis", 3, ERRORS)

        assert (ERRORS, 7) == (list(result), len(result))

    def test_result_without_errors_is_false_as_a_list_of_errors_is(self):
        """`if errors:` means what it says."""
        assert (False, True) == (bool(PopulateResult("Analysis", 3)), bool(PopulateResult("Analysis", 3, ERRORS)))

    def test_items_are_those_of_datajoint(self):
        """`result["success_count"]` and `result["error_list"]` work; other names are no items."""
        result = PopulateResult("Analysis", 3, ERRORS)

        assert (3, ERRORS) == (result["success_count"], result["error_list"])
        with pytest.raises(KeyError):
            result["duration"]

    def test_repr_counts_and_shows_the_first_errors(self):
        """The plain view is honest: counts, five errors, and where the others are."""
        result = PopulateResult("Analysis", 3, ERRORS, skipped_count=2, remaining=4, is_stopped=True)

        assert [
            "Analysis: 3 made, 7 failed, 2 already there, 4 left, stopped",
            *(f"  recording_id={n}: ValueError: <b>bad</b> spike {n}" for n in range(5)),
            "  … and 2 more in .error_list",
            "Populate again to make what is missing.",
        ] == repr(result).splitlines()

    def test_nothing_more_is_to_be_done(self):
        """A populate that made everything says so in one line."""
        assert "Analysis: 3 made" == repr(PopulateResult("Analysis", 3))

    def test_html_is_escaped_and_bounded(self):
        """What a make raised cannot write into the notebook's page."""
        html = PopulateResult("Analysis", 3, ERRORS)._repr_html_()

        assert (True, False, 6) == (
            "ValueError: &lt;b&gt;bad&lt;/b&gt; spike 4" in html,
            "<b>bad" in html or "spike 5" in html,
            html.count("<li>"),
        )

    def test_exception_objects_are_shown_as_their_messages(self):
        """The views are the same for exceptions as for messages."""
        result = PopulateResult("Analysis", 0, [({"recording_id": 1}, ValueError("bad"))])

        assert "recording_id=1: ValueError: bad" in repr(result)
        assert "recording_id=1</code>: ValueError: bad" in result._repr_html_()


class TestLostConnection:
    @server_only
    def test_costs_its_key_only(self, connection, computed, mysql_admin):
        """The server ended the connection within a make: that key fails, nothing of it is kept, the next are made."""

        def make(self, key):
            self.insert1(dict(key, value=1))
            if key["recording_id"] == 2:
                (number,) = connection.execute(Statement("SELECT CONNECTION_ID()")).rows[0]
                mysql_admin(f"KILL {number}")
            connection.execute(Statement("SELECT 1"))

        Result = computed(make)

        result = Result.populate(suppress_errors=True, return_exception_objects=True)

        assert [LostConnectionError] == [type(error) for _, error in result]
        assert [KEYS[0], KEYS[2]] == Result.keys()

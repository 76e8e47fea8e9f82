"""
The examples of auto-populate that users learn from, nearly as they are written.

Each has its whole text, tables included, so that it can be laid beside the document: they repeat each other as the
documents do.
"""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import djnb as dj
from tests.conformance.recordings import KEYS, fails_at


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

    def test_computation_by_parameters(self, schema, Recording):
        """A row of parameters decides how a key is computed."""

        @schema
        class Params(dj.Lookup):
            definition = """
            params_id : int
            ---
            method : varchar(16)
            """
            contents = ((1, "fast"), (2, "thorough"))

        def fast_analysis(key):
            return (Recording & key).fetch1("data")[0]

        def thorough_analysis(key):
            return (Recording & key).fetch1("data").sum()

        @schema
        class Analysis(dj.Computed):
            definition = """
            -> Recording
            -> Params
            ---
            result : float
            """

            def make(self, key):
                params = (Params & key).fetch1()

                if params["method"] == "fast":
                    result = fast_analysis(key)
                else:
                    result = thorough_analysis(key)

                self.insert1(dict(key, result=result))

        Analysis.populate({"recording_id": 2})

        assert [2.0, 8.0] == Analysis.to_arrays("result").tolist()

    def test_progress_is_printed_or_counted(self, Result, capsys):
        """`progress()` prints, `progress(display=False)` gives two numbers, a restriction asks for some keys."""
        Result.populate("recording_id < 3")
        Result.progress()
        assert "Result: 2/3 (66.7%)\n" == capsys.readouterr().out

        done, total = Result.progress(display=False)
        assert (2, 3) == (done, total)
        Result.progress("recording_id < 2")
        assert "Result: 1/1 (100.0%)\n" == capsys.readouterr().out


class TestThreeParts:
    """Long computations outside of any transaction."""

    @pytest.mark.parametrize("reserve_jobs", [False, True])
    def test_fetch_compute_insert(self, schema, Recording, reserve_jobs):
        """What was fetched is computed with, and what was computed is inserted."""

        def expensive_analysis(data):
            return data * 2

        @schema
        class LongAnalysis(dj.Computed):
            definition = """
            -> Recording
            ---
            result : longblob
            duration : float
            """

            def make_fetch(self, key):
                """Phase 1: Fetch data (short transaction)"""
                data = (Recording & key).fetch1("data")
                return (data,)  # Must return tuple/list

            def make_compute(self, key, data):
                """Phase 2: Compute (no transaction - can take hours)"""
                import time

                start = time.time()
                result = expensive_analysis(data)
                duration = time.time() - start
                return (result, duration)  # Must return tuple/list

            def make_insert(self, key, result, duration):
                """Phase 3: Insert (short transaction)"""
                self.insert1(dict(key, result=result, duration=duration))

        result = LongAnalysis.populate(reserve_jobs=reserve_jobs)

        assert (3, []) == (result.success_count, result.error_list)
        np.testing.assert_array_equal([4.0] * 4, (LongAnalysis & {"recording_id": 2}).fetch1("result"))
        assert 0 <= (LongAnalysis & {"recording_id": 2}).fetch1("duration") < 60

    @pytest.mark.parametrize("reserve_jobs", [False, True])
    def test_as_a_generator(self, schema, Recording, reserve_jobs):
        """`make` that yields what it fetched, and what it computed."""

        def expensive_analysis(data):
            return data.max()

        @schema
        class LongAnalysis(dj.Computed):
            definition = """
            -> Recording
            ---
            result : float
            """

            def make(self, key):
                # Fetch
                data = (Recording & key).fetch1("data")
                computed = yield (data,)  # Yield fetched data

                if computed is None:
                    # Compute (outside transaction)
                    result = expensive_analysis(data)
                    computed = yield (result,)

                # Insert
                self.insert1(dict(key, result=computed[0]))
                yield  # Signal completion

        result = LongAnalysis.populate(reserve_jobs=reserve_jobs)

        assert (3, []) == (result.success_count, result.error_list)
        assert [1.0, 2.0, 3.0] == LongAnalysis.to_arrays("result").tolist()

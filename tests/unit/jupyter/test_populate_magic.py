"""What `%populate` can be told, in a real IPython shell; how keys are restricted is in the conformance tests."""

from __future__ import annotations

import threading

import pytest
from IPython.core.error import UsageError

import djnb as dj
from djnb.errors import PopulateError
from djnb.events import KeyStarted
from djnb.populate.result import PopulateResult
from djnb.populate.run import Run


@pytest.fixture
def empty(notebook, lab):
    """Give a notebook with a table that was declared without a make."""

    @lab.schema
    class Mean(dj.Computed):
        definition = """
        -> Session
        ---
        y : float64
        """

    notebook.shell.push({"Mean": Mean})
    return notebook


class TestOptions:
    def test_every_option_of_populate_is_one_of_the_magic(self):
        """What `Table.populate` takes, `%populate` takes; what it has in other words is named here."""
        import inspect

        from djnb.jupyter.magics.populate import OPTIONS

        said_otherwise = {"self", "conditions", "restrictions", "keys", "display_progress", "capture_output"}
        deprecated = {"order", "limit"}
        given = {option.lstrip("-").replace("-", "_") for option in OPTIONS}

        assert set(inspect.signature(dj.Computed.populate).parameters) - said_otherwise - deprecated <= given
        assert {"restrict", "no_progress", "no_capture"} <= given

    def test_executor_and_arguments_of_make_are_python(self, empty):
        """They are values of the notebook."""
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(1) as pool:
            empty.shell.push({"pool": pool, "gain": 3})
            said = "%%populate Mean --executor pool --make-kwargs {'factor': gain}\n"
            shown = empty.run(said + "def make(self, key, factor):\n    self.insert1(dict(key, y=factor))")

        assert 5 == shown.value.success_count
        assert {3.0} == set(empty.names["Mean"].to_arrays("y"))

    def test_priority_and_refresh_are_those_of_jobs(self, notebook):
        """--no-refresh takes the jobs that are there, of which there are none yet; --refresh looks for keys first."""
        none = notebook.run("%populate Analysis --reserve-jobs --no-refresh --suppress-errors").value
        few = notebook.run("%populate Analysis --reserve-jobs --refresh --priority 5 --suppress-errors").value

        assert (0, 4) == (none.success_count, few.success_count)

    def test_options_that_contradict_each_other_are_told(self, notebook):
        """The error is that of populate, with its remedy."""
        assert "Add `reserve_jobs=True`" in str(notebook.run("%populate Analysis --priority 5").error)

    def test_wrong_number_is_a_usage_error(self, notebook):
        """An argument that cannot be read is told in a line."""
        assert isinstance(notebook.run("%populate Analysis --priority high").error, UsageError)


class TestOutput:
    def test_what_make_prints_is_kept(self, empty):
        """Prints do not run into each other in the cell: they are in the result, by key."""
        body = "def make(self, key):\n    print('key', key['session'])\n    self.insert1(dict(key, y=1))\n'session < 2'"

        shown = empty.run(f"%%populate Mean\n{body}")

        assert ("", ["key 0\n", "key 1\n"]) == (shown.printed, [output.text for output in shown.value.outputs])

    def test_no_capture_lets_it_through(self, empty):
        """For a debugger, prints go to the cell."""
        body = "def make(self, key):\n    print('key', key['session'])\n    self.insert1(dict(key, y=1))\n'session < 2'"

        assert "key 0\nkey 1" in empty.run(f"%%populate Mean --no-capture\n{body}").printed


class TestMakeInTheBody:
    def test_is_adopted_by_a_table_without_one(self, empty):
        """A cell may say how keys are made, and restrict them; from then on the table can be populated anywhere."""
        first = empty.run("%%populate Mean\ndef make(self, key):\n    self.insert1(dict(key, y=1))\n'session < 2'")
        second = empty.run("Mean.populate()")

        assert (2, 3) == (first.value.success_count, second.value.success_count)

    def test_three_parts_are_adopted_too(self, empty):
        """So may the three parts."""
        parts = (
            "def make_fetch(self, key): return ((Session & key).fetch1('x'),)\n"
            "def make_compute(self, key, x): return (2 * x,)\n"
            "def make_insert(self, key, y): self.insert1(dict(key, y=y))\n"
        )

        empty.run(f"%%populate Mean\n{parts}")

        assert [0.0, 2.0, 4.0, 6.0, 8.0] == empty.names["Mean"].to_arrays("y").tolist()

    def test_cell_that_is_run_again_replaces_it(self, empty):
        """One mends the make in its cell, and runs the cell again."""
        empty.run("%%populate Mean --suppress-errors\ndef make(self, key):\n    1 / 0")

        again = empty.run("%%populate Mean\ndef make(self, key):\n    self.insert1(dict(key, y=1))")

        assert PopulateResult("Mean", 5) == again.value

    def test_make_of_the_class_is_not_replaced(self, notebook):
        """A table that says by itself how it is made keeps that; nothing is made."""
        error = notebook.run("%%populate Analysis\ndef make(self, key):\n    self.insert1(dict(key, y=1))").error

        assert isinstance(error, PopulateError)
        assert "`Analysis` has a `make` of its own" in str(error)
        assert 0 == len(notebook.names["Analysis"]())


class TestSchema:
    def test_tables_are_made_in_order(self, empty):
        """A schema stands for all its tables that have a make."""
        shown = empty.run("%populate schema --suppress-errors")

        assert {"Analysis": 4} == {name: result.success_count for name, result in shown.value.items()}

    def test_make_is_for_one_table(self, notebook):
        """A schema cannot adopt a make."""
        error = notebook.run("%%populate schema\ndef make(self, key): pass").error

        assert "A `make` belongs to one table" in str(error)


class TestBackground:
    def test_program_that_executes_waits_for_the_end(self, notebook):
        """Where nobody watches, the handle is that of a run which has ended, the same each time."""
        shown = notebook.run("%populate Analysis --suppress-errors --background -o run")

        assert isinstance(shown.value, Run)
        assert shown.value is notebook.names["run"]
        assert "<Run, ended: Analysis: 4 made, 1 failed>" == shown.data["text/plain"].splitlines()[0]
        assert "<b>Analysis</b>: 4 made, 1 failed" in shown.data["text/html"]

    def test_terminal_goes_on_at_once(self, notebook, lab, monkeypatch):
        """Otherwise the next cell can be run, and the run is listed."""
        monkeypatch.setenv("DJNB_LIVE", "1")
        begun, go_on = threading.Event(), threading.Event()

        def wait(event):
            begun.set()
            go_on.wait(60)

        with lab.connection.bus.subscribed(wait, KeyStarted):
            run = notebook.run("%populate Analysis --suppress-errors --background --no-progress").value
            begun.wait(60)
            listed = notebook.run("dj.runs()[-1]").value
            is_running = run.is_running
            go_on.set()
            run.wait(60)

        assert (True, True) == (run is listed, is_running)

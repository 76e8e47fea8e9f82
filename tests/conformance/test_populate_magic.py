"""%populate, %%populate and %progress, in a real IPython shell."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import (
    EmptyMakeError,
    MakeError,
    NotDeclaredError,
    PopulateError,
    PopulateInterrupted,
    UnknownAttributeError,
)
from tests.unit.jupyter.shells import Cells, cells, shell

__all__ = ["cells", "shell"]


@pytest.fixture
def begun():
    """Give the list of the keys that make() was called for."""
    return []


@pytest.fixture
def notebook(cells: Cells, schema: dj.Schema, begun: list[int]) -> Cells:
    """Give a notebook with five sessions in two rooms, and an analysis of them that fails for session 3."""

    @schema
    class Session(dj.Manual):
        definition = """
        session : int32
        ---
        room : varchar(16)
        """

    @schema
    class Analysis(dj.Computed):
        definition = """
        -> Session
        ---
        y : float64
        """

        class Unit(dj.Part):
            definition = """
            -> master
            unit : int32
            """

        def make(self, key):
            begun.append(key["session"])
            if key["session"] == 3:
                raise ValueError("bad spike 3")
            self.insert1(dict(key, y=key["session"] / 2))
            self.Unit.insert1(dict(key, unit=1))

    Session.insert([(number, "east" if number < 3 else "west") for number in range(5)])
    cells.shell.push({"dj": dj, "schema": schema, "Session": Session, "Analysis": Analysis})
    return cells


def made(notebook):
    """Return the keys that are in the table."""
    return notebook.names["Analysis"].to_arrays("session").tolist()


class TestWithoutBody:
    @pytest.mark.parametrize(
        "cell",
        [
            "%populate Analysis --suppress-errors",
            "%%populate Analysis --suppress-errors",
            "%%populate Analysis --suppress-errors\n",
            "\n%%populate Analysis --suppress-errors\n\n   \n",
            "%%populate Analysis --suppress-errors\n# every key",
            "%%populate Analysis --suppress-errors\nNone",
        ],
    )
    def test_every_missing_key_is_made(self, cell, notebook):
        """An empty body populates everything, and so do a comment and None."""
        shown = notebook.run(cell)

        assert dj.PopulateResult("Analysis", 4, [({"session": 3}, "ValueError: bad spike 3")]) == shown.value
        assert [0, 1, 2, 4] == made(notebook)

    def test_result_is_what_is_shown(self, notebook):
        """The summary is shown as text and as HTML, and nothing else is printed."""
        shown = notebook.run("%%populate Analysis --suppress-errors")

        assert {"text/plain": repr(shown.value), "text/html": shown.value._repr_html_()} == shown.data
        assert "" == shown.printed

    def test_second_time_makes_what_is_missing(self, notebook, begun):
        """Keys that are there are not made again."""
        notebook.run("%%populate Analysis --suppress-errors")
        begun.clear()

        notebook.run("%%populate Analysis --suppress-errors")

        assert [3] == begun


class TestRestrictionInTheBody:
    @pytest.mark.parametrize(
        ("body", "keys"),
        [
            ("'session < 2'", [0, 1]),
            ("{'session': 4}", [4]),
            ("['session = 0', {'session': 4}]", [0, 4]),
            ("Session & \"room = 'east'\"", [0, 1, 2]),
            ("Session - \"room = 'west'\"", [0, 1, 2]),
            ("limit = 2\ntext = f'session < {limit}'\ntext", [0, 1]),
            ("dj.AndList(['session > 0', 'session < 2'])", [1]),
            ("[]", []),
        ],
    )
    def test_last_expression_counts(self, body, keys, notebook):
        """The value of the last expression restricts, as it would after &; of a list, one must hold."""
        notebook.run(f"%%populate Analysis\n{body}")

        assert keys == made(notebook)

    def test_names_of_the_body_stay(self, notebook):
        """What the body assigns is there in the next cell."""
        notebook.run("%%populate Analysis\nlimit = 2\n'session < 2'")

        assert 2 == notebook.run("limit").value

    def test_body_without_a_restriction_at_its_end_is_refused(self, notebook, begun):
        """A body that ends with an assignment populates nothing by mistake."""
        shown = notebook.run("%%populate Analysis\nrecent = 'session > 3'")

        assert isinstance(shown.error, PopulateError)
        assert [] == begun

    def test_misspelt_attribute_is_refused(self, notebook, begun):
        """A restriction that cannot be is refused before any key is made."""
        shown = notebook.run("%%populate Analysis\n'sesion < 2'")

        assert isinstance(shown.error, UnknownAttributeError)
        assert "Did you mean 'session'?" in shown.printed
        assert [] == begun

    def test_error_of_the_body_is_pythons(self, notebook, begun):
        """A mistake in the body is a traceback like any other."""
        shown = notebook.run("%%populate Analysis\n1 / 0")

        assert isinstance(shown.error, ZeroDivisionError)
        assert "----> 2 1 / 0" in shown.printed
        assert [] == begun

    def test_syntax_error_of_the_body_is_pythons(self, notebook):
        """So is a body that is no Python."""
        shown = notebook.run("%%populate Analysis\n'session < 2")

        assert isinstance(shown.error, SyntaxError)


class TestRestrictionOnTheLine:
    @pytest.mark.parametrize(
        ("line", "keys"),
        [
            ("Analysis & {'session': 4}", [4]),
            ("Analysis & 'session < 2' & 'session > 0'", [1]),
            ("Analysis & (Session & 'session < 2')", [0, 1]),
            ("Analysis {'session': 4}", [4]),
            ("Analysis --restrict 'session < 2'", [0, 1]),
            ("Analysis --restrict 'session < 2' --restrict {'session': 1} --suppress-errors", [1]),
            ("Analysis & f'session < {1 + 1}'", [0, 1]),
            ("Analysis & (Session & 'room = \"east\" and session > 1')", [2]),
        ],
    )
    def test_keys_are_restricted(self, line, keys, notebook):
        """What follows the table restricts, as in Python."""
        notebook.run(f"%populate {line}")

        assert keys == made(notebook)

    def test_line_and_body_hold_both(self, notebook):
        """A restriction on the line narrows the one of the body."""
        notebook.run("%%populate Analysis & 'session > 0'\n'session < 2'")

        assert [1] == made(notebook)

    def test_names_of_a_function_are_known(self, notebook):
        """Within a function, the line sees the function's variables."""
        notebook.run("def one(number):\n    %populate Analysis & {'session': number}\none(4)")

        assert [4] == made(notebook)

    def test_nothing_is_expanded_in_braces(self, notebook):
        """IPython's own {variable} is left alone: braces are a dict."""
        notebook.run("session = 'other'\n%populate Analysis & {'session': 2}")

        assert [2] == made(notebook)


class TestOptions:
    def test_max_calls_ends_early(self, notebook):
        """--max-calls makes so many keys, and the result says how many are left."""
        shown = notebook.run("%populate Analysis --max-calls 2")

        assert dj.PopulateResult("Analysis", 2, remaining=3) == shown.value
        assert [0, 1] == made(notebook)

    def test_work_is_shared_by_the_job_table(self, notebook):
        """--reserve-jobs leaves what failed in the job table, and keeps away from what others have."""
        notebook.names["Analysis"].jobs.refresh()
        notebook.names["Analysis"].jobs.reserve({"session": 0})
        shown = notebook.run("%populate Analysis --reserve-jobs --suppress-errors")

        assert 3 == shown.value.success_count
        assert [{"session": 3}] == notebook.names["Analysis"].jobs.errors.keys()
        assert [1, 2, 4] == made(notebook)

    def test_several_processes_make_keys(self, notebook):
        """--processes starts them for the length of the run; classes of the notebook run in them."""
        shown = notebook.run("%populate Analysis --processes 2 --suppress-errors")

        assert 4 == shown.value.success_count
        assert [0, 1, 2, 4] == made(notebook)

    def test_exception_objects_are_returned(self, notebook):
        """--return-exception-objects lists the exceptions themselves."""
        shown = notebook.run("%populate Analysis --suppress-errors --return-exception-objects")

        ((key, error),) = shown.value
        assert ({"session": 3}, ValueError, "bad spike 3") == (key, type(error), str(error))

    def test_result_is_assigned(self, notebook):
        """-o NAME keeps the result."""
        shown = notebook.run("%populate Analysis --max-calls 2 -o result")

        assert shown.value is notebook.names["result"]

    def test_semicolon_silences(self, notebook):
        """A body that ends with ; shows no result."""
        shown = notebook.run("%%populate Analysis\n'session < 2';")

        assert (None, {}) == (shown.value, shown.data)
        assert [0, 1] == made(notebook)


class TestErrors:
    def test_failing_make_ends_the_run(self, notebook, begun):
        """Without --suppress-errors the first failing key ends the run; what was made is kept."""
        shown = notebook.run("%%populate Analysis")

        assert isinstance(shown.error, MakeError)
        assert isinstance(shown.error.__cause__, ValueError)
        assert [0, 1, 2, 3] == begun
        assert [0, 1, 2] == made(notebook)

    def test_make_that_inserts_nothing_is_told(self, notebook):
        """A make without an insert is an error of its own."""
        notebook.run("@schema\nclass Empty(dj.Computed):\n    definition = '-> Session'\n    def make(self, key): pass")

        assert isinstance(notebook.run("%populate Empty").error, EmptyMakeError)

    def test_undeclared_class_is_refused(self, notebook):
        """A class without a schema is told how it gets one."""
        notebook.run("class Draft(dj.Computed):\n    definition = '-> Session'\n    def make(self, key): pass")

        assert isinstance(notebook.run("%populate Draft").error, NotDeclaredError)


class TestInterrupt:
    @pytest.fixture
    def interrupted(self, notebook):
        """Give a table whose make is interrupted at session 2, after its insert."""
        notebook.run(
            "@schema\nclass Slow(dj.Computed):\n    definition = '-> Session'\n    def make(self, key):\n"
            "        self.insert1(key)\n        if key['session'] == 2: raise KeyboardInterrupt"
        )
        return notebook

    def test_result_is_marked(self, interrupted):
        """An interrupted cell ends with its result, which says so, and without a traceback."""
        shown = interrupted.run("%%populate Slow")

        assert (None, "") == (shown.error, shown.printed)
        assert dj.PopulateResult("Slow", 2, remaining=3, is_interrupted=True) == shown.value

    def test_key_in_hand_is_undone(self, interrupted):
        """Nothing of the interrupted key is left; what was made before is kept."""
        interrupted.run("%%populate Slow")

        assert [0, 1] == interrupted.run("[key['session'] for key in Slow.keys()]").value

    def test_outside_a_magic_it_is_raised(self, interrupted):
        """`populate()` itself raises, so that a script ends."""
        shown = interrupted.run("Slow.populate()")

        assert isinstance(shown.error, PopulateInterrupted)
        assert "PopulateInterrupted: populate was interrupted: Slow: 2 made, 3 left, interrupted" in shown.printed


class TestTerminal:
    def test_bar_of_text_is_shown(self, notebook, monkeypatch):
        """IPython in a terminal shows a bar on standard error."""
        monkeypatch.delenv("PYTEST_VERSION")

        shown = notebook.run("%%populate Analysis --suppress-errors")

        assert "Analysis: 100%" in shown.bar
        assert "5/5" in shown.bar

    def test_nobody_sees_nothing(self, notebook):
        """Where nobody watches, standard error stays empty."""
        assert "" == notebook.run("%%populate Analysis --suppress-errors").bar


class TestProgress:
    def test_table_is_told(self, notebook):
        """%progress TABLE says how many keys are there."""
        notebook.run("%%populate Analysis\n'session < 2'")

        shown = notebook.run("%progress Analysis")

        assert {"Analysis": dj.Progress(2, 5)} == dict(shown.value)
        assert "Analysis: 2/5 (40.0%)" == shown.data["text/plain"]
        assert '<progress max="5" value="2" aria-label="Analysis"></progress>' in shown.data["text/html"]

    @pytest.mark.parametrize("line", ["", "schema", "Other Analysis", "Analysis, Other"])
    def test_several_tables_are_told(self, line, notebook):
        """Without a name, or by a schema, all auto-populated tables are told; others are not."""
        notebook.run(
            "@schema\nclass Other(dj.Imported):\n    definition = '-> Session'\n"
            "    def make(self, key): self.insert1(key)\nOther.populate()"
        )

        shown = notebook.run(f"%progress {line}")

        assert {"Analysis": dj.Progress(0, 5), "Other": dj.Progress(5, 5)} == dict(shown.value)

    def test_nothing_to_tell_is_told(self, cells):
        """A notebook without such tables says so."""
        assert "Nothing to make here." == cells.run("%progress").data["text/plain"]

    def test_nothing_to_make_is_done(self, notebook):
        """A table whose parents are empty is complete."""
        notebook.run("Session.delete(prompt=False)")

        shown = notebook.run("%progress Analysis")

        assert "Analysis: 0/0 (100.0%)" == shown.data["text/plain"]
        assert '<progress max="1" value="1"' in shown.data["text/html"]

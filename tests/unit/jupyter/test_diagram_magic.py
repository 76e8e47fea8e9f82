"""`%diagram`: what is drawn, and what Tab offers."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

import djnb as dj
from djnb.errors import OperandError, PopulateError
from djnb.jupyter.magics.completion import offers


def drawn(outcome):
    """Return the classes of the tables that a cell's diagram has."""
    assert outcome.error is None
    return {table.class_name for table in outcome.value}


class TestWhatIsDrawn:
    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            ("", {"Session", "Analysis", "Analysis.Unit"}),
            ("schema", {"Session", "Analysis", "Analysis.Unit"}),
            ("Session", {"Session"}),
            ("Session Analysis", {"Session", "Analysis"}),
            ("Session + Analysis", {"Session", "Analysis"}),
            ("Analysis.Unit", {"Analysis.Unit"}),
            ("schema - Analysis.Unit", {"Session", "Analysis"}),
            ("schema * (Session + 1)", {"Session", "Analysis"}),
            ("Analysis - 1", {"Session", "Analysis"}),
            ("Analysis --up 1", {"Session", "Analysis"}),
            ("Session --down 2", {"Session", "Analysis", "Analysis.Unit"}),
            ("Session & 'session = 1'", {"Session"}),
            ("dj.Diagram(Session) + 1", {"Session", "Analysis"}),
        ],
    )
    def test_tables_schemas_and_expressions(self, line, expected, notebook):
        """What is named is drawn; by + - and * it is combined; without a name, all that the notebook has."""
        assert expected == drawn(notebook.run(f"%diagram {line}"))

    def test_picture_and_tree_are_shown(self, notebook):
        """The cell shows a picture, and the tree where there are no pictures."""
        notebook.shell.display_formatter.active_types = ["text/plain", "text/html", "image/svg+xml"]
        shown = notebook.run("%diagram schema")

        assert {"text/plain", "image/svg+xml"} == set(shown.data)
        assert "lab\n  Session      Manual\n  └─ Analysis  Computed  + Unit" == shown.data["text/plain"]

    def test_progress_is_written_into_it(self, notebook, lab):
        """`--progress` tells how far tables are."""
        lab.Analysis.populate(reserve_jobs=True, suppress_errors=True)

        assert "Computed  4 / 5  ⚠ 1 error  + Unit" in str(notebook.run("%diagram schema --progress").value)

    def test_parts_and_schemas(self, notebook):
        """`--parts` draws parts as nodes, `--collapse` a schema as one."""
        parts = notebook.run("%diagram schema --parts").value.picture().nodes
        collapsed = notebook.run("%diagram schema --collapse").value.picture().nodes

        assert ["Session", "Analysis", "Analysis.Unit"] == [node.label for node in parts]
        assert ["lab"] == [node.label for node in collapsed]

    def test_rows_of_a_delete_and_upstream(self, notebook, lab):
        """`--cascade` counts what a delete would take, `--trace` what rows depend on."""
        lab.Analysis.populate("session < 3")
        notebook.shell.push({"key": {"session": 2}})
        cascade = notebook.run("%diagram Session & 'session < 2' --cascade").value
        trace = notebook.run("%diagram Analysis & key --trace").value

        assert [2, 2, 0] == list(cascade.counts().values())
        assert [1, 1] == list(trace.counts().values())

    def test_other_languages_files_and_names(self, notebook, tmp_path):
        """`--mermaid` and `--text` give the languages, `--save` a file, `-o` a name."""
        notebook.shell.display_formatter.active_types = ["text/plain", "text/vnd.mermaid"]
        mermaid = notebook.run("%diagram schema --mermaid")
        text = notebook.run(f"%diagram schema --text --save {tmp_path / 'lab.mmd'} -o whole")

        assert mermaid.value.startswith("flowchart LR")
        assert text.data["text/plain"].startswith("lab\n  Session")
        assert (tmp_path / "lab.mmd").read_text() == mermaid.value
        assert isinstance(notebook.names["whole"], dj.Diagram)


class TestMistakes:
    @pytest.mark.parametrize(
        ("line", "error", "message"),
        [
            ("Sesion", PopulateError, "Did you mean 'Session'?"),
            ("schema --progess", UsageError, "Did you mean --progress?"),
            ("schema --up two", UsageError, "a whole number is needed"),
            ("--cascade", UsageError, "Which rows?"),
            ("Session --cascade --trace", UsageError, "give one of them"),
            ("1 + Session", OperandError, "does not begin with a table"),
            ("Session * 2", OperandError, "is not multiplied"),
            ("3", OperandError, "is no table"),
            ("dj", OperandError, "no schema and no tables"),
        ],
    )
    def test_mistake_is_told(self, line, error, message, notebook):
        """What cannot be drawn is told, with what to write."""
        shown = notebook.run(f"%diagram {line}")

        assert isinstance(shown.error, error)
        assert message in str(shown.error)

    def test_empty_notebook_is_told(self, cells):
        """Where there are no tables, it says how to get some."""
        assert isinstance(cells.run("%diagram").error, OperandError)


class TestCompletion:
    @pytest.mark.parametrize(
        ("line", "offered"),
        [
            ("%diagram ", ["Analysis", "Session", "schema"]),
            ("%diagram Session + An", ["Analysis"]),
            ("%diagram schema --p", ["--parts", "--progress"]),
        ],
    )
    def test_tables_schemas_and_options(self, line, offered, lab):
        """Tab offers all tables and schemas, and the options."""
        assert offered == offers(line, vars(lab))

    def test_help_shows_the_options(self, cells):
        """`%diagram?` is real help."""
        assert "--cascade" in cells.shell.find_line_magic("diagram").__doc__

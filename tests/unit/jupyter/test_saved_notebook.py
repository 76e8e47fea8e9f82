"""What is left in a file when a program executes a notebook."""

from __future__ import annotations

import subprocess
import sys

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.unit.jupyter.kernels import PIPELINE, environment

SUMMARY = "Analysis: 4 made, 1 failed"
POPULATE = "%%populate Analysis --suppress-errors"


def executed(folder, *cells, **variables):
    """Return a notebook as nbclient leaves it."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(cell)
            for cell in (PIPELINE, "Session.insert([(n,) for n in range(5)], skip_duplicates=True)", *cells)
        ]
    )
    folder.mkdir(exist_ok=True)
    NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}).execute(env=environment(**variables))
    return notebook


class TestProgramThatExecutes:
    def test_keeps_the_summary_only(self, tmp_path):
        """nbclient, nbconvert and papermill leave the result as text and HTML, and nothing live."""
        notebook = executed(tmp_path / "a", POPULATE)

        (output,) = notebook.cells[2].outputs
        assert ("execute_result", SUMMARY) == (output.output_type, output.data["text/plain"].splitlines()[0])
        assert {"text/plain", "text/html"} == set(output.data)
        assert "widgets" not in notebook.metadata

    def test_sees_a_failing_make(self, tmp_path):
        """A key that fails stops the notebook with the error of make."""
        with pytest.raises(CellExecutionError, match="bad spike 3") as raised:
            executed(tmp_path / "a", "%%populate Analysis")

        assert "MakeError" == raised.value.ename

    def test_sees_a_misspelt_table(self, tmp_path):
        """So does a table that does not exist."""
        with pytest.raises(CellExecutionError, match="Did you mean 'Analysis'") as raised:
            executed(tmp_path / "a", "%populate Analysys")

        assert "PopulateError" == raised.value.ename


class TestFileSavedFromAFrontEnd:
    def test_holds_no_widget(self, tmp_path):
        """After a watched run, the panel's place is empty; the summary stands below it."""
        notebook = executed(tmp_path / "a", POPULATE, DJNB_LIVE="1")

        panel, result = notebook.cells[2].outputs
        assert ("display_data", {}) == (panel.output_type, panel.data)
        assert ("execute_result", SUMMARY) == (result.output_type, result.data["text/plain"].splitlines()[0])

    def test_is_reproduced_by_nbval(self, tmp_path):
        """A notebook saved after a watched run is the same to nbval, which watches nothing."""
        notebook = executed(tmp_path / "a", POPULATE, "%progress", "Analysis", DJNB_LIVE="1")
        (tmp_path / "b").mkdir()
        nbformat.write(notebook, tmp_path / "b" / "saved.ipynb")

        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "nbval.plugin", "--nbval", "-q", "saved.ipynb"],
            cwd=tmp_path / "b",
            env=environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
            capture_output=True,
            text=True,
            check=False,
        )

        assert 0 == done.returncode, done.stdout
        assert "5 passed" in done.stdout

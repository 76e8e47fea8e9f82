"""``%jobs``, and jobs alone in a cell."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from djnb.errors import PopulateError
from djnb.jupyter import show_jobs
from djnb.jupyter.live import Place
from djnb.jupyter.magics.completion import offers


@pytest.fixture
def failed(notebook):
    """A notebook in which a job has failed."""
    notebook.run("%load_ext djnb")
    notebook.run("_ = Analysis.populate(reserve_jobs=True, suppress_errors=True)")
    return notebook


class TestMagic:
    @pytest.mark.parametrize("line", ["%jobs Analysis", "Analysis.jobs"])
    def test_shows_the_jobs_of_a_table(self, failed, line):
        """Where a program executes the notebook, as text and HTML that nothing is missing from."""
        shown = failed.run(line)

        assert shown.data["text/plain"].startswith("Analysis.jobs: 1 error\n\nErrors: 1 kind\n")
        assert "djnb-jobs-snapshot" in shown.data["text/html"]

    @pytest.mark.parametrize("line", ["%jobs schema", "%jobs", "schema.jobs"])
    def test_shows_the_jobs_of_all_tables(self, failed, line):
        """Of a schema, or of the classes that the notebook knows."""
        assert "Analysis        0         0        0      1       0      1" in failed.run(line).data["text/plain"]

    def test_some_of_the_jobs_are_a_query(self, failed):
        """And shown as such."""
        assert "bad spike 3" in failed.run("Analysis.jobs.errors").data["text/plain"]

    @pytest.mark.parametrize(
        ("line", "error", "message"),
        [
            ("%jobs Analysys", PopulateError, "Did you mean 'Analysis'"),
            ("%jobs Session", PopulateError, "manual table"),
            ("%jobs Analysis Session", UsageError, "one table or schema"),
        ],
    )
    def test_mistakes_are_told(self, failed, line, error, message):
        """As those of the other magics."""
        found = failed.run(line)

        if error is UsageError:
            assert message in found.bar + found.printed
        else:
            assert isinstance(found.error, error)
            assert message.lower() in str(found.error).lower()

    def test_tables_are_completed(self, failed):
        """After the magic's name."""
        assert offers("%jobs An", failed.names) == ["Analysis"]


class TestPanel:
    @pytest.fixture
    def displayed(self, failed, monkeypatch):
        """What is displayed where somebody looks."""
        found = []
        monkeypatch.setattr(show_jobs, "place", lambda shell: Place.NOTEBOOK)

        class Handle:
            def update(self, data, raw):
                found.append(data)

        def display(data, raw, display_id=False):
            found.append(data)
            return Handle()

        monkeypatch.setattr(show_jobs.display_functions, "display", display)
        return found

    @pytest.mark.parametrize("line", ["Analysis.jobs", "schema.jobs"])
    def test_a_panel_is_shown_and_a_plain_view_is_kept(self, failed, displayed, line):
        """The plain one hides as long as the panel is there, and hides what is left of it in a file."""
        outcome = failed.run(line)

        assert (outcome.error, outcome.data) == (None, {})
        panel, kept = displayed
        assert show_jobs.WIDGET in panel
        assert (panel["text/html"], panel["text/plain"]) == ("", "")
        assert kept["text/plain"].startswith("Analysis.jobs: 1 error")
        assert ":has(.djnb-job-panel)" in kept["text/html"]

    def test_unloading_takes_the_panel_away(self, failed, displayed):
        """The jobs show as text and HTML then."""
        failed.run("%unload_ext djnb")

        assert failed.run("Analysis.jobs").data["text/plain"].startswith("Analysis.jobs: 1 error")
        assert displayed == []

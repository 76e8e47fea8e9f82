"""The panel of jobs, by its traits and without a browser."""

from __future__ import annotations

import re

import ipywidgets
import pytest

import djnb as dj
from djnb.jupyter.widgets.job_panel import JobPanel
from djnb.jupyter.widgets.schema_panel import SchemaPanel
from djnb.triage import Board
from tests.unit.triage.conftest import Spikes

__all__ = ["Spikes"]


@pytest.fixture
def panel(Spikes):
    panel = JobPanel(Board(Spikes.jobs, size=2))
    yield panel
    panel.close()


def words(widget):
    """Return what is read of an HTML widget."""
    return " ".join(re.sub(r"<[^>]*>", " ", widget.value).split())


def lines(panel):
    """Return the jobs that are listed."""
    return [" ".join(label.split()) for label, _ in panel.jobs.options]


class TestLooking:
    def test_begins_with_what_failed(self, panel):
        """The states have their counts, the errors their kinds."""
        assert [toggle.description for toggle in panel.states.values()] == [
            "all 6",
            "pending 2",
            "reserved 0",
            "success 0",
            "error 4",
            "ignore 0",
        ]
        assert [state for state, toggle in panel.states.items() if toggle.value] == ["error"]
        assert [label for label, _ in panel.kinds.options] == [
            "all kinds",
            "3 × ValueError: bad spike at 9",  # noqa: RUF001
            "1 × OSError: no file",  # noqa: RUF001
        ]
        assert lines(panel) == [
            "recording=3 error 5 ValueError: bad spike at 3",
            "recording=6 error 5 ValueError: bad spike at 6",
        ]
        assert words(panel.place) == "1 to 2 of 4; 0 selected"

    def test_states_are_chosen_one_at_a_time(self, panel):
        """Clicking another one lets the first go; clicking it again leaves it."""
        panel.states["pending"].value = True
        assert [state for state, toggle in panel.states.items() if toggle.value] == ["pending"]
        assert lines(panel) == ["recording=11 pending 5", "recording=12 pending 5"]

        panel.states["pending"].value = False
        assert panel.states["pending"].value

    def test_kinds_words_and_orders_are_chosen(self, panel):
        """Together."""
        panel.kinds.value = panel.kinds.options[1][1]
        assert words(panel.place) == "1 to 2 of 3; 0 selected"

        panel.search.value = "spike"
        panel.sort.value = "message"
        assert lines(panel)[0] == "recording=3 error 5 ValueError: bad spike at 3"

        panel.search.value = "nothing like it"
        assert (lines(panel), words(panel.place)) == ([], "no jobs; 0 selected")

    def test_pages_are_turned(self, panel):
        """A button that leads nowhere is disabled."""
        assert (panel.back.disabled, panel.on.disabled) == (True, False)

        panel.on.click()

        assert lines(panel)[0] == "recording=7 error 5 OSError: no file"
        assert (panel.back.disabled, panel.on.disabled) == (False, True)
        panel.back.click()
        assert words(panel.place) == "1 to 2 of 4; 0 selected"

    def test_a_selected_job_is_told_in_full(self, panel):
        """With its traceback, its key and where it ran."""
        panel.jobs.value = (1,)

        assert words(panel.detail).startswith("recording=6 · error ValueError: bad spike at 6 host ")
        assert "raise ValueError" in panel.detail.value
        assert words(panel.place) == "1 to 2 of 4; 1 selected"

    def test_jobs_are_selected_one_after_another(self, panel):
        """Also without arrow keys, which JupyterLab takes for its own."""
        found = []
        for button in (panel.job_after, panel.job_after, panel.job_after, panel.job_before):
            button.click()
            found.append(panel.jobs.value)

        assert found == [(0,), (1,), (1,), (0,)]
        assert words(panel.detail).startswith("recording=3 · error")

    def test_it_looks_again_where_something_has_changed(self, panel, Spikes, monkeypatch):
        """At the beat of the front end's clock, unless it is stopped."""
        (Spikes.jobs & "recording = 3").retry()
        panel._looked = 0.0

        panel.clock.value += 1

        assert panel.states["error"].description == "error 3"
        panel.live.value = False
        assert not panel.clock.playing


class TestDoing:
    def test_nothing_is_done_before_it_is_confirmed(self, panel, Spikes):
        """The question and the button name the exact number; the code is there to be copied."""
        panel.takes_all.value = True
        panel.verbs["ignore"].click()

        assert "Ignore 4 jobs of Spikes? This can be undone." in words(panel.question)
        assert (
            "(Spikes.jobs.errors &amp; &quot;status &lt;&gt; &#x27;ignore&#x27;&quot;).ignore()" in panel.question.value
        )
        assert panel.confirm.description == "Ignore 4 jobs"
        panel.cancel.click()
        assert len(Spikes.jobs.errors) == 4

    def test_what_is_confirmed_is_done_and_can_be_undone(self, panel, Spikes):
        """The counts follow."""
        panel.jobs.value = (0, 1)
        panel.verbs["retry"].click()
        assert "What depends on this: Summary (computed, 0 rows of these)." in words(panel.question)

        panel.confirm.click()

        assert words(panel.message).startswith("2 jobs wait again.")
        assert (panel.states["error"].description, len(Spikes.jobs.pending)) == ("error 2", 4)
        panel.undo.click()
        assert panel.states["error"].description == "error 4"
        assert panel.undo.disabled

    def test_jobs_are_retried_and_run_here(self, panel, Spikes):
        """By this kernel in the background."""
        Spikes.is_mended = True
        panel.jobs.value = (0,)
        panel.verbs["run"].click()
        panel.confirm.click()
        for run in dj.runs():
            run.wait()
        panel.again.click()

        assert len(Spikes & {"recording": 3}) == 1
        assert panel.states["error"].description == "error 3"

    def test_priority_and_delete(self, panel, Spikes):
        """As the others."""
        panel.takes_all.value = True
        panel.priority.value = 1
        panel.verbs["prioritize"].click()
        panel.confirm.click()
        assert Spikes.jobs.errors.to_dicts("priority") == [{"priority": 1}] * 4

        panel.takes_all.value = True
        panel.verbs["delete"].click()
        assert panel.confirm.description == "Delete 4 jobs"
        panel.confirm.click()
        assert len(Spikes.jobs) == 2

    def test_stale_jobs_are_given_back(self, panel):
        """Where there are none, there is nothing to confirm."""
        panel.verbs["release"].click()

        assert "There is nothing to do." in words(panel.question)
        assert panel.confirm.disabled


class TestFaults:
    def test_without_a_selection_the_button_says_so(self, panel):
        """As an alert, which a screen reader reads out."""
        panel.verbs["retry"].click()

        assert words(panel.message) == "No job is selected. Select some, or all that match."
        assert 'role="alert"' in panel.message.value

    def test_a_job_that_vanished_is_told(self, panel, Spikes):
        """Between the paint and the click."""
        Spikes.jobs.delete()
        panel.jobs.value = (0,)

        assert "is not there any more" in words(panel.message)

    def test_a_dropped_table_is_told(self, panel, Spikes):
        """At the next click; nothing is raised where nobody sees it."""
        dj.Schema("lab", connection=Spikes.connection).drop(force=True)
        panel.again.click()

        assert 'role="alert"' in panel.message.value
        assert "MissingTableError: There is no table" in words(panel.message)

    def test_a_dead_connection_is_told(self, panel, Spikes, monkeypatch):
        """By the error of the driver."""
        Spikes.connection.close()
        monkeypatch.setattr(type(Spikes.connection), "execute", _lost)
        panel.on.click()

        assert "The server has gone" in words(panel.message)


class TestSchema:
    def test_a_table_is_chosen(self, Spikes):
        """That where most has failed comes first."""
        schema = dj.Schema("lab", connection=Spikes.connection)
        shown = SchemaPanel(schema.jobs)

        assert shown.tables.options[0][0] == "Spikes: 2 pending, 4 error"
        assert isinstance(shown.panel.widget, ipywidgets.VBox)
        shown.close()


def _lost(*_):
    raise dj.errors.LostConnectionError("The server has gone.")

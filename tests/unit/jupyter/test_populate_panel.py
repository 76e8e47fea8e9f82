"""The panel: what its widgets say, and what its button does, by their traits and without a browser."""

from __future__ import annotations

import re

import ipywidgets
import pytest

from djnb.events import KeyFailed, KeyFinished, KeyStarted, PopulateStarted
from djnb.jupyter.watch import RunWatch
from djnb.jupyter.widgets.populate_panel import INTERRUPT_HINT, PopulatePanel
from djnb.populate.run import Run


@pytest.fixture
def run() -> Run:
    return Run("Analysis", 4)


@pytest.fixture
def watch(run) -> RunWatch:
    watch = RunWatch(run)
    watch.receive(PopulateStarted(run, "Analysis", 4, 0.0))
    return watch


@pytest.fixture
def panel(run, watch):
    panel = PopulatePanel(run, watch, can_click=True)
    yield panel
    panel.close()


def words(widget):
    """Return what is read of an HTML widget."""
    return " ".join(re.sub(r"<[^>]*>", " ", widget.value).split())


class TestPaint:
    def test_begins_with_the_keys_to_make(self, panel):
        """The panel is filled when it appears."""
        assert "Analysis 0 of 4 · 0% &nbsp;" == words(panel.status)

    def test_follows_the_run(self, panel, run, watch):
        """A paint shows the run as it is."""
        watch.receive(KeyStarted(run, {"session": 0}, 0.0))
        watch.receive(KeyFinished(run, {"session": 0}, 0.1))
        watch.receive(KeyStarted(run, {"session": 1}, 0.0))
        watch.receive(KeyFailed(run, {"session": 1}, ValueError("bad"), 0.1))

        panel.paint()

        assert words(panel.status).startswith("Analysis 2 of 4 · 50% · 1 error")
        assert "1 &times; ValueError: bad (at session=1 )" == words(panel.errors)

    def test_sends_nothing_where_nothing_changed(self, panel):
        """An errors list that stays as it is is not sent again, so that a screen reader is not interrupted."""
        sent = []
        panel.errors.observe(sent.append)

        panel.paint()
        panel.paint()

        assert [] == sent


class TestStopButton:
    def test_stops_the_run(self, panel, run):
        """A click ends the run after the key in hand, and the button says that it was heard."""
        panel.stop.click()

        assert run.is_stopping
        assert (True, "Stopping") == (panel.stop.disabled, panel.stop.description)

    def test_says_what_it_does(self, panel):
        """The button's tooltip names the table and what is kept."""
        assert "Stop Analysis after the key in hand" == panel.stop.tooltip

    def test_what_a_click_raises_is_shown(self, panel, run, monkeypatch):
        """An exception in a callback is seen in the panel, not lost in the kernel."""
        monkeypatch.setattr(run, "stop", lambda: 1 / 0)

        panel.stop.click()

        assert "ZeroDivisionError: division by zero" == words(panel.message)
        assert 'role="alert"' in panel.message.value


class TestWithoutClicks:
    def test_tells_how_to_interrupt(self, run, watch):
        """Where a click could not arrive there is no dead button, but the way that works."""
        panel = PopulatePanel(run, watch, can_click=False)

        assert ("none", INTERRUPT_HINT) == (panel.stop.layout.display, words(panel.message))
        panel.close()


class TestClose:
    def test_leaves_no_widget_behind(self, run, watch):
        """A long session with many runs does not fill the kernel with dead widgets."""
        before = set(ipywidgets.Widget.get_manager_state()["state"])

        PopulatePanel(run, watch, can_click=True).close()

        assert before == set(ipywidgets.Widget.get_manager_state()["state"])

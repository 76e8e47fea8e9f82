"""The panel: what its widgets say, and what its button does, by their traits and without a browser."""

from __future__ import annotations

import re

import ipywidgets
import pytest

from djnb.events import KeyFailed, KeyFinished, KeyStarted, PopulateStarted
from djnb.jupyter.widgets.populate_panel import INTERRUPT_HINT, PopulatePanel
from djnb.populate.output import Output
from djnb.populate.result import PopulateResult
from djnb.populate.run import Run


@pytest.fixture
def run() -> Run:
    return Run("Analysis", 4)


@pytest.fixture
def watch(run):
    run.watch.receive(PopulateStarted(run, "Analysis", 4, 0.0))
    return run.watch


@pytest.fixture
def panel(run, watch):
    panel = PopulatePanel(run, can_click=True)
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

    def test_stop_now_interrupts_the_key_in_hand(self, panel, run):
        """The other button waits for no key, and says what it can interrupt."""
        calls = []
        run.begin(lambda: calls.append("interrupted"))

        panel.stop_now.click()

        assert (["interrupted"], True) == (calls, run.is_stopping)
        assert (True, "Stopping now") == (panel.stop_now.disabled, panel.stop_now.description)
        assert "a long call of compiled code" in panel.stop_now.tooltip

    def test_what_a_click_raises_is_shown(self, panel, run, monkeypatch):
        """An exception in a callback is seen in the panel, not lost in the kernel."""
        monkeypatch.setattr(run, "stop", lambda: 1 / 0)

        panel.stop.click()

        assert "ZeroDivisionError: division by zero" == words(panel.message)
        assert 'role="alert"' in panel.message.value


class TestPauseButton:
    def test_holds_the_run_and_lets_it_go_on(self, panel, run):
        """The button pauses, and is the one that resumes then."""
        panel.pause.click()
        paused = run.is_paused, panel.pause.description, words(panel.status)
        panel.pause.click()

        assert (True, "Resume", "Analysis 0 of 4 · 0% paused") == paused
        assert (False, "Pause") == (run.is_paused, panel.pause.description)

    def test_follows_a_pause_from_elsewhere(self, panel, run):
        """What `run.pause()` in another cell does is seen in the panel."""
        run.pause()

        panel.paint()

        assert "Resume" == panel.pause.description


class TestDurations:
    def test_histogram_is_shown_on_demand(self, panel, run, watch):
        """How long keys took is drawn when it is asked for, and not before."""
        watch.receive(KeyFinished(run, {"session": 0}, 0.25))
        before = panel.histogram.value, panel.histogram.layout.display

        panel.durations.value = True

        assert ("", "none") == before
        assert words(panel.histogram).startswith("1 key took 250 ms to 250 ms")
        assert panel.histogram.layout.display is None


class TestOutput:
    def test_button_appears_with_the_first_output(self, panel, run):
        """Where make prints nothing there is nothing to open."""
        before = panel.output.layout.display
        run.outputs.add(Output({"session": 0}, "two\nlines\n", table="Analysis"))
        panel._slow = 0.0

        panel.paint()

        assert ("none", None) == (before, panel.output.layout.display)

    def test_output_of_a_key_is_opened(self, panel, run):
        """What make printed and drew for a key is shown when the key is chosen, as it was written."""
        run.outputs.add(Output({"session": 0}, "<b>two</b>\nlines\n", (b"png",), table="Analysis"))
        panel.output.value = True

        panel.outputs.choice.value = "Analysis: session=0"

        assert ["the key in hand", "session=0 (2 lines, 1 figure)"] == [
            label for label, _ in panel.outputs.choice.options
        ]
        assert "<pre>&lt;b&gt;two&lt;/b&gt;\nlines\n</pre>" in panel.outputs.shown.value
        assert 'alt="Figure 1 of session=0" src="data:image/png;base64,cG5n"' in panel.outputs.shown.value

    def test_key_in_hand_is_followed(self, panel, run):
        """What the key in hand prints is there while it is made."""
        run.outputs.open(lambda: Output({"session": 0}, "half way\n"))

        panel.output.value = True

        assert "half way" == words(panel.outputs.shown)


class TestEnd:
    def test_result_takes_the_place_of_the_buttons(self, panel, run):
        """A page that was loaded anew, and hears of no update, ends with what came of the run."""
        run.end(PopulateResult("Analysis", 4))

        panel.end()
        panel.paint()

        assert ("none", "Analysis : 4 made") == (panel.buttons.layout.display, words(panel.status)[-17:])


class TestWithoutClicks:
    def test_tells_how_to_interrupt(self, run, watch):
        """Where a click could not arrive there is no dead button, but the way that works."""
        panel = PopulatePanel(run, can_click=False)

        assert ("none", INTERRUPT_HINT) == (panel.buttons.layout.display, words(panel.message))
        panel.close()


class TestClose:
    def test_leaves_no_widget_behind(self, run, watch):
        """A long session with many runs does not fill the kernel with dead widgets."""
        before = set(ipywidgets.Widget.get_manager_state()["state"])

        PopulatePanel(run, can_click=True).close()

        assert before == set(ipywidgets.Widget.get_manager_state()["state"])

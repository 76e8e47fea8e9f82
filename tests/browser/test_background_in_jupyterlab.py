"""A run in the background as a user sees it: it goes on, is found again, paused, looked into and stopped."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser import driver
from tests.browser.driver import DARK
from tests.browser.test_quickstart_in_jupyterlab import PIPELINE, count_after, kinds

pytestmark = pytest.mark.browser

TALKING = PIPELINE.replace("time.sleep(pause)", 'print(f"looked at {key}"); time.sleep(pause)').replace(
    "0.2  #", "0.5  #"
)


@dataclass
class Seen:
    """What was seen of a run."""

    counts: list[int]
    paused: str
    histogram: str
    output: str
    after: int
    contrasts: dict[str, float]
    summary: str
    listed: str
    saved: set[str]
    reopened: str
    errors: list[str]


@pytest.fixture(scope="class")
def seen(write_notebook, open_notebook, screenshots):
    """Give what is seen of a run: in its cell, after the page was loaded anew, stopped, and in the saved notebook."""
    path = write_notebook(
        TALKING, "run = Analysis.populate(background=True, capture_output=True)\nrun", "dj.runs()", "run"
    )
    with open_notebook(path, theme=DARK) as notebook:
        notebook.run(0)
        notebook.run(1)
        counts = [count_after(notebook.output(1), 1)]
        notebook.reload()
        notebook.run(2)
        output = notebook.output(2)
        counts.append(count_after(output, counts[0]))
        notebook.click(2, "Pause")
        expect(output).to_contain_text("paused")
        paused = output.inner_text()
        notebook.click(2, "Durations")
        notebook.click(2, "Output")
        output.get_by_role("combobox").select_option(index=1)
        expect(output.locator("pre")).to_contain_text("looked at")
        expect(output.get_by_role("img", name="Histogram")).to_be_visible()
        notebook.screenshot(screenshots / "background.png")
        histogram = output.get_by_role("img", name="Histogram").get_attribute("aria-label")
        said = output.locator("pre").inner_text()
        contrasts = driver.contrasts(output)
        notebook.click(2, "Resume")
        after = count_after(output, counts[1])
        notebook.click(2, "Stop")
        expect(output).to_contain_text("stopped")
        summary = notebook.run(3).inner_text()
        listed = notebook.text(2)
        notebook.screenshot(screenshots / "background ended.png")
        saved = kinds(notebook.save().cells[2])
        errors = notebook.errors
    with open_notebook(path) as notebook:
        reopened = notebook.page.locator(".jp-Notebook").inner_text()
    return Seen(counts, paused, histogram, said, after, contrasts, summary, listed, saved, reopened, errors)


class TestBackground:
    def test_is_found_again_after_the_page_was_loaded_anew(self, seen):
        """dj.runs() shows the run where it is by now: it went on without the page."""
        assert seen.counts[0] < seen.counts[1]

    def test_is_paused_and_goes_on(self, seen):
        """Pause holds the run between two keys, and the same button lets it go on."""
        assert re.search(r"Resume", seen.paused)
        assert seen.after > seen.counts[1]

    def test_can_be_looked_into(self, seen):
        """How long keys took, and what they have printed, are opened in the panel."""
        assert re.match(r"Histogram: \d+ keys took \d", seen.histogram)
        assert re.match(r"looked at \{'session': \d+\}", seen.output)

    def test_text_stands_out(self, seen):
        """All of it is read in the dark theme: contrast 4.5 or more."""
        assert {} == {text: ratio for text, ratio in seen.contrasts.items() if ratio < 4.5}

    def test_stop_ends_it_with_a_summary(self, seen):
        """The list and the handle say what came of it."""
        assert "stopped" in seen.listed
        assert re.search(r"Analysis: \d+ made, \d+ left, stopped", seen.summary)

    def test_saved_notebook_has_no_widget(self, seen):
        """What is left is text and HTML, which a notebook that is opened again shows."""
        assert {"text/html", "text/plain"} == seen.saved
        assert not driver.DEAD_WIDGET.search(seen.reopened)
        assert [] == seen.errors

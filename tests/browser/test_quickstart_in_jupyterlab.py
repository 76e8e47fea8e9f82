"""The notebook face as a user sees it: in a real JupyterLab and Notebook 7, in a real browser."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import driver
from tests.browser.driver import DARK, LIGHT

pytestmark = pytest.mark.browser

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"

# The row is inserted before the wait, so that an end in the middle of a key would leave half of it.
PIPELINE = '''\
%load_ext djnb
import json, time
import djnb as dj

schema = dj.Schema("lab", connection=dj.connect("sqlite:///lab.sqlite"))
begun, pause = [], 0.2  # seconds

@schema
class Session(dj.Manual):
    definition = """
    # a recording session
    session : int32
    ---
    note : varchar(80)   # what was remarkable
    """

@schema
class Analysis(dj.Computed):
    definition = """
    -> Session
    ---
    value : float64
    """

    def make(self, key):
        begun.append(key["session"])
        self.insert1(dict(key, value=key["session"] / 2))
        time.sleep(pause)

note = "<script>alert(1)</script> & <b>bold</b>"
Session.insert(({"session": n, "note": note} for n in range(100)), skip_duplicates=True)
'''
TOTAL = 100

# What happened, for the test to read: the keys that make() was called for, and those whose rows are there.
# From then on make() takes no time.
REPORT = """
print(json.dumps([begun, [int(key["session"]) for key in Analysis.keys()]]))
pause = 0
"""

KEY_IN_HAND = re.compile(r"\bsession\W{1,4}\d+")
READABLE = 4.5  # the contrast that WCAG 2 asks of text

WIDGET = "application/vnd.jupyter.widget-view+json"


def count_after(output, count):
    """Wait until the bar stands beyond a count, and return where."""
    bar = output.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuemax", str(TOTAL))
    expect(bar).not_to_have_attribute("aria-valuenow", re.compile("|".join(f"^{n}$" for n in range(count + 1))))
    return int(bar.get_attribute("aria-valuenow"))


def report(notebook, index):
    """Return the keys that were begun and the keys that were made."""
    notebook.run(index)
    begun, made = json.loads(notebook.text(index))
    return begun, made


def kinds(cell):
    """Return the MIME types among a saved cell's outputs, and the types of outputs without one."""
    return {kind for output in cell.outputs for kind in output.get("data", {output.output_type: None})}


def faint(contrasts):
    """Return the texts that do not stand out."""
    return {text: round(ratio, 2) for text, ratio in contrasts.items() if ratio < READABLE}


def is_trouble(output):
    """Tell whether a saved output is a traceback, or something that was written to standard error."""
    return output.output_type == "error" or output.get("name") == "stderr"


@pytest.fixture(scope="class", params=[LIGHT, DARK])
def previews(request, write_notebook, open_notebook, screenshots):
    """Give a notebook with a table class alone in the second cell, and a query in the third."""
    path = write_notebook(PIPELINE, "Session", "Session & 'session < 3'")
    with open_notebook(path, theme=request.param) as notebook:
        for cell in range(3):
            notebook.run(cell)
        notebook.screenshot(screenshots / f"table {request.param}.png")
        yield notebook


class TestTableAloneInACell:
    def test_first_rows_are_shown_as_a_table_that_tells_how_many_there_are(self, previews):
        """A table class alone in a cell shows its rows, under its name and their number."""
        output = previews.output(1)

        expect(output.get_by_role("table")).to_have_count(1)
        expect(output.locator("caption")).to_contain_text("Session")
        expect(output.locator("caption")).to_contain_text(str(TOTAL))
        assert ["session", "note"] == [name.split()[0] for name in output.locator("thead th").all_inner_texts()]

    def test_values_are_text_whatever_they_hold(self, previews):
        """A script or a tag in a value is shown as it was written; it does nothing in the page."""
        output = previews.output(1)

        note = output.locator("tbody tr").first.locator("td").last
        expect(note).to_have_text("<script>alert(1)</script> & <b>bold</b>")
        expect(output.locator("script, td b")).to_have_count(0)
        assert [] == previews.errors

    def test_query_shows_the_rows_that_it_asks_for(self, previews):
        """A query alone in a cell shows its rows, and only these."""
        rows = previews.output(2).locator("tbody tr")

        assert ["0", "1", "2"] == [row.split()[0] for row in rows.all_inner_texts()]

    def test_text_is_aligned_left_and_numbers_right(self, previews):
        """Columns line up as one reads them, whatever the front end does with tables."""
        cells = previews.output(1).locator("tbody tr").first.locator("th, td")

        assert ["right", "left"] == cells.evaluate_all("cells => cells.map(cell => getComputedStyle(cell).textAlign)")

    def test_text_stands_out(self, previews):
        """Names, values and the caption are read in the light theme and in the dark one: contrast 4.5 or more."""
        contrasts = driver.contrasts(previews.output(1))

        assert {"session", "note"} <= contrasts.keys()
        assert {} == faint(contrasts)


@dataclass
class Stopped:
    """What was seen of a populate that was stopped by its button."""

    counts: list[int]
    live: str
    contrasts: dict[str, float]
    begun: list[int]
    made: list[int]
    summary: str
    saved: set[str]
    errors: list[str]
    reopened: str


@pytest.fixture(scope="class", params=[("lab", DARK), ("notebook", LIGHT)], ids=["lab", "notebook"])
def stopped(request, write_notebook, open_notebook, screenshots):
    """Give what is seen of a populate: two counts, Stop is pressed, the file is saved and opened again."""
    front_end, theme = request.param
    path = write_notebook(PIPELINE, "%%populate Analysis", REPORT)
    with open_notebook(path, front_end, theme) as notebook:
        notebook.run(0)
        notebook.start(1)
        output = notebook.output(1)
        counts = [count_after(output, 0)]
        live = output.filter(has_text=KEY_IN_HAND).inner_text()
        counts.append(count_after(output, counts[0]))
        notebook.screenshot(screenshots / f"live {front_end}.png")
        contrasts = driver.contrasts(output.filter(has_text=KEY_IN_HAND))
        notebook.click(1, "Stop")
        notebook.wait(1)
        begun, made = report(notebook, 2)
        summary = notebook.text(1)
        notebook.screenshot(screenshots / f"stopped {front_end}.png")
        saved = kinds(notebook.save().cells[1])
        errors = notebook.errors
    with open_notebook(path, front_end, theme) as notebook:
        notebook.run(0)
        reopened = notebook.text(1)
        notebook.screenshot(screenshots / f"reopened {front_end}.png")
    return Stopped(counts, live, contrasts, begun, made, summary, saved, errors, reopened)


class TestStopButton:
    def test_count_moves_and_the_current_key_is_named(self, stopped):
        """While a populate runs, its count goes up and the key in hand is shown."""
        first, second = stopped.counts

        assert first < second
        assert KEY_IN_HAND.search(stopped.live)

    def test_text_of_the_live_view_stands_out(self, stopped):
        """Count, pace, key in hand and button are read in the dark theme and in the light one: contrast 4.5 or more."""
        assert "Stop" in stopped.contrasts
        assert {} == faint(stopped.contrasts)

    def test_key_in_hand_is_finished_and_no_other_is_begun(self, stopped):
        """Stop ends the populate after the current key: whatever was begun is in the table, in order."""
        assert stopped.begun == stopped.made == list(range(len(stopped.made)))
        assert stopped.counts[-1] <= len(stopped.made) < TOTAL

    def test_summary_is_left_in_the_output(self, stopped):
        """The cell ends with a summary that says how many keys were made and that it was stopped."""
        assert re.search(rf"\b{len(stopped.made)}\b", stopped.summary)
        assert "stopped" in stopped.summary.lower()

    def test_saved_notebook_holds_the_summary_and_no_widget(self, stopped):
        """The file holds the summary as HTML and as text; no widget that only this page could draw."""
        assert {"text/html", "text/plain"} == stopped.saved

    def test_summary_is_there_when_the_notebook_is_opened_again(self, stopped):
        """Opened again, the notebook shows the same summary, not "model not found"."""
        assert stopped.summary == stopped.reopened
        assert not driver.DEAD_WIDGET.search(stopped.reopened)

    def test_page_has_no_errors(self, stopped):
        """No script of the page fails, whatever was clicked."""
        assert [] == stopped.errors


class TestInterrupt:
    def test_kernel_interrupt_ends_with_a_summary_and_the_next_populate_makes_the_rest(
        self, write_notebook, open_notebook, screenshots
    ):
        """
        The kernel's ■ ends a populate with a summary and without a traceback; the key in hand leaves nothing behind.

        Populating again makes the rest.
        """
        path = write_notebook(PIPELINE, "%%populate Analysis", REPORT, "%%populate Analysis", REPORT)
        with open_notebook(path) as notebook:
            notebook.run(0)
            notebook.start(1)
            count_after(notebook.output(1), 0)

            notebook.interrupt()
            notebook.wait(1)
            begun, made = report(notebook, 2)
            summary = notebook.text(1)
            notebook.run(3)
            begun_in_all, made_in_all = report(notebook, 4)
            notebook.screenshot(screenshots / "interrupted.png")
            saved = notebook.save()

        assert "interrupted" in summary.lower()
        assert [{"text/html", "text/plain"}] * 2 == [kinds(saved.cells[index]) for index in (1, 3)]
        # It may come between two keys, and then none is given up.
        assert made == begun[: len(made)]
        assert len(begun) - len(made) in {0, 1}
        assert 0 < len(made) < TOTAL
        assert list(range(TOTAL)) == made_in_all
        assert made_in_all[len(made) :] == begun_in_all[len(begun) :]


class TestFailingKeys:
    def test_failed_key_and_its_error_are_told(self, write_notebook, open_notebook, screenshots):
        """With --suppress-errors the other keys are made, and the summary names the failed key and its error."""
        fail = PIPELINE.replace("time.sleep(pause)", 'if key["session"] == 3: raise ValueError("bad <i>spike</i>")')
        with open_notebook(write_notebook(fail, "%%populate Analysis --suppress-errors", REPORT)) as notebook:
            notebook.run(0)

            output = notebook.run(1)

            notebook.screenshot(screenshots / "failed-key.png")
            _, made = report(notebook, 2)
            expect(output).to_contain_text("ValueError: bad <i>spike</i>")
            expect(output.locator("i", has_text="spike")).to_have_count(0)
            assert [n for n in range(TOTAL) if n != 3] == made


class TestNotebooks:
    @pytest.mark.parametrize("name", ["01-quickstart", "03-populate-and-jobs"])
    def test_runs_from_top_to_bottom(self, name, new_folder, open_notebook, screenshots):
        """ "Run All" in JupyterLab runs every cell of the notebook, and none shows an error."""
        path = driver.copy_notebook(NOTEBOOKS / f"{name}.ipynb", new_folder() / f"{name}.ipynb")
        with open_notebook(path) as notebook:
            notebook.run_all()

            notebook.screenshot(screenshots / f"{name}.png")
            saved = notebook.save()
            errors = notebook.errors

        code = [cell for cell in saved.cells if cell.cell_type == "code"]
        assert [] == [output for cell in code for output in cell.outputs if is_trouble(output)]
        assert list(range(1, len(code) + 1)) == [cell.execution_count for cell in code]
        assert WIDGET not in {kind for cell in code for kind in kinds(cell)}
        assert [] == errors

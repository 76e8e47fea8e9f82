"""The pages of a query as a user sees them: turned, sorted, drawn and kept, in a real JupyterLab."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser import driver
from tests.browser.driver import DARK, LIGHT

pytestmark = pytest.mark.browser

READABLE = 4.5  # the contrast that WCAG 2 asks of text

PIPELINE = '''\
%load_ext djnb
import numpy as np
import djnb as dj

schema = dj.Schema("lab", connection=dj.connect("sqlite:///lab.sqlite"))

@schema
class Session(dj.Manual):
    definition = """
    # a day of work with a mouse
    session : int32
    ---
    mouse : varchar(20)
    """

@schema
class Trial(dj.Manual):
    definition = """
    # one run of a mouse
    -> Session
    trial : int32
    ---
    side : enum('left', 'right')
    latency = null : float64    # until the choice (s)
    trace : <blob>              # ndarray of float64, shape (n_samples,) (mV)
    frame : <blob>              # ndarray of uint8, shape (height, width)
    setup : <blob>              # what was set on the rig
    """

rng = np.random.default_rng(0)
y, x = np.mgrid[:60, :90]
Session.insert([(1, "ada"), (2, "名前"), (3, "cafe\\u0301")])
Trial.insert(
    (
        1 + n % 3, n, "left" if n % 4 else "right", None if n % 9 == 0 else 0.3 + n / 50,
        np.sin(np.arange(400) / (9 + n)) + rng.normal(size=400) / 6,
        (127 * (1 + np.sin(x / (4 + n % 7)) * np.cos(y / 5))).astype(np.uint8), {"gain": n % 3, "filter": "off"},
    )
    for n in range(60)
)
'''


@dataclass
class Seen:
    """What was seen of a panel."""

    rows: list[str]
    contrasts: dict[str, float]
    pictures: int
    saved: list[set[str]]
    kept: str
    reopened: str
    errors: list[str]


@pytest.fixture(scope="module", params=[LIGHT, DARK])
def seen(request, write_notebook, open_notebook, screenshots):
    """Give what is seen of a panel whose controls are used, and which is kept as a table in the end."""
    theme = request.param
    path = write_notebook(PIPELINE, "Trial", "%preview Trial & 'latency > 0.4' --limit 6", "Session")
    with open_notebook(path, theme=theme) as notebook:
        for cell in range(4):
            notebook.run(cell)
        output = notebook.output(2)
        expect(output.locator("caption").first).to_contain_text("6 of 48 rows")
        output.get_by_label("Sort by").select_option("latency")
        output.get_by_role("button", name="Descending").click()
        output.get_by_role("button", name="Pictures").click()
        expect(output.locator("tbody img")).to_have_count(6)
        output.get_by_role("button", name="Next").click()
        expect(output.locator("caption").first).to_contain_text("rows 7 to 12 of 48")
        output.get_by_label("Summary of").select_option("latency")
        expect(output.locator("caption").last).to_contain_text("Summary of Trial")
        rows = [cells.split()[1] for cells in output.locator("table").first.locator("tbody tr").all_inner_texts()]
        pictures = output.locator("table").first.locator("tbody svg, tbody img").count()
        contrasts = driver.contrasts(output)
        notebook.screenshot(screenshots / f"preview {theme}.png")
        saved = [set(notebook.save().cells[2].outputs[0].data)]
        notebook.click(2, "Keep as table")
        expect(output.get_by_role("button")).to_have_count(0)
        kept = notebook.text(2)
        saved.append(set(notebook.save().cells[2].outputs[0].data))
        errors = notebook.errors
    with open_notebook(path, theme=theme) as notebook:
        reopened = notebook.text(2)
    return Seen(rows, contrasts, pictures, saved, kept, reopened, errors)


class TestPanel:
    def test_shows_the_page_that_was_asked_for(self, seen):
        """Sorted, the second page: the rows from the seventh greatest on."""
        assert ["52", "51", "50", "49", "48", "47"] == seen.rows

    def test_draws_arrays(self, seen):
        """A curve and an image in each row."""
        assert 12 == seen.pictures

    def test_text_stands_out(self, seen):
        """Controls, values and code are read in both themes: contrast 4.5 or more."""
        assert {"Descending", "Keep as table"} <= seen.contrasts.keys()
        assert {} == {text: round(ratio, 2) for text, ratio in seen.contrasts.items() if ratio < READABLE}

    def test_is_saved_with_a_table_beside_it(self, seen):
        """Whoever cannot draw the widget shows the page."""
        assert {"text/html", "text/plain"} < seen.saved[0]

    def test_can_be_kept_as_a_table(self, seen):
        """What was in sight stays in the notebook, without a widget, and is there when it is opened again."""
        assert {"text/html", "text/plain"} == seen.saved[1]
        assert "rows 7 to 12 of 48" in seen.kept
        assert seen.kept == seen.reopened
        assert not driver.DEAD_WIDGET.search(seen.reopened)

    def test_page_has_no_errors(self, seen):
        """No script of the page fails, whatever was clicked."""
        assert [] == seen.errors

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
    tables: list[bool]
    saved: list[set[str]]
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
        panel = notebook.output(2).locator(".djnb-live-panel")
        expect(panel.locator("caption").first).to_contain_text("6 of 48 rows")
        panel.get_by_label("Sort by").select_option("latency")
        panel.get_by_role("button", name="Descending").click()
        panel.get_by_role("button", name="Pictures").click()
        expect(panel.locator("tbody img")).to_have_count(6)
        panel.get_by_role("button", name="Next").click()
        expect(panel.locator("caption").first).to_contain_text("rows 7 to 12 of 48")
        panel.get_by_label("Summary of").select_option("latency")
        expect(panel.locator("caption").last).to_contain_text("Summary of Trial")
        rows = [cells.split()[1] for cells in panel.locator("table").first.locator("tbody tr").all_inner_texts()]
        pictures = panel.locator("table").first.locator("tbody svg, tbody img").count()
        tables = [table.is_visible() for table in notebook.output(2).locator("table").all()]
        contrasts = driver.contrasts(notebook.output(2))
        notebook.screenshot(screenshots / f"preview {theme}.png")
        saved = [set(output.data) for output in notebook.save().cells[2].outputs]
        errors = notebook.errors
    with open_notebook(path, theme=theme) as notebook:
        page = notebook.output(2).get_by_role("table")
        expect(page).to_have_count(1)
        page.scroll_into_view_if_needed()
        notebook.screenshot(screenshots / f"preview reopened {theme}.png")
        reopened = notebook.page.locator(".jp-Notebook").inner_text()
    return Seen(rows, contrasts, pictures, tables, saved, reopened, errors)


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

    def test_is_seen_alone(self, seen):
        """The page and the summary are seen in the panel, and what is kept for the file is not."""
        assert [True, True, False] == seen.tables

    def test_leaves_the_page_in_the_file(self, seen):
        """Opened again without the kernel, the notebook shows the page that was in sight, and no broken widget."""
        assert {"text/html", "text/plain"} == seen.saved[1]
        assert "rows 7 to 12 of 48" in seen.reopened
        assert not driver.DEAD_WIDGET.search(seen.reopened)

    def test_page_has_no_errors(self, seen):
        """No script of the page fails, whatever was clicked."""
        assert [] == seen.errors

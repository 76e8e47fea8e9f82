"""
The pictures of the README: taken anew with every run, into the folder of the screenshots.

What they show is asserted. Where the look has changed, copy ``readme-light.png`` to
``notebooks/images/quickstart.png``, and ``readme-dark.png`` to ``quickstart-dark.png``.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import driver
from tests.browser.driver import DARK, LIGHT

pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 1040, 1100

# What a reader need not see.
PREPARED = """\
import djnb as dj
from djnb import demo

demo.activate(connection=dj.connect("sqlite:///pictures.sqlite"))
demo.Image.insert(demo.REGISTERED)
demo.Pixels.populate(suppress_errors=True);
"""

CELLS = (
    PREPARED,
    "%load_ext djnb\nfrom djnb.demo import Pixels, Segmentation",
    "%preview Pixels --pictures --limit 4",
    "%%populate Segmentation",
)


@pytest.mark.parametrize(("theme", "name"), [(LIGHT, "light"), (DARK, "dark")])
def test_tables_and_a_populate_under_way(theme, name, write_notebook, open_notebook, screenshots):
    """A table with its arrays as pictures, and a populate with its buttons."""
    pytest.importorskip("skimage")
    with open_notebook(write_notebook(*CELLS), theme=theme) as notebook:
        notebook.page.evaluate("window.jupyterapp.commands.execute('application:toggle-left-area')")
        notebook.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        for cell in range(3):
            notebook.run(cell)
        expect(notebook.output(2).locator("tbody img:visible")).to_have_count(4)
        notebook.start(3)
        bar = notebook.output(3).get_by_role("progressbar").first
        expect(bar).to_have_attribute("aria-valuenow", re.compile("^[3-9]$"), timeout=driver.CELL_SECONDS * 1000)

        top, bottom = notebook.cell(1).bounding_box(), notebook.cell(3).bounding_box()
        height = bottom["y"] + bottom["height"] - top["y"]
        notebook.page.screenshot(
            path=screenshots / f"readme-{name}.png",
            animations="disabled",
            clip={"x": top["x"], "y": top["y"], "width": top["width"], "height": height},
        )
        expect(notebook.output(3).get_by_role("button", name="Stop").first).to_be_visible()
        notebook.click(3, "Stop")

        assert [] == notebook.errors

"""Diagrams as they are seen in a real JupyterLab: whole pictures, on light pages and dark ones."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser import driver
from tests.browser.driver import DARK, LIGHT
from tests.browser.server import KERNEL

pytestmark = pytest.mark.browser

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "05-diagrams.ipynb"
READABLE = 4.5  # the contrast that WCAG 2 asks of text

# The text of an SVG in an image cannot be asked for; put into the page, it can.
TEXTS = """async image => {
    const text = await (await fetch(image.src)).text();
    const svg = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    const holder = document.createElement("div");
    document.body.append(holder);
    holder.append(svg);
    const outer = svg.getBoundingClientRect();
    const found = [...svg.querySelectorAll("text")].map(each => {
        const place = each.getBoundingClientRect();
        const box = each.parentElement.querySelector("rect, polygon, path")?.getBoundingClientRect();
        return {text: each.textContent, left: place.left - outer.left, right: place.right - outer.left,
                width: outer.width, over: box ? Math.max(box.left - place.left, place.right - box.right) : 0};
    });
    holder.remove();
    return {role: svg.getAttribute("role"), label: svg.getAttribute("aria-label"), texts: found};
}"""


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_notebook_shows_whole_pictures(browser, theme, new_folder, open_notebook, screenshots):
    """Every picture is shown, no text stands out of its node, tables beside pictures are readable, nothing fails."""
    path = driver.copy_notebook(NOTEBOOK, new_folder() / NOTEBOOK.name)
    with open_notebook(path, "lab", theme) as notebook:
        notebook.run_all()
        images = notebook.page.locator(".jp-OutputArea-output img")
        expect(images).to_have_count(8)
        images.nth(5).screenshot(path=screenshots / f"diagram {'light' if theme == LIGHT else 'dark'}.png")
        notebook.screenshot(screenshots / f"diagrams {'light' if theme == LIGHT else 'dark'}.png")
        pictures = [image.evaluate(TEXTS) for image in images.all()]
        tables = notebook.page.locator(".jp-OutputArea-output").filter(has=notebook.page.locator("table"))
        faint = {t: ratio for area in tables.all() for t, ratio in driver.contrasts(area).items() if ratio < READABLE}

        assert 0 == notebook.page.locator('[data-mime-type="application/vnd.jupyter.error"]').count()
        assert {"img"} == {picture["role"] for picture in pictures}
        assert "Diagram of 10 tables of lab, imaging" == pictures[0]["label"]
        texts = [text for picture in pictures for text in picture["texts"]]
        assert {"Animal", "Scan", "Cells", "+ Cell", "experimenter", "lab", "imaging"} <= {t["text"] for t in texts}
        assert [] == [text for text in texts if text["over"] > 1 or text["right"] > text["width"] + 1]
        assert {} == faint
        assert [] == notebook.errors


def test_notebook_that_nobody_trusts_shows_the_trees(browser, new_folder, open_notebook, screenshots):
    """In a fresh clone, before a cell is run, a saved picture is a tree, and tables are tables."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.metadata.kernelspec = {"name": KERNEL, "display_name": "Python 3", "language": "python"}
    path = new_folder() / NOTEBOOK.name
    nbformat.write(notebook, path)
    with open_notebook(path) as opened:
        opened.screenshot(screenshots / "diagrams untrusted.png")
        shown = opened.page.locator(".jp-OutputArea-output").all_inner_texts()

        assert any("└─ Session  Manual    + Note" in text for text in shown)
        assert any("⚠ 2 errors" in text for text in shown)
        assert any("Delete Session" in text for text in shown)
        assert [] == [text for text in shown if "<svg" in text or "xmlns" in text]
        assert [] == opened.errors

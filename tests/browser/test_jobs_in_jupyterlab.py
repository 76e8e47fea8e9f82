"""Triage of jobs in JupyterLab: what failed is mended by clicks, many jobs are paged, a saved notebook opens again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import driver

pytestmark = pytest.mark.browser

PIPELINE = """
%load_ext djnb
import djnb as dj

dj.connect("sqlite:///lab.sqlite")
schema = dj.Schema("lab")

@schema
class Recording(dj.Manual):
    definition = "recording : int32"

@schema
class Spikes(dj.Computed):
    definition = "-> Recording"
    is_mended = False

    def make(self, key):
        if not self.is_mended and key["recording"] % 3 == 0:
            raise ValueError(f"bad spike at {key['recording']}")
        self.insert1(key)

Recording.insert([(number,) for number in range(1, 10)])
Spikes.populate(reserve_jobs=True, suppress_errors=True);
"""

MANY = """
Recording.insert([(number,) for number in range(10, 100_010)])
Spikes.jobs.refresh()["added"]
"""


@pytest.fixture
def mended(write_notebook):
    """Write a notebook whose third cell shows the jobs, and whose second has mended the cause."""
    return write_notebook(PIPELINE, "Spikes.is_mended = True", "Spikes.jobs", "len(Spikes), len(Spikes.jobs)")


@pytest.mark.parametrize("theme", [driver.LIGHT, driver.DARK])
def test_a_failed_job_is_retried_and_succeeds(open_notebook, mended, screenshots, theme):
    """Its traceback is read before, and the other jobs stay; every word can be read in both themes."""
    with open_notebook(mended, theme=theme) as notebook:
        for cell in range(3):
            notebook.run(cell)
        panel = notebook.output(2)
        expect(panel.get_by_role("button", name="error 3")).to_be_visible()
        panel.get_by_label("Jobs").locator("option").first.click()
        expect(panel.get_by_text("Traceback (most recent call last)")).to_be_visible()

        notebook.click(2, "Retry and run here")
        expect(panel.get_by_text("Retry and run here: 1 job of Spikes?")).to_be_visible()
        assert min(driver.contrasts(panel.locator(".djnb-jobs").last).values()) >= 4.5
        notebook.screenshot(screenshots / f"jobs-{theme.split()[-1].lower()}.png")
        notebook.click(2, "Retry and run 1 job")
        expect(panel.get_by_text("1 job waits again and is run here.")).to_be_visible()
        expect(panel.get_by_role("button", name="error 2")).to_be_visible()
        notebook.run(3)

        assert notebook.text(3) == "(7, 2)"
        assert notebook.errors == []


def test_a_hundred_thousand_jobs_are_paged(open_notebook, write_notebook):
    """Forwards, and found by their key."""
    with open_notebook(write_notebook(PIPELINE, MANY, "Spikes.jobs")) as notebook:
        for cell in range(3):
            notebook.run(cell)
        panel = notebook.output(2)
        notebook.click(2, "all 100 003")
        expect(panel.get_by_text("1 to 25 of 100 003; 0 selected")).to_be_visible()

        notebook.click(2, "Next")
        expect(panel.get_by_text("26 to 50 of 100 003; 0 selected")).to_be_visible()
        panel.get_by_label("Search").fill("recording=77777")
        panel.get_by_label("Search").press("Enter")

        expect(panel.get_by_text("1 to 1 of 1; 0 selected")).to_be_visible()
        assert notebook.errors == []


def test_a_saved_notebook_opens_without_a_broken_widget(open_notebook, mended):
    """What is seen then are the jobs as they were last seen."""
    with open_notebook(mended) as notebook:
        for cell in range(3):
            notebook.run(cell)
        assert notebook.output(2).locator(".djnb-jobs-snapshot").is_hidden()
        notebook.save()

    with open_notebook(mended) as notebook:
        expect(notebook.output(2).locator(".djnb-jobs-snapshot")).to_be_visible()
        broken = notebook.output(2).get_by_text(driver.DEAD_WIDGET)
        assert [place for place in broken.all() if place.is_visible()] == []
        expect(notebook.output(2).get_by_text("3 error")).to_be_visible()


def test_keyboards_and_screen_readers_can_use_the_panel(open_notebook, mended, axe):
    """Axe finds nothing; a job is selected and retried without a mouse."""
    with open_notebook(mended) as notebook:
        for cell in range(3):
            notebook.run(cell)
        panel = notebook.output(2)
        panel.get_by_role("button", name="Job after").focus()
        notebook.page.keyboard.press("Enter")
        expect(panel.get_by_text("Traceback (most recent call last)")).to_be_visible()
        panel.get_by_label("Jobs").focus()
        notebook.page.keyboard.press("End")
        expect(panel.get_by_text("recording=9 · error")).to_be_visible()
        panel.get_by_role("button", name="Retry", exact=True).focus()
        notebook.page.keyboard.press("Space")
        expect(panel.get_by_text("Retry: 1 job of Spikes?")).to_be_visible()

        notebook.page.evaluate(axe)
        found = notebook.page.evaluate(
            "async () => (await axe.run('.djnb-job-panel')).violations.map(v => `${v.id}: ${v.nodes[0].html}`)"
        )

        assert found == []


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give axe-core's script, from npm; it is not kept."""
    folder: Path = tmp_path_factory.mktemp("axe")
    try:
        subprocess.run(
            ["npm", "pack", "--silent", "axe-core@4.10.3"], cwd=folder, check=True, capture_output=True, timeout=60
        )
        (archive,) = folder.glob("*.tgz")
        subprocess.run(["tar", "xzf", archive.name, "package/axe.min.js"], cwd=folder, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        if os.environ.get("DJNB_TEST_REQUIRE_AXE") == "1":
            raise
        pytest.skip(f"axe-core cannot be had from npm here: {error}")
    return (folder / "package" / "axe.min.js").read_text()

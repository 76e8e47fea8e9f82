"""Somebody who deletes in a notebook sees what would go, and answers with one of two buttons."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser import driver
from tests.browser.driver import DARK, LIGHT

pytestmark = pytest.mark.browser

PIPELINE = """\
%load_ext djnb
import json
import djnb as dj

schema = dj.Schema("lab", connection=dj.connect("sqlite:///lab.sqlite"))

@schema
class Session(dj.Manual):
    definition = "session : int32"

@schema
class Trial(dj.Manual):
    definition = '''
    -> Session
    trial : int32
    '''

Session.insert([(n,) for n in range(4)])
Trial.insert((n, trial) for n in range(4) for trial in range(3))
"""

DELETE = "deleted = (Session & 'session < 2').delete()"
REPORT = "print(json.dumps([deleted, len(Session), len(Trial)]))"
KEEP, DO = "Keep all 8 rows", "Delete 8 rows"
READABLE = 4.5  # the contrast that WCAG 2 asks of text


def faint(contrasts):
    """Return the texts that do not stand out."""
    return {text: round(ratio, 2) for text, ratio in contrasts.items() if ratio < READABLE}


def report(notebook, index):
    """Return what the delete returned, and how many rows are left."""
    notebook.run(index)
    return json.loads(notebook.text(index))


@pytest.fixture
def asked(request, write_notebook, open_notebook):
    """Give a notebook whose second cell asks."""
    front_end, theme = request.param
    path = write_notebook(PIPELINE, DELETE, REPORT)
    with open_notebook(path, front_end, theme) as notebook:
        notebook.run(0)
        notebook.start(1)
        expect(notebook.output(1).get_by_role("button", name=KEEP)).to_be_visible()
        yield notebook


class TestButtons:
    @pytest.mark.parametrize("asked", [("lab", LIGHT), ("lab", DARK)], indirect=True, ids=["light", "dark"])
    def test_plan_is_shown_and_delete_deletes(self, asked, screenshots, request):
        """The tables with their rows, two buttons that say how many; the plan and the answer stay in the output."""
        output = asked.output(1)
        asked.screenshot(screenshots / f"consent {request.node.callspec.id}.png")
        contrasts = driver.contrasts(output)

        expect(output.get_by_role("table")).to_contain_text(re.compile(r"Session\s*2\s*Trial\s*6"))
        assert {} == faint(contrasts)
        asked.click(1, DO)
        asked.wait(1)
        assert [2, 2, 6] == report(asked, 2)
        asked.screenshot(screenshots / f"consented {request.node.callspec.id}.png")
        saved = asked.save().cells[1]
        (kept,) = saved.outputs
        assert {"text/html", "text/plain"} == kept.data.keys()
        assert f"Answered: {DO}." in kept.data["text/plain"]
        assert [] == asked.errors

    @pytest.mark.parametrize("asked", [("notebook", LIGHT)], indirect=True)
    def test_keyboard_comes_to_keep_first(self, asked):
        """Whoever goes on with Tab and Enter keeps everything; Tab again leads to the other answer."""
        output = asked.output(1)
        keep, do = (output.get_by_role("button", name=name) for name in (KEEP, DO))
        keep.focus()
        keep.press("Tab")
        expect(do).to_be_focused()
        do.press("Shift+Tab")
        expect(keep).to_be_focused()

        keep.press("Enter")

        asked.wait(1)
        assert [0, 4, 12] == report(asked, 2)

    @pytest.mark.parametrize("asked", [("lab", LIGHT)], indirect=True)
    def test_interrupt_keeps_everything(self, asked):
        """The kernel's ■ ends the question, and nothing has gone."""
        asked.interrupt()

        asked.wait(1)
        expect(asked.output(1).first).to_contain_text("nothing was done")

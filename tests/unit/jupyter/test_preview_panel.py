"""The pages of a query as a widget, through its controls."""

from __future__ import annotations

import re

import numpy as np
import pytest

import djnb as dj
from djnb.events import StatementSent
from djnb.jupyter.widgets.preview_panel import PreviewPanel


@pytest.fixture
def Trial(lab):
    """Thirty rows with a blob."""

    @lab.schema
    class Trial(dj.Manual):
        definition = """
        trial : int32
        ---
        speed : float64
        trace = null : <blob>
        """

    Trial.insert([(n, float(n % 10), np.arange(n + 2.0)) for n in range(30)])
    return Trial


@pytest.fixture
def panel(Trial):
    """Give a panel of five rows a page."""
    return PreviewPanel(Trial(), "Trial", limit=5)


def shown(panel):
    """Return the keys that are in sight."""
    return [int(key) for key in re.findall(r'<th scope="row"[^>]*>(\d+)</th>', panel.table.value)]


class TestTurning:
    def test_by_buttons(self, panel):
        """First, previous, next, last; what leads nowhere is switched off."""
        assert [0, 1, 2, 3, 4] == shown(panel)
        assert (True, True, False, False) == tuple(
            button.disabled for button in (panel.first, panel.previous, panel.next, panel.last)
        )

        panel.next.click()
        assert ([5, 6, 7, 8, 9], 2) == (shown(panel), panel.page.value)
        panel.last.click()
        assert ([25, 26, 27, 28, 29], True) == (shown(panel), panel.next.disabled)
        panel.previous.click()
        assert [20, 21, 22, 23, 24] == shown(panel)
        panel.first.click()
        assert [0, 1, 2, 3, 4] == shown(panel)

    def test_by_number(self, panel):
        """A page is gone to by its number."""
        panel.page.value = 4

        assert [15, 16, 17, 18, 19] == shown(panel)
        assert ("of 6", 6) == (panel.extent.value, panel.page.max)

    def test_costs_one_statement(self, panel, lab):
        """The rows are not counted again."""
        sent = []
        with lab.connection.bus.subscribed(lambda event: sent.append(event.sql), StatementSent):
            panel.next.click()

        assert 1 == len(sent)

    def test_size_keeps_the_first_row_in_sight(self, panel):
        """More rows on a page."""
        panel.page.value = 5
        panel.size.value = 12

        assert 20 in shown(panel)
        assert 2 == panel.page.value


class TestSorting:
    def test_by_an_attribute_and_back(self, panel):
        """In both directions; the key decides between equal rows."""
        panel.page.value = 3
        panel.sort.value = "speed"
        assert ([0, 10, 20, 1, 11], 1) == (shown(panel), panel.page.value)

        panel.descending.value = True
        assert [9, 19, 29, 8, 18] == shown(panel)

        panel.sort.value = ""
        assert [29, 28, 27, 26, 25] == shown(panel)

    def test_is_as_it_was_asked_for(self, Trial):
        """The controls stand as the options say."""
        panel = PreviewPanel(Trial(), "Trial", order_by="speed DESC", limit=7)

        assert ("speed", True, 7) == (panel.sort.value, panel.descending.value, panel.size.value)
        assert "<code>Trial.to_pandas(order_by=&#x27;speed DESC&#x27;, limit=7)</code>" in panel.code.value

    def test_offers_no_large_values(self, panel):
        """What cannot be compared is not sorted by."""
        assert ["", "trial", "speed"] == [value for _, value in panel.sort.options]


class TestOnDemand:
    def test_pictures(self, panel):
        """Drawn when they are asked for."""
        assert "<svg" not in panel.table.value

        panel.pictures.value = True

        assert 5 == panel.table.value.count("<svg")

    def test_summary_of_an_attribute(self, panel):
        """Counts, extremes and the distribution of one attribute."""
        panel.about.value = "speed"
        assert "Summary of Trial" in panel.summary.value

        panel.about.value = ""
        assert panel.summary.value == ""

    def test_fresh_rows(self, panel, Trial):
        """Rows that came meanwhile are counted by the button."""
        Trial.insert1((30, 1.0, None))
        panel.refresh.click()
        panel.last.click()

        assert ([30], "of 7") == (shown(panel), panel.extent.value)

    def test_code_for_a_dataframe(self, lab, Trial):
        """The expression of the user, and what is on the page."""
        panel = PreviewPanel(Trial & "speed < 9", "Trial & 'speed < 9'", limit=5)
        panel.next.click()

        assert "<code>(Trial &amp; &#x27;speed &lt; 9&#x27;).to_pandas(limit=5, offset=5)</code>" in panel.code.value


class TestTrouble:
    def test_is_told_in_the_panel_and_the_page_stays(self, panel, Trial):
        """A dropped table is told, and what was seen is not lost."""
        Trial.drop(prompt=False)
        panel.next.click()

        assert 'role="alert">MissingTableError: ' in panel.message.value
        assert [0, 1, 2, 3, 4] == shown(panel)

    def test_goes_away_with_the_next_page(self, panel, monkeypatch):
        """A message is of the last click."""
        monkeypatch.setattr(panel.pages, "turn", lambda number: 1 / 0)
        panel.next.click()
        assert "ZeroDivisionError" in panel.message.value

        monkeypatch.undo()
        panel.next.click()
        assert panel.message.value == ""


class TestSaved:
    @pytest.fixture
    def displayed(self, panel, monkeypatch):
        """Give what is displayed, each with the bundles that it has been, the last one last."""
        displayed = []

        class Handle:
            def __init__(self, bundle):
                self.bundles = [bundle]

            def update(self, bundle, raw):
                self.bundles.append(bundle)

        def display(bundle, raw, display_id):
            displayed.append(Handle(bundle))
            return displayed[-1]

        # The front end's side of it.
        monkeypatch.setattr("IPython.core.display_functions.display", display)
        panel.show()
        return displayed

    def test_page_in_sight_stands_beside_the_panel(self, panel, displayed):
        """A file keeps no widget: what is opened again is the page that was seen last."""
        panel.next.click()

        view, page = displayed
        assert [{"application/vnd.jupyter.widget-view+json"}] == [set(bundle) for bundle in view.bundles]
        assert ["Trial: 5 of 30 rows", "Trial: rows 6 to 10 of 30"] == [
            bundle["text/plain"].splitlines()[0] for bundle in page.bundles
        ]
        assert panel.table.value in page.bundles[-1]["text/html"]

    def test_page_is_all_that_stays_when_it_is_kept(self, panel, displayed):
        """The panel goes, and the table stays."""
        panel.next.click()
        panel.keep.click()

        view, page = displayed
        assert ({}, 2) == (view.bundles[-1], len(page.bundles))
        assert panel.comm is None

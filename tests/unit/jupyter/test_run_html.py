"""The picture of a run: what a front end is given to show."""

from __future__ import annotations

import re

from djnb.jupyter.watch import RunErrors, View

from djnb.jupyter.widgets import run_html


def words(html):
    """Return what is read of some HTML."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


class TestStatus:
    def test_numbers_are_read(self):
        """Count, errors, pace, time left and the key in hand are in words beside the bar."""
        view = View("Analysis", 200, 35, 1, 2, {"session": 38}, 1, 12.0, 9.5, 4.0, 40.5)

        assert (
            "Analysis 38 of 200 · 19% · 2 errors · 1 already there · 4.0 keys/s · 40 s left making session=38 for 12 s"
            == words(run_html.status(view))
        )

    def test_bar_is_a_bar_for_screen_readers_too(self):
        """The bar says its name and its value."""
        html = run_html.status(View("Analysis", 200, 36))

        assert (
            'role="progressbar" aria-label="Analysis" aria-valuemin="0" aria-valuemax="200" aria-valuenow="36" '
            'aria-valuetext="36 of 200 · 18%"' in html
        )

    def test_no_time_is_promised_once_it_stops(self):
        """A run that stops tells so, and not how long the rest would have taken."""
        view = View("Analysis", 10, 5, key={"session": 5}, in_hand=1, rate=1.0, seconds_left=5.0, is_stopping=True)

        assert "Analysis 5 of 10 · 50% · 1.0 keys/s making session=5 ; stopping after it" == words(
            run_html.status(view)
        )

    def test_keys_are_escaped(self):
        """Text from the database cannot become markup."""
        html = run_html.status(View("Analysis", 1, key={"name": "<img src=x onerror=alert(1)>"}, in_hand=1))

        assert "<img" not in html
        assert "&lt;img" in html

    def test_nothing_to_do_is_no_division_by_zero(self):
        """A run of no keys has a picture."""
        assert "Analysis 0 of 0 · 0%" in words(run_html.status(View("Analysis", 0)))


class TestErrors:
    def test_groups_are_counted(self):
        """Each kind of error is one line with its count and its first key."""
        groups = (RunErrors("ValueError: bad <b>", 3, {"session": 4}), RunErrors("KeyError: 'x'", 1, {"session": 7}))

        html = run_html.errors(groups)

        assert (
            "3 &times; ValueError: bad &lt;b&gt; (first at session=4 ) "
            "1 &times; KeyError: &#x27;x&#x27; (at session=7 )" == words(html)
        )
        assert 'role="status"' in html

    def test_many_kinds_are_summed_up(self):
        """More than five kinds end with how many others there are."""
        groups = tuple(RunErrors(f"Error{letter}", 1, {}) for letter in "abcdefg")

        assert words(run_html.errors(groups)).endswith("and 2 other kinds")

    def test_no_errors_take_no_place(self):
        """Nothing is shown where nothing failed."""
        assert "" == run_html.errors(())


class TestMessages:
    def test_alert_is_read_out(self):
        """What a click has raised is announced."""
        assert 'role="alert"' in run_html.alert("<b>")
        assert "&lt;b&gt;" == words(run_html.alert("<b>"))

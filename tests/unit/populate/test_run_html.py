"""The picture of a run: what a front end is given to show."""

from __future__ import annotations

import re

from djnb.populate import run_html
from djnb.populate.view import Hand, RunErrors, Stage, View


def words(html):
    """Return what is read of some HTML."""
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


class TestStatus:
    def test_numbers_are_read(self):
        """Count, errors, pace, time left and the key in hand are in words beside the bar."""
        view = View(
            (Stage("Analysis", 200, 35, 1, 2),),
            hands=(Hand({"session": 38}, 12.0),),
            elapsed=9.5,
            rate=4.0,
            seconds_left=40.5,
        )

        assert (
            "Analysis 38 of 200 · 19% · 2 errors · 1 already there · 4.0 keys/s · 40 s left making session=38 for 12 s"
            == words(run_html.status(view))
        )

    def test_bar_is_a_bar_for_screen_readers_too(self):
        """The bar says its name and its value."""
        html = run_html.status(View((Stage("Analysis", 200, 36),)))

        assert (
            'role="progressbar" aria-label="Analysis" aria-valuemin="0" aria-valuemax="200" aria-valuenow="36" '
            'aria-valuetext="36 of 200 · 18%"' in html
        )

    def test_no_time_is_promised_once_it_stops(self):
        """A run that stops tells so, and not how long the rest would have taken."""
        view = View(
            (Stage("Analysis", 10, 5),),
            hands=(Hand({"session": 5}, 0.0),),
            rate=1.0,
            seconds_left=5.0,
            is_stopping=True,
        )

        assert "Analysis 5 of 10 · 50% · 1.0 keys/s making session=5 ; stopping after it" == words(
            run_html.status(view)
        )

    def test_keys_are_escaped(self):
        """Text from the database cannot become markup."""
        hands = (Hand({"name": "<img src=x onerror=alert(1)>"}, 0.0),)
        html = run_html.status(View((Stage("Analysis", 1),), hands=hands))

        assert "<img" not in html
        assert "&lt;img" in html

    def test_nothing_to_do_is_no_division_by_zero(self):
        """A run of no keys has a picture."""
        assert "Analysis 0 of 0 · 0%" in words(run_html.status(View((Stage("Analysis", 0),))))

    def test_each_worker_is_listed_with_its_key(self):
        """With several workers, one sees who is at what, and for how long."""
        hands = (Hand({"session": 5}, 31.0, "1"), Hand({"session": 6}, 0.2, "2"))

        assert words(run_html.status(View((Stage("Analysis", 10),), hands=hands))).endswith(
            "making worker 1: session=5 for 31 s worker 2: session=6"
        )

    def test_tables_of_a_run_are_listed_in_their_order(self):
        """Of several tables one sees which are done, which is made now and which wait."""
        stages = (Stage("Mask", 5, 5, is_over=True), Stage("Trace", 5, 1), Stage("Event"))

        assert words(run_html.status(View(stages, current=1))).startswith(
            "✓ Mask 5/5 ▸ Trace 1/5 · Event waiting Trace 1 of 5 · 20%"
        )

    def test_database_that_does_not_answer_is_told(self):
        """A run that waits for its database says so, and what becomes of it."""
        said = words(run_html.status(View((Stage("Analysis", 10),), seconds_away=12.0)))

        assert "the database does not answer, for 12 s now; the run goes on when it does" in said

    def test_pause_is_told(self):
        """A paused run says so."""
        assert words(run_html.status(View((Stage("Analysis", 10),), is_paused=True))).endswith("paused")


class TestDurations:
    def test_histogram_says_in_words_what_it_shows(self):
        """The numbers of the picture are there as text, for whoever does not see it."""
        said = run_html.durations([0.5, 0.5, 1.0, 2.0])

        assert "4 keys took 500 ms to 2 s, half of them up to 1 s" == words(said).partition(" 500 ms 2 s")[0]
        assert 'role="img" aria-label="Histogram: 4 keys' in said

    def test_nothing_is_drawn_of_nothing(self):
        """Before the first key has ended, there is a word in its place."""
        assert "No key has ended yet." == words(run_html.durations([]))


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

"""Watching a run: what its events amount to."""

from __future__ import annotations

import pytest

from djnb.errors import MakeError
from djnb.events import KeyFailed, KeyFinished, KeySkipped, KeyStarted, PopulateFinished, PopulateStarted
from djnb.jupyter.watch import RunErrors, RunWatch, View, count_text, rate_text, seconds_text, short_key_text
from djnb.populate.result import PopulateResult
from djnb.populate.run import Run


class Story:
    """A run that is told event by event, on a clock that only the test moves."""

    def __init__(self, total: int) -> None:
        self.now = 100.0
        self.run = Run("Analysis", total)
        self.watch = RunWatch(self.run, clock=lambda: self.now)
        self.tell(PopulateStarted(self.run, "Analysis", total, 0.0))

    def tell(self, event: object) -> None:
        self.watch.receive(event)

    def start(self, number: int) -> None:
        self.tell(KeyStarted(self.run, {"session": number}, 0.0))

    def finish(self, number: int, *, seconds: float) -> None:
        self.start(number)
        self.now += seconds
        self.tell(KeyFinished(self.run, {"session": number}, seconds))

    def fail(self, number: int, error: Exception) -> None:
        self.start(number)
        self.tell(KeyFailed(self.run, {"session": number}, error, 0.0))


@pytest.fixture
def story() -> Story:
    return Story(10)


class TestBeginning:
    def test_nothing_is_promised_before_the_first_key(self, story):
        """There is neither a pace nor a time left before anything was made."""
        assert View(table="Analysis", total=10) == story.watch.look()


class TestUnderWay:
    def test_keys_are_counted_by_what_became_of_them(self, story):
        """Made, already there, failed: each is counted, and all of them are done."""
        story.finish(0, seconds=1)
        story.fail(1, ValueError("bad"))
        story.start(2)
        story.tell(KeySkipped(story.run, {"session": 2}))

        view = story.watch.look()

        assert (1, 1, 1, 3) == (view.made, view.skipped, view.failed, view.done)

    def test_key_in_hand_is_told_with_its_time(self, story):
        """The key that is being made is shown, and for how long it has been."""
        story.finish(0, seconds=1)
        story.start(1)
        story.now += 7

        view = story.watch.look()

        assert ({"session": 1}, 1, 7.0) == (view.key, view.in_hand, view.key_seconds)

    def test_oldest_of_several_keys_is_shown(self, story):
        """Where several keys are being made, the one that takes longest is shown, and how many there are."""
        story.start(1)
        story.start(2)

        view = story.watch.look()

        assert ({"session": 1}, 2) == (view.key, view.in_hand)

    def test_time_left_follows_from_the_pace(self, story):
        """Two keys a second and six keys to go make three seconds."""
        for number in range(4):
            story.finish(number, seconds=0.5)

        view = story.watch.look()

        assert (2.0, 3.0) == (view.rate, view.seconds_left)

    def test_pace_is_that_of_the_last_keys(self):
        """A slow beginning is forgotten: the time left is that of the keys as they come now."""
        story = Story(1000)
        for number in range(10):
            story.finish(number, seconds=60)
        for number in range(10, 60):
            story.finish(number, seconds=0.25)

        assert 4.0 == story.watch.look().rate

    def test_pace_falls_during_a_long_key(self, story):
        """While one key takes long, the time left grows instead of standing still."""
        story.finish(0, seconds=1)
        story.start(1)
        before = story.watch.look().seconds_left
        story.now += 30

        assert (9.0, 279.0) == (before, story.watch.look().seconds_left)

    def test_other_runs_are_passed_over(self, story):
        """A make that populates another table does not move the outer bar."""
        other = Run("Other", 3)
        story.tell(PopulateStarted(other, "Other", 3, 0.0))
        story.tell(KeyFinished(other, {"session": 0}, 0.0))

        view = story.watch.look()

        assert ("Analysis", 10, 0) == (view.table, view.total, view.made)

    def test_stop_is_seen(self, story):
        """The panel can say that the run stops, before it has."""
        story.run.stop()

        assert story.watch.look().is_stopping

    def test_end_leaves_no_key_in_hand(self, story):
        """An interrupted key is not shown as if it were being made."""
        story.start(1)
        story.tell(PopulateFinished(story.run, PopulateResult("Analysis", is_interrupted=True)))

        view = story.watch.look()

        assert (None, 0) == (view.key, view.in_hand)


class TestErrors:
    def test_errors_that_differ_in_numbers_are_one_group(self, story):
        """37 times the same mistake is one line, with the first key that has it."""
        for number in (4, 5, 6):
            story.fail(number, ValueError(f"bad spike {number}"))
        story.fail(7, KeyError("rate"))

        assert (
            RunErrors("ValueError: bad spike …", 3, {"session": 4}),
            RunErrors("KeyError: 'rate'", 1, {"session": 7}),
        ) == story.watch.look().errors

    def test_equal_errors_keep_their_numbers(self, story):
        """Where all messages are the same, nothing is left out of it."""
        for number in (1, 2):
            story.fail(number, ValueError("more than 8 channels"))

        assert (RunErrors("ValueError: more than 8 channels", 2, {"session": 1}),) == story.watch.look().errors

    def test_error_is_that_of_make(self, story):
        """What make raised is shown, not what populate made of it."""
        cause = ValueError("bad\nsecond line")
        error = MakeError.for_key("Analysis", {"session": 1}, cause)
        error.__cause__ = cause

        story.fail(1, error)

        assert "ValueError: bad" == story.watch.look().errors[0].text


class TestWords:
    @pytest.mark.parametrize(
        ("seconds", "text"), [(0.2, "0 s"), (12, "12 s"), (59.7, "1:00"), (185, "3:05"), (3723, "1:02:03")]
    )
    def test_seconds(self, seconds, text):
        """Times are told as people read them."""
        assert text == seconds_text(seconds)

    @pytest.mark.parametrize(
        ("rate", "text"),
        [(123.4, "123 keys/s"), (2.5, "2.5 keys/s"), (0.4, "2.5 s per key"), (0.01, "1:40 per key")],
    )
    def test_rate(self, rate, text):
        """A slow pace is told by the time of a key."""
        assert text == rate_text(rate)

    def test_long_keys_are_cut(self):
        """A key of many attributes does not burst the panel."""
        assert ("a=1, b=x", 120) == (short_key_text({"a": 1, "b": "x"}), len(short_key_text({"a": "x" * 500})))

    def test_one_is_singular(self):
        """One error, two errors."""
        assert ("1 error", "2 errors") == (count_text(1, "error"), count_text(2, "error"))

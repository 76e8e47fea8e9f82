"""Watching a run: what its events amount to."""

from __future__ import annotations

import pytest

from djnb.errors import MakeError
from djnb.events import KeyFailed, KeyFinished, KeySkipped, KeyStarted, PopulateFinished, PopulateStarted
from djnb.populate.result import PopulateResult
from djnb.populate.run import Run
from djnb.populate.view import (
    Bin,
    Hand,
    RunErrors,
    Stage,
    View,
    count_text,
    duration_text,
    histogram,
    rate_text,
    seconds_text,
    short_key_text,
)
from djnb.populate.watch import RunWatch


class Story:
    """A run that is told event by event, on a clock that only the test moves."""

    def __init__(self, total: int, tables: tuple[str, ...] = ()) -> None:
        self.now = 100.0
        self.run = Run("Analysis", total, tables)
        self.watch = RunWatch(self.run, clock=lambda: self.now)
        self.tell(PopulateStarted(self.run, "Analysis", total, 0.0))

    def tell(self, event: object) -> None:
        self.watch.receive(event)

    def start(self, number: int, worker: str = "") -> None:
        self.tell(KeyStarted(self.run, {"session": number}, 0.0, worker))

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
        assert View((Stage("Analysis", 10),)) == story.watch.look()


class TestUnderWay:
    def test_keys_are_counted_by_what_became_of_them(self, story):
        """Made, already there, failed: each is counted, and all of them are done."""
        story.finish(0, seconds=1)
        story.fail(1, ValueError("bad"))
        story.start(2)
        story.tell(KeySkipped(story.run, {"session": 2}))

        stage = story.watch.look().stage

        assert (Stage("Analysis", 10, made=1, skipped=1, failed=1), 3) == (stage, stage.done)

    def test_key_in_hand_is_told_with_its_time(self, story):
        """The key that is being made is shown, and for how long it has been."""
        story.finish(0, seconds=1)
        story.start(1)
        story.now += 7

        assert (Hand({"session": 1}, 7.0),) == story.watch.look().hands

    def test_each_worker_has_its_key(self, story):
        """Where several workers make keys, each is shown with its own, the one that takes longest first."""
        story.start(1, "1")
        story.start(2, "2")
        story.now += 3
        story.tell(KeyFinished(story.run, {"session": 1}, 3.0))
        story.start(3, "1")

        assert (Hand({"session": 2}, 3.0, "2"), Hand({"session": 3}, 0.0, "1")) == story.watch.look().hands

    def test_worker_that_was_lost_has_one_key_again(self, story):
        """The key that a worker has died of is not shown for ever: its next key takes the place."""
        story.start(1, "1")
        story.start(2, "1")

        assert (Hand({"session": 2}, 0.0, "1"),) == story.watch.look().hands

    def test_several_tables_come_one_after_the_other(self):
        """Each table has its own count; the pace and the time left are those of the table that is made now."""
        story = Story(2, ("Analysis", "Summary"))
        story.finish(0, seconds=1)
        story.finish(1, seconds=1)
        story.tell(PopulateFinished(story.run, PopulateResult("Analysis", 2)))
        waiting = story.watch.look()
        story.tell(PopulateStarted(story.run, "Summary", 4, 0.0))
        story.finish(0, seconds=5)

        view = story.watch.look()

        assert (Stage("Analysis", 2, made=2, is_over=True), Stage("Summary")) == waiting.stages
        assert (Stage("Summary", 4, made=1), 1, 15.0) == (view.stage, view.current, view.seconds_left)
        assert (5.0,) == story.watch.durations()

    def test_database_that_does_not_answer_is_told_as_long_as_it_does_not(self, story):
        """While the run waits for the database, the view says for how long; the next key says that it is there."""
        before = story.watch.look().seconds_away
        story.watch.miss()
        story.now += 8
        story.watch.miss()
        story.now += 2
        away = story.watch.look().seconds_away
        story.start(1)

        assert (None, 10.0, None) == (before, away, story.watch.look().seconds_away)

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

        assert Stage("Analysis", 10) == story.watch.look().stage

    def test_stop_is_seen(self, story):
        """The panel can say that the run stops, before it has."""
        story.run.stop()

        assert story.watch.look().is_stopping

    def test_end_leaves_no_key_in_hand(self, story):
        """An interrupted key is not shown as if it were being made."""
        story.start(1)
        story.tell(PopulateFinished(story.run, PopulateResult("Analysis", is_interrupted=True)))

        assert () == story.watch.look().hands


class TestErrors:
    def test_errors_that_differ_in_numbers_are_one_group(self, story):
        """37 times the same mistake is one line, with the first key that has it."""
        for number in (4, 5, 6):
            story.fail(number, ValueError(f"bad spike {number}"))
        story.fail(7, KeyError("rate"))

        assert (
            RunErrors("ValueError: bad spike …", 3, {"session": 4}, "Analysis"),
            RunErrors("KeyError: 'rate'", 1, {"session": 7}, "Analysis"),
        ) == story.watch.look().errors

    def test_equal_errors_keep_their_numbers(self, story):
        """Where all messages are the same, nothing is left out of it."""
        for number in (1, 2):
            story.fail(number, ValueError("more than 8 channels"))

        assert (
            RunErrors("ValueError: more than 8 channels", 2, {"session": 1}, "Analysis"),
        ) == story.watch.look().errors

    def test_error_is_that_of_make(self, story):
        """What make raised is shown, not what populate made of it."""
        cause = ValueError("bad\nsecond line")
        error = MakeError.for_key("Analysis", {"session": 1}, cause)
        error.__cause__ = cause

        story.fail(1, error)

        assert "ValueError: bad" == story.watch.look().errors[0].text

    def test_kinds_of_errors_are_bounded(self, story):
        """A make whose every message is another one does not fill the memory."""
        for number in range(300):
            story.fail(number, ValueError(f"bad {chr(0x4E00 + number)}"))

        errors = story.watch.look().errors

        assert (101, 300) == (len(errors), sum(group.count for group in errors))
        assert "other errors" == errors[0].text


class TestDurations:
    def test_are_those_of_keys_that_were_made_and_that_failed(self, story):
        """Both have taken time."""
        story.finish(0, seconds=2)
        story.tell(KeyFailed(story.run, {"session": 1}, ValueError("bad"), 3.0))

        assert (2.0, 3.0) == story.watch.durations()

    def test_histogram_counts_every_key_once(self):
        """Its bars have one width, and the longest key is in the last one."""
        bins = histogram([0.0, 1.0, 1.0, 12.0])

        assert [1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] == [each.count for each in bins]
        assert (0.0, 12.0) == (bins[0].low, bins[-1].high)

    def test_histogram_of_equal_durations_is_one_bar(self):
        """Nothing is divided by zero, and nothing is drawn of nothing."""
        assert ((Bin(2.0, 2.0, 3),), ()) == (histogram([2.0] * 3), histogram([]))


class TestWords:
    @pytest.mark.parametrize(
        ("seconds", "text"), [(0.0004, "0.4 ms"), (0.0352, "35.2 ms"), (1.234, "1.23 s"), (185, "3:05")]
    )
    def test_durations(self, seconds, text):
        """How long a key took is told also where that was short."""
        assert text == duration_text(seconds)

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

"""Populate: every missing key is made once, in a transaction of its own."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import NotDeclaredError, PopulateError, UnknownAttributeError
from djnb.events import KeyStarted
from djnb.populate.result import PopulateResult
from tests.conformance.recordings import KEYS, fails_at, outline


class TestKeys:
    def test_come_in_the_order_of_the_primary_key(self, computed, heard):
        """Whatever the order of insertion, keys are made in their own order."""
        Result = computed(fails_at(None, None))

        Result.populate()

        assert KEYS == [event.key for event in heard if isinstance(event, KeyStarted)]

    def test_that_are_there_are_not_made_again(self, Result):
        """A second populate finds nothing to do; a new recording is the only thing that a third one makes."""
        first = Result.populate(KEYS[0])
        second = Result.populate()
        third = Result.populate()

        assert [1, 2, 0] == [result.success_count for result in (first, second, third)]

    def test_make_may_change_its_key(self, computed, heard):
        """The key is make's own copy: what it does to it concerns nobody else."""

        def make(self, key):
            row = dict(key, value=1.0)
            key.clear()
            self.insert1(row)

        Result = computed(make)

        Result.populate(KEYS[0])

        assert [("KeyStarted", 1), ("KeyFinished", 1)] == outline(heard)[1:-1]

    @pytest.mark.parametrize(("max_calls", "made", "remaining"), [(0, 0, 3), (2, 2, 1), (3, 3, 0), (9, 3, 0)])
    def test_max_calls_is_the_most_that_are_made(self, Result, max_calls, made, remaining):
        """`max_calls` counts calls of make; what is left for another time is said."""
        result = Result.populate(max_calls=max_calls)

        assert PopulateResult("Result", made, remaining=remaining) == result
        assert KEYS[:made] == Result.keys()

    def test_max_calls_counts_keys_that_fail(self, computed):
        """A call that fails is a call."""
        Result = computed(fails_at(1, ValueError("bad")))

        result = Result.populate(max_calls=2, suppress_errors=True)

        assert (1, [KEYS[0]], 1) == (result.success_count, result.failed_keys, result.remaining)

    def test_negative_max_calls_is_refused(self, Result, statements):
        """A negative number of calls is a slip, and is refused before any SQL is sent."""
        with pytest.raises(PopulateError, match=r"max_calls=-1 is negative\. Give the greatest number"):
            Result.populate(max_calls=-1)

        assert [] == statements

    def test_make_kwargs_reach_make(self, computed):
        """Further arguments for make are passed on."""

        def make(self, key, *, factor):
            self.insert1(dict(key, value=factor * key["recording_id"]))

        Result = computed(make)

        Result.populate(make_kwargs={"factor": 10})

        assert [10.0, 20.0, 30.0] == Result.to_arrays("value").tolist()


class TestRestrictions:
    @pytest.mark.parametrize(
        ("given", "made"),
        [
            ("recording_id >= 2", [2, 3]),
            ({"recording_id": 2}, [2]),
            ([{"recording_id": 1}, {"recording_id": 3}], [1, 3]),
            (["recording_id = 1", {"recording_id": 2}], [1, 2]),
            ([], []),
            (dj.Not("recording_id = 2"), [1, 3]),
            (dj.AndList(["recording_id > 1", "recording_id < 3"]), [2]),
        ],
        ids=["text", "dict", "keys", "mixed list", "empty list", "Not", "AndList"],
    )
    def test_anything_that_may_follow_an_ampersand(self, Result, given, made):
        """A restriction is a text, a dict, a list or a combination of them."""
        Result.populate(given)

        assert made == Result.to_arrays("recording_id").tolist()

    def test_query_restricts_by_its_rows(self, Result, Recording):
        """A query that uses attributes which the key does not have chooses among the keys."""
        Result.populate(restrictions=Recording & {"session_date": "2024-02-02"})

        assert [KEYS[1]] == Result.keys()

    def test_frame_restricts_by_its_rows(self, Result, Recording):
        """Keys looked up in a DataFrame are a restriction."""
        frame = Recording.to_pandas("session_date")

        Result.populate(frame[["session_date"]].iloc[1:])

        assert KEYS[1:] == Result.keys()

    def test_several_must_all_hold(self, Result):
        """Restrictions one after the other, and the one with a name, are all meant."""
        Result.populate("recording_id > 1", "recording_id < 4", restrictions={"recording_id": 3})

        assert [KEYS[2]] == Result.keys()

    def test_misspelt_attribute_is_refused_before_any_sql(self, Result, statements):
        """A slip in a restriction is an error with a suggestion, not a populate of everything or nothing."""
        with pytest.raises(UnknownAttributeError, match="Did you mean 'recording_id'"):
            Result.populate("recordingid > 1")

        assert [] == statements

    def test_failed_keys_restrict_the_next_populate(self, computed):
        """What failed is populated again by giving `result.failed_keys` back."""
        broken = [ValueError("not yet")]

        def make(self, key):
            if broken and key["recording_id"] != 3:
                raise broken[0]
            self.insert1(dict(key, value=1))

        Result = computed(make)
        result = Result.populate(suppress_errors=True)
        broken.clear()

        again = Result.populate(result.failed_keys)

        assert (1, 2) == (result.success_count, again.success_count)


class TestCannotRun:
    def test_class_without_make(self, computed, statements):
        """Without make there is nothing to call; the error shows what one looks like."""
        Result = computed()
        statements.clear()

        with pytest.raises(PopulateError, match=r"`Result` has no `make`\. Define `def make\(self, key\)`"):
            Result.populate()

        assert [] == statements

    def test_restricted_table(self, Result):
        """What is restricted is the key source, by an argument, and the error shows how."""
        with pytest.raises(
            PopulateError, match=r"Give the restriction as an argument: `Result\.populate\(restriction\)`"
        ):
            (Result & KEYS[0]).populate()

        assert [] == Result.to_dicts()

    def test_within_a_transaction(self, connection, Result):
        """Every key has a transaction of its own, so there must be none around."""
        with connection.transaction(), pytest.raises(PopulateError, match="was called within a transaction"):
            Result.populate()

        assert [] == Result.to_dicts()

    def test_class_that_no_schema_has_decorated(self):
        """The error says what is missing above the class."""

        class Loose(dj.Computed):
            definition = "-> Recording"

            def make(self, key):
                self.insert1(key)

        with pytest.raises(NotDeclaredError, match="Write `@schema` on the line above `class Loose`"):
            Loose.populate()

    def test_manual_table_has_no_populate(self, Recording):
        """Rows of Manual tables come from people."""
        assert not hasattr(Recording, "populate")


class TestSomebodyElse:
    def test_made_the_key_meanwhile(self, connection, computed, heard):
        """A key that another worker finished first is passed over: no error, and its row stays as it is."""
        Result = computed(fails_at(None, None))

        def overtake(event):
            if event.key == KEYS[1]:
                Result.insert1(dict(KEYS[1], value=99), allow_direct_insert=True)

        with connection.bus.subscribed(overtake, KeyStarted):
            result = Result.populate()

        assert PopulateResult("Result", 2, skipped_count=1) == result
        assert "Result: 2 made, 1 already there" == str(result)
        assert [1.0, 99.0, 3.0] == Result.to_arrays("value").tolist()
        assert {("KeyStarted", 2), ("KeySkipped", 2), ("KeyFinished", 3)} < set(outline(heard))

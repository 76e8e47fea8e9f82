"""What `populate` is told: keywords of DataJoint, and those that have another name now."""

from __future__ import annotations

import pytest

from djnb.errors import PopulateError
from djnb.events import KeyStarted
from tests.conformance.recordings import KEYS


class TestKeywordsOfDataJoint:
    def test_that_ask_for_nothing_are_taken(self, Result):
        """A program may go on to say what is so anyway."""
        result = Result.populate(
            KEYS[0], reserve_jobs=False, order="original", limit=None, processes=1, keys=None, priority=None
        )

        assert 1 == result.success_count

    @pytest.mark.parametrize(
        ("keyword", "said"),
        [
            ({"limit": -1}, r"limit=-1 is negative"),
            ({"order": "sorted"}, r"no order 'sorted' of keys\. There are: original, reverse, random"),
            ({"processes": 0}, r"processes=0 are none"),
            ({"executor": 4}, r"executor=4 has no `submit`"),
            ({"priority": 3}, r"priority=3 is about job queues\. Add `reserve_jobs=True`"),
            ({"refresh": True}, r"refresh=True is about job queues\. Add `reserve_jobs=True`"),
        ],
    )
    def test_that_make_no_sense_are_refused(self, Result, statements, keyword, said):
        """The error says what there is or what to do instead, before any SQL is sent."""
        with pytest.raises(PopulateError, match=said):
            Result.populate(**keyword)

        assert [] == statements

    def test_others_are_unknown(self, Result):
        """A misspelt keyword is an error, as everywhere in Python."""
        with pytest.raises(TypeError, match="unexpected keyword argument 'supress_errors'"):
            Result.populate(supress_errors=True)


class TestDeprecated:
    def test_limit_is_how_many_keys_are_looked_at(self, Result):
        """`limit` works as it did, and the warning names `max_calls`."""
        with pytest.warns(DeprecationWarning, match="max_calls"):
            result = Result.populate(limit=2)

        assert (2, 1, KEYS[:2]) == (result.success_count, result.remaining, Result.keys())

    def test_order_may_be_reversed(self, Result, heard):
        """`order="reverse"` begins with the last key, and the warning names `priority`."""
        with pytest.warns(DeprecationWarning, match="priority"):
            Result.populate(order="reverse")

        assert KEYS[::-1] == [event.key for event in heard if isinstance(event, KeyStarted)]

    def test_order_may_be_random(self, Result):
        """`order="random"` makes every key too."""
        with pytest.warns(DeprecationWarning, match="priority"):
            Result.populate(order="random")

        assert KEYS == Result.keys()

    def test_keys_restrict(self, Result):
        """`keys=`, as 0.14 has it, makes those keys alone; the warning says to give them as a restriction."""
        with pytest.warns(DeprecationWarning, match=r"populate\(keys\)"):
            Result.populate(keys=KEYS[1:])

        assert KEYS[1:] == Result.keys()

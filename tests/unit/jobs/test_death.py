"""When a worker is dead: what can be seen of it decides, and how long it was not heard."""

from __future__ import annotations

import pytest

from djnb.backends.liveness import Sighting
from djnb.jobs.reaping import Patience, is_dead

PATIENCE = Patience(interval=5, grace=15, lease=600)


def seen(age, is_shown):
    return Sighting(1, "rig", 2, "anna", "1.0", 3, None, None, age, is_shown)


class TestOnAServer:
    @pytest.mark.parametrize(
        ("age", "is_shown", "expected"),
        [
            (14, False, False),  # its connection was lost, and is being made again
            (16, False, True),
            (16, True, False),  # stopped, or compiled code keeps the interpreter
            (1199, True, False),
            (1201, True, True),  # a lock that nobody gives back
            (16, None, False),  # locks cannot be seen: the lease decides
            (601, None, True),
        ],
    )
    def test_silence_and_a_free_lock_are_both_needed(self, age, is_shown, expected):
        """Neither a long computation nor a lost connection is a death."""
        assert expected is is_dead(seen(age, is_shown), PATIENCE, is_prompt=False)


class TestBesideAFile:
    @pytest.mark.parametrize(("is_shown", "expected"), [(True, False), (False, True)])
    def test_the_lock_decides_at_once(self, is_shown, expected):
        """The system gives it back when the process ends, and not before; nobody needs to be heard."""
        assert [expected] * 2 == [is_dead(seen(age, is_shown), PATIENCE, is_prompt=True) for age in (0, 9999)]

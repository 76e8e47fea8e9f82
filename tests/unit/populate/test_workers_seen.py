"""What each of several workers is at, seen while they work."""

from __future__ import annotations

import time

import pytest


@pytest.mark.parametrize("reserve_jobs", [False, True])
def test_each_worker_is_seen_with_the_key_that_it_makes(lab, tmp_path, reserve_jobs):
    """Before any key has ended, one sees which worker is at which key."""
    leave = tmp_path / "leave"

    def wait(key):
        end = time.monotonic() + 60
        while not leave.exists() and time.monotonic() < end:
            time.sleep(0.02)

    lab.say = wait
    run = lab.Trace.populate(processes=2, reserve_jobs=reserve_jobs, background=True)
    end = time.monotonic() + 60
    while len(run.view().hands) < 2 and run.is_running and time.monotonic() < end:
        run.wait(0.05)
    hands = run.view().hands
    leave.touch()

    assert {"1", "2"} == {hand.worker for hand in hands}
    assert 2 == len({hand.key["session"] for hand in hands})
    assert 3 == run.result(60).success_count
    assert () == run.view().hands

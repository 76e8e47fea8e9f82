"""Keys that are all short: twelve of them, without job tables and with them."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.populate import pace


@pytest.fixture(autouse=True)
def _all_are_short(monkeypatch):
    """However slow the machine is, keys are short from the second one on, and wait until nothing is left to do."""
    monkeypatch.setattr(pace, "_SHORT", 60.0)
    with dj.config.override(jobs__keep_interval=60):
        yield


@pytest.fixture
def numbers(Recording):
    """Twelve recordings."""
    Recording.insert([(n, "2024-04-04", n / 2) for n in range(4, 13)])
    return range(1, 13)


@pytest.fixture(params=[False, True], ids=["direct", "with jobs"])
def reserve_jobs(request):
    """Without job tables, and with them."""
    return request.param


@pytest.fixture
def doubled(computed, Recording, numbers):
    """A table of twelve keys, each made of what it fetches."""

    def make(self, key):
        (Recording & key).fetch1("session_date")
        self.insert1(dict(key, value=2 * key["recording_id"]))

    return computed(make)

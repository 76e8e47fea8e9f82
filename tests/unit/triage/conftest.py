"""A pipeline with failed jobs, in a file."""

from __future__ import annotations

import pytest

import djnb as dj


@pytest.fixture
def Spikes():
    """Twelve recordings: those whose number 3 divides have a bad spike, the seventh has no file, two wait."""
    with dj.Connection("sqlite:///triage.sqlite") as connection:
        schema = dj.Schema("lab", connection=connection)

        @schema
        class Recording(dj.Manual):
            definition = "recording : int32"

        @schema
        class Spikes(dj.Computed):
            definition = "-> Recording"
            is_mended = False

            def make(self, key):
                number = key["recording"]
                if not self.is_mended and number % 3 == 0:
                    raise ValueError(f"bad spike at {number}")
                if not self.is_mended and number == 7:
                    raise OSError("no file")
                self.insert1(key)

        @schema
        class Summary(dj.Computed):
            definition = "-> Spikes"

            def make(self, key):
                self.insert1(key)

        Recording.insert((number,) for number in range(1, 11))
        Spikes.populate(reserve_jobs=True, suppress_errors=True)
        Recording.insert([(11,), (12,)])
        Spikes.jobs.refresh()
        yield Spikes

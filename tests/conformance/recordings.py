"""A small pipeline to populate: three recordings, and ways for a `make` to treat them."""

from __future__ import annotations

import pytest

server_only = pytest.mark.parametrize("database_url", [pytest.param("mysql", marks=pytest.mark.mysql)], indirect=True)

KEYS = [{"recording_id": 1}, {"recording_id": 2}, {"recording_id": 3}]


def insert_mean(self, key):
    """Compute as a `make` should: fetch by the key, compute, insert."""
    data = (self.recording & key).fetch1("data")
    self.insert1(dict(key, value=data.mean()))


def fails_at(number, error, *, before=lambda self, key: None):
    """Return a `make` that raises for one key and works for the others."""

    def make(self, key):
        before(self, key)
        if key["recording_id"] == number:
            raise error
        self.insert1(dict(key, value=key["recording_id"]))

    return make


def outline(events):
    return [(type(event).__name__, *getattr(event, "key", {}).values()) for event in events]

"""A small pipeline in a SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

import djnb as dj


@pytest.fixture
def lab(tmp_path: Any) -> Iterator[SimpleNamespace]:
    """Give three sessions, and two tables that follow from them, one from the other; `say(key)` is called by both."""
    connection = dj.Connection(f"sqlite:///{tmp_path / 'lab.sqlite'}")
    schema = dj.Schema("lab", connection=connection)
    place = SimpleNamespace(connection=connection, schema=schema, say=lambda key: None)

    @schema
    class Session(dj.Manual):
        definition = "session : int32"

    @schema
    class Trace(dj.Computed):
        definition = "-> Session"

        def make(self, key):
            place.say(key)
            self.insert1(key)

    # Its name comes before that of its parent.
    @schema
    class Event(dj.Computed):
        definition = "-> Trace"

        def make(self, key):
            place.say(key)
            self.insert1(key)

    Session.insert([(number,) for number in range(3)])
    place.Session, place.Trace, place.Event = Session, Trace, Event
    yield place
    connection.close()

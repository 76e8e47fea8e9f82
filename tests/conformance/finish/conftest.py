"""What else a make writes into, and another program that is in its way."""

from __future__ import annotations

import pytest

import djnb as dj


@pytest.fixture
def Note(schema):
    """Two notes, for makes to write into besides their own table."""

    @schema
    class Note(dj.Manual):
        definition = "note : int32\n---\ntext : varchar(20)"

    Note.insert([(1, ""), (2, "")])
    return Note


@pytest.fixture
def other(database_url):
    """A connection of another program."""
    with dj.Connection(database_url) as connection:
        yield connection

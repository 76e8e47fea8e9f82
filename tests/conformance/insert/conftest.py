"""Tables to insert into: animals, their sessions, and badges with a unique index."""

from __future__ import annotations

import pytest

import djnb as dj


@pytest.fixture
def Subject(schema):
    """A table with a default, a nullable attribute and one that every row must give."""

    @schema
    class Subject(dj.Manual):
        definition = """
        subject : int32
        ---
        name             : varchar(20)
        species = "rat"  : varchar(8)
        weight = null    : float64
        """

    return Subject


@pytest.fixture
def Session(schema, Subject):
    """A table that refers to it."""

    @schema
    class Session(dj.Manual):
        definition = """
        -> Subject
        session : int32
        """

    return Session


@pytest.fixture
def Badge(schema, Subject):
    """A table with a unique index besides its key."""

    @schema
    class Badge(dj.Manual):
        definition = """
        badge : int32
        ---
        code : varchar(8)
        owner = "nobody" : varchar(8)
        unique index (code)
        """

    Badge.insert([(1, "red", "ann"), (2, "blue", "bob")])
    return Badge

"""Tables to insert into: animals, their sessions, and badges with a unique index."""

from __future__ import annotations

import pytest


@pytest.fixture
def Subject(declare):
    """A table with a default, a nullable attribute and one that every row must give."""
    return declare(
        "Subject",
        """
        subject : int32
        ---
        name             : varchar(20)
        species = "rat"  : varchar(8)
        weight = null    : float64
        """,
    )


@pytest.fixture
def Session(declare, Subject):
    """A table that refers to it."""
    return declare("Session", "-> Subject\nsession : int32", Subject=Subject)


@pytest.fixture
def Badge(declare):
    """A table with a unique index besides its key."""
    definition = 'badge : int32\n---\ncode : varchar(8)\nowner = "nobody" : varchar(8)\nunique index (code)'
    return declare("Badge", definition, rows=[(1, "red", "ann"), (2, "blue", "bob")])

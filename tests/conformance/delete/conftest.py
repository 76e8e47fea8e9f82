"""Subjects, their sessions, the trials of these."""

from __future__ import annotations

import pytest

import djnb as dj


@pytest.fixture
def Subject(schema):
    """Three subjects."""

    @schema
    class Subject(dj.Manual):
        definition = """
        subject : int32
        ---
        species = "mouse" : varchar(8)
        """

    Subject.insert([(1, "mouse"), (2, "rat"), (3, "rat")])
    return Subject


@pytest.fixture
def Session(schema, Subject):
    """Two sessions of the first subject, one of the second."""

    @schema
    class Session(dj.Manual):
        definition = """
        -> Subject
        session : int32
        ---
        note = null : varchar(20)
        """

    Session.insert([(1, 1, "good"), (1, 2, None), (2, 1, "bad")])
    return Session


@pytest.fixture
def Trial(schema, Session):
    """Two trials of each session."""

    @schema
    class Trial(dj.Manual):
        definition = """
        -> Session
        trial : int32
        ---
        score = null : int32
        """

    Trial.insert((*key.values(), trial, 10 * trial) for key in Session.fetch("KEY") for trial in (1, 2))
    return Trial

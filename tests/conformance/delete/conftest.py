"""Subjects, their sessions, the trials of these."""

from __future__ import annotations

import pytest


@pytest.fixture
def Subject(declare):
    """Three subjects."""
    rows = [(1, "mouse"), (2, "rat"), (3, "rat")]
    return declare("Subject", 'subject : int32\n---\nspecies = "mouse" : varchar(8)', rows=rows)


@pytest.fixture
def Session(declare, Subject):
    """Two sessions of the first subject, one of the second."""
    rows = [(1, 1, "good"), (1, 2, None), (2, 1, "bad")]
    return declare("Session", "-> Subject\nsession : int32\n---\nnote = null : varchar(20)", rows=rows, Subject=Subject)


@pytest.fixture
def Trial(declare, Session):
    """Two trials of each session."""
    rows = [(*key.values(), trial, 10 * trial) for key in Session.fetch("KEY") for trial in (1, 2)]
    return declare("Trial", "-> Session\ntrial : int32\n---\nscore = null : int32", rows=rows, Session=Session)

"""Sessions and trials to choose from; declared once for each file, since its tests only read."""

from __future__ import annotations

import pytest

import djnb as dj
from tests.conformance.reading import connection, declare, schema
from tests.conformance.restrict.rows import UUIDS

__all__ = ["connection", "declare", "schema"]


@pytest.fixture(scope="module")
def Session(schema):
    """Four sessions; the last one has nothing but its key."""

    @schema
    class Session(dj.Manual):
        definition = """
        session_id : int32
        ---
        name = null   : varchar(20)
        score = null  : float64
        trials = null : int16
        day = null    : date
        start = null  : datetime
        token = null  : uuid
        price = null  : decimal(8,2)
        good = null   : bool
        side = null   : enum('left', 'right')
        order = null  : int32
        traces = null : <blob>
        """

    Session.insert(
        [
            {
                "session_id": 1,
                "name": "ann's 50%",
                "score": 0.5,
                "trials": 10,
                "day": "2024-01-05",
                "start": "2024-01-05 09:00:00",
                "token": UUIDS[0],
                "price": "9.50",
                "good": True,
                "side": "left",
                "order": 3,
                "traces": [1],
            },
            {
                "session_id": 2,
                "name": "a_b",
                "score": 1.5,
                "trials": 20,
                "day": "2024-02-05",
                "start": "2024-02-05 09:00:01",
                "token": UUIDS[1],
                "price": "10.00",
                "good": False,
                "side": "right",
                "order": 2,
                "traces": [2],
            },
            {
                "session_id": 3,
                "name": "axb",
                "score": -1,
                "trials": 0,
                "day": "2024-03-05",
                "start": "2024-03-05 23:59:59",
                "good": True,
                "side": "left",
                "order": 1,
            },
            {"session_id": 4},
        ]
    )
    return Session


@pytest.fixture(scope="module")
def Trial(declare, Session):
    """Two trials of the first session, one of the second."""
    rows = [(1, 1, 5), (1, 2, None), (2, 1, 7)]
    return declare("Trial", "-> Session\ntrial : int32\n---\noutcome = null : int32", rows=rows, Session=Session)

"""Rows with a value of each type, and trials; declared once for each file, since its tests only read."""

from __future__ import annotations

import numpy as np
import pytest

import djnb as dj
from tests.conformance.fetch.rows import FULL
from tests.conformance.reading import connection, schema

__all__ = ["connection", "schema"]


@pytest.fixture(scope="module")
def Typed(schema):
    """A row with a value of each type, a second one that is NULL, a third one of other extremes."""

    @schema
    class Typed(dj.Manual):
        definition = """
        id : int32
        ---
        i8 = null    : int8
        i16 = null   : int16
        i32 = null   : int32
        i64 = null   : int64
        u8 = null    : tinyint unsigned
        u64 = null   : bigint unsigned
        f32 = null   : float32
        f64 = null   : float64
        price = null : decimal(8,2)
        flag = null  : bool
        short = null : char(4)
        name = null  : varchar(32)
        story = null : longtext
        side = null  : enum('left', 'it''s')
        day = null   : date
        t0 = null    : datetime
        t3 = null    : datetime(3)
        t6 = null    : datetime(6)
        span = null  : time
        token = null : uuid
        doc = null   : json
        raw = null   : bytes
        data = null  : <blob>
        """

    Typed.insert([{**FULL, "data": np.arange(6).reshape(2, 3)}, {"id": 2}])
    return Typed


@pytest.fixture(scope="module")
def Trial(schema):
    """Four trials, three attributes without NULL, of one session and another."""

    @schema
    class Trial(dj.Manual):
        definition = """
        session : int32
        trial   : int16
        ---
        score   : float64
        label   : varchar(8)
        good    : bool
        day     : date
        reaction = null : int16
        """

    Trial.insert(
        [
            (2, 1, 0.5, "c", True, "2024-01-03", None),
            (1, 2, 2.5, "b", False, "2024-01-02", 300),
            (1, 1, 1.5, "a", True, "2024-01-01", 250),
            (2, 2, 0.5, "d", True, "2024-01-04", 200),
        ]
    )
    return Trial

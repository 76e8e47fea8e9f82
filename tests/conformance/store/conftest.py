"""A table with values in a store."""

from __future__ import annotations

import pytest

import djnb as dj


@pytest.fixture
def Scan(schema, store):
    """A table with a packed value in a store."""

    @schema
    class Scan(dj.Manual):
        definition = """
        scan_id : int32
        ---
        image : <blob@main>
        """

    return Scan

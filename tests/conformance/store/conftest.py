"""A table with values in a store."""

from __future__ import annotations

import pytest


@pytest.fixture
def Scan(declare, store):
    """A table with a packed value in a store."""
    return declare("Scan", "scan_id : int32\n---\nimage : <blob@main>")

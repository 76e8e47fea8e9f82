"""For files whose tests only read: one connection and one schema for all of them."""

from __future__ import annotations

from functools import partial

import pytest

from tests.conformance.classes import declare_table


@pytest.fixture(scope="module")
def connection(shared_connection):
    """Give the connection of the file."""
    return shared_connection


@pytest.fixture(scope="module")
def schema(shared_schema):
    """Give the schema of the file; what is declared in it is declared once."""
    return shared_schema


@pytest.fixture(scope="module")
def declare(schema):
    """Give `declare_table` for the schema of the file."""
    return partial(declare_table, schema)

"""Databases that the tests of one file share, where tables are declared once and the tests only read."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

import djnb
from tests.conftest import SCHEMA_PREFIX


@pytest.fixture(scope="module", params=["sqlite", pytest.param("mysql", marks=pytest.mark.mysql)])
def shared_connection(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[djnb.Connection]:
    """Give a connection for all tests of a file, once on each backend."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('shared') / 'test.sqlite'}"
    else:
        url = request.getfixturevalue("mysql_url")
    with djnb.Connection(url) as connection:
        yield connection


@pytest.fixture(scope="module")
def shared_schema(shared_connection: djnb.Connection) -> Iterator[djnb.Schema]:
    """Give a schema for all tests of a file."""
    schema = djnb.Schema(SCHEMA_PREFIX + secrets.token_hex(4), connection=shared_connection)
    yield schema
    shared_connection.drop_schema(schema.name)

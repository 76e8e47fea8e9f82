"""What another program finds of the tables that a test declares; and a parent to refer to."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.model.naming import TableName


@pytest.fixture
def stored(database_url, schema):
    """Return what another program finds of a table: a fresh connection reads it."""

    def stored(table, *, schema_name=schema.name):
        with dj.Connection(database_url) as other:
            return other.catalogue.table(TableName(schema_name, table))

    return stored


@pytest.fixture
def tables(database_url, schema):
    """Return the names of all tables of the schema, as another program finds them."""

    def tables():
        with dj.Connection(database_url) as other:
            return {name for name in other.catalogue.schema(schema.name) if not name.startswith("~")}

    return tables


@pytest.fixture
def Subject(declare):
    return declare("Subject", "# animals\nsubject_id : int32  # the id\n---\nborn : date")

"""Populating all tables of a schema that fill themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from djnb.connection import Connection
from djnb.errors import PopulateError
from djnb.populate import start
from djnb.populate.results import PopulateResults
from djnb.populate.run import Run
from djnb.schemas.listing import specs_of
from djnb.tables.autopopulate import AutoPopulate
from djnb.tables.table import Table


def in_order(connection: Connection, schema: str, classes: Sequence[type[Table]]) -> list[type[AutoPopulate]]:
    """Return the classes among these that have a ``make``, parents before children."""
    known = {cls._table: cls for cls in classes if issubclass(cls, AutoPopulate) and cls.has_make()}
    return [known[name] for name in specs_of(connection, schema) if name in known]


def populate(
    connection: Connection,
    schema: str,
    classes: Sequence[type[Table]],
    conditions: tuple[Any, ...],
    *,
    background: bool,
    options: Mapping[str, Any],
) -> PopulateResults | Run:
    """
    Make the missing keys of the tables that have a ``make``, ancestors first.

    Raises
    ------
    PopulateError
        There is no such table.
    """
    tables = in_order(connection, schema, classes)
    if not tables:
        raise PopulateError(
            f"No table of the schema '{schema}' has a `make` here.",
            remedy="Define or import the classes of its Imported and Computed tables first.",
        )
    asked = [table().asked(*conditions, **options) for table in tables]
    steps, asked_for = [step for step, _ in asked], asked[0][1]
    if background:
        return start.populate_in_background(steps, asked_for, name=schema)
    return cast(PopulateResults, start.populate(steps, asked_for, name=schema))  # what has a name is of several tables

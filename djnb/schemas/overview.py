"""A schema at a glance: its tables with tier, rows and comment."""

from __future__ import annotations

from djnb.connection import Connection
from djnb.layout import Cell, Column, Preview, lay_out
from djnb.schemas.listing import specs_of
from djnb.sql.select import count_tables

_SHOWN = 50
"""How many tables a display shows."""


def overview(connection: Connection, schema: str) -> Preview:
    """Return the tables as text and HTML, in one statement."""
    specs = specs_of(connection, schema)
    shown = list(specs)[:_SHOWN]
    counts: list[int] = []
    if shown:
        counts = [int(n) for n in connection.execute(count_tables(shown, connection.dialect)).rows[0]]
    cells = [
        [
            Cell(name.class_name),
            Cell(str(name.tier or "")),
            Cell(str(count), "number"),
            Cell(specs[name].comment),
        ]
        for name, count in zip(shown, counts, strict=True)
    ]
    extent = f"{len(specs)} table{'' if len(specs) == 1 else 's'}"
    if len(specs) > _SHOWN:
        extent = f"{_SHOWN} of {extent}"
    columns = [Column("table", in_key=True), Column("tier"), Column("rows"), Column("comment")]
    return lay_out(f"Schema {schema}", extent, "", columns, cells)

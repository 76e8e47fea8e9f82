"""How far the tables of a schema are that `make` fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from djnb.algebra.nodes import Node, Stored
from djnb.connection import Connection
from djnb.errors import AccessError, PopulateError
from djnb.layout import Cell, Column, Preview, Viewable, lay_out
from djnb.model.naming import TableName, Tier
from djnb.model.spec import TableSpec
from djnb.populate.key_source import default_key_source, key_of, missing
from djnb.populate.result import Progress
from djnb.rows.fetch import count_all
from djnb.schemas.listing import specs_of
from djnb.tables.autopopulate import AutoPopulate
from djnb.tables.table import Table

_AT_ONCE = 20
"""How many tables one statement counts; SQLite takes no more than 64 tables joined, and servers need long to plan."""


class SchemaProgress(Viewable, Mapping[str, Progress]):
    """
    How many of its keys each table has that ``make`` fills, by class name, parents before children.

    Attributes
    ----------
    schema : str
        The schema.
    unknown : tuple of str
        Tables of which nobody knows which keys they should have: no foreign key leads into their primary key, and no
        class with a ``key_source`` is there; or the user may not see their key, or that of a parent.
    """

    def __init__(self, schema: str, found: Mapping[str, Progress], unknown: Sequence[str] = ()) -> None:
        self.schema = schema
        self.unknown = tuple(unknown)
        self._found = dict(found)

    def __getitem__(self, table: str) -> Progress:
        return self._found[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    @property
    def remaining(self) -> int:
        """How many keys are missing in all tables together."""
        return sum(one.remaining for one in self.values())

    def preview(self) -> Preview:
        """Return a line for each table."""
        cells = [
            [Cell(table), Cell(str(one.done), "number"), Cell(str(one.total), "number"), _percent(one)]
            for table, one in self.items()
        ]
        cells += [[Cell(table), *([Cell("unknown", "null")] * 3)] for table in self.unknown]
        columns = [Column("table", in_key=True), Column("done"), Column("keys"), Column("percent")]
        extent = f"{len(cells)} table{'' if len(cells) == 1 else 's'}, {self.remaining} keys to make"
        return lay_out(f"Progress of {self.schema}", extent, "", columns, cells)


def _percent(one: Progress) -> Cell:
    return Cell(f"{one.percent:.1f}", "number")


def progress(connection: Connection, schema: str, classes: Sequence[type[Table]]) -> SchemaProgress:
    """
    Count the keys of every Imported and Computed table.

    Parameters
    ----------
    connection : Connection
        The database.
    schema : str
        The schema.
    classes : sequence of class
        Those that are known: each may have a ``key_source`` of its own. Other tables have the default.
    """
    found, unknown = count_keys(connection, specs_of(connection, schema), classes)
    named = {name.class_name: one for name, one in found.items()}
    return SchemaProgress(schema, named, [name.class_name for name in unknown])


def count_keys(
    connection: Connection, tables: Mapping[TableName, TableSpec], classes: Sequence[type[Table]]
) -> tuple[dict[TableName, Progress], list[TableName]]:
    """
    Count the keys of every Imported and Computed table among some; a statement for every twenty of them.

    Returns
    -------
    tuple of dict and list
        How far they are, and those of which nobody knows which keys they should have.
    """
    known = {cls._table: cls for cls in classes if issubclass(cls, AutoPopulate)}
    asked: list[tuple[TableName, Node, Node]] = []
    unknown = []
    for name, spec in tables.items():
        if name.tier not in (Tier.IMPORTED, Tier.COMPUTED):
            continue
        try:
            stored: Stored = connection.catalogue.stored(name)
            cls = known.get(name)
            keys = cls().wanted_keys() if cls is not None else key_of(default_key_source(connection, spec), stored)
        except (PopulateError, AccessError):
            unknown.append(name)
            continue
        asked.append((name, keys, missing(keys, stored)))
    counts = count_all(connection, [node for _, *pair in asked for node in pair], at_once=2 * _AT_ONCE)
    pairs = zip(asked, counts[::2], counts[1::2], strict=True)
    return {name: Progress(total - left, total) for (name, _, _), total, left in pairs}, unknown

"""How far the tables of a schema are that `make` fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from djnb.algebra.nodes import Node, Stored
from djnb.connection import Connection
from djnb.errors import AccessError, PopulateError
from djnb.layout import Cell, Column, Preview, Viewable, lay_out
from djnb.model.naming import TableName, Tier
from djnb.populate.key_source import default_key_source, key_of, missing
from djnb.populate.result import Progress
from djnb.schemas.listing import specs_of
from djnb.sql.select import count_rows
from djnb.sql.statement import compose, join
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
    known = {cls._table: cls for cls in classes if issubclass(cls, AutoPopulate)}
    asked: list[tuple[TableName, Node, Node]] = []
    unknown = []
    for name, spec in specs_of(connection, schema).items():
        if name.tier not in (Tier.IMPORTED, Tier.COMPUTED):
            continue
        try:
            stored: Stored = connection.catalogue.stored(name)
            cls = known.get(name)
            keys = cls().wanted_keys() if cls is not None else key_of(default_key_source(connection, spec), stored)
        except (PopulateError, AccessError):
            unknown.append(name.class_name)
            continue
        asked.append((name, keys, missing(keys, stored)))
    counts: list[int] = []
    for start in range(0, len(asked), _AT_ONCE):
        nodes = [node for _, *pair in asked[start : start + _AT_ONCE] for node in pair]
        numbers = (compose("({})", count_rows(node, connection.dialect)) for node in nodes)
        counts += [int(number) for number in connection.execute(compose("SELECT {}", join(", ", numbers))).rows[0]]
    pairs = zip(asked, counts[::2], counts[1::2], strict=True)
    found = {name.class_name: Progress(total - left, total) for (name, _, _), total, left in pairs}
    return SchemaProgress(schema, found, unknown)

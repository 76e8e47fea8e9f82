"""The lineage of a schema: where the attributes of its keys and foreign keys were first declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from djnb.connection import Connection
from djnb.declaration import lineage_table
from djnb.layout import Cell, Column, Preview, Viewable, lay_out
from djnb.model.lineage import trace
from djnb.model.naming import TableName
from djnb.schemas.listing import specs_of


class Lineage(Viewable, Mapping[str, str]):
    """
    The origin of each attribute, both as ``schema.table.attribute``.

    Parameters
    ----------
    schema : str
        The schema.
    origins : mapping
        The origins.
    is_stored : bool
        Whether they are those that the schema's ``~lineage`` table holds, rather than found by the foreign keys.
    """

    def __init__(self, schema: str, origins: Mapping[str, str], *, is_stored: bool) -> None:
        self.schema = schema
        self.is_stored = is_stored
        self._origins = dict(origins)

    def __getitem__(self, attribute: str) -> str:
        return self._origins[attribute]

    def __iter__(self) -> Iterator[str]:
        return iter(self._origins)

    def __len__(self) -> int:
        return len(self._origins)

    def preview(self) -> Preview:
        """Return a line for each attribute."""
        cells = []
        for attribute, origin in self._origins.items():
            table, _, name = attribute.removeprefix(f"{self.schema}.").rpartition(".")
            own = "here" if origin == attribute else origin
            cells.append([Cell(TableName(self.schema, table).class_name), Cell(name), Cell(own)])
        comment = "" if self.is_stored else "not stored, found by the foreign keys"
        columns = [Column("table", in_key=True), Column("attribute", in_key=True), Column("first declared in")]
        count = len(cells)
        extent = f"{count} attribute{'' if count == 1 else 's'}"
        return lay_out(f"Lineage in {self.schema}", extent, comment, columns, cells)


def read_lineage(connection: Connection, schema: str) -> Lineage:
    """Return what the schema has stored, in one statement; without such a table, what its foreign keys say."""
    stored = lineage_table.load(connection, schema)
    if stored is not None:
        return Lineage(schema, stored, is_stored=True)
    return Lineage(schema, _traced(connection, schema), is_stored=False)


def rebuild_lineage(connection: Connection, schema: str) -> None:
    """Write the lineage of every table anew; that of hidden tables stays."""
    connection.check_outside_transaction("Lineage cannot be rebuilt")
    lineage_table.ensure(connection, schema)
    lineage_table.rewrite(connection, schema)


def _traced(connection: Connection, schema: str) -> dict[str, str]:
    return {
        f"{schema}.{name.table}.{attribute}": origin
        for name, spec in specs_of(connection, schema).items()
        for attribute, origin in trace(spec, connection.catalogue.table).items()
    }

"""How far the tables of a diagram are, and what has failed there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from djnb.algebra.conditions import Equals, both
from djnb.algebra.nodes import Node, Restrict
from djnb.connection import Connection
from djnb.diagram.marks import Standing, mark_standing, number
from djnb.diagram.picture import Picture
from djnb.errors import AccessError, MissingTableError, NotDeclaredError
from djnb.jobs.states import Status
from djnb.layout import Cell, Column, Preview, lay_out
from djnb.model.naming import CLASSIC_JOBS, TableName
from djnb.rows.fetch import count_all
from djnb.schemas.progress import count_keys
from djnb.tables.autopopulate import AutoPopulate

_AT_ONCE = 40
"""How many queries one statement counts; servers need long to plan more."""


@dataclass(frozen=True)
class Standings:
    """
    How far tables are that ``make`` fills.

    Attributes
    ----------
    known : mapping
        By table; others are not filled by ``make``, or nobody knows which keys they should have.
    """

    known: Mapping[TableName, Standing]

    def mark(self, picture: Picture) -> Picture:
        """Return a picture with what is known."""
        return mark_standing(picture, self.known)

    def preview(self, tables: Iterable[TableName]) -> Preview:
        """Return the same as a table."""
        rows = [(name, self.known[name]) for name in tables if name in self.known]
        cells = [
            [
                Cell(f"{name.schema}.{name.class_name}"),
                *(Cell(number(each), "number") for each in (one.done, one.total, one.reserved, one.errors)),
            ]
            for name, one in rows
        ]
        left = sum(one.total - one.done for _, one in rows)
        columns = [Column("table", in_key=True), *map(Column, ("done", "keys", "at work", "errors"))]
        return lay_out("Progress", f"{len(rows)} tables, {number(left)} keys to make", "", columns, cells)


def standings(connection: Connection, tables: Iterable[TableName]) -> Standings:
    """
    Count the keys of tables, and their jobs; a statement for every twenty tables, and one for the jobs.

    A class that this process knows may have a ``key_source`` of its own; other tables have the default.
    """
    specs = {name: spec for name in tables if (spec := connection.catalogue.table(name)) is not None}
    found, _ = count_keys(connection, specs, list(_classes(connection)))
    known = {name: Standing(one.done, one.total) for name, one in found.items()}
    jobs = [(name, status, node) for name in known for status, node in _jobs(connection, name)]
    counts = count_all(connection, [node for *_, node in jobs], at_once=_AT_ONCE)
    for (name, status, _), count in zip(jobs, counts, strict=True):
        now = known[name]
        if status is Status.ERROR:
            known[name] = replace(now, errors=now.errors + count)
        else:
            known[name] = replace(now, reserved=now.reserved + count)
    return Standings(known)


def _jobs(connection: Connection, name: TableName) -> Iterator[tuple[Status, Node]]:
    """Yield what asks for the jobs of a table that have failed, and that are being made."""
    there = connection.catalogue.schema(name.schema) or {}
    if name.twin is not None and name.twin.table in there:
        return  # whose jobs they are, cannot be told
    for where in (name.job_table, TableName(name.schema, CLASSIC_JOBS)):
        if where.table not in there:
            continue
        try:
            stored = connection.catalogue.stored(where)
        except (AccessError, MissingTableError):
            continue
        for status in (Status.ERROR, Status.RESERVED):
            asked = [Equals("status", str(status))]
            if where.is_classic_jobs:
                asked.append(Equals("table_name", name.table))
            yield status, Restrict(stored, both(asked))


def _classes(connection: Connection) -> Iterator[type[AutoPopulate]]:
    """Yield the classes that this process knows of tables there; of a cell run twice, the later one last."""
    waiting: list[type[AutoPopulate]] = [AutoPopulate]
    while waiting:
        cls = waiting.pop(0)
        waiting += cls.__subclasses__()
        try:
            if getattr(cls, "_table", None) is not None and cls().connection is connection:
                yield cls
        except NotDeclaredError:
            continue

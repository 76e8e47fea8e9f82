"""The jobs of a whole schema as one collection: `schema.jobs`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Self

from djnb.connection import Connection
from djnb.errors import OperandError, did_you_mean
from djnb.jobs.states import Status
from djnb.layout import Cell, Column, Preview, lay_out
from djnb.query import Query
from djnb.tables.jobs import JobTable


class JobTables:
    """
    The job tables of a schema, as one collection: iterate over them, or restrict, fetch and delete as one.

    The one job table that DataJoint 0.14 keeps for a schema is among them.

    Parameters
    ----------
    tables : list of JobTable
        The tables, restricted or not.
    """

    def __init__(self, tables: list[JobTable]) -> None:
        self._tables = tables

    @classmethod
    def of(cls, connection: Connection, schema: str, owned: Iterable[JobTable] = ()) -> Self:
        """Return those that are in a schema; ``owned`` are of classes that are known."""
        specs = connection.catalogue.schema(schema) or {}
        found = {spec.name: spec for spec in specs.values()}
        targets = {
            name.job_table: spec for name, spec in found.items() if not name.is_hidden and name.twin not in found
        }
        known = {jobs.name: jobs for jobs in owned if jobs.name in targets}
        names = [name for name in sorted(found) if name.is_job_table]
        return cls([known[name] if name in known else JobTable(connection, name, targets.get(name)) for name in names])

    def __iter__(self) -> Iterator[JobTable]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __getitem__(self, index: int | str) -> JobTable:
        if isinstance(index, int):
            return self._tables[index]
        names = [table.class_name_of_target for table in self._tables]
        if index not in names:
            raise OperandError(
                f"There are no jobs of '{index}' here.",
                remedy=f"{did_you_mean(index, names)}There are: {', '.join(names)}.",
            )
        return self._tables[names.index(index)]

    def __and__(self, condition: Any) -> JobTables:
        """Return the jobs that meet a condition, in all tables; ``table_name`` is the table that they are for."""
        restricted = []
        for table in self._tables:
            named = condition if table.name.is_classic_jobs else (_named(table) & condition).proj()
            restricted.append(table & named)
        return JobTables(restricted)

    def fetch(self, *names: str, as_dict: bool = True) -> list[dict[str, Any]]:
        """
        Fetch the jobs of all tables.

        Parameters
        ----------
        *names : str
            Attributes; all that every job has if none is named: ``table_name``, ``key``, ``status``,
            ``error_message``, ``error_stack``, ``user``, ``host``, ``pid``, ``connection_id``.
        as_dict : bool
            Must be true: the tables have different keys, which no array holds.

        Returns
        -------
        list of dict
            ``key`` is the primary key of the row to be made, as a dict.
        """
        if not as_dict:
            raise OperandError(
                "The jobs of several tables have different keys and are fetched as dicts.",
                remedy="Say `fetch(as_dict=True)`, or fetch one of them: `Analysis.jobs.fetch()`.",
            )
        rows = [row for table in self._tables for row in _rows(table)]
        return [{name: row[name] for name in names} for row in rows] if names else rows

    def to_dicts(self) -> list[dict[str, Any]]:
        """Fetch the jobs of all tables; see `fetch`."""
        return self.fetch()

    def retry(self, **options: Any) -> int:
        """Have the failed jobs of all tables tried again, and return how many; see `JobTable.retry` for the options."""
        return sum(table.retry(**options) for table in self._tables if not table.name.is_classic_jobs)

    def progress(self) -> dict[str, int]:
        """Return how many jobs of all tables are in which state, and in total."""
        counted = [table.progress() for table in self._tables if not table.name.is_classic_jobs]
        return {status: sum(counts[status] for counts in counted) for status in (*map(str, Status), "total")}

    def delete(self, *, prompt: bool | None = False) -> int:
        """Delete the jobs of all tables, by default without asking, and return how many there were."""
        return sum(table.delete(prompt=prompt) for table in self._tables)

    def preview(self) -> Preview:
        """Return how many jobs of each table are in which state, as text and HTML; a statement for each table."""
        tables = [table for table in self._tables if not table.name.is_classic_jobs]
        counted = [(table.class_name_of_target, table.progress()) for table in tables]
        states = [*map(str, Status), "total"]
        cells = [
            [Cell(name), *(Cell(f"{counts[state]:,}".replace(",", " "), "number") for state in states)]
            for name, counts in counted
        ]
        columns = [Column("table", in_key=True), *map(Column, states)]
        return lay_out("Jobs", f"{len(tables)} table{'' if len(tables) == 1 else 's'}", "", columns, cells)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        shown = self.preview()
        return {"text/plain": shown.text, "text/html": shown.html}

    def __repr__(self) -> str:
        return f"JobTables({', '.join(str(table.name) for table in self._tables)})"


_SHARED = ("status", "error_message", "error_stack", "user", "host", "pid", "connection_id")


def _target(table: JobTable) -> str:
    target = table.target
    return target.name.table if target is not None else table.name.table.lstrip("~")


def _named(table: JobTable) -> Query:
    return table.proj(..., table_name=f"'{_target(table)}'")


def _rows(table: JobTable) -> list[dict[str, Any]]:
    if table.name.is_classic_jobs:
        return table.to_dicts("table_name", "key", *_SHARED)
    key = table.primary_key
    return [
        {
            "table_name": _target(table),
            "key": {name: row[name] for name in key},
            **{name: row[name] for name in _SHARED},
        }
        for row in table.to_dicts(*key, *_SHARED)
    ]

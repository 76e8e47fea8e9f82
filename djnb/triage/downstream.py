"""What depends on the rows that some jobs are to make."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from djnb.tables.jobs import JobTable


@dataclass(frozen=True)
class Dependent:
    """
    A table downstream.

    Attributes
    ----------
    table : str
        Its class.
    tier : str
        ``Computed``, ``Imported``, ``Manual`` or ``Lookup``.
    rows : int
        How many of its rows follow from the rows that are there for the jobs' keys; failed jobs have none.
    """

    table: str
    tier: str
    rows: int

    @property
    def is_made(self) -> bool:
        """Whether populate fills it."""
        return self.tier in ("Computed", "Imported")


def dependents(jobs: JobTable) -> tuple[Dependent, ...]:
    """Return the tables that depend on the table of some jobs, parents before children, without parts."""
    owner = jobs.owner
    if owner is None:
        return ()
    below = [table for table in owner.descendants(as_objects=True)[1:] if table.name.master is None]
    if not below:
        return ()
    counts = (owner & jobs.proj()).delete_plan().rows
    return tuple(
        Dependent(
            table.class_name if table.name.schema == owner.name.schema else f"{table.name.schema}.{table.class_name}",
            str(table.name.tier or ""),
            counts.get(table.name, 0),
        )
        for table in below
    )

"""Files of a store that no row refers to, to be looked at before they are removed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from djnb.connection import Connection, conn
from djnb.layout import Cell, Column, Preview, lay_out, size_text
from djnb.rows import orphans
from djnb.rows.orphans import Orphan, Sweep
from djnb.stores.configured import get_store

A_DAY = timedelta(days=1)
"""For how long a file may wait for its row."""


def find_orphans(
    store: str | None = None,
    *,
    schema: str | None = None,
    older_than: timedelta = A_DAY,
    connection: Connection | None = None,
) -> OrphanPlan:
    """
    Return the files of a store that no row refers to; nothing is removed before the plan's `execute()`.

    The rows of all schemas that the user can see are read, in one statement for each table that has files. Files of
    ``<filepath>`` are the user's own and never orphans. Files of schemas that cannot be seen, or not read whole, are
    not judged; the plan says which.

    Parameters
    ----------
    store : str, optional
        By default the default store.
    schema : str, optional
        Look only at the files of one schema, here or not.
    older_than : timedelta
        Younger files are left, because an insert may be under way that has yet to write their rows.
    connection : Connection, optional
        The database; by default the one of ``dj.conn()``. Where schemas of one name in two databases share a store,
        the files of the one are orphans to the other: give each database a ``location`` of its own.

    Raises
    ------
    UnknownStoreError
        No store has the name.
    StoreError
        The store cannot be listed.
    TransactionError
        A transaction is open, which does not see what others have inserted since it began.

    Examples
    --------
    >>> plan = dj.find_orphans("main")
    >>> plan.files, plan.size
    >>> plan.execute()
    """
    found = orphans.find_orphans(connection or conn(), get_store(store), schema=schema, age=older_than)
    return OrphanPlan(found)


@dataclass(frozen=True, repr=False)
class OrphanPlan:
    """
    The files of a store that no row refers to; true if there are any.

    Attributes
    ----------
    orphans : tuple of Orphan
        Each with ``path``, ``schema``, ``files``, ``size`` and ``time``.
    paths : list of str
        Their paths within the store.
    files : int
        How many files they are; a folder has several.
    size : int
        How many bytes they take.
    oldest : datetime or None
        When the oldest was written, UTC.
    left : dict
        The schemas whose files are not judged, and why.
    """

    sweep: Sweep

    @property
    def orphans(self) -> tuple[Orphan, ...]:
        """The files and folders, in the order of their paths."""
        return self.sweep.orphans

    @property
    def paths(self) -> list[str]:
        """The paths of the files and folders within the store."""
        return [orphan.path for orphan in self.orphans]

    @property
    def files(self) -> int:
        """How many files they are."""
        return sum(len(orphan.files) for orphan in self.orphans)

    @property
    def size(self) -> int:
        """How many bytes they take."""
        return sum(orphan.size for orphan in self.orphans)

    @property
    def oldest(self) -> datetime | None:
        """When the oldest was written, UTC."""
        return min((orphan.time for orphan in self.orphans), default=None)

    @property
    def left(self) -> dict[str, str]:
        """The schemas whose files are not judged, and why."""
        return self.sweep.left

    def execute(self) -> int:
        """
        Remove the files, but for those that have changed or that a row has come to refer to.

        Returns
        -------
        int
            How many files were removed.

        Raises
        ------
        TransactionError
            A transaction is open.
        StoreError
            A file cannot be removed; those before it are gone.
        """
        return sum(len(orphan.files) for orphan in self.sweep.carry_out())

    def preview(self) -> Preview:
        """Return how much is there of each schema, as text and HTML."""
        files, sizes = Counter[str](), Counter[str]()
        oldest: dict[str, datetime] = {}
        for orphan in self.orphans:
            files[orphan.schema] += len(orphan.files)
            sizes[orphan.schema] += orphan.size
            oldest[orphan.schema] = min(orphan.time, oldest.get(orphan.schema, orphan.time))
        used, young = self.sweep.used, self.sweep.young
        cells = [
            [
                Cell(name),
                *(_number(count.get(name, 0)) for count in (used, young, files)),
                Cell(size_text(sizes[name]), "number"),
                Cell(f"{oldest[name]:%Y-%m-%d}") if name in oldest else Cell("", "null"),
            ]
            for name in sorted({*used, *young, *files})
        ]
        for name, reason in sorted(self.left.items()):
            blank = Cell("", "null")
            cells.append([Cell(name), blank, blank, Cell(f"left: {reason}", "null"), blank, blank])
        columns = [
            Column("schema", in_key=True),
            Column("used", "files that rows refer to"),
            Column("young", "files without a row, too young to be judged"),
            Column("orphans", "files that no row refers to"),
            Column("size", "of the orphans"),
            Column("oldest", "of the orphans"),
        ]
        return lay_out(f"Orphans of the store '{self.sweep.store.name}'", self.extent, "", columns, cells)

    @property
    def extent(self) -> str:
        """How much there is, in a few words."""
        count = f"{self.files:,}".replace(",", " ")
        return f"{count} file{'' if self.files == 1 else 's'}, {size_text(self.size)}"

    def __bool__(self) -> bool:
        return bool(self.orphans)

    def __str__(self) -> str:
        return self.preview().text

    def __repr__(self) -> str:
        return f"<OrphanPlan of '{self.sweep.store.name}': {self.extent}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        shown = self.preview()
        return {"text/plain": shown.text, "text/html": shown.html}


def _number(value: int) -> Cell:
    return Cell(f"{value:,}".replace(",", " "), "number")

"""
Files that no row refers to: what deleted rows, dropped tables and crashed inserts have left in a store.

The files are listed before the rows are read: whoever writes a file and then its row is not too late.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from djnb.codecs.tracked import tracked_path
from djnb.connection import Connection
from djnb.rows.references import References, forget_tracked, read_references
from djnb.stores.paths import owner_of
from djnb.stores.store import MANIFEST, Store


@dataclass(frozen=True)
class Orphan:
    """
    A file, or a folder with the list of its files, that no row refers to.

    Attributes
    ----------
    path : str
        Within the store, as a row would record it.
    schema : str
        To which it belonged.
    files : tuple of str
        The paths of its files.
    size : int
        In bytes, all files together.
    time : datetime
        When the youngest of the files was changed, UTC.
    listed : UUID or None
        Under which DataJoint 0.14 lists it.
    """

    path: str
    schema: str
    files: tuple[str, ...]
    size: int
    time: datetime
    listed: UUID | None = None


@dataclass(frozen=True)
class Sweep:
    """
    What a search for orphans has found.

    Attributes
    ----------
    orphans : tuple of Orphan
        In the order of their paths.
    young : dict
        How many files of each schema nobody refers to, but are too young to be judged.
    used : dict
        How many files of each schema rows refer to.
    left : dict
        The schemas whose files are not judged, and why.
    """

    connection: Connection
    store: Store
    schema: str | None
    age: timedelta
    orphans: tuple[Orphan, ...]
    young: dict[str, int]
    used: dict[str, int]
    left: dict[str, str]

    def carry_out(self) -> tuple[Orphan, ...]:
        """
        Remove the files that are still what they were, and return them; the rows are read once more before.

        Raises
        ------
        TransactionError
            A transaction is open, which would not see the rows of others.
        StoreError
            A file cannot be removed; the note says how many have been.
        """
        now = set(find_orphans(self.connection, self.store, schema=self.schema, age=self.age).orphans)
        removed: list[Orphan] = []
        try:
            for orphan in self.orphans:
                if orphan in now:
                    self._remove(orphan)
                    removed.append(orphan)
        except Exception as error:
            error.add_note(f"{len(removed)} of {len(self.orphans)} had been removed.")
            raise
        return tuple(removed)

    def _remove(self, orphan: Orphan) -> None:
        if orphan.listed is not None:  # the foreign keys of 0.14 hold the row where somebody has come to use it
            forget_tracked(self.connection, orphan.schema, self.store.name, [orphan.listed])
        for path in orphan.files:
            self.store.remove(path)


@dataclass
class _Unit:
    schema: str
    listed: UUID | None = None
    files: list[str] = field(default_factory=list)
    size: int = 0
    times: list[datetime | None] = field(default_factory=list)


def find_orphans(connection: Connection, store: Store, *, schema: str | None, age: timedelta) -> Sweep:
    """
    Return what no row refers to; nothing is removed.

    Parameters
    ----------
    connection : Connection
        The database whose rows refer to the store.
    store : Store
        The store.
    schema : str or None
        Look only at the files of this schema.
    age : timedelta
        Younger files are left: their rows may be about to be inserted.

    Raises
    ------
    TransactionError
        A transaction is open.
    StoreError
        The store cannot be listed.
    """
    connection.check_outside_transaction("Files are not compared with rows")
    store.check_place()
    files = list(store.walk(""))
    references = read_references(connection, store.name)
    units = _units(files, store, references)
    seen = set(connection.list_schemas())
    left: dict[str, str] = {}
    young: Counter[str] = Counter()
    used: Counter[str] = Counter()
    orphans = []
    before = datetime.now(UTC) - age
    for path, unit in sorted(units.items()):
        if schema is not None and unit.schema != schema:
            continue
        if unit.schema not in seen:
            left[unit.schema] = "there is no such schema, or you may not see it"
        elif unit.schema in references.unread:
            left[unit.schema] = references.unread[unit.schema]
        elif _is_used(path, unit, references):
            used[unit.schema] += len(unit.files)
        else:
            times = [time for time in unit.times if time is not None]
            if len(times) < len(unit.times) or max(times) > before:
                young[unit.schema] += len(unit.files)
            else:
                files_of = tuple(sorted(unit.files))
                orphans.append(Orphan(path, unit.schema, files_of, unit.size, max(times), unit.listed))
    return Sweep(connection, store, schema, age, tuple(orphans), dict(young), dict(used), left)


def _units(files: list[tuple[str, int, datetime | None]], store: Store, references: References) -> dict[str, _Unit]:
    """Return the files by the path that a row would record; the users' own, elsewhere in the store, are left out."""
    tracked = {
        path: (schema, digest)
        for schema, listed in references.listed.items()
        for digest, (name, filepath) in listed.items()
        if filepath is None
        for path in [tracked_path(schema, digest, store, f".{name}" if name else "")]
    }
    units: dict[str, _Unit] = {}
    for path, size, time in files:
        owner = owner_of(path, hash_prefix=store.settings.hash_prefix, schema_prefix=store.settings.schema_prefix)
        digest = None
        if path in tracked:
            schema, digest = tracked[path]
            unit_path = path
        elif owner is not None:
            schema, unit_path = owner
        else:
            continue
        unit = units.setdefault(unit_path.removesuffix(MANIFEST), _Unit(schema, digest))
        unit.files.append(path)
        unit.size += size
        unit.times.append(time)
    return units


def _is_used(path: str, unit: _Unit, references: References) -> bool:
    if unit.listed is not None and unit.listed in references.used.get(unit.schema, ()):
        return True
    # A row may record a file, the folder that it is in, or a file within the folder of its own.
    return any(
        "/".join(parts[:end]) in references.paths
        for file in [path, *unit.files]
        for parts in [file.split("/")]
        for end in range(1, len(parts) + 1)
    )

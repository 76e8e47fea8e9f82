"""The tables ``~external_{store}`` of DataJoint 0.14, which list the files of a schema in a store."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Self
from uuid import UUID

from djnb.algebra.conditions import AmongKeys
from djnb.algebra.nodes import Restrict, Stored
from djnb.codecs.tracked import TrackedFile
from djnb.connection import Connection
from djnb.errors import MissingTableError
from djnb.model.naming import TableName
from djnb.sql.dml import insert
from djnb.sql.select import select_rows
from djnb.sql.values import decoder

_PREFIX = "~external_"
_NAMES = ("hash", "size", "attachment_name", "filepath", "contents_hash")
_CHUNK = 1_000


class TrackingTable:
    """
    One such table: what it lists, and what is to be added to it.

    Rows are added by `flush`, in the thread that calls it; files are written by several threads.
    """

    def __init__(self, connection: Connection, schema: str, store: str) -> None:
        self._connection = connection
        self._name = tracking_table(schema, store)
        self._known: dict[UUID, TrackedFile] = {}
        self._added: dict[UUID, TrackedFile] = {}
        self._lock = threading.Lock()

    def read(self, values: Sequence[Any]) -> Self:
        """Read the rows of files at once, whose hashes are given as the driver has them."""
        hashes = list(dict.fromkeys(bytes(value) for value in values if value is not None))
        for start in range(0, len(hashes), _CHUNK):
            self._read(hashes[start : start + _CHUNK])
        return self

    def _read(self, hashes: Sequence[bytes]) -> None:
        table = self._stored()
        keys = tuple((UUID(bytes=digest),) for digest in hashes)
        rows = Restrict(table, AmongKeys(("hash",), keys))
        dialect = self._connection.dialect
        decoders = [decoder(table.heading[name].type, dialect) for name in _NAMES]
        for row in self._connection.execute(select_rows(rows, dialect, list(_NAMES))).rows:
            values = [v if d is None or v is None else d(v) for v, d in zip(row, decoders, strict=True)]
            file = TrackedFile(*values)
            self._known[file.hash] = file

    def _stored(self) -> Stored:
        spec = self._connection.catalogue.table(self._name)
        if spec is None:
            raise MissingTableError(
                f"There is no table {self._name}, which lists the files of the store.",
                remedy="Restore it from a backup.",
            )
        return Stored(self._name, spec.heading)

    def find(self, digest: UUID) -> TrackedFile | None:
        """Return the row of a file."""
        with self._lock:
            if digest not in self._known and digest not in self._added:
                self._read([digest.bytes])
            return self._added.get(digest) or self._known.get(digest)

    def add(self, file: TrackedFile) -> None:
        """Note a file, for `flush`."""
        with self._lock:
            self._added[file.hash] = file

    def flush(self) -> None:
        """Add the rows that are not there."""
        if not self._added:
            return
        rows = [
            (f.hash.bytes, f.size, f.attachment_name, f.filepath, f.contents_hash and f.contents_hash.bytes)
            for f in self._added.values()
        ]
        sql = insert(
            self._name, _NAMES, self._connection.dialect, key=["hash"], others=list(_NAMES[1:]), on_duplicate="skip"
        )
        self._connection.execute_many(sql, rows)
        self._added.clear()


def tracking_table(schema: str, store: str) -> TableName:
    """Return the name of the table that lists the files of a schema in a store."""
    return TableName(schema, _PREFIX + store)


def is_tracking_table(name: TableName) -> bool:
    """Tell whether a table lists files."""
    return name.table.startswith(_PREFIX)

"""One row whose files are written directly into the store, and which is inserted when they are complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Protocol

from djnb.codecs.object import StagedObject, describe_object
from djnb.codecs.schema import SchemaCodec
from djnb.connection import Connection
from djnb.errors import InsertError, MissingAttributeError
from djnb.model.heading import Heading
from djnb.model.naming import TableName
from djnb.sql.chain import chain_of, context_of
from djnb.stores.configured import get_store
from djnb.stores.store import Store
from djnb.stores.written import Written

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem, FSMap


class StagingTable(Protocol):
    """What is needed of a table."""

    @property
    def name(self) -> TableName:
        """Where it is."""
        ...

    @property
    def heading(self) -> Heading:
        """Its attributes."""
        ...

    @property
    def connection(self) -> Connection:
        """Where the table is."""
        ...

    def insert1(self, row: Any, /, **options: Any) -> None:
        """Insert one row."""
        ...


class StagedInsert:
    """
    A row under way, given by ``with Table.staged_insert1 as staged``.

    Attributes
    ----------
    rec : dict
        The row; the whole primary key must be there before a file is written.
    """

    def __init__(self, table: StagingTable) -> None:
        self._table = table
        self._objects: dict[str, tuple[str, Store, str | None]] = {}
        self.rec: dict[str, Any] = {}

    @property
    def fs(self) -> AbstractFileSystem:
        """The driver of the default store."""
        return get_store().fs

    def store(self, field: str, ext: str = "") -> FSMap:
        """
        Return the place of an ``<object@store>`` attribute as a mapping, as Zarr and xarray take it.

        Parameters
        ----------
        field : str
            The attribute.
        ext : str
            The extension of the folder's name, ``".zarr"``.

        Raises
        ------
        InsertError
            The attribute is no object.
        MissingAttributeError
            ``rec`` lacks a part of the primary key.
        """
        path, store, _ = self._place(field, ext)
        return store.get_fsmap(path)

    def open(self, field: str, ext: str = "", mode: str = "wb") -> IO[Any]:
        """Open the file of an ``<object@store>`` attribute for writing; the errors are those of `store`."""
        path, store, _ = self._place(field, ext)
        return store.open(path, mode)

    def _place(self, field: str, ext: str) -> tuple[str, Store, str | None]:
        if field not in self._objects:
            heading, name = self._table.heading, self._table.name
            heading.check([field], owner=name.class_name)
            kind = heading[field].type
            if kind.codec != "object":
                raise InsertError(
                    f"'{field}' of `{name.class_name}` is `{kind}`, which cannot be written to directly.",
                    remedy="Give its value in `rec`, or declare it as `<object@store>`.",
                )
            missing = [key for key in heading.primary_key if key not in self.rec]
            if missing:
                raise MissingAttributeError(
                    f"`rec` has no '{missing[0]}', which is of the primary key and of the file's path.",
                    remedy=f"Set `staged.rec[{missing[0]!r}]` first.",
                )
            chain = chain_of(kind)
            (codec,) = chain.codecs
            assert isinstance(codec, SchemaCodec)
            key = {name: self.rec[name] for name in heading.primary_key}
            context = context_of(name.schema, name.table, field)
            path, store = codec.place(key, context, store_name=chain.store_name(), extension=ext or None)
            store.check_place()
            self._objects[field] = (path, store, ext or None)
        return self._objects[field]

    def finish(self) -> None:
        """Insert the row with what was written."""
        for field, (path, store, ext) in self._objects.items():
            if store.isdir(path):
                sizes = [size for _, size, _ in store.walk(path)]
                described = describe_object(path, store, size=sum(sizes), extension=ext, item_count=len(sizes))
            else:
                described = describe_object(path, store, size=store.size(path), extension=ext)
            self.rec[field] = StagedObject(described)
        self._table.insert1(self.rec)

    def written(self) -> Written:
        """Return the record of the files, for them to be removed."""
        record = Written()
        for path, store, _ in self._objects.values():
            record.note(store, path, None)
        return record


@contextmanager
def staged_insert1(table: StagingTable) -> Iterator[StagedInsert]:
    """Give a row to be filled in a ``with`` block; insert it at the end, or remove its files after an error."""
    staged = StagedInsert(table)
    try:
        yield staged
        staged.finish()
    except BaseException:
        staged.written().undo()
        raise
    table.connection.on_rollback(staged.written().undo)

"""Rows come into a table, and are changed."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from djnb.errors import OperandError
from djnb.on_class import on_class
from djnb.operators import check_copying
from djnb.rows.given import place_index
from djnb.rows.insert import Stamp, insert
from djnb.rows.staged import StagedInsert, staged_insert1
from djnb.rows.update import update_row
from djnb.rows.upsert import UpsertResult, upsert_rows
from djnb.rows.validate import ValidationResult, validate_rows
from djnb.tables.stored import StoredTable


class Writable(StoredTable):
    """A table whose rows can be inserted and changed."""

    @on_class
    def insert(
        self,
        rows: Any,
        *,
        replace: bool = False,
        skip_duplicates: bool = False,
        ignore_extra_fields: bool = False,
        allow_direct_insert: bool | None = None,
        chunk_size: int | None = None,
    ) -> None:
        """
        Insert rows; all of them or none.

        Parameters
        ----------
        rows : iterable
            Dicts, or sequences in the order of the heading, or numpy records, one by one or in any collection or
            generator; a pandas or polars DataFrame, an Arrow table, a structured array; a query; the `Path` of a CSV
            file whose first line names the attributes, and whose empty cells are defaults or NULL.
        replace : bool
            A row whose primary key is there takes the new values; rows that refer to it stay.
        skip_duplicates : bool
            A row whose primary key is there is passed over.
        ignore_extra_fields : bool
            Values whose names the heading does not have are passed over.
        allow_direct_insert : bool
            Lets rows be inserted into Imported and Computed tables otherwise than by ``make``.
        chunk_size : int, optional
            How many rows are held and sent at a time at most. Without it they are as many as suit the memory and the
            server, however large they are.

        Raises
        ------
        UnknownAttributeError, MissingAttributeError, InvalidValueError
            A row does not fit the heading.
        DuplicateError, MissingParentError
            A row's key is there already, or its parent is not.
        DirectInsertError
            The table is filled by ``make`` only.
        OperandError
            A query's attribute has another origin than the foreign key that it would fill, and the setting
            ``semantic_check`` is ``error``; by default that is a warning.
        """
        if replace and skip_duplicates:
            raise OperandError(
                "`replace` and `skip_duplicates` contradict each other.", remedy="Say one: the new row, or the old."
            )
        self._check_insert(allow_direct_insert=bool(allow_direct_insert))
        stored = self._stored()
        check_copying(rows, stored.heading, self.name)
        with self._inserting(rows) as watched:
            insert(
                self.connection,
                self.spec,
                stored.stored,
                watched,
                on_duplicate="replace" if replace else "skip" if skip_duplicates else "fail",
                ignore_extra_fields=ignore_extra_fields,
                chunk_size=chunk_size,
                stamp=self._stamp(),
            )

    @on_class
    def insert1(self, row: Any, /, **options: Any) -> None:
        """Insert one row, a dict or a sequence; the options are those of ``insert``."""
        self.insert([row], **options)

    @on_class
    def insert_dataframe(self, df: Any, /, index_as_pk: bool | None = None, **options: Any) -> None:
        """
        Insert the rows of a pandas DataFrame, whose index may be the primary key, as `to_pandas` gives it.

        Parameters
        ----------
        df : DataFrame
            Its columns are attributes.
        index_as_pk : bool, optional
            Whether the index is the primary key. By default it is if its names are of the key; else it is left out.
        **options
            Those of ``insert``.

        Raises
        ------
        InsertError
            The index is said to be the primary key and has other names.
        """
        self.insert(place_index(df, self._stored().stored, index_as_pk), **options)

    @on_class
    def validate(self, rows: Any, *, ignore_extra_fields: bool = False) -> ValidationResult:
        """
        Return what is wrong with rows, without inserting them; true if every row fits the heading.

        Names, values and what must be given are checked. Duplicates and missing parents only the insert can tell.
        """
        return validate_rows(self.connection, self._stored().stored, rows, ignore_extra_fields=ignore_extra_fields)

    @on_class
    def upsert(
        self, rows: Any, *, ignore_extra_fields: bool = False, allow_direct_insert: bool | None = None
    ) -> UpsertResult:
        """
        Insert the rows whose key is not there, and change those that are; all of them or none.

        Parameters
        ----------
        rows : iterable
            As for ``insert``. What a row does not give keeps its value where the row is there, and takes the default
            where it is new.
        ignore_extra_fields, allow_direct_insert : bool
            As for ``insert``.

        Returns
        -------
        UpsertResult
            The keys of the rows that were inserted, changed, and left as they were.

        Notes
        -----
        A thousand rows are held at a time, but the keys of all: give millions of rows in several calls.
        """
        self._check_insert(allow_direct_insert=bool(allow_direct_insert))
        with self._inserting(rows) as watched:
            return upsert_rows(
                self.connection,
                self.spec,
                self._stored().stored,
                watched,
                ignore_extra_fields=ignore_extra_fields,
                stamp=self._stamp(),
            )

    @on_class
    def update1(self, row: Any, /) -> None:
        """
        Change one row that is there: to correct by hand what was entered by hand.

        Parameters
        ----------
        row : dict
            The whole primary key, and attributes with their new values; None for the default, or NULL.

        Raises
        ------
        OperandError
            The table is restricted.
        InsertError
            There is nothing to change, or a value, a name or the key is not as it must be.
        RowCountError
            There is no row with this key.
        """
        if self._node is not None:
            raise OperandError(
                "`update1` was called on a restricted table.", remedy="Call it on the table; the row gives the key."
            )
        update_row(self.connection, self.spec, self._stored().stored, row)

    @property
    def staged_insert1(self) -> AbstractContextManager[StagedInsert]:
        """
        Give one row whose files are written directly into their store, and which is inserted at the end of the block.

        After an error, the files are removed and no row is inserted.

        Examples
        --------
        >>> with Recording.staged_insert1 as staged:
        ...     staged.rec["recording_id"] = 1
        ...     zarr.save(staged.store("raw", ".zarr"), data)
        """
        return staged_insert1(self)

    def _check_insert(self, *, allow_direct_insert: bool) -> None:
        """Refuse inserts that the tier does not take; here, none."""

    def _inserting(self, rows: Any) -> AbstractContextManager[Any]:
        """Give the rows to insert in a ``with`` block; here, as they are."""
        return nullcontext(rows)

    def _stamp(self) -> Stamp | None:
        """Return what tells the values of hidden attributes of rows that are inserted now; here, nothing."""
        return None

"""A table of the database as a query that can also be written."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from djnb.algebra.nodes import Node, Stored
from djnb.connection import Connection
from djnb.declaration.describe import DefinitionText, describe
from djnb.declaration.drop import PartIntegrity as DropIntegrity
from djnb.declaration.drop import drop_table, plan_drop
from djnb.declaration.names import find_names
from djnb.errors import MissingTableError, NotDeclaredError, OperandError
from djnb.model.heading import Heading
from djnb.model.naming import TableName, Tier
from djnb.model.spec import TableSpec
from djnb.on_class import on_class
from djnb.operators import check_copying
from djnb.plans import AlterPlan, DeletePlan, DropPlan
from djnb.query import Query
from djnb.rows.delete import PartIntegrity, delete_quick
from djnb.rows.given import place_index
from djnb.rows.insert import Stamp, insert
from djnb.rows.staged import StagedInsert, staged_insert1
from djnb.rows.update import update_row
from djnb.rows.upsert import UpsertResult, upsert_rows
from djnb.rows.validate import ValidationResult, validate_rows
from djnb.tables import leave
from djnb.tables.alter import alter, make_plan
from djnb.tables.declaring import create
from djnb.tables.metaclass import TableMeta
from djnb.tables.relatives import Relatives


class Table(Relatives, Query, metaclass=TableMeta):
    """
    The base of all table classes; subclass ``Manual``, ``Lookup``, ``Imported``, ``Computed`` or ``Part``.

    A restricted table, ``Recording & key``, is still a table: its rows can be deleted, and methods that a subclass
    adds work on it.
    """

    definition: ClassVar[str]
    tier: ClassVar[Tier]
    _table: ClassVar[TableName | None] = None
    _home: ClassVar[Connection | None] = None
    _is_decorated: ClassVar[bool] = False
    _namespace: ClassVar[Mapping[str, Any]] = {}

    def __init__(self) -> None:
        self._node = None
        self._connection = None

    @property
    def name(self) -> TableName:
        """
        The table in the database.

        Raises
        ------
        NotDeclaredError
            No schema has decorated the class.
        """
        if self._table is None:
            raise NotDeclaredError.for_class(type(self).__name__, is_decorated=self._is_decorated)
        return self._table

    @property
    def connection(self) -> Connection:
        """Where the table is."""
        if self._home is None:
            raise NotDeclaredError.for_class(type(self).__name__, is_decorated=self._is_decorated)
        return self._home

    @property
    def is_declared(self) -> bool:
        """Whether the table is in the database."""
        return self.connection.catalogue.table(self.name) is not None

    @property
    def declaration_context(self) -> Mapping[str, Any]:
        """What the names in the definition stand for."""
        return self._namespace

    @on_class
    def declare(self) -> None:
        """Create the table from the class's definition if it is not in the database, after a drop for example."""
        if not self.is_declared:
            create(type(self))

    @property
    def spec(self) -> TableSpec:
        """
        The table as the database has it.

        Raises
        ------
        MissingTableError
            It was dropped.
        AccessError
            The user may see some of its columns only, and not the whole primary key.
        """
        spec = self.connection.catalogue.table(self.name)
        if spec is None:
            raise MissingTableError(
                f"The table of `{self.name.class_name}`, {self.name}, is not in the database.",
                remedy="Decorate the class again to declare it.",
            )
        self.connection.catalogue.check_sight(spec)
        return spec

    @property
    def node(self) -> Node:
        """The question: all rows, or those of the restriction."""
        return self._node if self._node is not None else self._stored()

    def _stored(self) -> Stored:
        heading = self.connection.catalogue.heading(self.name)
        return Stored(self.name, self.spec.heading if heading is None else heading)

    @property
    def heading(self) -> Heading:
        """The attributes of the table."""
        return self._stored().heading

    # -- rows

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

    # -- definition

    @on_class
    def describe(self, context: Mapping[str, Any] | None = None, *, printout: bool = False) -> DefinitionText:
        """
        Return the definition that declares the table as the database has it.

        Parameters
        ----------
        context : mapping, optional
            Where the parents' names are looked up; by default where the class was decorated.
        printout : bool
            Ignored: the text is returned, and a cell that ends with it shows it.
        """
        names = find_names(self._namespace if context is None else context, self.connection)
        return describe(self.connection, self.spec, names)

    @on_class
    def alter(self, *, prompt: bool | None = None, context: Mapping[str, Any] | None = None) -> AlterPlan:
        """
        Make the table what the class's definition declares, and return what that changed.

        Secondary attributes, their foreign keys and indexes, and comments may come, go, change and move.
        ``# {old_name} comment`` renames an attribute.

        Parameters
        ----------
        prompt : bool, optional
            Ask before, where values of rows would be lost; by default as the setting ``safemode`` says.
        context : mapping, optional
            What the names after ``->`` stand for; by default what they do where the class was decorated.

        Raises
        ------
        DefinitionError
            The definition cannot be declared, or changes the primary key.
        InvalidValueError, MissingAttributeError, MissingParentError, DuplicateError
            Rows that are there do not suit the definition; nothing is changed.
        ConsentError
            Consent is needed, and nobody can be asked.
        TransactionError
            A transaction is open, which altering a table would end on a server.
        """
        plan = self.alter_plan(context=context)
        alter(plan, prompt=prompt)
        return plan

    @on_class
    def alter_plan(self, *, context: Mapping[str, Any] | None = None) -> AlterPlan:
        """Return what ``alter`` would change, without changing it: in words, as SQL, and what would be lost."""
        namespace = self._namespace if context is None else ChainMap(dict(context), dict(self._namespace))
        return make_plan(self.connection, self.name, getattr(self, "definition", None), namespace)

    # -- leaving

    @on_class
    def delete(
        self,
        *,
        prompt: bool | None = None,
        part_integrity: PartIntegrity | None = None,
        transaction: bool = True,
        safemode: bool | None = None,
        force_parts: bool = False,
        force_masters: bool = False,
    ) -> int:
        """
        Delete the rows, and all rows of other tables that depend on them, all or nothing.

        Parameters
        ----------
        prompt : bool, optional
            Ask before, showing how many rows of which tables would go; by default as the setting ``safemode`` says.
        part_integrity : {"enforce", "ignore", "cascade"}
            Whether rows of parts may go without the row of their master: they may not and nothing is deleted; they
            may; or the master's row goes too, with all its parts and all that depends on them.
        transaction : bool
            Whether to be a transaction; either way a delete is part of the one that is open, where one is.
        safemode : bool, optional
            The classic name of ``prompt``.
        force_parts, force_masters : bool
            The classic names of ``part_integrity="ignore"`` and ``"cascade"``.

        Returns
        -------
        int
            How many rows of this table went; 0 if consent was not given.

        Raises
        ------
        ConsentError
            Consent is needed, and nobody can be asked.
        IntegrityError
            Rows of a part would go while their master's rows stay.
        PlanChangedError
            Other rows would go now than those to which consent was given.
        """
        return leave.delete(
            self.connection, self._stored(), self.node, prompt=prompt, safemode=safemode,
            part_integrity=part_integrity, force_parts=force_parts, force_masters=force_masters,
        )  # fmt: skip

    @on_class
    def delete_plan(self, *, part_integrity: PartIntegrity = "enforce") -> DeletePlan:
        """
        Return what ``delete`` would remove, without removing it: rows by table, with a rich view and ``execute()``.

        Raises
        ------
        IntegrityError
            Rows of a part would go while their master's rows stay.
        """
        return leave.plan_delete(self.connection, self._stored(), self.node, part_integrity)

    @on_class
    def delete_quick(self, *, get_count: bool = False) -> int | None:
        """
        Delete the rows without asking, and no rows of other tables; return how many with ``get_count``.

        Raises
        ------
        ReferencedError
            Rows of other tables refer to them; nothing is deleted.
        """
        deleted = delete_quick(self.connection, self._stored(), self.node)
        return deleted if get_count else None

    @on_class
    def drop(self, *, prompt: bool | None = None, part_integrity: DropIntegrity = "enforce") -> None:
        """
        Drop the table and all tables that depend on it, with their job tables and lineage.

        Parameters
        ----------
        prompt : bool, optional
            Ask before; by default as the setting ``safemode`` says.
        part_integrity : {"enforce", "ignore", "cascade"}
            Whether a part may be dropped while its master stays, or takes it with it.

        Raises
        ------
        OperandError
            The table is restricted.
        ReferencedError
            A part would go while its master stays.
        TransactionError
            A transaction is open.
        """
        self._check_whole()
        leave.drop(self.connection, self.name, prompt=prompt, part_integrity=part_integrity)

    @on_class
    def drop_plan(self, *, part_integrity: DropIntegrity = "enforce") -> DropPlan:
        """Return what ``drop`` would remove, without removing it: tables and their rows, with ``execute()``."""
        self._check_whole()
        return DropPlan(plan_drop(self.connection, self.name, part_integrity=part_integrity))

    @on_class
    def drop_quick(self) -> None:
        """
        Drop the table without asking, and no other table; nothing happens where it is not in the database.

        Raises
        ------
        ReferencedError
            Other tables refer to it.
        """
        self._check_whole()
        if self.is_declared:
            self.connection.check_outside_transaction("Tables cannot be dropped")
            drop_table(self.connection, self.spec)

    def _check_whole(self) -> None:
        if self._node is not None:
            raise OperandError(
                "A restricted table cannot be dropped.", remedy="Drop the whole table, or `delete()` the rows."
            )

    # -- display

    @property
    def _comment(self) -> str:  # type: ignore[override]
        return self.spec.comment

    def __repr__(self) -> str:
        if self._table is None:
            return f"<{type(self).__name__}, not declared>"
        return f"<{type(self).__name__} {self._table}{'' if self._node is None else ', restricted'}>"

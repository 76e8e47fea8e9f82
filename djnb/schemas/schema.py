"""A schema: what is in it, and what can be done with it as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from djnb.connection import Connection
from djnb.declaration import lineage_table
from djnb.declaration.drop import plan_schema_drop
from djnb.errors import MissingTableError, did_you_mean
from djnb.jobs.roster import Roster, workers_of
from djnb.layout import Preview
from djnb.model.naming import TableName
from djnb.model.privileges import SchemaPrivileges
from djnb.orphans import A_DAY, OrphanPlan, find_orphans
from djnb.plans import DropPlan
from djnb.schemas import classes
from djnb.schemas.activation import Activation
from djnb.schemas.code import CodeText, save_code, write_code
from djnb.schemas.lineage import Lineage, read_lineage, rebuild_lineage
from djnb.schemas.listing import specs_of
from djnb.schemas.objects import names_of
from djnb.schemas.overview import overview
from djnb.schemas.populating import populate
from djnb.schemas.progress import SchemaProgress, progress
from djnb.tables import leave
from djnb.tables.autopopulate import AutoPopulate
from djnb.tables.free import FreeTable
from djnb.tables.schema_jobs import JobTables
from djnb.tables.table import Table

if TYPE_CHECKING:
    import os

    from djnb.populate.results import PopulateResults
    from djnb.populate.run import Run


class Schema(Activation):
    """
    A schema of the database; decorate table classes with it.

    Parameters
    ----------
    schema_name : str, optional
        The schema; without it, `activate` gives one later, and the classes are declared then.
    context : mapping, optional
        What the names after ``->`` stand for, besides the names at the place of the decoration.
    connection : Connection, optional
        The database; by default the one of ``dj.conn()``.
    create_schema : bool
        Create the schema if it is not there.
    create_tables : bool, optional
        Create tables that are not there; by default what the setting ``database.create_tables`` says.
    add_objects : mapping, module or str, optional
        Further names for the definitions: a mapping, or a module or its name, whose names they are.

    Examples
    --------
    >>> schema = Schema("lab")
    >>> @schema
    ... class Subject(dj.Manual):
    ...     definition = '''
    ...     subject_id : int32
    ...     ---
    ...     species : varchar(32)
    ...     '''
    """

    def list_tables(self) -> list[str]:
        """Return the names of the tables in the database, parents before children."""
        return [name.table for name in specs_of(self.connection, self.name)]

    @property
    def jobs(self) -> JobTables:
        """The job tables of the schema: iterate over them, or restrict, fetch and delete their jobs as one."""
        owned = [table().jobs for table in self.tables if issubclass(table, AutoPopulate) and table().is_declared]
        return JobTables.of(self.connection, self.name, owned)

    @property
    def workers(self) -> Roster:
        """The workers of the schema: where each runs, since when, on what, and whether alive, stalled or dead."""
        return workers_of(self.connection, self.name)

    def get_table(self, name: str) -> FreeTable:
        """
        Return a table of the schema without its class; the same as ``schema[name]``.

        Parameters
        ----------
        name : str
            As the class is called, ``"Session"`` or ``"Session.Trial"``, or as the table is, ``"session"``.

        Raises
        ------
        MissingTableError
            The schema has no such table.
        """
        found = self._find(name)
        if found is None:
            names = [known.class_name for known in specs_of(self.connection, self.name)]
            raise MissingTableError(
                f"The schema '{self.name}' has no table '{name}'.",
                remedy=f"{did_you_mean(name, names)}Its tables are: {', '.join(names) or 'none'}.",
            )
        return FreeTable(self.connection, found)

    def _find(self, name: str) -> TableName | None:
        for known in self.connection.catalogue.schema(self.name) or {}:
            table = TableName(self.name, known)
            if name in (known, table.full) or (name == table.class_name and not table.is_hidden):
                return table
        return None

    def __getitem__(self, name: str) -> FreeTable:
        return self.get_table(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def __iter__(self) -> Iterator[FreeTable]:
        for name in specs_of(self.connection, self.name):
            yield FreeTable(self.connection, name)

    def make_classes(self, into: Any = None) -> dict[str, type[Table]]:
        """
        Make a class for each table of the database for which there is none yet, parts within their masters.

        Parameters
        ----------
        into : mapping or module, optional
            Where the classes go, by their names; by default the module, or the notebook, that calls.

        Returns
        -------
        dict of str to class
            Those that were made. A name that stands for something already is left alone; its parts are added to it
            if it is the class of this table.

        Raises
        ------
        OperandError
            It is called within a function, whose names cannot be given from outside, without ``into``.
        """
        namespace = classes.caller_names() if into is None else names_of(into)
        return classes.make_classes(self.connection, self.name, namespace)

    def spawn_missing_classes(self, context: Any = None) -> dict[str, type[Table]]:
        """Make classes as `make_classes` does; DataJoint up to 0.14 calls it so."""
        return self.make_classes(classes.caller_names() if context is None else context)

    @property
    def code(self) -> CodeText:
        """
        The Python code that declares the tables anew: a module with a class for each, parents first.

        What the classes refer to in other schemas, it takes from virtual modules. Neither rows, ``contents`` of Lookup
        tables among them, nor ``make`` can be known from the database; they are for the reader to add.
        """
        return write_code(self.connection, self.name)

    def save(self, python_filename: str | os.PathLike[str] | None = None, *, overwrite: bool = False) -> str:
        """
        Write the `code` to a file, if one is named, and return it.

        Parameters
        ----------
        python_filename : str or Path, optional
            The file.
        overwrite : bool
            Replace a file of this name. DataJoint does so unasked; here, a ``make`` written by hand may be lost.

        Raises
        ------
        OperandError
            The file is there.
        """
        code = self.code
        if python_filename is not None:
            save_code(code, python_filename, overwrite=overwrite)
        return code

    def drop(self, prompt: bool | None = None, *, force: bool | None = None) -> None:
        """
        Drop the schema and all its tables.

        Parameters
        ----------
        prompt : bool, optional
            Ask before; by default as the setting ``safemode`` says.
        force : bool, optional
            The contrary of ``prompt``, as DataJoint up to 0.14 has it.

        Raises
        ------
        ConsentError
            Consent is needed, and nobody can be asked.
        ReferencedError
            Tables of other schemas refer to it.
        """
        prompt = not force if force is not None and prompt is None else prompt
        leave.drop_schema(self.connection, self.name, prompt=prompt)

    def drop_plan(self) -> DropPlan:
        """
        Return which tables dropping the schema would drop, and how many rows they hold; ``execute`` drops it.

        Raises
        ------
        ReferencedError
            Tables of other schemas refer to it.
        """
        return DropPlan(plan_schema_drop(self.connection, self.name))

    def privileges(self) -> SchemaPrivileges:
        """Return what the user may do in the schema, as a value that shows itself: read, insert, create, refer to."""
        tables = [name.table for name in specs_of(self.connection, self.name)]
        return self.connection.privileges().within(self.name, tables)

    def orphans(self, store: str | None = None, *, older_than: timedelta = A_DAY) -> OrphanPlan:
        """Return the files of this schema in a store that no row refers to; parameters as of `dj.find_orphans`."""
        return find_orphans(store, schema=self.name, older_than=older_than, connection=self.connection)

    @property
    def size_on_disk(self) -> int:
        """
        How many bytes the tables of the schema take with their indexes, hidden tables among them.

        A server estimates it and may be some changes behind; in a file, it is the pages in use. Files in stores are
        not counted.
        """
        return self.connection.size_on_disk(self.name)

    def populate(self, *conditions: Any, background: bool = False, **options: Any) -> PopulateResults | Run:
        """
        Make the missing keys of all tables that have a ``make``, ancestors first, as one run.

        Parameters
        ----------
        *conditions
            Which keys: anything that may follow ``&`` of each table's keys; all must hold.
        background : bool
            Return at once, with a handle of the run.
        **options
            Those of ``Table.populate``; ``max_calls`` holds for all tables together.

        Returns
        -------
        PopulateResults or Run
            What came of each table, by class name; with ``background``, a handle.

        Raises
        ------
        PopulateError
            No table of the schema has a ``make``, or options contradict each other.
        MakeError
            ``make`` raised; its ``result`` has what was made before, of all tables. No further table is begun.

        Examples
        --------
        >>> schema.populate(suppress_errors=True)["Analysis"].failed_keys
        """
        return populate(self.connection, self.name, self.tables, conditions, background=background, options=options)

    def progress(self) -> SchemaProgress:
        """Return how far each table that ``make`` fills is, in one statement for every twenty tables."""
        return progress(self.connection, self.name, self.tables)

    @property
    def log(self) -> FreeTable:
        """
        The log that DataJoint up to 0.14 has kept of declarations and deletions, newest first if you order it.

        Raises
        ------
        MissingTableError
            The schema has none: DataJoint 2 and djnb keep none.
        """
        name = TableName(self.name, "~log")
        if self.connection.catalogue.table(name) is None:
            raise MissingTableError(
                f"The schema '{self.name}' has no log.",
                remedy="Only DataJoint up to 0.14 keeps one; subscribe to `connection.bus` for what happens.",
            )
        return FreeTable(self.connection, name)

    @property
    def lineage(self) -> Lineage:
        """Where the attributes of keys and foreign keys were first declared, by ``schema.table.attribute``."""
        return read_lineage(self.connection, self.name)

    @property
    def lineage_table_exists(self) -> bool:
        """Whether the schema has the table in which DataJoint 2 looks lineages up."""
        return self.connection.catalogue.table(TableName(self.name, lineage_table.TABLE)) is not None

    def rebuild_lineage(self) -> None:
        """
        Write the lineage of every table anew, from the foreign keys; for schemas that DataJoint up to 0.14 has made.

        djnb follows the foreign keys themselves and does not need it; DataJoint 2 does.

        Raises
        ------
        TransactionError
            A transaction is open.
        """
        rebuild_lineage(self.connection, self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        # Without its classes and the names around them, which may be a whole notebook: a process that works for this
        # one gets the classes that it needs.
        return _activated_again, (self._name, self._connection)

    def preview(self) -> Preview:
        """Return the tables of the schema with tier, rows and comment, as text and HTML, in one statement."""
        return overview(self.connection, self.name)

    def __str__(self) -> str:
        return self.preview().text if self.is_activated() else repr(self)

    def __repr__(self) -> str:
        return f"Schema({self._name!r})" if self._name is not None else "Schema(), not activated"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if not self.is_activated():
            return {"text/plain": repr(self)}
        shown = self.preview()
        return {"text/plain": shown.text, "text/html": shown.html}


def _activated_again(name: str | None, connection: Connection | None) -> Schema:
    """Return a schema that another process has sent."""
    return Schema(name, connection=connection, create_schema=False)

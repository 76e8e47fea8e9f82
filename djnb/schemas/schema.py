"""A schema: its activation, the decorator, what is in it."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from djnb.connection import Connection, conn
from djnb.declaration import lineage_table
from djnb.declaration.drop import plan_schema_drop
from djnb.errors import (
    ActivationError,
    DefinitionError,
    MissingSchemaError,
    MissingTableError,
    NotDeclaredError,
    did_you_mean,
)
from djnb.jobs.roster import Roster, workers_of
from djnb.layout import Preview
from djnb.model.naming import TableName, check_schema_name
from djnb.model.privileges import SchemaPrivileges
from djnb.orphans import A_DAY, OrphanPlan, find_orphans
from djnb.plans import DropPlan
from djnb.schemas import classes
from djnb.schemas.binding import Decorated, Place, caller_namespace, is_table_class, parts_of
from djnb.schemas.code import CodeText, save_code, write_code
from djnb.schemas.lineage import Lineage, read_lineage, rebuild_lineage
from djnb.schemas.listing import specs_of
from djnb.schemas.objects import names_of
from djnb.schemas.overview import overview
from djnb.schemas.populating import populate
from djnb.schemas.progress import SchemaProgress, progress
from djnb.settings import get_config
from djnb.tables import leave
from djnb.tables.autopopulate import AutoPopulate
from djnb.tables.free import FreeTable
from djnb.tables.schema_jobs import JobTables
from djnb.tables.table import Table
from djnb.tables.tiers import Part

if TYPE_CHECKING:
    import os
    from types import ModuleType

    from djnb.populate.results import PopulateResults
    from djnb.populate.run import Run

T = TypeVar("T", bound=type[Table])


class Schema:
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

    def __init__(
        self,
        schema_name: str | None = None,
        context: Mapping[str, Any] | None = None,
        *,
        connection: Connection | None = None,
        create_schema: bool = True,
        create_tables: bool | None = None,
        add_objects: Mapping[str, Any] | ModuleType | str | None = None,
    ) -> None:
        self._name: str | None = None
        self._connection = connection
        self.context = context
        self._creates_schema = create_schema
        self._creates_tables = create_tables
        self._objects: ChainMap[str, Any] = ChainMap(names_of(add_objects))
        self._decorated: list[Decorated] = []
        if schema_name is not None:
            self.activate(schema_name, connection=connection, create_schema=create_schema)

    @property
    def name(self) -> str:
        """The schema's name in the database."""
        if self._name is None:
            raise NotDeclaredError(
                "The schema is not activated: it has no name yet.", remedy="Call `schema.activate('name')`."
            )
        return self._name

    @property
    def database(self) -> str | None:
        """The schema's name in the database, as DataJoint calls it; None before it is activated."""
        return self._name

    @property
    def connection(self) -> Connection:
        """The database."""
        return self._connection or conn()

    def is_activated(self) -> bool:
        """Tell whether the schema has a name and a place."""
        return self._name is not None

    @property
    def exists(self) -> bool:
        """Whether the schema is in the database; False before it is activated."""
        return self._name is not None and self._name in self.connection.list_schemas()

    def activate(
        self,
        schema_name: str | None = None,
        *,
        connection: Connection | None = None,
        create_schema: bool | None = None,
        create_tables: bool | None = None,
        add_objects: Mapping[str, Any] | ModuleType | str | None = None,
    ) -> None:
        """
        Give the schema a name and a place, and declare there the classes that it has decorated.

        Once activated, activating it by the same name does nothing; on another connection, it moves there.

        Parameters
        ----------
        schema_name : str
            The schema.
        connection, create_schema, create_tables, add_objects
            As for the class, which has said what holds where nothing is said here.

        Raises
        ------
        ActivationError
            It is activated by another name, or no name is given.
        DefinitionError
            It cannot be the name of a schema, or a class cannot be declared.
        MissingSchemaError
            It is not there and is not to be created.
        AccessError
            The user may not create it.
        """
        if schema_name is None and self._name is None:
            raise ActivationError("No name is given for the schema.", remedy="Call `schema.activate('name')`.")
        if schema_name is None or (schema_name == self._name and self._is_at(connection)):
            return
        if self._name is not None and schema_name != self._name:
            raise ActivationError(
                f"The schema is activated as '{self._name}' and cannot become '{schema_name}'.",
                remedy="Activate it once; for two schemas with the same tables, make two `dj.Schema` objects.",
            )
        check_schema_name(schema_name)
        self._connection = self._reached(connection)
        if add_objects is not None:
            self._objects = self._objects.new_child(names_of(add_objects))
        if create_tables is not None:
            self._creates_tables = create_tables
        if self._connection.catalogue.schema(schema_name) is None:
            if not (self._creates_schema if create_schema is None else create_schema):
                raise MissingSchemaError.for_name(
                    schema_name,
                    self._connection.address,
                    remedy="Check the name, or let it be created: `create_schema=True`.",
                )
            self._connection.create_schema(schema_name)
        self._name = schema_name
        try:
            for decorated in self._decorated:
                self._bind(decorated)
        except BaseException:
            self._name = None  # what was declared stays, and activating it again goes on from there
            raise

    def _is_at(self, connection: Connection | None) -> bool:
        own = self._connection
        if own is None or own.is_closed or (connection is not None and connection is not own):
            return False
        return own.catalogue.schema(self.name) is not None

    def _reached(self, connection: Connection | None) -> Connection:
        own = self._connection if self._connection is not None and not self._connection.is_closed else None
        return connection or own or conn()

    def __call__(self, cls: T, /, *, context: Mapping[str, Any] | None = None) -> T:
        """
        Declare a table class and its parts.

        Raises
        ------
        DefinitionError
            The class is no table class, or its definition cannot be declared.
        """
        if not is_table_class(cls):
            raise DefinitionError(
                f"`{getattr(cls, '__name__', type(cls).__name__ + '()')}` is no table class.",
                remedy="Subclass dj.Manual, dj.Lookup, dj.Imported or dj.Computed.",
            )
        if issubclass(cls, Part):
            raise DefinitionError(
                f"The part `{cls.__name__}` is decorated by itself.",
                remedy="Put the class inside its master's class; it is declared with the master.",
            )
        given = context or self.context
        decorated = Decorated(cls, given if given is not None else caller_namespace(cls))
        declared: list[type[Table]] = [cls, *parts_of(cls)]
        for table in declared:
            table._is_decorated = True
        if self.is_activated():
            self._bind(decorated)
        self._decorated = [d for d in self._decorated if d.table.__qualname__ != cls.__qualname__] + [decorated]
        return cls

    def _bind(self, decorated: Decorated) -> None:
        siblings = {d.table.__name__: d.table for d in self._decorated}
        creates = get_config().database.create_tables if self._creates_tables is None else self._creates_tables
        Place(self.connection, self.name, self._objects, siblings, creates).bind(decorated)

    # -- tables

    @property
    def tables(self) -> list[type[Table]]:
        """The classes that the schema has decorated, in this order."""
        return [decorated.table for decorated in self._decorated]

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

    # -- leaving

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

    # -- what is known of it

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

    # -- display

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

"""
Every error that djnb raises.

An error says what was asked, what is true, and what to do next.
Its parts are attributes too, so that a widget can offer the remedy.

::

    DataJointError
    ├── DefinitionError             a table's definition cannot be read or declared
    │   ├── UnknownTypeError        an attribute's type is not one that djnb knows
    │   └── UnknownParentError      a foreign key names a table that cannot be found
    ├── NotDeclaredError            a class is used before a schema has declared it
    ├── ActivationError             a schema is activated already, by another name
    ├── UnknownAttributeError       a name is not in the heading
    ├── QuerySyntaxError            a restriction or an expression cannot be read
    │   └── UnknownFunctionError    a function is not among those of SQL
    ├── OperandError                an operator was given something it cannot combine
    ├── RowCountError               fetch1() found no row, or several
    ├── InsertError                 rows cannot be written
    │   ├── InvalidValueError       a value does not fit its attribute's type
    │   ├── MissingAttributeError   a row lacks an attribute that has no default
    │   └── DirectInsertError       an insert into a computed table outside make()
    ├── BlobError                   bytes are not a blob, or a value cannot become one
    ├── CodecError                  a codec cannot be registered
    │   └── UnknownCodecError       a codec is not registered
    ├── StoreError                  files cannot be written to a store, or read from it
    │   ├── UnknownStoreError       a store is not configured
    │   ├── MissingFileError        a file that a row refers to is not in its store
    │   └── CorruptFileError        a file in a store is not what was put there
    ├── MakeError                   make() raised
    │   └── EmptyMakeError          make() inserted no row for its key
    ├── InputsChangedError          what make() had read was changed while it computed
    ├── LostReservationError        a job was taken from its worker while that computed
    ├── WorkerDiedError             the process that made a key has died
    ├── PopulateError               populate() cannot run as asked
    │   └── MakeFormError           a part of a three-part make() is missing, or returns no tuple
    ├── ConsentError                a deletion needs consent and nobody can be asked
    ├── PlanChangedError            a deletion was planned, and other rows would go now
    ├── MissingProgramError         a program, such as graphviz's `dot`, is not installed
    ├── MissingPackageError         an optional package is not installed
    ├── CompatError                 djnb cannot take the place of DataJoint in this process
    ├── SettingsError               a setting has a name or a value that is not accepted
    └── DatabaseError               the database refused
        ├── UnreachableError        no server answers, or a file cannot be opened
        ├── AuthenticationError     the server does not accept user and password
        ├── LostConnectionError     the connection broke while it was in use
        ├── AccessError             a privilege is missing
        ├── MissingTableError       a table is not in the database
        ├── MissingSchemaError      a schema is not in the database
        ├── TransactionError        a transaction was opened inside another
        ├── LockError               a lock was not had in time, or a deadlock was broken
        └── IntegrityError          a constraint would be violated
            ├── DuplicateError      a row with this key is there already
            ├── MissingParentError  a foreign key points at no row
            └── ReferencedError     rows of other tables refer to this row
    PopulateInterrupted             Ctrl-C during populate(); a KeyboardInterrupt
    └── PopulateTerminated          SIGTERM during populate(); a SystemExit too

The base class is for catching; djnb raises the specific ones.
"""

from __future__ import annotations

import difflib
import signal
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from djnb.populate.result import PopulateResult


class DataJointError(Exception):
    """
    The base of all errors of djnb; catch it to catch them all.

    Parameters
    ----------
    message : str
        What was asked and what is true.
    remedy : str, optional
        What to do next; it ends the message.
    """

    def __init__(self, message: str = "", *, remedy: str = "") -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message} {remedy}" if remedy else message)


_LONGEST_LINE = 500
"""Characters of a definition's line that a message shows, around the place that it points at."""


class DefinitionError(DataJointError):
    """
    A table's definition cannot be read or declared.

    The message shows the line and puts a caret under the place.

    Attributes
    ----------
    line : int or None
        The number of the line within the definition, from 1.
    column : int or None
        The place in the line, from 0.
    """

    line: int | None = None
    column: int | None = None

    @classmethod
    def at(cls, text: str, line: int, column: int, message: str, *, remedy: str = "", table: str = "") -> Self:
        """
        Build the error from the place in a definition.

        Parameters
        ----------
        text : str
            The line itself.
        line : int
            Its number within the definition, from 1.
        column : int
            Where the caret goes, from 0.
        message, remedy : str
            What is wrong and what to write instead.
        table : str
            The class being declared, if it is known.
        """
        where = f"In the definition of `{table}`, line {line}:" if table else f"Line {line} of the definition:"
        place = column
        if len(text) > _LONGEST_LINE:
            start = max(0, min(column - 60, len(text) - _LONGEST_LINE))
            head, tail = "…" if start else "", "…" if start + _LONGEST_LINE < len(text) else ""
            text, place = head + text[start : start + _LONGEST_LINE] + tail, column - start + len(head)
        shown = f"{where}\n    {text}\n    {' ' * place}^\n{message}"
        error = cls(shown + ("\n" + remedy if remedy else ""))
        error.message, error.remedy = message, remedy
        error.line, error.column = line, column
        return error


class UnknownTypeError(DefinitionError):
    """An attribute's type is not one that djnb knows."""


class UnknownParentError(DefinitionError):
    """A foreign key names a table that cannot be found."""


class NotDeclaredError(DataJointError, AttributeError):
    """
    A table class is used before a schema has declared it.

    An ``AttributeError`` too: what is not declared has no heading, so that ``hasattr`` is False rather than an error.
    """

    @classmethod
    def for_class(cls, name: str, *, is_decorated: bool = False) -> Self:
        """Build the error for a class that no schema has decorated, or only one that is not activated."""
        if is_decorated:
            return cls(
                f"`{name}` is not declared: the schema that has decorated it is not activated.",
                remedy="Call `schema.activate('name')` first.",
            )
        return cls(
            f"`{name}` is not declared: no schema has decorated the class.",
            remedy=f"Write `@schema` on the line above `class {name}`.",
        )


class ActivationError(DataJointError):
    """A schema cannot be activated: it is already, by another name, or no name is given."""


class UnknownAttributeError(DataJointError):
    """
    A name is not in the heading.

    Attributes
    ----------
    name : str
        The name that was asked for.
    available : tuple of str
        The names that the heading has.
    """

    name: str = ""
    available: tuple[str, ...] = ()

    @classmethod
    def among(cls, name: str, available: Iterable[str], *, owner: str = "") -> Self:
        """Build the error from the name asked for and the names there are; the nearest one is offered."""
        names = tuple(available)
        subject = f"`{owner}` has" if owner else "There is"
        error = cls(
            f"{subject} no attribute '{name}'.",
            remedy=f"{did_you_mean(name, names)}Its heading is: {', '.join(names)}.",
        )
        error.name, error.available = name, names
        return error


class QuerySyntaxError(DataJointError):
    """A restriction or an expression cannot be read as SQL."""


class UnknownFunctionError(QuerySyntaxError):
    """
    A restriction or an expression calls a function that there is not.

    Attributes
    ----------
    name : str
        The function that was asked for.
    """

    name: str = ""

    @classmethod
    def among(cls, name: str, available: Iterable[str]) -> Self:
        """Build the error from the name asked for and the names there are; the nearest one is offered."""
        error = cls(
            f"There is no function '{name}'.",
            remedy=f"{did_you_mean(name.upper(), tuple(available))}`dj.functions` lists those that every database has.",
        )
        error.name = name
        return error


class OperandError(DataJointError):
    """An operator was given something that it cannot combine with a query."""


class RowCountError(DataJointError):
    """
    ``fetch1()`` needs exactly one row, and the query has none or several.

    Attributes
    ----------
    found : int
        How many rows were seen; 2 stands for two or more.
    """

    found: int = 0

    @classmethod
    def found_rows(cls, found: int, owner: str) -> Self:
        """Build the error from how many rows a query has."""
        some = "no row" if found == 0 else "several rows"
        error = cls(
            f"`fetch1` needs exactly one row; `{owner}` has {some} here.",
            remedy="Restrict by a whole primary key, or use `to_dicts()` for several rows.",
        )
        error.found = found
        return error


class InsertError(DataJointError):
    """Rows cannot be written as they were given."""


class InvalidValueError(InsertError):
    """
    A value does not fit its attribute's type.

    Attributes
    ----------
    attribute : str
        The attribute's name.
    value : object
        The value that was given.
    row : int or None
        Which of the rows, from 0, where several were given.
    """

    attribute: str = ""
    value: Any = None
    row: int | None = None


class MissingAttributeError(InsertError):
    """A row lacks an attribute that has no default."""


class DirectInsertError(InsertError):
    """Imported and Computed tables are filled by ``make()`` under ``populate()`` only."""


class BlobError(DataJointError):
    """Bytes are not a blob that djnb can read, or a value cannot be packed into one."""


class CodecError(DataJointError):
    """A codec cannot be registered: its name is taken or is no name."""


class UnknownCodecError(CodecError):
    """A definition or a column comment names a codec that is not registered."""


class StoreError(DataJointError):
    """
    Files cannot be written to a store or read from it: its place is gone, full, or may not be entered.

    Attributes
    ----------
    table, attribute : str
        Which value was fetched; empty where that is not known.
    key : dict
        The primary key of its row.
    """

    table: str = ""
    attribute: str = ""
    key: Mapping[str, Any] = {}


class UnknownStoreError(StoreError):
    """
    A store is not configured.

    Attributes
    ----------
    name : str
        The name that was asked for.
    available : tuple of str
        The stores that are configured.
    """

    name: str = ""
    available: tuple[str, ...] = ()

    @classmethod
    def among(cls, name: str, available: Iterable[str]) -> Self:
        """Build the error from the name asked for and the stores there are."""
        names = tuple(available)
        known = f"Configured are: {', '.join(names)}. " if names else ""
        error = cls(
            f"There is no store '{name}'.",
            remedy=f"{did_you_mean(name, names)}{known}To configure it: "
            f'`dj.config.stores["{name}"] = {{"protocol": "file", "location": "/path/to/folder"}}`.',
        )
        error.name, error.available = name, names
        return error


class MissingFileError(StoreError):
    """
    A file that a row refers to is not in its store.

    Attributes
    ----------
    store, path : str
        Where the file should be.
    """

    store: str = ""
    path: str = ""


class CorruptFileError(StoreError):
    """A file in a store is not what was put there: its hash differs from the one that the row records."""


class MakeError(DataJointError):
    """
    ``make()`` raised; nothing of its key was kept.

    The exception of ``make()`` itself is the ``__cause__``.

    Attributes
    ----------
    table : str
        The class being populated.
    key : dict
        The key that failed.
    result : PopulateResult or None
        What the populate had done up to then.
    """

    table: str = ""
    key: Mapping[str, Any] = {}
    result: PopulateResult | None = None

    @classmethod
    def for_key(cls, table: str, key: Mapping[str, Any], cause: BaseException, *, is_job: bool = False) -> Self:
        """Build the error for one key from the exception of its ``make()``; ``is_job``: its job has the error too."""
        again = f"say `{table}.jobs.retry()` and populate again" if is_job else "populate again"
        error = cls(
            f"`{table}.make` failed for the key {dict(key)}: {describe(cause).rstrip('.')}.",
            remedy=f"Nothing was inserted for it. Mend the cause and {again}, "
            "or go on past such keys with suppress_errors=True.",
        )
        error.table, error.key = table, key
        return error


class EmptyMakeError(MakeError):
    """``make()`` returned without inserting a row for its key."""

    @classmethod
    def for_table(cls, table: str, key: Mapping[str, Any]) -> Self:
        """Build the error for one key."""
        error = cls(
            f"`{table}.make` inserted nothing for the key {dict(key)}.",
            remedy="Insert a row with `self.insert1(dict(key, ...))`; "
            "leave the key out of `key_source` if it must have none.",
        )
        error.table, error.key = table, key
        return error


class InputsChangedError(DataJointError):
    """
    What ``make()`` had read was changed while it computed; nothing of its key was kept.

    Attributes
    ----------
    tables : tuple of str
        The classes whose rows were changed.
    """

    tables: tuple[str, ...] = ()

    @classmethod
    def of(cls, tables: tuple[str, ...], changes: Sequence[str]) -> Self:
        """Build the error from the classes and from what is said of each change."""
        error = cls(
            f"What was read has changed before the rows that follow from it were inserted: {'; '.join(changes)}.",
            remedy="Nothing was inserted. Populate again when nobody changes what it reads.",
        )
        error.tables = tables
        return error


class LostReservationError(DataJointError):
    """
    A job was taken from its worker while that computed; nothing of its key was kept.

    Attributes
    ----------
    table : str
        The class being populated.
    key : dict
        The key of the job.
    """

    table: str = ""
    key: Mapping[str, Any] = {}

    @classmethod
    def for_key(cls, table: str, key: Mapping[str, Any]) -> Self:
        """Build the error for one key."""
        error = cls(
            f"The job of `{table}` for the key {dict(key)} is not reserved by this worker any more.",
            remedy="Nothing was inserted for it: the worker was taken for dead, or somebody changed the job. "
            "Whoever has the job now makes the key.",
        )
        error.table, error.key = table, key
        return error


class WorkerDiedError(DataJointError):
    """
    The process that made a key has died: it was killed, ran out of memory, or crashed in compiled code.

    Attributes
    ----------
    key : dict
        The key that it was at.
    """

    key: Mapping[str, Any] = {}

    @classmethod
    def for_key(cls, key: Mapping[str, Any], cause: str) -> Self:
        """Build the error for one key from what the process died of, ``was killed by SIGSEGV``."""
        error = cls(
            f"The process that made the key {dict(key)} {cause}.",
            remedy="Nothing was inserted for it. Look whether it needs more memory than there is, "
            "or crashes in `make` of this key alone.",
        )
        error.key = key
        return error


class PopulateError(DataJointError):
    """``populate()`` cannot run as asked: inside a transaction, on a restricted table, without ``make()``."""


class MakeFormError(PopulateError):
    """``make`` is said in three parts of which one is missing, or returns no tuple."""


class ConsentError(DataJointError):
    """Rows or tables would go, consent is needed, and nobody can be asked."""


class PlanChangedError(DataJointError):
    """What a plan would remove is not any more what it was when the plan was made; nothing was removed."""


class MissingPackageError(DataJointError, ModuleNotFoundError):
    """An optional package is not installed; the message has the command that installs it."""


class MissingProgramError(DataJointError):
    """A program is not installed; the message says how it can be."""


class SettingsError(DataJointError):
    """A setting has a name or a value that is not accepted."""


class CompatError(DataJointError):
    """djnb cannot take the place of DataJoint in this process."""


class SharedJobsWarning(UserWarning):
    """Two tables of one name have been declared whose jobs would be kept in one place, so that none are kept."""


class LongTransactionWarning(UserWarning):
    """A transaction was open for long after ``make()`` had begun to insert; others had to wait for it."""


class SettingWithoutEffectWarning(UserWarning):
    """A setting of DataJoint's was assigned that djnb takes without acting on it."""


class DatabaseError(DataJointError):
    """The database refused; the driver's own error is the ``__cause__``."""


class UnreachableError(DatabaseError):
    """No server answers at the address, or the file cannot be opened."""


class AuthenticationError(DatabaseError):
    """The server does not accept the user and the password."""


class LostConnectionError(DatabaseError):
    """The connection broke while it was in use; what was not committed is undone."""


class AccessError(DatabaseError):
    """
    A privilege is missing; the message names it, and the remedy who can grant it and how.

    Attributes
    ----------
    privilege : str
        ``"INSERT"`` for example; empty where the database does not say.
    schema, table : str
        Where it is missing; the table is empty where it is the schema's.
    """

    privilege: str = ""
    schema: str = ""
    table: str = ""

    def with_context(self, context: str) -> Self:
        """Return the error with a sentence in front that says what was tried."""
        error = type(self)(f"{context} {self.message}", remedy=self.remedy)
        error.privilege, error.schema, error.table = self.privilege, self.schema, self.table
        return error


class MissingTableError(DatabaseError):
    """A table is not in the database."""


class MissingSchemaError(DatabaseError):
    """A schema is not in the database."""

    @classmethod
    def for_name(cls, name: str, address: object, *, remedy: str = "") -> Self:
        """Build the error from the schema's name and the database's address."""
        return cls(
            f"There is no schema '{name}' in {address}, or none that you may see.",
            remedy=remedy or "Check the name; `dj.list_schemas()` has those that there are.",
        )


class TransactionError(DatabaseError):
    """A transaction was opened inside another one of the same thread."""


class LockError(DatabaseError):
    """A lock was not had in time, or the server broke a deadlock; the statement may be sent again."""


class IntegrityError(DatabaseError):
    """A constraint of the database would be violated."""


class DuplicateError(IntegrityError):
    """A row with the same primary key, or the same unique attributes, is there already."""


class MissingParentError(IntegrityError):
    """
    A foreign key of the row points at no row of its parent.

    Attributes
    ----------
    parent : str
        The parent table.
    key : dict
        The values that the parent lacks.
    """

    parent: str = ""
    key: Mapping[str, Any] = {}


class ReferencedError(IntegrityError):
    """
    Rows of other tables refer to the row that was to go.

    Attributes
    ----------
    child : str
        The table of these rows, ``schema.table``, where the database tells it.
    """

    child: str = ""


class PopulateInterrupted(KeyboardInterrupt):
    """
    Ctrl-C, or the kernel's interrupt, ended a populate.

    The key that was being made is rolled back; every key before it is kept.

    Attributes
    ----------
    result : PopulateResult
        What was done up to then.
    """

    def __init__(self, result: PopulateResult) -> None:
        self.result = result
        super().__init__(f"populate was interrupted: {result}")


class PopulateTerminated(PopulateInterrupted, SystemExit):
    """
    SIGTERM ended a populate, as when a cluster wants its machine back.

    As a ``SystemExit`` it ends a program that does not catch it, with the exit code of a terminated process, 143.
    """

    def __init__(self, result: PopulateResult) -> None:
        super().__init__(result)
        self.code = 128 + signal.SIGTERM


def describe(error: BaseException) -> str:
    """Return an error as one line, ``ValueError: bad spike``."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def did_you_mean(name: str, available: Sequence[str], *, cutoff: float = 0.5) -> str:
    """Return ``"Did you mean 'x'? "`` for the nearest name, or an empty string; ``cutoff`` is how alike, 0 to 1."""
    near = difflib.get_close_matches(name, available, n=1, cutoff=cutoff)
    return f"Did you mean '{near[0]}'? " if near else ""


def warn_user(message: str, category: type[Warning]) -> None:
    """Warn of the line of the user's code that led here, which is the first one outside of djnb."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "djnb":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)

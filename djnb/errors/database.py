"""What goes wrong at the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from djnb.errors.base import DataJointError


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

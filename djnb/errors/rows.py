"""What goes wrong when rows are inserted or deleted."""

from __future__ import annotations

from typing import Any

from djnb.errors.base import DataJointError


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


class ConsentError(DataJointError):
    """Rows or tables would go, consent is needed, and nobody can be asked."""


class PlanChangedError(DataJointError):
    """What a plan would remove is not any more what it was when the plan was made; nothing was removed."""

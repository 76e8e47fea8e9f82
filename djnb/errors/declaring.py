"""What goes wrong when tables are declared."""

from __future__ import annotations

from typing import Self

from djnb.errors.base import DataJointError

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

"""What goes wrong when a query is made or answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from djnb.errors.base import DataJointError, did_you_mean

_HIDDEN = (
    "What is noted there is shown by `Table.job_metadata`, `Table.jobs.workers()` and "
    "`Table.jobs.errors_by_signature()`; `connection.query(sql)` reads any column. "
)


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
        said, offer = "", did_you_mean(name, names)
        if str(name).startswith("_"):
            said, offer = " that queries see: names that begin with '_' are hidden", offer + _HIDDEN
        error = cls(f"{subject} no attribute '{name}'{said}.", remedy=f"{offer}Its heading is: {', '.join(names)}.")
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

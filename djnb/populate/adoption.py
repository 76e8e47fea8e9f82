"""Giving a table class its ``make`` after it was declared, as a cell of a notebook may."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from djnb.errors import PopulateError
from djnb.populate.forms import PARTS

NAMES = ("make", *PARTS)
"""What a class may say by itself of how its keys are made."""


def adopt(cls: Any, functions: Mapping[str, Callable[..., Any]]) -> None:
    """
    Make methods of functions, in the place of those that were adopted before.

    Parameters
    ----------
    cls : type
        An auto-populated table class, declared without a ``make``.
    functions : mapping
        By name: ``make``, or ``make_fetch``, ``make_compute`` and ``make_insert``.

    Raises
    ------
    PopulateError
        The class says by itself how its keys are made.
    """
    own = [name for name in NAMES if (found := _own(cls, name)) is not None and not _is_adopted(found)]
    if own:
        raise PopulateError(
            f"`{cls.__name__}` has a `{own[0]}` of its own, which this one would replace.",
            remedy=f"Change the class and run its cell again, or leave out `def {next(iter(functions))}` here.",
        )
    for name in NAMES:
        if name in vars(cls):
            delattr(cls, name)
    for name, function in functions.items():
        setattr(cls, name, function)


def _own(cls: Any, name: str) -> Any:
    """Return what the class, or one of the user's that it derives from, says of a name."""
    for base in cls.__mro__:
        if base.__module__.startswith("djnb.tables."):
            return None
        if name in vars(base):
            return vars(base)[name]
    return None


def _is_adopted(function: Any) -> bool:
    # What is defined in a class has the class in its name.
    return getattr(function, "__qualname__", "") == getattr(function, "__name__", None)

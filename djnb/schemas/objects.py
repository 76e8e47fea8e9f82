"""Names for definitions and classes: those of a mapping, or of a module, which may be given by its name."""

from __future__ import annotations

from collections.abc import MutableMapping
from importlib import import_module
from types import ModuleType
from typing import Any

from djnb.errors import OperandError


def names_of(objects: Any) -> MutableMapping[str, Any]:
    """
    Return the names of a mapping or a module; the mapping itself, so that names which come later are there too.

    Parameters
    ----------
    objects : mapping, module, str or None
        A ``str`` is the name of a module, which is imported; None has no names.

    Raises
    ------
    OperandError
        It is neither.
    """
    if objects is None:
        return {}
    if isinstance(objects, str):
        objects = import_module(objects)
    if isinstance(objects, ModuleType):
        return vars(objects)
    if not hasattr(objects, "keys") or not hasattr(objects, "__getitem__"):
        raise OperandError(
            f"{objects!r} has no names for definitions.",
            remedy="Give a mapping of names to tables, or a module: `add_objects=globals()`, `add_objects=my_module`.",
        )
    found: MutableMapping[str, Any] = objects
    return found

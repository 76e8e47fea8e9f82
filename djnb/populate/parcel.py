"""
What another process needs to make keys of a table, as bytes.

Classes of modules are sent by their names, classes of a notebook or of ``__main__`` as they are, with the functions and
values that their ``make`` uses. A connection goes without its password: the process that receives it has its own, in
its environment or its settings. Classes of modules whose schema was activated here by hand are tied to their tables
there, and what activating them has set in their modules is set there too.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import cloudpickle

from djnb.errors import PopulateError, describe
from djnb.model.naming import TableName
from djnb.populate.contract import Makeable
from djnb.populate.linking import Setting, set_again, settings_of
from djnb.populate.maker import Maker
from djnb.settings.handover import adopt, handed_over


def pack(maker: Maker) -> bytes:
    """
    Return a maker as bytes.

    Raises
    ------
    PopulateError
        Something that ``make`` uses cannot be sent.
    """
    table = maker.table
    ties = _ties(table)
    settings = settings_of(dict.fromkeys(module for module, *_ in ties), _dump)
    try:
        packed = _dump((type(table), table.name, maker.connection, ties, settings, dict(maker.make_kwargs), maker.keys))
    except Exception as error:
        raise PopulateError(
            f"`{type(table).__name__}` cannot be sent to another process: {describe(error)}",
            remedy="Open files and connections within `make`, or put the class into a module, which is sent by name.",
        ) from error
    return pickle.dumps((handed_over(), packed))


def unpack(parcel: bytes) -> Maker:
    """
    Return the maker, in a process that works for another.

    Raises
    ------
    PopulateError
        The class is found here, and is tied to no table or to another one.
    """
    configuration, packed = pickle.loads(parcel)
    adopt(configuration)
    cls, name, connection, ties, settings, make_kwargs, keys = cloudpickle.loads(packed)
    _set_again(settings, ties)
    for module, path, tied_to in ties:
        found = _find(module, path)
        if _is_untied(found):
            found._home, found._table = connection, tied_to
    if _is_untied(cls):
        cls._home, cls._table = connection, name
    table = cls()
    if table.name != name:
        raise PopulateError(
            f"`{cls.__name__}` is {table.name} in the process that was to make its keys, and {name} where they are "
            "wanted.",
            remedy="Let the module that declares the class say which schema it is in, whoever imports it.",
        )
    return Maker(table, table.connection.catalogue.stored(name), make_kwargs, keys)


def _dump(value: Any) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer).dump(value)
    return buffer.getvalue()


def _set_again(settings: list[Setting], ties: list[tuple[str, str, TableName]]) -> None:
    """Set what activating has set, in modules whose schemas are not activated here by the modules themselves."""
    left = settings
    while left:
        waiting = {module for module, path, _ in ties if _is_untied(_find(module, path))}
        ready = [setting for setting in left if setting.module in waiting]
        if not ready:
            return
        # Their values may import further modules.
        set_again(ready)
        left = [setting for setting in left if setting not in ready]


def _is_untied(cls: Any) -> bool:
    """Tell whether something is a class whose schema is not activated in this process."""
    return cls is not None and (cls._home is None or cls._table is None)


def _ties(table: Makeable) -> list[tuple[str, str, TableName]]:
    """
    Return which classes of modules are tied to which tables, as far as they are on the same connection.

    In another process a module's schema is not activated yet, where not the module itself does that.
    """
    root = next(base for base in reversed(type(table).__mro__) if "_home" in vars(base))
    ties = []
    for cls in dict.fromkeys(_descendants(root)):
        name: TableName | None = vars(cls).get("_table")
        if name is None or vars(cls).get("_home") is not table.connection:
            continue
        if cls.__module__ != "__main__" and _find(cls.__module__, cls.__qualname__) is cls:
            ties.append((cls.__module__, cls.__qualname__, name))
    return ties


def _descendants(cls: type) -> Iterator[type]:
    child: type
    for child in type.__subclasses__(cls):
        yield child
        yield from _descendants(child)


def _find(module: str, path: str) -> Any:
    """Return what a module that is imported already has by a name, or by several with dots; None if it has nothing."""
    try:
        return attrgetter(path)(sys.modules[module])
    except (KeyError, AttributeError):
        return None


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """Leaves behind what a class knows of the place where it was declared: a whole notebook, perhaps."""

    def reducer_override(self, obj: Any) -> Any:
        reduced = super().reducer_override(obj)
        if isinstance(obj, type) and isinstance(reduced, tuple) and "_namespace" in vars(obj):
            members, _ = reduced[2]
            members.pop("_namespace", None)
        return reduced

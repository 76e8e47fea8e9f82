"""
What another process needs to make keys of a table, as bytes.

Classes of modules are sent by their names, classes of a notebook or of ``__main__`` as they are, with the functions and
values that their ``make`` uses. A connection goes without its password: the process that receives it has its own, in
its environment or its settings.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

import cloudpickle

from djnb.errors import PopulateError, describe
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
    buffer = io.BytesIO()
    try:
        _Pickler(buffer).dump((type(table), table.name, maker.connection, dict(maker.make_kwargs), maker.keys))
    except Exception as error:
        raise PopulateError(
            f"`{type(table).__name__}` cannot be sent to another process: {describe(error)}",
            remedy="Open files and connections within `make`, or put the class into a module, which is sent by name.",
        ) from error
    return pickle.dumps((handed_over(), buffer.getvalue()))


def unpack(parcel: bytes) -> Maker:
    """
    Return the maker, in a process that works for another.

    Raises
    ------
    PopulateError
        The class is found here, and is tied to no table or to another one.
    """
    settings, packed = pickle.loads(parcel)
    adopt(settings)
    cls, name, connection, make_kwargs, keys = cloudpickle.loads(packed)
    if cls._home is None or cls._table is None:
        cls._home, cls._table = connection, name
    table = cls()
    if table.name != name:
        raise PopulateError(
            f"`{cls.__name__}` is {table.name} in the process that was to make its keys, and {name} where they are "
            "wanted.",
            remedy="Let the module that declares the class say which schema it is in, whoever imports it.",
        )
    return Maker(table, table.connection.catalogue.stored(name), make_kwargs, keys)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Leaves behind what a class knows of the place where it was declared: a whole notebook, perhaps."""

    def reducer_override(self, obj: Any) -> Any:
        reduced = super().reducer_override(obj)
        if isinstance(obj, type) and isinstance(reduced, tuple) and "_namespace" in vars(obj):
            members, _ = reduced[2]
            members.pop("_namespace", None)
        return reduced

"""Classes for tables that are in the database already, named as those that would declare them."""

from __future__ import annotations

import inspect
from collections.abc import MutableMapping
from typing import Any, cast

from djnb.connection import Connection
from djnb.declaration.describe import describe
from djnb.declaration.names import find_names
from djnb.errors import OperandError, warn_user
from djnb.model.naming import TableName, Tier
from djnb.model.spec import TableSpec
from djnb.schemas.binding import is_table_class
from djnb.schemas.listing import specs_of
from djnb.tables.metaclass import TableMeta
from djnb.tables.table import Table
from djnb.tables.tiers import Computed, Imported, Lookup, Manual, Part

_TIERS: dict[Tier, type[Table]] = {
    Tier.MANUAL: Manual,
    Tier.LOOKUP: Lookup,
    Tier.IMPORTED: Imported,
    Tier.COMPUTED: Computed,
}


class NameTakenWarning(UserWarning):
    """Two tables would have classes of the same name."""


def caller_names() -> MutableMapping[str, Any]:
    """
    Return the names of the module, or the notebook, that calls.

    Raises
    ------
    OperandError
        A function calls, whose names cannot be given from outside.
    """
    frame = inspect.currentframe()
    while frame is not None and str(frame.f_globals.get("__name__")).startswith(__package__):
        frame = frame.f_back
    if frame is None or frame.f_locals is not frame.f_globals:
        raise OperandError(
            "Classes cannot be given to the names of a function.",
            remedy="Say where they go: `into=globals()`, or a dict of your own.",
        )
    return frame.f_globals


def make_classes(connection: Connection, schema: str, namespace: MutableMapping[str, Any]) -> dict[str, type[Table]]:
    """
    Make a class for each table of a schema whose class the namespace does not have, parts within their masters.

    Returns
    -------
    dict of str to class
        Those that were made, ``"Session"`` and ``"Session.Trial"``.
    """
    specs = specs_of(connection, schema)
    made: dict[str, type[Table]] = {}
    module = str(namespace.get("__name__", __name__))
    for name, spec in specs.items():
        if name.tier in _TIERS:
            label = name.class_name
            if label not in namespace:
                namespace[label] = made[label] = _make(label, _TIERS[name.tier], connection, spec, module)
            elif label in made:
                warn_user(
                    f"`{label}` stands for the table {made[label]._table}, so {name} has no class of its own. "
                    f'Use it as `schema["{name.table}"]`.',
                    NameTakenWarning,
                )
    for name, spec in specs.items():
        if name.master is not None:
            _add_part(connection, spec, name.master, namespace, made)
    return made


def _add_part(
    connection: Connection,
    spec: TableSpec,
    master_name: TableName,
    namespace: MutableMapping[str, Any],
    made: dict[str, type[Table]],
) -> None:
    master: Any = namespace.get(master_name.class_name)
    label = spec.name.class_name.rpartition(".")[2]
    if not is_table_class(master) or master._table != master_name or label in vars(master):
        return
    part: Any = _make(label, Part, connection, spec, master.__module__)
    part.__qualname__ = f"{master.__qualname__}.{label}"
    part._master = master
    setattr(master, label, part)
    made[spec.name.class_name] = part


class _Described:
    """
    The definition of a class that was made from a table: what describes the table, when it is asked for.

    Where the table was dropped since, it is described as it was, so that it can be declared again.
    """

    def __init__(self, connection: Connection, spec: TableSpec) -> None:
        self._connection = connection
        self._spec = spec

    def __get__(self, instance: Any, owner: type[Table]) -> str:
        names = find_names(owner._namespace, self._connection)
        return str(describe(self._connection, self._connection.catalogue.table(self._spec.name) or self._spec, names))


def _make(label: str, tier: type[Table], connection: Connection, spec: TableSpec, module: str) -> type[Table]:
    members = {
        "__module__": module,
        "__doc__": spec.comment or None,
        "_home": connection,
        "_table": spec.name,
        "_is_decorated": True,
        "definition": _Described(connection, spec),
    }
    return cast("type[Table]", TableMeta(label, (tier,), members))

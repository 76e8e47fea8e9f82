"""What tables are called where a definition is to be read: ``Subject``, ``lab.Subject``, ``Scan.Roi``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from djnb.algebra.conditions import relation_of
from djnb.algebra.nodes import Stored
from djnb.connection import Connection
from djnb.errors import DataJointError
from djnb.model.naming import TableName, Tier

_SPECIAL = {"self", "cls", "master"}
"""Names that mean another table in another place."""


def find_names(namespace: Mapping[str, Any], connection: Connection) -> dict[TableName, str]:
    """
    Return what the tables of a connection are called in a namespace.

    Classes of the namespace are found, the parts within them, and both in the modules that it names.
    Of several names, the class's own is taken, and one without a module's.
    """
    found: dict[TableName, str] = {}
    modules: dict[str, ModuleType] = {}
    for name, value in _items(namespace):
        if isinstance(value, ModuleType):
            modules.setdefault(name, value)
        _note(found, name, value, connection)
    for prefix, module in modules.items():
        for name, value in _items(vars(module)):
            _note(found, f"{prefix}.{name}", value, connection)
    return found


def _items(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    # Modules may be filled while they are looked at, by an import in another thread.
    for name in list(namespace):
        if name.isidentifier() and name not in _SPECIAL and not name.startswith("__"):
            value = namespace.get(name)
            if value is not None:
                yield name, value


def _note(found: dict[TableName, str], name: str, value: Any, connection: Connection) -> None:
    table = _table_of(value, connection)
    if table is None:
        return
    is_own = name.rpartition(".")[2] == table.class_name
    if table not in found or (is_own and found[table].rpartition(".")[2] != table.class_name):
        found[table] = name
    if isinstance(value, type) and table.tier is not Tier.PART:
        for part, within in list(vars(value).items()):
            if part[:1].isupper() and isinstance(within, type):
                of_part = _table_of(within, connection)
                if of_part is not None:
                    found.setdefault(of_part, f"{name}.{part}")


def _table_of(value: Any, connection: Connection) -> TableName | None:
    """Return the table that a value stands for, whole; None for everything else, among it tables that are gone."""
    if not hasattr(type(value), "__relation__"):
        return None
    try:
        if getattr(value, "connection", connection) is not connection:
            return None
        node = relation_of(value)
    except (DataJointError, TypeError):
        return None
    return node.name if isinstance(node, Stored) else None

"""The tables that a notebook can name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

from djnb.errors import NotDeclaredError, PopulateError, did_you_mean
from djnb.populate import adoption
from djnb.tables.metaclass import TableMeta

_DEPTH = 3
"""How many dots deep names are offered."""


def is_populated(value: Any) -> bool:
    """Tell whether something is a table class with a ``populate``, which Imported and Computed have."""
    return isinstance(value, TableMeta) and hasattr(value, "populate") and not _is_tier(value)


def find(name: str, namespace: Mapping[str, Any]) -> Any:
    """
    Return what a dotted name stands for.

    Raises
    ------
    PopulateError
        It stands for nothing; the message offers the nearest name of a table.
    """
    first, *rest = name.split(".")
    try:
        value = namespace[first]
        for part in rest:
            value = getattr(value, part)
    except (KeyError, AttributeError):
        names = [found for found, _ in tables(namespace)]
        there = f"The tables here are: {', '.join(names)}." if names else "No table class is defined or imported here."
        raise PopulateError(f"There is no `{name}`.", remedy=did_you_mean(name, names) + there) from None
    return value


def find_populated(name: str, namespace: Mapping[str, Any]) -> TableMeta:
    """
    Return the auto-populated table class that a dotted name stands for.

    Raises
    ------
    PopulateError
        The name is unknown, or what it stands for is not filled by a ``make()`` of its own.
    """
    value = find(name, namespace)
    if isinstance(type(value), TableMeta):
        value = type(value)
    if is_populated(value):
        assert isinstance(value, TableMeta)
        return value
    raise _refusal(name, value)


def find_to_populate(name: str, namespace: Mapping[str, Any]) -> Any:
    """
    Return the auto-populated table class, or the schema, that a dotted name stands for.

    Raises
    ------
    PopulateError
        The name is unknown, or what it stands for is not filled by a ``make()`` of its own.
    """
    from djnb.schemas import Schema

    value = find(name, namespace)
    return value if isinstance(value, Schema) else find_populated(name, namespace)


def schemas(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the schemas that names stand for, those of modules dotted."""
    from djnb.schemas import Schema

    for name, value in list(namespace.items()):
        if name.startswith("_"):
            continue
        if isinstance(value, Schema):
            yield name, value
        elif isinstance(value, ModuleType) and _may_hold_tables(value):
            yield from ((f"{name}.{inner}", found) for inner, found in schemas_of(value))


def schemas_of(module: ModuleType) -> list[tuple[str, Any]]:
    """Return the schemas of a module."""
    from djnb.schemas import Schema

    return [(name, value) for name, value in list(vars(module).items()) if isinstance(value, Schema) and name[0] != "_"]


def adopt(name: str, table: Any, functions: Mapping[str, Any]) -> None:
    """
    Give a table class the functions by which its keys are made.

    Raises
    ------
    PopulateError
        The name stands for a schema, or the table has a ``make`` of its own.
    """
    if not isinstance(table, TableMeta):
        raise PopulateError(f"A `make` belongs to one table, and `{name}` is a schema.", remedy="Name the table.")
    adoption.adopt(table, functions)


def _refusal(name: str, value: Any) -> PopulateError:
    from djnb.tables.table import Table
    from djnb.tables.tiers import Part

    only = "Only Imported and Computed tables have keys to make."
    if not (isinstance(value, type) and issubclass(value, Table)):
        return PopulateError(f"`{name}` is no table class, but of type {type(value).__name__}.", remedy=only)
    if _is_tier(value):
        return PopulateError(f"`{name}` is a tier, not a table.", remedy="Name a class that derives from it.")
    if issubclass(value, Part):
        master = name.rpartition(".")[0] or getattr(value._master, "__name__", "")
        return PopulateError(
            f"`{name}` is a part: the `make()` of its master inserts its rows.",
            remedy=f"Name the master: `{master}`." if master else "Name its master.",
        )
    return PopulateError(f"`{name}` is a {value.tier} table: its rows are inserted, not made.", remedy=only)


def tables(namespace: Mapping[str, Any]) -> Iterator[tuple[str, TableMeta]]:
    """Yield the table classes that names stand for, as ``Name`` and, from modules and schemas of classes, dotted."""
    yield from _tables("", namespace, _DEPTH)


def _tables(prefix: str, namespace: Mapping[str, Any], depth: int) -> Iterator[tuple[str, TableMeta]]:
    for name, value in list(namespace.items()):
        if name.startswith("_"):
            continue
        if isinstance(value, TableMeta) and not _is_tier(value):
            yield prefix + name, value
        elif depth > 1 and isinstance(value, ModuleType) and _may_hold_tables(value):
            yield from _tables(f"{prefix}{name}.", vars(value), depth - 1)


def _may_hold_tables(module: ModuleType) -> bool:
    # A module of tables has got its tiers or its schema from djnb; numpy and its like are not searched.
    from djnb.schemas import Schema

    if module.__name__ == "djnb":
        return False
    return any(isinstance(value, Schema | TableMeta) for value in list(vars(module).values()))


def declared(classes: Iterator[Any] | list[Any]) -> list[TableMeta]:
    """Return the auto-populated tables among some values, each once, without those that no schema has declared."""
    found: dict[str, TableMeta] = {}
    for value in classes:
        if is_populated(value):
            try:
                full_name = value.full_table_name
            except NotDeclaredError:
                continue
            # A cell run twice defines its class twice; the later one counts.
            found[full_name] = value
    return list(found.values())


def _is_tier(cls: TableMeta) -> bool:
    return cls.__module__.startswith("djnb.tables.")

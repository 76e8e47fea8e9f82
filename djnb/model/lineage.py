"""
Where an attribute comes from: its lineage, ``schema.table.attribute``.

Attributes of the primary key and of foreign keys have a lineage; other attributes have none.
Following the foreign keys to their end finds it, so it needs no record in the database;
DataJoint's ``~lineage`` table holds the same strings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from djnb.model.naming import TableName
from djnb.model.spec import TableSpec

Lookup = Callable[[TableName], TableSpec | None]


def origin(table: TableName, attribute: str) -> str:
    """Return the lineage of an attribute that is first declared in this table."""
    return f"{table.schema}.{table.table}.{attribute}"


def trace(spec: TableSpec, lookup: Lookup) -> Mapping[str, str]:
    """
    Return the lineage of every attribute of a table that has one.

    Parameters
    ----------
    spec : TableSpec
        The table.
    lookup : callable
        Finds the parents; where it returns None, the trace ends at the parent's own attribute.
    """
    found = {name: origin(spec.name, name) for name in spec.primary_key}
    by_foreign_key: dict[str, str] = {}
    for foreign_key in spec.foreign_keys:
        for child, parent in foreign_key.attributes:
            # An attribute of two foreign keys has the lineage that the first one gives it, here as below.
            if child not in by_foreign_key:
                by_foreign_key[child] = _follow(foreign_key.parent, parent, lookup, {(spec.name, child)})
    return {**found, **by_foreign_key}


def _follow(table: TableName, attribute: str, lookup: Lookup, seen: set[tuple[TableName, str]]) -> str:
    spec = lookup(table)
    # A ring of foreign keys within one table (a self-reference) ends where it began.
    if spec is not None and (table, attribute) not in seen:
        for foreign_key in spec.foreign_keys:
            for child, parent in foreign_key.attributes:
                if child == attribute:
                    return _follow(foreign_key.parent, parent, lookup, seen | {(table, attribute)})
    return origin(table, attribute)

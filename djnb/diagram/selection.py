"""Which tables are drawn: sets of names, widened along the foreign keys."""

from __future__ import annotations

from collections.abc import Iterable

from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName


def widen(tables: Iterable[TableName], dependencies: Dependencies, levels: int) -> frozenset[TableName]:
    """
    Return tables and what is ``levels`` foreign keys away from them: below, or above where it is negative.

    It stops where nothing is further away.
    """
    found = frozenset(tables)
    neighbours: dict[TableName, set[TableName]] = {}
    for key in dependencies.foreign_keys:
        near, far = (key.parent, key.child) if levels > 0 else (key.child, key.parent)
        neighbours.setdefault(near, set()).add(far)
    rim = found
    for _ in range(abs(levels)):
        rim = frozenset(far for near in rim for far in neighbours.get(near, ()) if not far.is_hidden) - found
        if not rim:
            break
        found |= rim
    return found


def parts_of(tables: Iterable[TableName], dependencies: Dependencies) -> frozenset[TableName]:
    """Return the parts of those tables that are masters."""
    found = frozenset(tables)
    return frozenset(key.child for key in dependencies.foreign_keys if key.child.master in found)

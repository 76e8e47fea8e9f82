"""What a table has left."""

from __future__ import annotations


def rows(table, *names):
    """Return the keys, or the named attributes, as tuples."""
    return [tuple(row.values()) for row in table.to_dicts(*(names or table.primary_key))]

"""Table classes that are written in a line, with their rows in another."""

from __future__ import annotations

import djnb as dj


def make_table(name, definition, tier=dj.Manual, **body):
    """Return a table class that no schema has decorated."""
    return type(name, (tier,), {"definition": definition, **body})


def declare_table(schema, name, definition, tier=dj.Manual, *, rows=None, body=None, **names):
    """Declare a class with a definition, and insert rows; the names after `->` are keywords."""
    cls = schema(make_table(name, definition, tier, **(body or {})), context=names)
    if rows is not None:
        cls.insert(rows)
    return cls

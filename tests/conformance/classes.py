"""Table classes that are written in a line."""

from __future__ import annotations

import djnb as dj


def make_table(name, definition, tier=dj.Manual, **body):
    """Return a table class that no schema has decorated."""
    return type(name, (tier,), {"definition": definition, **body})

"""What is in a store, and what a table says of it."""

from __future__ import annotations

from pathlib import Path


def files_in(folder):
    """Return the paths of all files in a folder, relative to it."""
    return sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())


def stored_values(Table, name):
    """Return the values of an attribute as the database has them, in the order of the key."""
    from djnb.sql.select import select_rows

    table = Table()
    order = [(key, False) for key in table.primary_key]
    statement = select_rows(table.node, table.connection.dialect, [name], order_by=order)
    return [row[0] for row in table.connection.execute(statement).rows]

"""The contents of Lookup tables, which are inserted when the class is decorated."""

from __future__ import annotations

from djnb.errors import DuplicateError, warn_user
from djnb.tables.tiers import Lookup


class ContentsWarning(UserWarning):
    """Contents of a Lookup class are not in its table, and the user may not insert them."""


def insert_contents(table: Lookup, *, is_new: bool) -> None:
    """
    Insert what a Lookup class lists, where the table holds fewer rows than that.

    Where the user may only read the table, nothing is tried, and a warning says how many rows are missing.
    """
    contents = list(table.contents)
    if not contents:
        return
    missing = len(contents) - len(table)
    if missing <= 0:
        return
    connection, name = table.connection, table.name
    if is_new or connection.privileges().may("INSERT", name.schema, name.table):
        try:
            table.insert(contents, skip_duplicates=True)
        except DuplicateError:
            if len(table) < len(contents):  # else a program that declares it at the same moment was faster
                raise
        return
    warn_user(
        f"`{name.class_name}` lists {len(contents)} rows of contents, {missing} more than its table holds. "
        f"You may not insert them: the privilege INSERT is missing on {name}. The table stays as it is.",
        ContentsWarning,
    )

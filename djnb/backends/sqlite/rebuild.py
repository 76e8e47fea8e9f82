"""
Altering a table of SQLite: a new table takes the rows and then the name, all in one transaction.

Other tables refer to the table by its name, so their foreign keys hold again when the new table has it.
"""

from __future__ import annotations

from dataclasses import replace

from djnb.model.alteration import Alteration
from djnb.model.naming import TableName
from djnb.model.spec import TableSpec
from djnb.sql import ddl
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement

_TEMPORARY = "~altered"


def alter_table(alteration: Alteration, dialect: Dialect) -> list[Statement]:
    """Return the statements that alter a table; what is noted of it comes last."""
    old, new = alteration.old, alteration.new
    created = ddl.create_table(new, dialect)
    indexes, notes = created[1:-1], [*dialect.forget_table(old), created[-1]]
    if _is_laid_out_alike(alteration, dialect):
        if not (alteration.indexes_added or alteration.indexes_dropped):
            return notes
        there = [*old.indexes, *old.implied_indexes]
        return [Statement(f"DROP INDEX {dialect.quote(index.name)}") for index in there] + indexes + notes
    temporary = replace(new, name=TableName(new.name.schema, _TEMPORARY))
    names = [name for name in (a.name for a in new.attributes) if name in alteration.origins]
    into = ", ".join(dialect.quote(name) for name in names)
    source = ", ".join(dialect.quote(alteration.origins[name]) for name in names)
    table, other = dialect.table(new.name), dialect.table(temporary.name)
    return [
        ddl.create_table(temporary, dialect)[0],
        Statement(f"INSERT INTO {other} ({into}) SELECT {source} FROM {table}"),
        *_numbers(old, temporary),
        Statement(f"DROP TABLE {table}"),
        Statement(f"ALTER TABLE {other} RENAME TO {table}"),
        *indexes,
        *(Statement(sql) for sql in old.foreign_indexes),
        *notes,
    ]


def _numbers(old: TableSpec, new: TableSpec) -> list[Statement]:
    """Return what makes the numbering of rows go on where it was, beyond rows that were deleted."""
    if not any(attribute.autoincrement for attribute in new.attributes):
        return []
    before, after = (f"{spec.name.schema}.{spec.name.table}" for spec in (old, new))
    was = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name IN (?, ?)"
    return [
        Statement(f"INSERT INTO sqlite_sequence (name, seq) SELECT ?, ({was})", (after, before, after)),
        Statement(
            "DELETE FROM sqlite_sequence WHERE name = ? AND rowid < (SELECT max(rowid) FROM sqlite_sequence)", (after,)
        ),
    ]


def _is_laid_out_alike(alteration: Alteration, dialect: Dialect) -> bool:
    """Whether the table itself stays as it is: comments are kept beside it, and indexes are statements of their own."""
    before, after = (
        [ddl.column_clause(attribute, dialect) for attribute in spec.attributes]
        for spec in (alteration.old, alteration.new)
    )
    return before == after and not (alteration.foreign_keys_added or alteration.foreign_keys_dropped)

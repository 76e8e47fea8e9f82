"""ALTER TABLE as MySQL and MariaDB take it: one statement, which is carried out whole or not at all."""

from __future__ import annotations

import re
from dataclasses import replace

from djnb.model.alteration import Alteration
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.sql import ddl
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement

TEXT_COLLATION = "utf8mb4_bin"
"""Any character, compared byte by byte, as in Python."""


def alter_table(alteration: Alteration, dialect: Dialect) -> list[Statement]:
    """
    Return the statements that alter a table.

    Foreign keys that are added have a statement of their own where others are dropped: MySQL cannot do both in one
    (its manual, "ALTER TABLE Statement", on FOREIGN KEY). Their rows have been looked at before.
    """
    clauses = [f"DROP FOREIGN KEY {dialect.quote(key.name)}" for key in alteration.foreign_keys_dropped]
    gone = [*alteration.indexes_dropped, *alteration.implied_dropped]
    clauses += [f"DROP INDEX {dialect.quote(index.name)}" for index in gone]
    clauses += [f"DROP COLUMN {dialect.quote(attribute.name)}" for attribute in alteration.dropped]
    clauses += _columns(alteration, dialect)
    clauses += [f"ADD {dialect.inline_index(i.attributes, is_unique=i.is_unique)}" for i in alteration.indexes_added]
    clauses += [f"ADD {dialect.inline_index(names, is_unique=False)}" for names in _unserved(alteration)]
    if alteration.is_commented:
        clauses.append(f"COMMENT={dialect.literal(alteration.new.comment)}")
    keys = _foreign_keys(alteration, dialect)
    if not alteration.foreign_keys_dropped:
        clauses, keys = clauses + keys, []
    head = f"ALTER TABLE {dialect.table(alteration.new.name)}\n  "
    return [Statement(head + ",\n  ".join(part)) for part in (clauses, keys) if part]


def _columns(alteration: Alteration, dialect: Dialect) -> list[str]:
    clauses = []
    place = " FIRST"
    for attribute in alteration.new.attributes:
        name = attribute.name
        clause = ddl.column_clause(_with_characters(attribute), dialect)
        if name not in alteration.origins:
            clauses.append(f"ADD COLUMN {clause}{place}")
        elif name in alteration.moved or name in alteration.changed or name in alteration.renamed:
            old = dialect.quote(alteration.origins[name])
            clauses.append(f"CHANGE COLUMN {old} {clause}{place if name in alteration.moved else ''}")
        place = f" AFTER {dialect.quote(name)}"
    return clauses


def _with_characters(attribute: Attribute) -> Attribute:
    """Return an attribute whose text, if it is any, is asked for by its characters: the table's may be others."""
    if attribute.type.family in (Family.STRING, Family.ENUM) and not attribute.collation:
        return replace(attribute, collation=TEXT_COLLATION)
    return attribute


def _unserved(alteration: Alteration) -> list[tuple[str, ...]]:
    """Return what needs an index of its own because the one that served a foreign key goes."""
    serving = [alteration.new.primary_key]
    serving += [index.attributes for index in (*alteration.indexes_kept, *alteration.indexes_added)]
    kept = [key.names for key in alteration.new.foreign_keys if key not in alteration.foreign_keys_added]
    return [names for names in dict.fromkeys(kept) if all(s[: len(names)] != names for s in serving)]


def _foreign_keys(alteration: Alteration, dialect: Dialect) -> list[str]:
    used = [int(m[1]) for key in alteration.old.foreign_keys if (m := re.search(r"_ibfk_([0-9]+)$", key.name))]
    return [
        f"ADD {dialect.constraint(alteration.new.name, number)}{ddl.foreign_key_clause(key, dialect)}"
        for number, key in enumerate(alteration.foreign_keys_added, start=max(used, default=0) + 1)
    ]

"""
Why an insert was refused.

Databases say it in their own ways, or not at all. These questions are asked after a refusal only, and make the
message the same on every database.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from djnb.algebra.conditions import AmongKeys
from djnb.algebra.missing import is_missing
from djnb.algebra.nodes import Node, Restrict, Stored
from djnb.connection import Connection
from djnb.errors import DataJointError, DuplicateError, IntegrityError, MissingParentError
from djnb.model.heading import Heading
from djnb.model.spec import TableSpec
from djnb.rows.fetch import fetch_columns
from djnb.rows.given import Numbered
from djnb.sql.values import canonical, decoder, encoder

_CHUNK = 1_000


def duplicate(
    connection: Connection, spec: TableSpec, heading: Heading, rows: Numbered, error: IntegrityError
) -> IntegrityError:
    """Return the error that names the first key that is there already, or that is given twice."""
    key = heading.primary_key
    if not key and not any(index.is_unique for index in spec.indexes):
        return DuplicateError(
            f"`{spec.name.class_name}` has no primary key, so it holds one row, which is there already.",
            remedy="Change it with `update1`, or insert with `replace=True`.",
        )
    rows = _keyed(rows, key)
    seen: set[tuple[Any, ...]] = set()
    present = _present(connection, Stored(spec.name, heading), key, key, heading, rows)
    for number, values in comparable(heading, key, rows, connection):
        if values in present or values in seen:
            where = "is there already" if values in present else "is given twice"
            return DuplicateError(
                f"A row of `{spec.name.class_name}` with {_shown(key, values)} {where} (row {number}).",
                remedy="`skip_duplicates=True` keeps the row that is there, `replace=True` the new one.",
            )
        seen.add(values)
    unique = " or ".join(f"({', '.join(index.attributes)})" for index in spec.indexes if index.is_unique)
    if not unique:
        return error
    return DuplicateError(
        f"Another row of `{spec.name.class_name}` has the same {unique}, which must be unique.",
        remedy="Restrict the table by these values to see it.",
    )


def missing_parent(
    connection: Connection, spec: TableSpec, heading: Heading, rows: Numbered, error: IntegrityError
) -> IntegrityError:
    """Return the error that names the first parent that is not there; the one given, if no parent is missing."""
    for foreign_key in spec.foreign_keys:
        try:
            parent_heading = connection.catalogue.heading(foreign_key.parent)
        except DataJointError:
            continue
        if parent_heading is None:
            continue
        own, there = list(foreign_key.names), [parent for _, parent in foreign_key.attributes]
        given = [(number, row) for number, row in rows if not any(is_missing(row.get(name)) for name in own)]
        present = _present(connection, Stored(foreign_key.parent, parent_heading), there, own, heading, given)
        for number, values in comparable(heading, own, given, connection):
            if values not in present:
                parent = foreign_key.parent.class_name
                problem = MissingParentError(
                    f"Row {number} for `{spec.name.class_name}` refers to `{parent}` with {_shown(there, values)}, "
                    "which is not there.",
                    remedy=f"Insert that row into `{parent}` first.",
                )
                problem.parent, problem.key = parent, dict(zip(there, values, strict=True))
                return problem
    return error


def absent(connection: Connection, spec: TableSpec, heading: Heading, rows: Numbered) -> Numbered:
    """
    Return the rows whose primary key is not in the table, each key once.

    A key that is left to a default counts as that; one that the database draws itself is not in the table.
    """
    key = heading.primary_key
    keyed = _keyed(_with_defaults(connection, heading, key, rows), key)
    present = _present(connection, Stored(spec.name, heading), key, key, heading, keyed)
    duplicates: set[int] = set()
    for number, values in comparable(heading, key, keyed, connection):
        if values in present:
            duplicates.add(number)
        present.add(values)
    return [(number, row) for number, row in rows if number not in duplicates]


def _with_defaults(connection: Connection, heading: Heading, names: list[str], rows: Numbered) -> Numbered:
    """Return the rows with the default in the place of a missing value, as far as that is not drawn anew each time."""
    values = {
        name: encoder(heading[name].type, connection.dialect)(default.text)
        for name in names
        if (default := heading[name].default) is not None and not default.is_keyword
    }
    if not values:
        return rows
    return [
        (number, {**row, **{name: value for name, value in values.items() if is_missing(row.get(name))}})
        for number, row in rows
    ]


def _keyed(rows: Numbered, key: list[str]) -> Numbered:
    """Return the rows that give the whole key; none where the key is hidden."""
    return [(number, row) for number, row in rows if key and not any(is_missing(row.get(name)) for name in key)]


def comparable(
    heading: Heading, names: list[str], rows: Numbered, connection: Connection
) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Yield each row's values as fetching would give them back, so that they compare equal."""
    for number, row in rows:
        yield number, tuple(as_fetched(row[name], heading, name, connection) for name in names)


def as_fetched(value: Any, heading: Heading, name: str, connection: Connection) -> Any:
    """Return a value as fetching it would give it back; raises ``UnfitError`` if it does not fit."""
    kind = heading[name].type
    stored = encoder(kind, connection.dialect)(value)
    decode = decoder(kind, connection.dialect)
    return canonical(value, kind) if decode is None else decode(stored)


def _present(
    connection: Connection, table: Stored, names: list[str], own: list[str], heading: Heading, rows: Numbered
) -> set[tuple[Any, ...]]:
    """Return which values of the rows' ``own`` attributes are in the table under ``names``."""
    wanted = list(dict.fromkeys(values for _, values in comparable(heading, own, rows, connection)))
    found: set[tuple[Any, ...]] = set()
    for start in range(0, len(wanted), _CHUNK):
        chunk = tuple(wanted[start : start + _CHUNK])
        node: Node = Restrict(table, AmongKeys(tuple(names), chunk))
        columns = fetch_columns(connection, node, names, purpose="internal")
        found.update(zip(*columns.values(), strict=True))
    return found


def _shown(names: list[str], values: tuple[Any, ...]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in zip(names, values, strict=True))

"""Rows inserted where they are not there, and changed where they are; with a report of what became of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from djnb.algebra.conditions import AmongKeys
from djnb.algebra.missing import is_missing
from djnb.algebra.nodes import Restrict, Stored
from djnb.codecs.blob import pack
from djnb.connection import Connection
from djnb.errors import BlobError, DuplicateError, IntegrityError, MissingAttributeError, UnknownAttributeError
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.model.heading import Heading
from djnb.model.spec import TableSpec
from djnb.rows import coding, explain
from djnb.rows.fetch import fetch_columns, to_dicts
from djnb.rows.given import Numbered, Row, batches, read_rows
from djnb.rows.insert import Stamp, encode_values, insert
from djnb.rows.update import conflict, key_condition, update_row
from djnb.sql.dml import insert as say_insert

BATCH = 1_000


@dataclass(frozen=True)
class UpsertResult:
    """
    What became of rows.

    Attributes
    ----------
    inserted, changed, left : tuple of dict
        The primary keys of the rows that are new, of those that have other values now, and of those that had these
        values before.
    """

    inserted: tuple[Row, ...] = ()
    changed: tuple[Row, ...] = ()
    left: tuple[Row, ...] = ()

    def counts(self) -> dict[str, int]:
        """Return how many rows were inserted, changed and left."""
        return {"inserted": len(self.inserted), "changed": len(self.changed), "left": len(self.left)}

    def __str__(self) -> str:
        return f"{len(self.inserted)} inserted, {len(self.changed)} changed, {len(self.left)} left as they were"

    def __repr__(self) -> str:
        return f"<UpsertResult: {self}>"

    def _repr_html_(self) -> str:
        cells = "".join(f"<td>{count}</td>" for count in self.counts().values())
        return f"<table><tr><th>inserted</th><th>changed</th><th>left</th></tr><tr>{cells}</tr></table>"


def upsert_rows(
    connection: Connection,
    spec: TableSpec,
    heading: Heading,
    rows: Any,
    *,
    ignore_extra_fields: bool = False,
    stamp: Stamp | None = None,
) -> UpsertResult:
    """
    Insert the rows whose key is not there and change the others, all of them or none, in few statements.

    What a stamp tells is written with the rows that are inserted; those that are changed keep what they have of it.

    Raises
    ------
    UnknownAttributeError, MissingAttributeError, InvalidValueError
        A row does not fit the heading, or lacks a part of its key.
    DuplicateError, MissingParentError
        A key is given twice, or a row is in conflict with others.
    """
    found: dict[str, list[Row]] = {"inserted": [], "changed": [], "left": []}
    seen: set[tuple[Any, ...]] = set()
    owner = spec.name.class_name
    key = heading.primary_key
    with coding.files_with_rows(connection, heading), connection.atomic():
        for batch in batches(enumerate(read_rows(connection, rows, heading)), heading, BATCH):
            read = [(number, _checked(row, number, heading, owner, ignore_extra_fields)) for number, row in batch]
            by_key: dict[tuple[Any, ...], tuple[int, Row]] = {}
            for (number, values), (_, row) in zip(
                explain.comparable(heading, key, read, connection), read, strict=True
            ):
                if values in seen:
                    raise DuplicateError(
                        f"The key {dict(zip(key, values, strict=True))} for `{owner}` is given twice (row {number}).",
                        remedy="Give each row once.",
                    )
                seen.add(values)
                by_key[values] = (number, row)
            there = dict(_existing(connection, spec, heading, list(by_key)))
            new = [row for values, (_, row) in by_key.items() if values not in there]
            insert(connection, spec, heading, new, stamp=stamp)
            changed: list[tuple[int, Row]] = []
            for values, (number, row) in by_key.items():
                kind = "inserted"
                if values in there:
                    wanted = {n: _wanted(heading[n], v, owner) for n, v in row.items() if n not in key}
                    differs = any(not _is_same(there[values][n], v, heading, n, connection) for n, v in wanted.items())
                    kind = "changed" if differs else "left"
                    if differs:
                        changed.append((number, {**dict(zip(key, values, strict=True)), **wanted}))
                found[kind].append(dict(zip(key, values, strict=True)))
            _change(connection, spec, heading, changed, there)
    return UpsertResult(**{kind: tuple(keys) for kind, keys in found.items()})


def _checked(row: Mapping[str, Any], number: int, heading: Heading, owner: str, ignore_extra_fields: bool) -> Row:
    unknown = [name for name in row if name not in heading]
    if unknown and not ignore_extra_fields:
        error = UnknownAttributeError.among(unknown[0], heading.names, owner=owner)
        error.add_note(f"In row {number}. `ignore_extra_fields=True` passes over such values.")
        raise error
    key_condition(heading, row, owner)
    return {name: value for name, value in row.items() if name in heading}


def _existing(
    connection: Connection, spec: TableSpec, heading: Heading, keys: list[tuple[Any, ...]]
) -> Iterator[tuple[tuple[Any, ...], Row]]:
    """Yield the rows that have one of the keys."""
    key = heading.primary_key
    if keys:
        node = Restrict(Stored(spec.name, heading), AmongKeys(tuple(key), tuple(keys)))
        for row in to_dicts(fetch_columns(connection, node, heading.names, purpose="internal")):
            yield tuple(row[name] for name in key), row


def _wanted(attribute: Attribute, value: Any, owner: str) -> Any:
    """Return what a row is to have: the value, or the default where it is None; None for NULL and for the time."""
    if not is_missing(value):
        return value
    if attribute.nullable:
        return None
    if attribute.default is None:
        raise MissingAttributeError(
            f"None was given for '{attribute.name}' of `{owner}`, which has no default.",
            remedy=f"Give a value, or leave '{attribute.name}' out to keep the one that is there.",
        )
    return None if attribute.default.is_keyword else attribute.default.text


def _is_same(there: Any, wanted: Any, heading: Heading, name: str, connection: Connection) -> bool:
    attribute = heading[name]
    if there is None or wanted is None:
        return there is wanted
    if attribute.type.family is not Family.CODEC:
        try:
            return bool(there == explain.as_fetched(wanted, heading, attribute.name, connection))
        except ValueError:
            return False  # the statement that sends it says what is wrong
    try:
        return attribute.type.store is None and pack(there) == pack(wanted)
    except BlobError:
        return False


def _change(
    connection: Connection, spec: TableSpec, heading: Heading, rows: Numbered, there: Mapping[tuple[Any, ...], Row]
) -> None:
    """Send the changed rows, one statement for all that give the same attributes."""
    key = heading.primary_key
    groups: dict[tuple[str, ...], list[tuple[int, Row]]] = {}
    for number, row in rows:
        # Without a key there is nothing to meet a conflict in; and the time of entry is known to the database only.
        if not key or any(row[name] is None and not heading[name].nullable for name in row):
            update_row(connection, spec, heading, row)
            continue
        groups.setdefault(tuple(name for name in heading.secondary_attributes if name in row), []).append((number, row))
    for names, numbered in groups.items():
        # An INSERT has to give what every row must give, though it only changes rows that are there.
        rest = [a for a in heading.visible if a.is_required and not a.in_key and a.name not in names]
        if any(a.type.store is not None for a in rest):
            for _, row in numbered:
                update_row(connection, spec, heading, row)
            continue
        full = [
            (number, {**{a.name: there[tuple(row[n] for n in key)][a.name] for a in rest}, **row})
            for number, row in numbered
        ]
        listed = [*key, *names, *(a.name for a in rest)]
        columns = [encode_values(connection, spec, heading, name, full) for name in listed]
        sql = say_insert(spec.name, listed, connection.dialect, key=key, others=list(names), on_duplicate="replace")
        try:
            connection.execute_many(sql, list(zip(*columns, strict=True)))
        except IntegrityError as error:
            ask = conflict if isinstance(error, DuplicateError) else explain.missing_parent
            raise ask(connection, spec, heading, numbered, error) from error

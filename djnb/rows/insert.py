"""Writing rows: taken as users give them, checked against the heading, sent in batches, all or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import nullcontext
from itertools import groupby
from operator import itemgetter
from typing import Any

from djnb.algebra.conditions import relation_of
from djnb.algebra.missing import has_missing, is_missing
from djnb.connection import Connection
from djnb.errors import (
    DuplicateError,
    IntegrityError,
    InvalidValueError,
    MissingAttributeError,
    OperandError,
    UnknownAttributeError,
)
from djnb.events import RowsInserted
from djnb.model.core_types import Family
from djnb.model.heading import Heading
from djnb.model.spec import TableSpec
from djnb.rows import coding, explain
from djnb.rows.copy import copy_rows
from djnb.rows.descent import parents_first
from djnb.rows.given import Numbered, Row, Tuples, batches, large_names, read_rows, tuple_batches, values_of
from djnb.sql.dialect import Dialect
from djnb.sql.dml import OnDuplicate
from djnb.sql.dml import insert as say_insert
from djnb.sql.values import UnfitError, encode_column, encoder

_NEVER_TOO_LARGE = 2**20
"""So many bytes every server takes, whose default is 16 times that, or more."""

BATCH = 10_000
"""How many rows are held, checked and sent at a time."""

Stamp = Callable[[], Mapping[str, Any]]
"""Returns the values of hidden attributes for the rows that are sent now."""


class _RefusedError(Exception):
    """The database refused some rows."""

    def __init__(self, error: IntegrityError, rows: Numbered) -> None:
        self.error, self.rows = error, rows

    def explained(self, connection: Connection, spec: TableSpec, heading: Heading) -> IntegrityError:
        """Return the error that names the row and the reason."""
        ask = explain.duplicate if isinstance(self.error, DuplicateError) else explain.missing_parent
        return ask(connection, spec, heading, self.rows, self.error)


def insert(
    connection: Connection,
    spec: TableSpec,
    heading: Heading,
    rows: Any,
    *,
    on_duplicate: OnDuplicate = "fail",
    ignore_extra_fields: bool = False,
    chunk_size: int | None = None,
    stamp: Stamp | None = None,
) -> None:
    """
    Insert rows into a table; all of them or none.

    Parameters
    ----------
    connection : Connection
        Where the table is.
    spec : TableSpec
        The table.
    heading : Heading
        Its heading, with the types of foreign keys' origins.
    rows : iterable
        Whatever ``given.read_rows`` reads.
    on_duplicate : {"fail", "skip", "replace"}
        What happens to a row whose primary key is there.
    ignore_extra_fields : bool
        Pass over values whose names the heading does not have.
    chunk_size : int, optional
        How many rows are sent at a time at most.
    stamp : callable, optional
        Returns values of hidden attributes, which all rows that are sent together get.

    Raises
    ------
    UnknownAttributeError, MissingAttributeError, InvalidValueError
        A row does not fit the heading; the message names the row and the attribute.
    DuplicateError, MissingParentError
        A row's key is there already, or a row refers to a parent that is not.
    """
    node = relation_of(rows)
    if node is not None and stamp is None and getattr(rows, "connection", connection) is connection:
        is_copied = copy_rows(
            connection,
            spec,
            heading,
            node,
            on_duplicate=on_duplicate,
            ignore_extra_fields=ignore_extra_fields,
        )
        if is_copied:
            return
    with coding.files_with_rows(connection, heading):
        _insert(connection, spec, heading, rows, on_duplicate, ignore_extra_fields, chunk_size, stamp)


def _insert(
    connection: Connection,
    spec: TableSpec,
    heading: Heading,
    rows: Any,
    on_duplicate: OnDuplicate,
    ignore_extra_fields: bool,
    chunk_size: int | None,
    stamp: Stamp | None,
) -> None:
    given = _batches(connection, spec, heading, rows, _size_of(chunk_size))
    total = 0
    first = next(given, [])
    if not first:
        return
    try:
        second = next(given, None) if len(first) == 1 else None
        if len(first) == 1 and second is None:
            _insert_batch(connection, spec, heading, first, on_duplicate, ignore_extra_fields, stamp)
            total = 1
        else:
            with connection.atomic():
                batch = first
                while batch:
                    try:
                        with connection.atomic() if total else nullcontext():
                            _insert_batch(connection, spec, heading, batch, on_duplicate, ignore_extra_fields, stamp)
                    except _RefusedError as refused:
                        if total:  # the reason may lie in an earlier batch, which is still there
                            raise refused.explained(connection, spec, heading) from refused.error
                        raise
                    total += len(batch)
                    batch, second = second or next(given, []), None
    except _RefusedError as refused:
        # Now that nothing of the insert is in the database, it can be asked what was there before.
        raise refused.explained(connection, spec, heading) from refused.error
    if connection.bus.wants(RowsInserted):
        connection.bus.emit(RowsInserted(spec.name.full, total))


def _batches(connection: Connection, spec: TableSpec, heading: Heading, rows: Any, size: int) -> Iterator[Numbered]:
    refers_to_itself = any(key.parent == spec.name for key in spec.foreign_keys)
    tuples = None if refers_to_itself else tuple_batches(rows, heading, size)
    if tuples is not None:
        return tuples
    return batches(parents_first(spec, enumerate(read_rows(connection, rows, heading))), heading, size)


def _size_of(chunk_size: int | None) -> int:
    if chunk_size is not None and chunk_size < 1:
        raise OperandError(f"Chunks of {chunk_size} rows were asked for.", remedy="Give 1 or more, or nothing.")
    return min(BATCH, chunk_size or BATCH)


def _insert_batch(
    connection: Connection,
    spec: TableSpec,
    heading: Heading,
    batch: Numbered,
    on_duplicate: OnDuplicate,
    ignore_extra_fields: bool,
    stamp: Stamp | None,
) -> None:
    if on_duplicate == "skip" and any(map(coding.is_kept_in_store, heading.visible)):
        batch = explain.absent(connection, spec, heading, batch)  # a row that is passed over writes no file
        if not batch:
            return
    groups = _group(spec, heading, batch, ignore_extra_fields)
    dialect = connection.dialect
    hidden = _encode_hidden(heading, stamp() if stamp else {}, dialect)
    key, others = list(spec.primary_key), [*heading.secondary_attributes, *hidden]
    for names, numbered, action in _steps(connection, spec, heading, groups, on_duplicate):
        columns = [encode_values(connection, spec, heading, name, numbered) for name in names]
        _check_sizes(connection, heading, dict(zip(names, columns, strict=True)), numbered)
        columns += [[value] * len(numbered) for value in hidden.values()]
        listed = (*names, *hidden)
        sql = say_insert(spec.name, listed, dialect, key=key, others=others, on_duplicate=action)
        try:
            connection.execute_many(sql, list(zip(*columns, strict=True)) if listed else [()] * len(numbered))
        except IntegrityError as error:
            raise _RefusedError(error, numbered) from error


def _encode_hidden(heading: Heading, values: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """Return values of hidden attributes as the driver binds them, those that the table has."""
    return {a.name: encoder(a.type, dialect)(values[a.name]) for a in heading.hidden if a.name in values}


def _check_sizes(connection: Connection, heading: Heading, columns: dict[str, list[Any]], rows: Numbered) -> None:
    """Refuse a row that no message takes: a server would close the connection over it."""
    large = [name for name in large_names(heading) if name in columns]
    limit = None
    for (number, _), values in zip(rows, zip(*(columns[name] for name in large), strict=True), strict=False):
        size = sum(len(value) for value in values if isinstance(value, (bytes, str)))
        if size <= _NEVER_TOO_LARGE:
            continue
        limit = limit or connection.message_limit()
        if limit is None:
            return
        if size >= limit:
            raise InvalidValueError(
                f"Row {number} has {size:,} bytes, and the server takes {limit:,} in one message.",
                remedy="Keep such values in a store (`<blob@store>`), or ask for a larger `max_allowed_packet`.",
            )


def _steps(
    connection: Connection,
    spec: TableSpec,
    heading: Heading,
    groups: Mapping[tuple[str, ...], Numbered],
    on_duplicate: OnDuplicate,
) -> Iterator[tuple[tuple[str, ...], Numbered, OnDuplicate]]:
    """
    Yield the rows of each group with what is to happen to duplicates.

    Where the database cannot tell a duplicate of the primary key from one of another unique index, rows whose key is
    not there are inserted plainly, so that a duplicate of the index is an error and changes no other row.
    """
    is_ambiguous = any(index.is_unique for index in spec.indexes) and heading.primary_key
    if on_duplicate == "fail" or connection.dialect.duplicate_clause_names_key or not is_ambiguous:
        for names, numbered in groups.items():
            yield names, numbered, on_duplicate
        return
    for names, numbered in groups.items():
        # The rows before these have been sent by now.
        fresh = {number for number, _ in explain.absent(connection, spec, heading, numbered)}
        marked = ((number in fresh, (number, row)) for number, row in numbered)
        for is_fresh, run in groupby(marked, itemgetter(0)):
            if is_fresh or on_duplicate == "replace":
                yield names, [item for _, item in run], "fail" if is_fresh else "replace"


def _group(
    spec: TableSpec, heading: Heading, batch: Numbered, ignore_extra_fields: bool
) -> Mapping[tuple[str, ...], Numbered]:
    """
    Return the rows by the attributes for which they give a value.

    A missing value (None, NaN) counts as not given where the attribute has a default, and as NULL where it may be.
    """
    defaulted = {a.name for a in heading.visible if not a.nullable and (a.default is not None or a.autoincrement)}
    required = [a.name for a in heading.visible if a.is_required]
    alike = _names_of_all(heading, batch, {*defaulted, *required}, ignore_extra_fields)
    if alike is not None and alike >= set(required):
        return {tuple(name for name in heading.names if name in alike): batch}
    groups: dict[tuple[str, ...], list[tuple[int, Row]]] = {}
    for number, row in batch:
        if not ignore_extra_fields:
            for name in row:
                if name not in heading:
                    error = UnknownAttributeError.among(name, heading.names, owner=spec.name.class_name)
                    error.add_note(f"In row {number}. `ignore_extra_fields=True` passes over such values.")
                    raise error
        names = tuple(
            name for name in heading.names if name in row and not (name in defaulted and is_missing(row[name]))
        )
        for name in defaulted & row.keys():
            if heading[name].type.family is Family.FLOAT and row[name] is not None and is_missing(row[name]):
                # The result of a computation, perhaps; the default would pass for it.
                raise _unfit(heading, name, row[name], number, UnfitError("is not a number, and NULL is not allowed"))
        for name in required:
            if name not in row or is_missing(row[name]):
                said = "gives no value" if name not in row else f"gives {row[name]!r}"
                raise MissingAttributeError(
                    f"Row {number} for `{spec.name.class_name}` {said} for '{name}', which has no default.",
                    remedy=f"Add '{name}' to the row, or make the attribute nullable in the definition.",
                )
        groups.setdefault(names, []).append((number, row))
    return groups


def _names_of_all(heading: Heading, batch: Numbered, needed: set[str], ignore_extra_fields: bool) -> Set[str] | None:
    """Return the names for which all rows give a value; None where rows differ, or lack a value that is needed."""
    given = batch[0][1].keys()
    if not ignore_extra_fields and any(name not in heading for name in given):
        return None
    if not isinstance(batch, Tuples) and any(row.keys() != given for _, row in batch):
        return None
    if any(has_missing(values_of(batch, name)) for name in needed & given):
        return None
    return given


def encode_values(
    connection: Connection, spec: TableSpec, heading: Heading, name: str, numbered: Numbered
) -> list[Any]:
    """
    Return the values of an attribute as the driver binds them, None for those that stand for NULL.

    Raises
    ------
    InvalidValueError
        A value does not fit; the message names its row.
    """
    if heading[name].type.family is Family.CODEC:
        coded = coding.encode_column(connection, spec.name, heading, name, numbered)
        if isinstance(coded, tuple):
            number, value, problem = coded
            raise _unfit(heading, name, value, number, problem) from problem.__cause__
        return coded
    column = encode_column(values_of(numbered, name), heading[name].type, connection.dialect)
    if column is not None:
        return column
    encode = encoder(heading[name].type, connection.dialect)
    encoded = []
    for number, row in numbered:
        value = row[name]
        try:
            encoded.append(None if is_missing(value) else encode(value))
        except UnfitError as problem:
            raise _unfit(heading, name, value, number, problem) from None
    return encoded


def _unfit(heading: Heading, name: str, value: Any, number: int, problem: UnfitError) -> InvalidValueError:
    shown = repr(value) if len(repr(value)) < 80 else repr(value)[:77] + "…"
    error = InvalidValueError(
        f"The value {shown} for '{name}' in row {number} {problem}.", remedy=f"'{name}' is `{heading[name].type}`."
    )
    error.attribute, error.value, error.row = name, value, number
    return error

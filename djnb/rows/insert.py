"""Writing rows: taken as users give them, checked against the heading, sent in batches, all or none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from djnb.algebra.conditions import relation_of
from djnb.connection import Connection
from djnb.errors import (
    DuplicateError,
    InsertError,
    IntegrityError,
    InvalidValueError,
    MissingAttributeError,
    UnknownAttributeError,
)
from djnb.events import RowsInserted
from djnb.model.heading import Heading
from djnb.model.spec import TableSpec
from djnb.rows import explain
from djnb.rows.fetch import fetch_columns, to_dicts
from djnb.sql.dml import OnDuplicate
from djnb.sql.dml import insert as say_insert
from djnb.sql.values import UnfitError, encoder, is_missing

BATCH = 10_000
"""How many rows are held, checked and sent at a time."""

Row = dict[str, Any]


def insert(
    connection: Connection,
    spec: TableSpec,
    heading: Heading,
    rows: Any,
    *,
    on_duplicate: OnDuplicate = "fail",
    ignore_extra_fields: bool = False,
) -> int:
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
        Dicts, sequences in the order of the heading, numpy records; or a DataFrame, a structured array or a query.
    on_duplicate : {"fail", "skip", "replace"}
        What happens to a row whose primary key is there.
    ignore_extra_fields : bool
        Pass over values whose names the heading does not have.

    Returns
    -------
    int
        How many rows were given.

    Raises
    ------
    UnknownAttributeError, MissingAttributeError, InvalidValueError
        A row does not fit the heading; the message names the row and the attribute.
    DuplicateError, MissingParentError
        A row's key is there already, or a row refers to a parent that is not.
    """
    given = enumerate(read_rows(connection, rows, heading))
    total = 0
    first = list(islice(given, BATCH))
    if not first:
        return 0
    if len(first) == 1:
        _insert_batch(connection, spec, heading, first, on_duplicate, ignore_extra_fields)
        total = 1
    else:
        with connection.atomic():
            batch = first
            while batch:
                _insert_batch(connection, spec, heading, batch, on_duplicate, ignore_extra_fields)
                total += len(batch)
                batch = list(islice(given, BATCH))
    if connection.bus.wants(RowsInserted):
        connection.bus.emit(RowsInserted(spec.name.full, total))
    return total


def read_rows(connection: Connection, rows: Any, heading: Heading) -> Iterator[Row]:
    """
    Yield rows as dicts from whatever holds them.

    Raises
    ------
    InsertError
        What is given holds no rows.
    """
    node = relation_of(rows)
    if node is not None:
        names = node.heading.names
        yield from to_dicts(fetch_columns(connection, node, names), 0)
    elif hasattr(rows, "to_dict") and hasattr(rows, "columns"):
        named = [name for name in rows.index.names if name is not None]
        frame = rows.reset_index() if named else rows
        columns = [frame[name].tolist() for name in frame.columns]
        for values in zip(*columns, strict=True):
            yield dict(zip(map(str, frame.columns), values, strict=True))
    elif getattr(getattr(rows, "dtype", None), "names", None):
        yield from (_read_row(row, heading, number) for number, row in enumerate(rows.reshape(-1)))
    elif isinstance(rows, (str, bytes, Mapping)) or not isinstance(rows, Iterable):
        one = " For a single row there is `insert1`." if isinstance(rows, Mapping) else ""
        raise InsertError(
            f"`insert` was given {type(rows).__name__}, which is not a collection of rows.",
            remedy=f"Give a list of dicts, a DataFrame or a query.{one}",
        )
    else:
        yield from (_read_row(row, heading, number) for number, row in enumerate(rows))


def _read_row(row: Any, heading: Heading, number: int) -> Row:
    if isinstance(row, Mapping):
        return dict(row)
    names = getattr(getattr(row, "dtype", None), "names", None)
    if names:
        return {name: row[name] for name in names}
    if isinstance(row, Sequence) and not isinstance(row, (str, bytes)):
        if len(row) != len(heading):
            raise InsertError(
                f"Row {number} has {len(row)} values; the heading has {len(heading)} attributes: "
                f"{', '.join(heading.names)}.",
                remedy="Give one value for each attribute in this order, or a dict.",
            )
        return dict(zip(heading.names, row, strict=True))
    raise InsertError(
        f"Row {number} is of type {type(row).__name__}.", remedy="Give each row as a dict or a sequence of values."
    )


def _insert_batch(
    connection: Connection,
    spec: TableSpec,
    heading: Heading,
    batch: list[tuple[int, Row]],
    on_duplicate: OnDuplicate,
    ignore_extra_fields: bool,
) -> None:
    groups = _group(spec, heading, batch, ignore_extra_fields)
    dialect = connection.dialect
    key, others = list(spec.primary_key), heading.secondary_attributes
    for names, numbered in groups.items():
        if on_duplicate == "skip" and not dialect.duplicate_clause_names_key and _has_unique(spec):
            numbered = explain.absent(connection, spec, heading, numbered)
        if not numbered:
            continue
        columns = [_encode(connection, heading, name, numbered) for name in names]
        sql = say_insert(spec.name, names, dialect, key=key, others=others, on_duplicate=on_duplicate)
        try:
            connection.execute_many(sql, list(zip(*columns, strict=True)) if names else [()] * len(numbered))
        except DuplicateError as error:
            raise explain.duplicate(connection, spec, heading, numbered, error) from error
        except IntegrityError as error:
            raise explain.missing_parent(connection, spec, heading, numbered, error) from error


def _has_unique(spec: TableSpec) -> bool:
    return any(index.is_unique for index in spec.indexes)


def _group(
    spec: TableSpec, heading: Heading, batch: list[tuple[int, Row]], ignore_extra_fields: bool
) -> dict[tuple[str, ...], list[tuple[int, Row]]]:
    """
    Return the rows by the attributes for which they give a value.

    A missing value (None, NaN) counts as not given where the attribute has a default, and as NULL where it may be.
    """
    defaulted = {a.name for a in heading if not a.nullable and (a.default is not None or a.autoincrement)}
    required = [a.name for a in heading if a.is_required]
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
        for name in required:
            if name not in row or is_missing(row[name]):
                said = "gives no value" if name not in row else f"gives {row[name]!r}"
                raise MissingAttributeError(
                    f"Row {number} for `{spec.name.class_name}` {said} for '{name}', which has no default.",
                    remedy=f"Add '{name}' to the row, or make the attribute nullable in the definition.",
                )
        groups.setdefault(names, []).append((number, row))
    return groups


def _encode(connection: Connection, heading: Heading, name: str, numbered: list[tuple[int, Row]]) -> list[Any]:
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

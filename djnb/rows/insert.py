"""Writing rows: taken as users give them, checked against the heading, sent in batches, all or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import nullcontext
from itertools import count, groupby, islice
from operator import itemgetter
from typing import Any, cast

from djnb.algebra.conditions import relation_of
from djnb.algebra.missing import has_missing, is_missing
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
from djnb.rows.descent import parents_first
from djnb.rows.fetch import fetch_columns, to_dicts
from djnb.sql.dml import OnDuplicate
from djnb.sql.dml import insert as say_insert
from djnb.sql.values import UnfitError, encode_column, encoder

BATCH = 10_000
"""How many rows are held, checked and sent at a time."""

Row = dict[str, Any]
Numbered = list[tuple[int, Row]]
"""Rows with their numbers among all that were given."""


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
    given = parents_first(spec, enumerate(read_rows(connection, rows, heading)))
    total = 0
    first = list(islice(given, BATCH))
    if not first:
        return 0
    try:
        if len(first) == 1:
            _insert_batch(connection, spec, heading, first, on_duplicate, ignore_extra_fields)
            total = 1
        else:
            with connection.atomic():
                batch = first
                while batch:
                    try:
                        with connection.atomic() if total else nullcontext():
                            _insert_batch(connection, spec, heading, batch, on_duplicate, ignore_extra_fields)
                    except _RefusedError as refused:
                        if total:  # the reason may lie in an earlier batch, which is still there
                            raise refused.explained(connection, spec, heading) from refused.error
                        raise
                    total += len(batch)
                    batch = list(islice(given, BATCH))
    except _RefusedError as refused:
        # Now that nothing of the insert is in the database, it can be asked what was there before.
        raise refused.explained(connection, spec, heading) from refused.error
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
        source: Connection = getattr(rows, "connection", None) or connection
        yield from to_dicts(fetch_columns(source, node, names))
    elif hasattr(rows, "iloc") and hasattr(rows, "columns"):
        named = [name for name in rows.index.names if name is not None]
        frame = rows.reset_index() if named else rows
        if not frame.columns.is_unique:
            twice = frame.columns[frame.columns.duplicated()][0]
            raise InsertError(f"The DataFrame has two columns called '{twice}'.", remedy="Rename or drop one of them.")
        columns = [frame[name].tolist() for name in frame.columns]
        names = [str(name) for name in frame.columns]
        for values in zip(*columns, strict=True):
            yield dict(zip(names, values, strict=True))
    elif hasattr(rows, "iter_rows") and hasattr(rows, "columns"):  # polars
        yield from rows.iter_rows(named=True)
    elif hasattr(rows, "to_batches") and hasattr(rows, "schema"):  # Arrow
        for batch in rows.to_batches():
            yield from batch.to_pylist()
    elif getattr(getattr(rows, "dtype", None), "names", None):
        yield from map(_reader(heading), rows.reshape(-1), count())
    elif isinstance(rows, (str, bytes, Mapping)) or not isinstance(rows, Iterable):
        one = " For a single row there is `insert1`." if isinstance(rows, Mapping) else ""
        raise InsertError(
            f"`insert` was given {type(rows).__name__}, which is not a collection of rows.",
            remedy=f"Give a list of dicts, a DataFrame or a query.{one}",
        )
    else:
        # A generator may fill one dict anew for each row.
        yield from map(_reader(heading, may_share=isinstance(rows, (list, tuple))), rows, count())


def _reader(heading: Heading, *, may_share: bool = False) -> Callable[[Any, int], Row]:
    """Return the function that makes a dict of a row, which has a number; its own dict unless it may be shared."""
    names = heading.names

    def read(row: Any, number: int) -> Row:
        kind = type(row)
        # Most rows are plain dicts and tuples: asking the abstract classes about each takes longer than all the rest.
        if kind is dict and may_share:
            return cast("Row", row)
        if kind is dict or (kind is not tuple and isinstance(row, Mapping)):
            return dict(row)
        own_names = None if kind is tuple else getattr(getattr(row, "dtype", None), "names", None)
        if own_names:
            return {name: row[name] for name in own_names}
        if kind is tuple or (isinstance(row, Sequence) and not isinstance(row, (str, bytes))):
            if len(row) != len(names):
                raise InsertError(
                    f"Row {number} has {len(row)} values; the heading has {len(names)} attributes: {', '.join(names)}.",
                    remedy="Give one value for each attribute in this order, or a dict.",
                )
            return dict(zip(names, row))  # noqa: B905 -- the lengths are equal
        raise InsertError(
            f"Row {number} is of type {kind.__name__}.", remedy="Give each row as a dict or a sequence of values."
        )

    return read


def _insert_batch(
    connection: Connection,
    spec: TableSpec,
    heading: Heading,
    batch: Numbered,
    on_duplicate: OnDuplicate,
    ignore_extra_fields: bool,
) -> None:
    groups = _group(spec, heading, batch, ignore_extra_fields)
    dialect = connection.dialect
    key, others = list(spec.primary_key), heading.secondary_attributes
    for names, numbered, action in _steps(connection, spec, heading, groups, on_duplicate):
        columns = [_encode(connection, heading, name, numbered) for name in names]
        sql = say_insert(spec.name, names, dialect, key=key, others=others, on_duplicate=action)
        try:
            connection.execute_many(sql, list(zip(*columns, strict=True)) if names else [()] * len(numbered))
        except IntegrityError as error:
            raise _RefusedError(error, numbered) from error


def _steps(
    connection: Connection,
    spec: TableSpec,
    heading: Heading,
    groups: dict[tuple[str, ...], Numbered],
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
) -> dict[tuple[str, ...], Numbered]:
    """
    Return the rows by the attributes for which they give a value.

    A missing value (None, NaN) counts as not given where the attribute has a default, and as NULL where it may be.
    """
    defaulted = {a.name for a in heading if not a.nullable and (a.default is not None or a.autoincrement)}
    required = [a.name for a in heading if a.is_required]
    alike = _names_of_all(heading, batch, {*defaulted, *required}, ignore_extra_fields)
    if alike is not None and alike >= set(required):
        return {tuple(name for name in heading.names if name in alike): batch}
    groups: dict[tuple[str, ...], Numbered] = {}
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


def _names_of_all(heading: Heading, batch: Numbered, needed: set[str], ignore_extra_fields: bool) -> Set[str] | None:
    """Return the names for which all rows give a value; None where rows differ, or lack a value that is needed."""
    given = batch[0][1].keys()
    if not ignore_extra_fields and any(name not in heading for name in given):
        return None
    if any(row.keys() != given for _, row in batch):
        return None
    if any(has_missing([row[name] for _, row in batch]) for name in needed & given):
        return None
    return given


def _encode(connection: Connection, heading: Heading, name: str, numbered: Numbered) -> list[Any]:
    column = encode_column([row[name] for _, row in numbered], heading[name].type, connection.dialect)
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

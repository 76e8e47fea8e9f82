"""Changing a row that is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from djnb.algebra.conditions import AmongKeys, Condition
from djnb.algebra.missing import is_missing
from djnb.algebra.nodes import Restrict, Stored
from djnb.connection import Connection
from djnb.errors import (
    DuplicateError,
    InsertError,
    IntegrityError,
    MissingAttributeError,
    RowCountError,
)
from djnb.model.attribute import Attribute
from djnb.model.heading import Heading
from djnb.model.spec import TableSpec
from djnb.rows import coding, explain
from djnb.rows.fetch import exists
from djnb.rows.given import Numbered
from djnb.rows.insert import encode_values
from djnb.sql.dialect import Dialect
from djnb.sql.dml import update
from djnb.sql.statement import Statement
from djnb.sql.values import encoder


def update_row(connection: Connection, spec: TableSpec, heading: Heading, row: Any) -> None:
    """
    Give attributes of one row new values, in one statement; two if nothing changes by it.

    Parameters
    ----------
    row : mapping
        The whole primary key, and the attributes to change; None for the default, or NULL.

    Raises
    ------
    UnknownAttributeError
        A name is not in the heading.
    MissingAttributeError
        A part of the key is missing, or None is given for what has no default.
    InsertError
        There is nothing to change.
    InvalidValueError
        A value does not fit.
    RowCountError
        There is no row with this key.
    DuplicateError, MissingParentError
        The changed row would be in conflict with others.
    """
    owner = spec.name.class_name
    if not isinstance(row, Mapping):
        raise InsertError(f"`update1` was given {type(row).__name__}.", remedy="Give one row as a dict.")
    heading.check(row, owner=owner)
    condition = key_condition(heading, row, owner)
    names = [name for name in heading.secondary_attributes if name in row]
    if not names:
        raise InsertError(
            f"`update1` was given the key of a row of `{owner}` and nothing to change.",
            remedy="Add the attributes with their new values; the key itself cannot be changed.",
        )
    table = Stored(spec.name, heading)
    with coding.files_with_rows(connection, heading):
        changes = [(name, _new_value(connection, spec, heading, name, row)) for name in names]
        try:
            affected = connection.execute(update(table, changes, condition, connection.dialect)).affected
        except IntegrityError as error:
            ask = conflict if isinstance(error, DuplicateError) else explain.missing_parent
            raise ask(connection, spec, heading, [(0, dict(row))], error) from error
        # A server counts the rows that have changed by it, not those that were found.
        if affected == 0 and not exists(connection, Restrict(table, condition)):
            wanted = ", ".join(f"{n}={row[n]!r}" for n in heading.primary_key)
            raise RowCountError(
                f"`{owner}` has no row with {wanted}." if wanted else f"`{owner}` has no row.",
                remedy="Insert it, or `upsert` it if it may be there or not.",
            )


def key_condition(heading: Heading, row: Mapping[str, Any], owner: str) -> Condition:
    """
    Return the condition of having the key that a row gives.

    Raises
    ------
    MissingAttributeError
        The row lacks a part of it.
    """
    key = heading.primary_key
    missing = [name for name in key if is_missing(row.get(name))]
    if missing:
        raise MissingAttributeError(
            f"The row for `{owner}` gives no value for '{missing[0]}', which is of the primary key.",
            remedy=f"Give the whole key: {', '.join(key)}.",
        )
    return AmongKeys(tuple(key), (tuple(row[name] for name in key),))


def _new_value(
    connection: Connection, spec: TableSpec, heading: Heading, name: str, row: Mapping[str, Any]
) -> Statement:
    if is_missing(row[name]):
        return default_of(heading[name], connection.dialect, spec.name.class_name)
    (value,) = encode_values(connection, spec, heading, name, [(0, dict(row))])
    return Statement(connection.dialect.placeholder, (value,))


def default_of(attribute: Attribute, dialect: Dialect, owner: str) -> Statement:
    """
    Return what an attribute has when a row does not say.

    Raises
    ------
    MissingAttributeError
        Every row must say.
    """
    if attribute.nullable:
        return Statement("NULL")
    if attribute.default is None:
        raise MissingAttributeError(
            f"None was given for '{attribute.name}' of `{owner}`, which has no default.",
            remedy=f"Give a value, or leave '{attribute.name}' out to keep the one that is there.",
        )
    if attribute.default.is_keyword:
        return Statement(dialect.current_timestamp(attribute.type))
    return Statement(dialect.placeholder, (encoder(attribute.type, dialect)(attribute.default.text),))


def conflict(
    connection: Connection, spec: TableSpec, heading: Heading, rows: Numbered, error: IntegrityError
) -> IntegrityError:
    """Return the error that names the unique attributes; the key of a changed row is there, and rightly."""
    indexes = [i for i in spec.indexes if i.is_unique and any(name in rows[0][1] for name in i.attributes)]
    unique = " or ".join(f"({', '.join(index.attributes)})" for index in indexes)
    if not unique:
        return error
    return DuplicateError(
        f"Another row of `{spec.name.class_name}` has the same {unique}, which must be unique.",
        remedy="Restrict the table by these values to see it.",
    )

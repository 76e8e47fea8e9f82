"""Rows looked at before they are inserted: what does not fit the heading, all of it, without asking the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from djnb.algebra.missing import is_missing
from djnb.codecs.registry import get_codec
from djnb.connection import Connection
from djnb.errors import DataJointError, InsertError, UnknownAttributeError
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.model.heading import Heading
from djnb.rows.given import read_rows
from djnb.sql.dialect import Dialect
from djnb.sql.values import UnfitError, encoder

_SHOWN = 10


@dataclass(frozen=True)
class ValidationResult:
    """
    What is wrong with rows; true if nothing is.

    Attributes
    ----------
    is_valid : bool
        Whether all of them fit the heading.
    errors : tuple of (int, str or None, str)
        The number of the row, from 0; the attribute, if it is one; and what is wrong.
    rows_checked : int
        How many rows were looked at.
    """

    is_valid: bool
    errors: tuple[tuple[int, str | None, str], ...] = ()
    rows_checked: int = 0

    def __bool__(self) -> bool:
        return self.is_valid

    def raise_if_invalid(self) -> None:
        """
        Raise an error that lists what is wrong, if anything is.

        Raises
        ------
        InsertError
            A row does not fit.
        """
        if not self.is_valid:
            raise InsertError(self.summary(), remedy="Nothing was inserted.")

    def summary(self) -> str:
        """Return what is wrong as text, the first ten errors of it."""
        rows = f"{self.rows_checked} row{'' if self.rows_checked == 1 else 's'}"
        if self.is_valid:
            return f"{rows} checked, all of them fit."
        lines = [f"{rows} checked, {len(self.errors)} error{'' if len(self.errors) == 1 else 's'}:"]
        for number, name, message in self.errors[:_SHOWN]:
            lines.append(f"  row {number}{f', {name}' if name else ''}: {message}")
        if len(self.errors) > _SHOWN:
            lines.append(f"  … and {len(self.errors) - _SHOWN} more")
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.summary()


def validate_rows(
    connection: Connection, heading: Heading, rows: Any, *, ignore_extra_fields: bool = False
) -> ValidationResult:
    """
    Check rows against a heading: names, values, and what every row must give.

    Duplicates and missing parents are not looked for: only the insert can tell.
    """
    errors: list[tuple[int, str | None, str]] = []
    count = 0
    given = read_rows(connection, rows, heading)
    while True:
        try:
            row = next(given)
        except StopIteration:
            break
        except InsertError as error:
            # What reads the rows cannot go on after one that is none.
            errors.append((count, None, str(error)))
            count += 1
            break
        errors += [
            (count, name, message) for name, message in _faults(row, heading, connection.dialect, ignore_extra_fields)
        ]
        count += 1
    return ValidationResult(not errors, tuple(errors), count)


def _faults(
    row: Mapping[str, Any], heading: Heading, dialect: Dialect, ignore_extra_fields: bool
) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if not ignore_extra_fields:
        found += [
            (str(name), str(UnknownAttributeError.among(str(name), heading.names)))
            for name in row
            if name not in heading
        ]
    for attribute in heading.visible:
        value = row.get(attribute.name)
        if is_missing(value):
            if attribute.is_required:
                found.append((attribute.name, "has no default and is not given"))
        elif message := _fault(value, attribute, dialect):
            found.append((attribute.name, message))
    return found


def _fault(value: Any, attribute: Attribute, dialect: Dialect) -> str:
    kind = attribute.type
    shown = repr(value) if len(repr(value)) < 80 else repr(value)[:77] + "…"
    try:
        if kind.family is Family.CODEC and kind.store is not None:
            get_codec(kind.codec).validate(value)  # to encode it would write a file
        else:
            encoder(kind, dialect)(value)
    except UnfitError as problem:
        return f"the value {shown} {problem}"
    except (DataJointError, TypeError, ValueError, OSError) as problem:
        return f"the value {shown} is refused: {problem}"
    return ""

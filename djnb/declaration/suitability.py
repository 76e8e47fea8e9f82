"""
Whether the rows of a table suit what it is to become, looked at before anything is changed.

A server cannot undo the alteration of a table, so nothing may be found out half way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from djnb.connection import Connection
from djnb.declaration.compare import is_same_type
from djnb.errors import DuplicateError, InvalidValueError, MissingAttributeError, MissingParentError
from djnb.model.alteration import Alteration
from djnb.model.attribute import Attribute
from djnb.model.core_types import AttributeType, Family
from djnb.model.spec import TableSpec
from djnb.sql.select import count_tables
from djnb.sql.statement import Statement
from djnb.sql.values import UnfitError, canonical, decoder, encoder

_NUMBERS = {Family.INTEGER, Family.FLOAT, Family.DECIMAL, Family.BOOL}
_WRITTEN = {Family.INTEGER, Family.DECIMAL, Family.DATE}
"""What every database writes in the same way."""

_CONVERTIBLE = (
    {(one, other) for one in _NUMBERS for other in _NUMBERS}
    | {(one, Family.STRING) for one in _WRITTEN}
    | {(Family.STRING, f) for f in (*_WRITTEN, Family.FLOAT, Family.ENUM, Family.DATETIME, Family.TIME)}
    | {(Family.ENUM, Family.STRING), (Family.DATE, Family.DATETIME), (Family.DATETIME, Family.DATE)}
    | {(f, f) for f in (Family.STRING, Family.ENUM, Family.DATETIME, Family.TIME, Family.DATE)}
)
_PACKED = {Family.CODEC, Family.BYTES}


def count(connection: Connection, spec: TableSpec) -> int:
    """Return how many rows a table holds."""
    return int(connection.execute(count_tables([spec.name], connection.dialect)).rows[0][0])


def check(connection: Connection, alteration: Alteration, old: TableSpec, rows: int, *, label: str) -> dict[str, str]:
    """
    Return what is lost, by attribute, in words.

    Parameters
    ----------
    connection : Connection
        Where the table is.
    alteration : Alteration
        The table before and after.
    old : TableSpec
        The table before, with the types that its foreign keys bring.
    rows : int
        How many rows it holds.
    label : str
        The class, for messages.

    Raises
    ------
    InvalidValueError, MissingAttributeError, MissingParentError, DuplicateError
        Rows do not suit; the message says how many.
    """
    if not rows:
        return {}
    for attribute in alteration.added:
        if attribute.is_required:
            raise MissingAttributeError(
                f"`{label}` holds {rows} row{'' if rows == 1 else 's'}, which would have no '{attribute.name}'.",
                remedy=f"Give it a default, for example `{attribute.name} = null : {attribute.type}`.",
            )
    losses = _check_values(connection, alteration, old, label)
    _check_parents(connection, alteration, label)
    _check_unique(connection, alteration, rows, label)
    return losses


def _check_values(connection: Connection, alteration: Alteration, old: TableSpec, label: str) -> dict[str, str]:
    """Read the attributes that are dropped, narrowed or must not be null any more, all in one statement."""
    there = {a.name: a for a in old.attributes}
    watched: dict[str, tuple[Attribute, _Watch]] = {}
    for attribute in alteration.dropped:
        watched[attribute.name] = (attribute, _Dropped())
    for attribute in alteration.new.attributes:
        before = there.get(alteration.origins.get(attribute.name, ""))
        if before is None or attribute.name not in alteration.changed:
            continue
        must = before.nullable and not attribute.nullable
        if must or not (is_same_type(before.type, attribute.type) or _widens(before.type, attribute.type)):
            watched[attribute.name] = (before, _Changed(before, attribute, connection, label))
    if not watched:
        return {}
    sources = [attribute for attribute, _ in watched.values()]
    for values in _read(connection, old, sources):
        for (_, watch), value in zip(watched.values(), values, strict=True):
            watch.see(value)
    return {name: text for name, (_, watch) in watched.items() if (text := watch.loss())}


class _Watch(ABC):
    """Sees the values of one attribute."""

    @abstractmethod
    def see(self, value: Any) -> None: ...

    @abstractmethod
    def loss(self) -> str: ...


class _Dropped(_Watch):
    def __init__(self) -> None:
        self.count = 0

    def see(self, value: Any) -> None:
        self.count += value is not None

    def loss(self) -> str:
        return f"the values of {_rows(self.count)}" if self.count else ""


class _Changed(_Watch):
    """Converts each value there and back."""

    def __init__(self, before: Attribute, after: Attribute, connection: Connection, label: str) -> None:
        self._before, self._after, self._label = before, after, label
        self._convert = converter(before.type, after.type, connection)
        self._decode = decoder(before.type, connection.dialect)
        self._same = is_same_type(before.type, after.type) or _widens(before.type, after.type)
        self._nulls = self._lost = self._unfit = 0
        self._example: tuple[Any, UnfitError] | None = None

    def see(self, value: Any) -> None:
        if value is None:
            self._nulls += 1
        elif not self._same:
            value = value if self._decode is None else self._decode(value)
            try:
                self._lost += self._convert(value)[0] != value
            except UnfitError as problem:
                self._unfit += 1
                self._example = self._example or (value, problem)

    def loss(self) -> str:
        if self._nulls and not self._after.nullable:
            raise MissingAttributeError(
                f"'{self._after.name}' of `{self._label}` is null in {_rows(self._nulls)}, and must not be any more.",
                remedy="Give these rows a value first, or let it be null.",
            )
        if self._example is not None:
            value, problem = self._example
            shown = repr(value) if len(repr(value)) < 60 else repr(value)[:60] + "…"
            raise InvalidValueError(
                f"'{self._after.name}' of `{self._label}` cannot become `{self._after.type}`: "
                f"{_rows(self._unfit)} would not fit; for example, {shown} {problem}.",
                remedy="Change these rows first, or choose a wider type.",
            )
        return f"digits or characters of the values of {_rows(self._lost)}" if self._lost else ""


def converter(before: AttributeType, after: AttributeType, connection: Connection) -> Callable[[Any], tuple[Any, Any]]:
    """
    Return the function that makes a value of one type one of another.

    It gives what the new value would be as one of the old type, and how it is stored; it raises ``UnfitError``.
    """
    if before.family in _PACKED and after.family in _PACKED:
        return lambda value: _relabel(value, before, after)
    if (before.family, after.family) not in _CONVERTIBLE:
        raise InvalidValueError(
            f"Values of `{before}` cannot be converted to `{after}` where they are.",
            remedy="Add an attribute of the new type, fill it, and drop the old one.",
        )
    encode = encoder(after, connection.dialect)

    def convert(value: Any) -> tuple[Any, Any]:
        given = str(value) if after.family is Family.STRING else value
        new = canonical(given, after)
        stored = encode(given)
        try:
            back = canonical(str(new) if before.family is Family.STRING else new, before)
        except UnfitError:
            back = new
        return back, stored

    return convert


def _relabel(value: Any, before: AttributeType, after: AttributeType) -> tuple[Any, Any]:
    if before.store is not None or after.store is not None or {before.codec, after.codec} - {"", "blob", "unmarked"}:
        raise UnfitError("is kept in another form")
    if after.codec and not before.codec:
        raise UnfitError("may be no packed value")
    if before.codec and not after.codec and not isinstance(value, bytes):
        raise UnfitError("is packed")
    return value, value


def convert(connection: Connection, alteration: Alteration) -> None:
    """Bring values into the form of their new types, where the database does not do so itself."""
    row_id = connection.dialect.row_id
    if row_id is None:
        return
    dialect, table = connection.dialect, connection.dialect.table(alteration.new.name)
    there = {a.name: a for a in alteration.old.attributes}
    for attribute in alteration.new.attributes:
        before = there.get(alteration.origins.get(attribute.name, ""))
        if before is None or attribute.name not in alteration.changed or _is_stored_alike(before.type, attribute.type):
            continue
        column = dialect.quote(attribute.name)
        make, restore = converter(before.type, attribute.type, connection), decoder(before.type, dialect)
        mark = dialect.placeholder
        wanted = Statement(f"SELECT {row_id}, {column} FROM {table} WHERE {column} IS NOT NULL")
        for portion in connection.stream(wanted):
            changes = []
            for number, value in portion:
                stored = make(value if restore is None else restore(value))[1]
                if stored != value:
                    changes.append((stored, number))
            if changes:
                connection.execute_many(f"UPDATE {table} SET {column} = {mark} WHERE {row_id} = {mark}", changes)


def _is_stored_alike(before: AttributeType, after: AttributeType) -> bool:
    families = {before.family, after.family}
    plain = families <= {Family.INTEGER, Family.BOOL} or families <= {Family.STRING, Family.ENUM}
    return is_same_type(before, after) or families <= _PACKED or (plain and not after.fixed)


def _widens(before: AttributeType, after: AttributeType) -> bool:
    """Whether every value of one type is a value of the other."""
    if before.family is not after.family:
        return False
    match before.family:
        case Family.INTEGER:
            low, high = after.bounds
            return low <= before.bounds[0] and before.bounds[1] <= high and "year" not in (before.text, after.text)
        case Family.FLOAT:
            return before.bits <= after.bits and before.unsigned >= after.unsigned
        case Family.DECIMAL:
            whole = before.digits - before.scale <= after.digits - after.scale
            return whole and before.scale <= after.scale and before.unsigned >= after.unsigned
        case Family.STRING:
            return not after.fixed and (not after.length or 0 < before.length <= after.length)
        case Family.ENUM:
            return set(before.values) <= set(after.values)
        case Family.DATETIME | Family.TIME:
            return before.scale <= after.scale and before.is_core >= after.is_core
    return False


def _read(connection: Connection, spec: TableSpec, attributes: Sequence[Attribute]) -> Iterator[Sequence[Any]]:
    dialect = connection.dialect
    columns = [dialect.output(Statement(dialect.quote(a.name)), a).sql for a in attributes]
    large = [place for place, attribute in enumerate(attributes) if attribute.is_blob]
    statement = Statement(f"SELECT {', '.join(columns)} FROM {dialect.table(spec.name)}")
    for portion in connection.stream(statement, large=large):
        yield from portion


def _check_parents(connection: Connection, alteration: Alteration, label: str) -> None:
    """
    Refuse a foreign key that rows would violate.

    Raises
    ------
    MissingParentError
        Rows have no parent.
    """
    dialect = connection.dialect
    for key in alteration.foreign_keys_added:
        if not all(name in alteration.origins for name in key.names):
            # New attributes are null, or have one default for all rows, which the database looks up itself.
            continue
        pairs = [(dialect.quote(alteration.origins[own]), dialect.quote(there)) for own, there in key.attributes]
        given = " AND ".join(f"c.{own} IS NOT NULL" for own, _ in pairs)
        same = " AND ".join(f"p.{there} = c.{own}" for own, there in pairs)
        orphans = Statement(
            f"SELECT count(*) FROM {dialect.table(alteration.old.name)} c WHERE {given} AND NOT EXISTS "
            f"(SELECT 1 FROM {dialect.table(key.parent)} p WHERE {same})"
        )
        found = int(connection.execute(orphans).rows[0][0])
        if found:
            names = ", ".join(key.names)
            raise MissingParentError(
                f"{_rows(found)} of `{label}` refer by ({names}) to no row of `{key.parent.class_name}`.",
                remedy=f"Insert these rows into `{key.parent.class_name}` first, or delete the others.",
            )


def _check_unique(connection: Connection, alteration: Alteration, rows: int, label: str) -> None:
    """
    Refuse a unique index that rows would violate.

    Raises
    ------
    DuplicateError
        Several rows have the same values.
    """
    dialect = connection.dialect
    new = {a.name: a for a in alteration.added}
    for index in alteration.indexes_added:
        if not index.is_unique or any(name in new and new[name].nullable for name in index.attributes):
            continue
        columns = [dialect.quote(alteration.origins[name]) for name in index.attributes if name not in new]
        found = (
            rows > 1
            if not columns
            else bool(connection.execute(_find_duplicates(connection, alteration, columns)).rows)
        )
        if found:
            raise DuplicateError(
                f"Rows of `{label}` have the same ({', '.join(index.attributes)}), "
                "which the definition says to be unique.",
                remedy="Change or delete these rows first, or leave out `unique`.",
            )


def _find_duplicates(connection: Connection, alteration: Alteration, columns: Sequence[str]) -> Statement:
    given = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    listed = ", ".join(columns)
    table = connection.dialect.table(alteration.old.name)
    return Statement(f"SELECT 1 FROM {table} WHERE {given} GROUP BY {listed} HAVING count(*) > 1 LIMIT 1")


def _rows(number: int) -> str:
    return f"{number} row{'' if number == 1 else 's'}"

"""Fetching rows: the question to the database, the answer decoded column by column."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Literal

from djnb.algebra.nodes import Node
from djnb.algebra.order import read_order
from djnb.connection import Connection
from djnb.errors import OperandError
from djnb.events import Fetched
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.rows import coding
from djnb.rows.squeeze import squeeze as squeeze_value
from djnb.sql.dialect import Dialect
from djnb.sql.select import count_each, count_rows, has_rows, select_rows
from djnb.sql.statement import Statement
from djnb.sql.values import decoder

Purpose = Literal["read", "preview", "internal"]
"""Why rows are fetched: a user asked, a display shows them, or djnb itself needs them."""

_NUMBERS: dict[Family, Callable[[Any], Any]] = {Family.INTEGER: int, Family.FLOAT: float}

_LARGE = frozenset({Family.BYTES, Family.CODEC, Family.STRING, Family.JSON})
"""Whose values may be long."""


class Columns(dict[str, list[Any]]):
    """
    Values by attribute, all lists of one length.

    Attributes
    ----------
    count : int
        That length; rows without any attribute are counted too.
    """

    def __init__(self, values: Mapping[str, list[Any]], count: int) -> None:
        super().__init__(values)
        self.count = count

    def only(self, names: Iterable[str]) -> Columns:
        """Return some of the attributes."""
        return Columns({name: self[name] for name in names}, self.count)


def fetch_columns(
    connection: Connection,
    node: Node,
    names: Sequence[str],
    *,
    order_by: str | Iterable[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
    squeeze: bool = False,
    download_path: str | os.PathLike[str] | None = None,
    purpose: Purpose = "read",
) -> Columns:
    """
    Fetch attributes of a query, decoded.

    Parameters
    ----------
    connection : Connection
        Answers the query.
    node : Node
        The query.
    names : sequence of str
        The attributes.
    order_by : str or iterable of str, optional
        Attributes, each maybe with ``DESC``; ``KEY`` for the primary key, which is also the default.
    limit, offset : int, optional
        How many rows at most, and how many to pass over.
    squeeze : bool
        Remove axes of length 1 from arrays in blobs.
    download_path : str or Path, optional
        The folder into which codecs put files; by default what the settings say.
    purpose : {"read", "preview", "internal"}
        Why.

    Raises
    ------
    UnknownAttributeError
        A name is not in the heading.
    OperandError
        A limit or an offset is negative, or an order is none.
    BlobError
        A value cannot be unpacked.
    MissingFileError
        The file of a value is not in its store.
    """
    statement = say_fetch(connection, node, names, order_by=order_by, limit=limit, offset=offset)
    rows = connection.execute(statement).rows
    if connection.bus.wants(Fetched):
        connection.bus.emit(Fetched(node, purpose, len(rows)))
    columns = decode_rows(connection, rows, names, node, download_path=download_path)
    if squeeze:
        for name in columns:
            if node.heading[name].is_blob:
                columns[name] = list(map(squeeze_value, columns[name]))
    return columns


def stream_dicts(
    connection: Connection,
    node: Node,
    names: Sequence[str],
    *,
    order_by: str | Iterable[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
    purpose: Purpose = "read",
    download_path: str | os.PathLike[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """
    Yield rows as dicts, decoded, in bounded memory; the parameters and errors are those of ``fetch_columns``.

    One statement is sent, when the first row is asked for. Others may be sent before the last one is.
    """
    statement = say_fetch(connection, node, names, order_by=order_by, limit=limit, offset=offset)
    large = [place for place, name in enumerate(names) if node.heading[name].type.family in _LARGE]
    given = 0
    try:
        for rows in connection.stream(statement, large=large, names=names):
            for row in to_dicts(decode_rows(connection, rows, names, node, download_path=download_path)):
                given += 1
                yield row
    finally:
        if connection.bus.wants(Fetched):
            connection.bus.emit(Fetched(node, purpose, given))


def say_fetch(
    connection: Connection,
    node: Node,
    names: Sequence[str],
    *,
    order_by: str | Iterable[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Statement:
    """Return the statement that fetches attributes; the errors are those of ``fetch_columns``."""
    node.heading.check(names, owner=node.label)
    if min(limit or 0, offset) < 0:
        raise OperandError(f"A limit of {limit} and an offset of {offset} were asked for.", remedy="Give 0 or more.")
    order = read_order(node, order_by)
    return select_rows(node, connection.dialect, names, order_by=order, limit=limit, offset=offset)


def decode_rows(
    connection: Connection,
    rows: Sequence[tuple[Any, ...]],
    names: Sequence[str],
    node: Node,
    *,
    download_path: str | os.PathLike[str] | None = None,
) -> Columns:
    """Return fetched rows as decoded columns; values of codecs last, because they may want to know the key."""
    raw = {name: list(map(itemgetter(place), rows)) for place, name in enumerate(names)}
    coded = [name for name in names if node.heading[name].type.family is Family.CODEC]
    decoded = {n: v if n in coded else decode_column(v, node.heading[n], connection.dialect) for n, v in raw.items()}
    key = node.heading.primary_key
    if coded:
        has_keys = bool(key) and all(name in decoded for name in key)
        keys = to_dicts(Columns({name: decoded[name] for name in key}, len(rows))) if has_keys else None
        for name in coded:
            decoded[name] = coding.decode_column(
                connection, node, name, raw[name], keys=keys, download_path=download_path
            )
    return Columns(decoded, len(rows))


def decode_column(values: Sequence[Any], attribute: Attribute, dialect: Dialect) -> list[Any]:
    """Return fetched values as Python values; those of codecs are for ``coding.decode_column``."""
    decode = decoder(attribute.type, dialect)
    if decode is None and not attribute.sql_type:  # servers compute sums and quotients as decimals
        decode = _NUMBERS.get(attribute.type.family)
    if decode is None:
        return list(values)
    return [None if value is None else decode(value) for value in values]


def to_dicts(columns: Columns) -> list[dict[str, Any]]:
    """Return columns as one dict for each row."""
    names = list(columns)
    if not names:
        return [{} for _ in range(columns.count)]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def count(connection: Connection, node: Node) -> int:
    """Return the number of rows, in one statement."""
    return int(connection.execute(count_rows(node, connection.dialect)).rows[0][0])


def count_all(connection: Connection, nodes: Sequence[Node], *, at_once: int | None = None) -> list[int]:
    """Return the number of rows of each of several queries; so many of them in one statement, by default all."""
    counts: list[int] = []
    for start in range(0, len(nodes), at_once or max(1, len(nodes))):
        part = nodes[start : start + at_once] if at_once else nodes
        statement = count_each(part, connection.dialect)
        if len(statement.params) > connection.dialect.max_params:
            counts += [count(connection, node) for node in part]
        else:
            counts += [int(number) for number in connection.execute(statement).rows[0]]
    return counts


def exists(connection: Connection, node: Node) -> bool:
    """Tell whether there is any row, in one statement."""
    return bool(connection.execute(has_rows(node, connection.dialect)).rows[0][0])

"""
Values that codecs keep, encoded and decoded with what a codec may want to know: the row, the table, the store.

Files are written and read by several threads, because a server answers slowly and a disk serves many at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, TypeVar

from djnb.algebra.missing import is_missing
from djnb.algebra.nodes import Node, Stored
from djnb.connection import Connection
from djnb.errors import BlobError, DataJointError, MissingFileError, StoreError
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.model.heading import Heading
from djnb.model.naming import TableName
from djnb.rows.tracking import TrackingTable
from djnb.settings import get_config
from djnb.sql.chain import Chain, chain_of, context_of
from djnb.sql.select import select_rows
from djnb.sql.unfit import UnfitError
from djnb.sql.values import canonical, decoder, encoder
from djnb.stores.written import Written, recording

_THREADS = 8
"""How many files are written or read at a time."""

Numbered = Sequence[tuple[int, Mapping[str, Any]]]
T = TypeVar("T")
R = TypeVar("R")


@contextmanager
def files_with_rows(connection: Connection, heading: Heading) -> Iterator[None]:
    """Run a ``with`` block that inserts rows: if it is undone, or the transaction around it, its files are removed."""
    if not any(is_kept_in_store(attribute) for attribute in heading.visible):
        yield
        return
    written = Written()
    with connection.atomic():
        connection.on_rollback(written.undo)
        with recording(written):
            yield


def encode_column(
    connection: Connection, table: TableName, heading: Heading, name: str, rows: Numbered
) -> list[Any] | tuple[int, Any, UnfitError]:
    """
    Return the values of a codec's attribute as the driver binds them.

    Returns
    -------
    list or (int, value, UnfitError)
        The first value that does not fit, with the number of its row, where there is one.

    Raises
    ------
    StoreError
        A file cannot be written.
    """
    attribute = heading[name]
    chain = chain_of(attribute.type, attribute.sql_type)
    context = context_of(table.schema, table.table, name)
    tracking = TrackingTable(connection, table.schema, str(chain.store_name())) if chain.is_tracked else None
    if tracking is not None:
        context["tracking"] = tracking
    finish = encoder(chain.stored, connection.dialect)

    def encode(numbered: tuple[int, Mapping[str, Any]]) -> Any:
        number, row = numbered
        value = row[name]
        if value is None or is_missing(value):
            return None
        key = _key(heading, row) if chain.needs_row else {}
        try:
            return finish(chain.encode(value, key, context))
        except UnfitError as problem:
            return _Unfit(number, value, problem)
        except StoreError as error:
            error.add_note(f"The value was to become '{name}' of `{table.class_name}` in row {number}.")
            raise

    encoded = _map(encode, rows, is_parallel=chain.store is not None)
    for value in encoded:
        if isinstance(value, _Unfit):
            return value.number, value.value, value.problem
    if tracking is not None:
        tracking.flush()
    return encoded


class _Unfit:
    def __init__(self, number: int, value: Any, problem: UnfitError) -> None:
        self.number, self.value, self.problem = number, value, problem


def _key(heading: Heading, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the primary key of a row that is to be inserted, with values as a fetch would give them."""
    key = {}
    for name in heading.primary_key:
        if name in row and row[name] is not None:
            kind = heading[name].type
            try:
                key[name] = canonical(row[name], kind)
            except UnfitError:
                key[name] = row[name]  # the attribute's own check tells
            if kind.family is Family.UUID and isinstance(key[name], bytes):
                key[name] = str(row[name])
    return key


def decode_column(
    connection: Connection,
    node: Node,
    name: str,
    values: Sequence[Any],
    *,
    keys: Sequence[Mapping[str, Any]] | None = None,
    download_path: str | os.PathLike[str] | None = None,
) -> list[Any]:
    """
    Return fetched values of a codec's attribute as Python values.

    Parameters
    ----------
    connection : Connection
        Answered the query.
    node : Node
        The query.
    name : str
        The attribute.
    values : sequence
        As the driver gave them.
    keys : sequence of mapping, optional
        The primary keys of the rows, where they were fetched too.
    download_path : str or Path, optional
        Where attachments go; by default as the setting ``download_path`` says.

    Raises
    ------
    BlobError
        A value cannot be unpacked; the message names the attribute.
    MissingFileError
        A file is not in its store; the message names table, attribute and key.
    StoreError
        A file cannot be read, or is not what was put there; the error has table, attribute and key, and a note of them.
    """
    attribute = node.heading[name]
    chain = chain_of(attribute.type, attribute.sql_type)
    found = origin(node, name)
    table, own = (found[0].name, found[1]) if found is not None else (TableName("", node.label), name)
    folder = os.fspath(get_config().download_path if download_path is None else download_path)
    context = context_of(table.schema, table.table, own, download_path=folder)
    if chain.is_tracked:
        context["tracking"] = TrackingTable(connection, table.schema, str(chain.store_name())).read(values)
    begin = decoder(chain.stored, connection.dialect)

    def decode(numbered: tuple[int, Any]) -> Any:
        number, value = numbered
        if value is None:
            return None
        key = keys[number] if keys is not None else {}
        try:
            return chain.decode(value if begin is None else begin(value), key, context)
        except BlobError as error:
            raise BlobError(f"A value of '{name}' cannot be read: {error}") from error
        except StoreError as error:
            error.table, error.attribute = table.class_name, own
            error.key = key or _find_key(connection, node, name, value)
            if isinstance(error, MissingFileError):
                raise _named(error) from error
            error.add_note(f"The file belongs to '{own}' of `{table.class_name}`{_of_key(error.key)}.")
            raise

    return _map(decode, list(enumerate(values)), is_parallel=_reads_files(chain))


def _named(error: MissingFileError) -> MissingFileError:
    """Return the error with table, attribute and key in its message."""
    named = MissingFileError(
        f"The file of '{error.attribute}' of `{error.table}`{_of_key(error.key)} is missing: there is no "
        f"'{error.path}' in the store '{error.store}'.",
        remedy=error.remedy,
    )
    named.store, named.path, named.key = error.store, error.path, error.key
    named.table, named.attribute = error.table, error.attribute
    return named


def _of_key(key: Mapping[str, Any]) -> str:
    return f" for the key {dict(key)}" if key else ""


def _find_key(connection: Connection, node: Node, name: str, value: Any) -> dict[str, Any]:
    """Return the key of the first row with a value, as the driver gave it; empty where it cannot be told."""
    key = node.heading.primary_key
    try:
        rows = connection.execute(select_rows(node, connection.dialect, [*key, name])).rows
    except DataJointError:
        return {}
    for row in rows:
        if row[-1] == value:
            decoders = [decoder(node.heading[k].type, connection.dialect) for k in key]
            return {k: v if d is None else d(v) for k, v, d in zip(key, row, decoders, strict=False)}
    return {}


def origin(node: Node, name: str) -> tuple[Stored, str] | None:
    """Return the table that an attribute of a query comes from, and its name there; None if it comes from none."""
    if isinstance(node, Stored):
        return (node, name) if name in node.heading else None
    renames = dict(getattr(node, "attributes", ()))
    copies = {new: expression.text for new, expression in getattr(node, "computed", ())}
    old = renames.get(name, copies.get(name, name))
    for part in ("groups", "left", "right", "source"):
        operand = getattr(node, part, None)
        if isinstance(operand, Node) and old in operand.heading:
            found = origin(operand, old)
            if found is not None:
                return found
    return None


def is_kept_in_store(attribute: Attribute) -> bool:
    """Tell whether the values of an attribute are in files; True where its codec is not known."""
    if attribute.type.family is not Family.CODEC:
        return False
    try:
        return chain_of(attribute.type, attribute.sql_type).store is not None
    except DataJointError:
        return attribute.type.store is not None


def _reads_files(chain: Chain) -> bool:
    return chain.store is not None and any(codec.name in _READING for codec in chain.codecs)


_READING = frozenset({"hash", "tracked_blob", "tracked_attach", "tracked_filepath"})
"""Whose values are read when they are fetched; the others are references."""


def _map(function: Callable[[T], R], items: Sequence[T], *, is_parallel: bool) -> list[R]:
    """Return the results in order; after an error, what has begun is waited for, and nothing more is begun."""
    if not is_parallel or len(items) < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(min(_THREADS, len(items)), thread_name_prefix="djnb-files") as pool:
        # Each in a context of its own, which knows the record of files and what `config.override` says.
        futures = [pool.submit(copy_context().run, function, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise

"""The files that rows refer to: whatever stands as a path in an attribute whose codec may keep files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from djnb.algebra.conditions import AmongKeys
from djnb.algebra.nodes import Stored
from djnb.connection import Connection
from djnb.errors import DatabaseError, DataJointError
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.model.naming import TableName
from djnb.rows.tracking import is_tracking_table, tracking_table
from djnb.sql.chain import chain_of
from djnb.sql.dml import delete
from djnb.sql.select import select_rows


class References:
    """
    What the rows of all schemas refer to.

    Attributes
    ----------
    paths : set of str
        Every text that a codec's attribute holds, since each codec has a form of its own for where its file is.
    listed : dict
        For each schema, the files in its table ``~external_{store}``, by their UUID: name of the attachment, path.
    used : dict
        For each schema, the UUIDs of those that rows refer to.
    unread : dict
        The schemas that could not be read whole, and why.
    """

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.listed: dict[str, dict[UUID, tuple[str | None, str | None]]] = {}
        self.used: dict[str, set[UUID]] = {}
        self.unread: dict[str, str] = {}


def read_references(connection: Connection, store: str) -> References:
    """Return what all rows that the user may read refer to, with one statement for each table that has files."""
    found = References()
    privileges = connection.privileges()
    for schema in connection.list_schemas():
        connection.catalogue.forget(schema)
        if not privileges.may("SELECT", schema):
            found.unread[schema] = "you may not read all of its tables"
        try:
            for name in connection.catalogue.schema(schema) or {}:
                _read_table(connection, TableName(schema, name), store, found)
        except DatabaseError as error:
            found.unread[schema] = f"it cannot be read: {error.message}"
    return found


def _read_table(connection: Connection, name: TableName, store: str, found: References) -> None:
    table = connection.catalogue.stored(name)
    if is_tracking_table(name):
        for digest, attachment, path in _values(connection, table, ["hash", "attachment_name", "filepath"]):
            if path is not None:
                found.paths.add(str(path))
            if name == tracking_table(name.schema, store):
                found.listed.setdefault(name.schema, {})[_uuid(digest)] = (attachment, path)
        return
    kinds: dict[str, str] = {}
    for attribute in table.heading.attributes.values():
        if attribute.type.family is Family.CODEC:
            kind = _kind_of(attribute)
            if kind == "":
                place = f"'{attribute.name}' of `{name.class_name}`"
                found.unread[name.schema] = f"the codec `<{attribute.type.codec}>` of {place} is not known here"
            elif kind != "none":
                kinds[attribute.name] = kind
    for attribute in table.heading.hidden:  # a question has no columns for them
        if attribute.type.family is Family.CODEC and _kind_of(attribute) != "none":
            found.unread[name.schema] = f"the hidden '{attribute.name}' of `{name.class_name}` may refer to files"
    if not kinds:
        return
    used = found.used.setdefault(name.schema, set())
    for row in _values(connection, table, list(kinds)):
        for kind, value in zip(kinds.values(), row, strict=True):
            if value is not None and kind == "tracked":
                used.add(_uuid(value))
            elif value is not None:
                found.paths.update(_texts(value))


def _kind_of(attribute: Attribute) -> str:
    """Tell how the column may refer to a file: as ``text``, ``tracked`` or ``none``; empty if nobody knows."""
    try:
        chain = chain_of(attribute.type, attribute.sql_type)
    except DataJointError:
        # What an unknown codec keeps as text or JSON can be looked through without it.
        is_text = attribute.sql_type.lower().startswith(("json", "longtext", "text", "varchar", "char", "mediumtext"))
        return "text" if is_text else ""
    if chain.is_tracked:
        return "tracked"
    if chain.stored.family in (Family.JSON, Family.STRING):
        return "text"
    return "none" if chain.store is None else ""


def _values(connection: Connection, table: Stored, names: list[str]) -> Iterator[tuple[Any, ...]]:
    for portion in connection.stream(select_rows(table, connection.dialect, names)):
        yield from portion


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a value, that of a JSON document within it too."""
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value).decode(errors="replace")
    if isinstance(value, str):
        try:
            document = json.loads(value)
        except ValueError:
            yield value.strip("/")
        else:
            yield from _texts_of(document)


def _texts_of(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document.strip("/")
    elif isinstance(document, (list, dict)):
        for entry in document.values() if isinstance(document, dict) else document:
            yield from _texts_of(entry)


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(bytes=bytes(value))


def forget_tracked(connection: Connection, schema: str, store: str, digests: Iterable[UUID]) -> None:
    """
    Remove files from the list of a schema of DataJoint 0.14.

    Raises
    ------
    ReferencedError
        A row has come to refer to one of them.
    """
    table = connection.catalogue.stored(tracking_table(schema, store))
    keys = AmongKeys(("hash",), tuple((digest,) for digest in digests))
    connection.execute(delete(table, keys, connection.dialect))

"""From a definition to a table: resolve, check, create."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from djnb.algebra.nodes import Stored
from djnb.codecs.adapter import register_adapters
from djnb.connection import Connection
from djnb.declaration import lineage_table
from djnb.declaration.drop import withdraw
from djnb.declaration.parents import Lookup, find_parent
from djnb.errors import (
    AccessError,
    CodecError,
    DatabaseError,
    DataJointError,
    DefinitionError,
    SettingsError,
    StoreError,
    UnknownTypeError,
)
from djnb.events import TableDeclared
from djnb.model.attribute import NULL, Attribute, Default
from djnb.model.core_types import Family, parse_type
from djnb.model.definition import AttributeLine, Definition, ForeignKeyLine, IndexLine, parse_definition
from djnb.model.heading import Heading
from djnb.model.naming import TableName, check_length
from djnb.model.spec import ForeignKey, Index, TableSpec
from djnb.sql import ddl
from djnb.sql.chain import chain_of
from djnb.sql.dialect import Dialect
from djnb.sql.values import UnfitError

SINGLETON = Attribute(
    "_singleton",
    parse_type("bool"),
    in_key=True,
    default=Default("1"),
    comment="singleton primary key",
    is_marked=True,
)
"""The hidden key of a table whose definition has none: it holds one row at most."""


def declare(
    connection: Connection,
    name: TableName,
    definition: str,
    namespace: Mapping[str, Any],
    *,
    label: str,
    key_from_parents_only: bool = False,
    hidden: tuple[Attribute, ...] = (),
) -> TableSpec | None:
    """
    Create a table from a definition; all of it or nothing.

    Parameters
    ----------
    connection : Connection
        Where.
    name : TableName
        The table.
    definition : str
        Its definition.
    namespace : mapping
        What the names after ``->`` stand for.
    label : str
        The class, for messages.
    key_from_parents_only : bool
        Whether the primary key may only hold attributes of foreign keys.
    hidden : tuple of Attribute
        Hidden attributes that the table has besides.

    Returns
    -------
    TableSpec or None
        The table that was created; None if it is there already, because somebody else was faster.

    Raises
    ------
    DefinitionError
        The definition cannot be read or declared.
    TransactionError
        A transaction is open, which creating a table would end on a server.
    AccessError
        The user may not create tables there.
    """
    connection.check_outside_transaction(f"`{label}` cannot be declared")
    check_characters(definition, label)
    register_adapters(definition, namespace)
    parsed = parse_definition(definition, table=label)
    spec = make_spec(name, parsed, namespace, connection.dialect, label=label, lookup=connection.catalogue.stored)
    spec = replace(spec, attributes=(*spec.attributes, *hidden))
    if name.master is not None:
        check_part(spec, name.master, label)
    if key_from_parents_only:
        _check_key(spec, label)
    check_length(name)
    if not create(connection, spec, label):
        return None
    connection.bus.emit(TableDeclared(name.full))
    return spec


def create(connection: Connection, spec: TableSpec, label: str) -> bool:
    """
    Create a table with its rows of ``~lineage``; all of it or nothing.

    Returns
    -------
    bool
        False if the table is there already, because somebody else was faster.
    """
    is_created = False
    try:
        lineage_table.ensure(connection, spec.name.schema)
        with connection.transaction():
            for statement in ddl.create_table(spec, connection.dialect):
                connection.execute(statement)
                is_created = True
            connection.catalogue.forget(spec.name.schema)
            lineage_table.record(connection, spec)
    except BaseException as error:
        connection.catalogue.forget(spec.name.schema)
        is_there = False
        with suppress(DataJointError):
            is_there = connection.catalogue.table(spec.name) is not None
            if is_there and is_created:
                # A server keeps a table that was created in a transaction which is undone.
                withdraw(connection, spec)
        if is_there and not is_created and isinstance(error, DatabaseError):
            return False
        context = f"`{label}` cannot be declared in the schema '{spec.name.schema}'."
        if isinstance(error, AccessError):
            raise _without_reference(error, context) from error
        if isinstance(error, DefinitionError):
            raise type(error)(f"{context} {error.message}", remedy=error.remedy) from error
        raise
    connection.catalogue.forget(spec.name.schema)
    return True


def _without_reference(error: AccessError, context: str) -> AccessError:
    """Return the error with its context; where a parent may not be referred to, with what can be done without."""
    denied = error.with_context(context)
    if error.privilege == "REFERENCES":
        parent = f"{error.schema}.{error.table}"
        said = f"Its foreign key to {parent} needs it, even where you may read that table."
        instead = "Without it, declare attributes of the same names and types in place of the foreign key."
        denied = AccessError(f"{denied.message} {said}", remedy=f"{denied.remedy} {instead}")
        denied.privilege, denied.schema, denied.table = error.privilege, error.schema, error.table
    return denied


def make_spec(
    name: TableName,
    definition: Definition,
    namespace: Mapping[str, Any],
    dialect: Dialect,
    *,
    label: str,
    lookup: Lookup | None = None,
) -> TableSpec:
    """
    Return the table that a definition declares; ``lookup`` finds parents that are named in back quotes.

    Raises
    ------
    DefinitionError
        A parent, a codec, a default or an indexed attribute is wrong; the message shows the line.
    """
    attributes: dict[str, Attribute] = {}
    foreign_keys: list[ForeignKey] = []
    indexes: list[Index] = []
    index_lines: list[IndexLine] = []
    for line in definition.lines:
        match line:
            case AttributeLine():
                if line.name in attributes:
                    raise DefinitionError.at(
                        line.text, line.number, 0, f"'{line.name}' is declared already, by a line above.",
                        remedy="Leave out one of the two lines.", table=label,
                    )  # fmt: skip
                attributes[line.name] = _attribute(line, dialect, label)
            case ForeignKeyLine():
                own = Stored(name, Heading.of(attributes.values()))
                parent, renames = find_parent(line, namespace, lookup, table=label, own=own)
                for old, new in renames.items():
                    inherited = _inherit(parent.heading[old], new, line)
                    attributes.setdefault(new, inherited)
                foreign_keys.append(ForeignKey(name, parent.name, tuple((new, old) for old, new in renames.items())))
                if line.is_unique:
                    indexes.append(Index(tuple(renames.values()), is_unique=True))
            case IndexLine():
                index_lines.append(line)
    for line in index_lines:
        for attribute in line.names:
            if attribute not in attributes:
                raise DefinitionError.at(
                    line.text, line.number, line.text.index(attribute), f"There is no attribute '{attribute}'.",
                    remedy=f"The attributes are: {', '.join(attributes)}.", table=label,
                )  # fmt: skip
        indexes.append(Index(line.names, line.is_unique))
    if not attributes:
        raise DefinitionError(
            f"The definition of `{label}` declares no attribute.", remedy="Write at least one, `name : type`."
        )
    key = tuple(a.name for a in attributes.values() if a.in_key)
    listed = tuple(attributes.values())
    if not key:
        listed, key = (*listed, SINGLETON), (SINGLETON.name,)
    _check_numbered(definition, key, dialect, label)
    # A line that says the same again adds nothing.
    keys, unique = tuple(dict.fromkeys(foreign_keys)), tuple(dict.fromkeys(indexes))
    return TableSpec(name, definition.comment, listed, key, keys, unique)


def _check_numbered(definition: Definition, key: tuple[str, ...], dialect: Dialect, label: str) -> None:
    """
    Refuse what no database numbers, and what this one does not.

    Raises
    ------
    DefinitionError
        The message shows the line.
    """
    lines = [line for line in definition.lines if isinstance(line, AttributeLine) and line.type.autoincrement]
    for line in lines[-1:]:
        if len(lines) > 1:
            wrong = "Only one attribute of a table can be numbered by the database."
        elif line.name != key[0]:
            wrong = "Only the first attribute of the primary key can be numbered by the database."
        elif len(key) > 1 and not dialect.numbers_within_keys:
            wrong = "A SQLite file numbers rows only by an attribute that is the whole primary key."
        else:
            continue
        raise DefinitionError.at(
            line.text, line.number, line.type_column, wrong,
            remedy=f"Make '{line.name}' the whole primary key, with the others below `---`; "
            "or leave out `auto_increment` and give the numbers in the rows.", table=label,
        )  # fmt: skip


def _attribute(line: AttributeLine, dialect: Dialect, label: str) -> Attribute:
    if line.type.family is Family.CODEC:
        _check_codec(line, label)
    attribute = Attribute(
        line.name,
        line.type,
        in_key=line.in_key,
        nullable=line.default == NULL,
        default=line.default,
        comment=line.comment,
        is_marked=line.type.is_core,
    )
    if line.default is not None and not line.default.is_keyword:
        try:
            ddl.stored_default(attribute, dialect)
        except UnfitError as problem:
            raise DefinitionError.at(
                line.text, line.number, line.default_column, f"The default '{line.default.text}' {problem}.",
                remedy=f"The attribute is `{line.type}`.", table=label,
            ) from None  # fmt: skip
    return attribute


def _check_codec(line: AttributeLine, label: str) -> None:
    """
    Refuse a codec that is not registered or leads nowhere, and a store that is not configured.

    Raises
    ------
    UnknownTypeError
        The message shows the line.
    """
    try:
        chain_of(line.type).store_name()
    except (CodecError, StoreError, SettingsError, UnknownTypeError) as error:
        raise UnknownTypeError.at(
            line.text, line.number, line.type_column, error.message, remedy=error.remedy, table=label
        ) from error


def _inherit(parent: Attribute, name: str, line: ForeignKeyLine) -> Attribute:
    """Return the attribute that a foreign key brings: the parent's type exactly, but neither default nor number."""
    kind = parent.type
    if kind.autoincrement:
        text = kind.text.replace(" auto_increment", "")
        kind = replace(kind, text=text, autoincrement=False)
    return replace(
        parent,
        name=name,
        type=kind,
        in_key=line.in_key,
        nullable=line.is_nullable,
        default=NULL if line.is_nullable else None,
        sql_type=parent.sql_type.replace(" auto_increment", ""),
        # As DataJoint writes it: the type is recorded where the attribute comes from, and for UUIDs everywhere.
        is_marked=kind.family is Family.UUID and kind.is_core,
    )


def check_characters(definition: str, label: str) -> None:
    """
    Refuse what servers turn into question marks: they keep definitions, unlike rows, in three bytes a character.

    Raises
    ------
    DefinitionError
        A character beyond U+FFFF stands in the definition, or one that is none: a zero, or half of a pair.
    """
    for number, raw in enumerate(definition.split("\n"), start=1):
        line = raw.strip()
        found = re.search("[\x00\ud800-\udfff\U00010000-\U0010ffff]", line)
        if found:
            is_half = found[0] < "\U00010000"
            shown, rows = (f"U+{ord(found[0]):04X}", "") if is_half else (f"'{found[0]}'", "; rows can")
            raise DefinitionError.at(
                line.translate(_SHOWN), number, found.start(), f"A definition cannot hold {shown}{rows}.",
                remedy="Write it in other characters.", table=label,
            )  # fmt: skip


_SHOWN = dict.fromkeys((0, *range(0xD800, 0xE000)), "�")
"""What cannot be printed, as what stands for it in messages."""


def check_part(spec: TableSpec, master: TableName, label: str) -> None:
    """
    Refuse a part whose rows would not belong to rows of the master.

    Raises
    ------
    DefinitionError
        No foreign key of the primary key leads to the master or to another of its parts.
    """
    parents = [key.parent for key in spec.foreign_keys if spec.is_primary(key)]
    if not any(master in (parent, parent.master) for parent in parents):
        raise DefinitionError(
            f"The part `{label}` does not refer to its master in its primary key.",
            remedy="Begin its definition with `-> master`.",
        )


def _check_key(spec: TableSpec, label: str) -> None:
    """
    Refuse a key of which ``make`` would have to think up a part.

    Raises
    ------
    DefinitionError
        An attribute of the key comes by no foreign key of the key.
    """
    brought = {name for key in spec.foreign_keys if spec.is_primary(key) for name in key.names}
    own = [name for name in spec.primary_key if name not in brought and not name.startswith("_")]
    if own:
        listed = ", ".join(f"'{name}'" for name in own)
        verb, pronoun = ("comes", "it") if len(own) == 1 else ("come", "them")
        raise DefinitionError(
            f"{listed} in the primary key of `{label}` {verb} by no foreign key, "
            "so a key to be made would not be one row of the table.",
            remedy=f"Put {pronoun} in a Part table (`class …(dj.Part)` with `-> master`), or, for a table that must be "
            "like this, set `allow_new_pk_fields = True` in the class or "
            "`dj.config.jobs.allow_new_pk_fields_in_computed_tables = True`.",
        )

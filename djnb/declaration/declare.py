"""From a definition to a table: resolve, check, create."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from djnb.codecs.registry import get_codec
from djnb.connection import Connection
from djnb.declaration import lineage_table
from djnb.declaration.parents import find_parent
from djnb.errors import AccessError, DefinitionError, UnknownCodecError, UnknownTypeError
from djnb.events import TableDeclared
from djnb.model.attribute import NULL, Attribute, Default
from djnb.model.core_types import Family, parse_type
from djnb.model.definition import AttributeLine, Definition, ForeignKeyLine, IndexLine, parse_definition
from djnb.model.naming import TableName, check_length
from djnb.model.spec import ForeignKey, Index, TableSpec
from djnb.sql import ddl
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
) -> TableSpec:
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

    Raises
    ------
    DefinitionError
        The definition cannot be read or declared.
    AccessError
        The user may not create tables there.
    """
    parsed = parse_definition(definition, table=label)
    spec = make_spec(name, parsed, namespace, connection.dialect, label=label)
    if key_from_parents_only:
        _check_key(spec, label)
    check_length(name, has_foreign_keys=bool(spec.foreign_keys))
    statements = ddl.create_table(spec, connection.dialect)
    try:
        with connection.atomic():
            for statement in statements:
                connection.execute(statement)
            connection.catalogue.forget(name.schema)
            lineage_table.record(connection, spec)
    except AccessError as error:
        raise AccessError(
            f"`{label}` cannot be declared in the schema '{name.schema}'. {error.message}", remedy=error.remedy
        ) from error
    finally:
        connection.catalogue.forget(name.schema)
    connection.bus.emit(TableDeclared(name.full))
    return spec


def make_spec(
    name: TableName, definition: Definition, namespace: Mapping[str, Any], dialect: Dialect, *, label: str
) -> TableSpec:
    """
    Return the table that a definition declares.

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
                attributes.setdefault(line.name, _attribute(line, dialect, label))
            case ForeignKeyLine():
                parent, renames = find_parent(line, namespace, table=label)
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
        listed, key = (SINGLETON, *listed), (SINGLETON.name,)
    return TableSpec(name, definition.comment, listed, key, tuple(foreign_keys), tuple(indexes))


def _attribute(line: AttributeLine, dialect: Dialect, label: str) -> Attribute:
    at = line.text.index(":") + 2
    if line.type.family is Family.CODEC:
        try:
            codec = get_codec(line.type.codec)
        except UnknownCodecError as error:
            raise UnknownTypeError.at(
                line.text, line.number, at, error.message, remedy=error.remedy, table=label
            ) from error
        stored = codec.get_dtype(line.type.store is not None)
        if stored.startswith("<"):
            raise UnknownTypeError.at(
                line.text, line.number, at, f"`{line.type}` keeps its values in files, which is not possible yet.",
                remedy=f"Keep them in the table: `<{line.type.codec}>`.", table=label,
            )  # fmt: skip
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
                line.text, line.number, line.text.index("=") + 2, f"The default '{line.default.text}' {problem}.",
                remedy=f"The attribute is `{line.type}`.", table=label,
            ) from None  # fmt: skip
    return attribute


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

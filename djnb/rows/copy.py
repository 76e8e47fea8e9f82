"""Rows copied from a query into a table by the database itself, in one statement."""

from __future__ import annotations

from djnb.algebra.nodes import Node
from djnb.connection import Connection
from djnb.errors import IntegrityError, MissingAttributeError, UnknownAttributeError
from djnb.events import Fetched, RowsInserted
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.model.heading import Heading
from djnb.model.spec import TableSpec
from djnb.sql.dml import OnDuplicate, insert_from


def copy_rows(
    connection: Connection,
    spec: TableSpec,
    heading: Heading,
    source: Node,
    *,
    on_duplicate: OnDuplicate = "fail",
    ignore_extra_fields: bool = False,
) -> bool:
    """
    Insert the rows of a query in one statement, if the database checks all that djnb would; tell whether it did.

    Attributes are matched by name. Where it returns False, nothing has been sent or all of it is undone, and the rows
    are to be fetched and inserted, which also says of an error to which row it belongs.

    Raises
    ------
    UnknownAttributeError
        The query has an attribute that the table does not have.
    MissingAttributeError
        The query lacks one that every row must give.
    """
    given = source.heading
    if not ignore_extra_fields:
        extra = [name for name in given.names if name not in heading]
        if extra:
            error = UnknownAttributeError.among(extra[0], heading.names, owner=spec.name.class_name)
            error.add_note("`ignore_extra_fields=True` passes over such attributes; `.proj()` renames or drops them.")
            raise error
    missing = [a.name for a in heading.visible if a.is_required and a.name not in given]
    if missing:
        raise MissingAttributeError(
            f"The query for `{spec.name.class_name}` has no attribute '{missing[0]}', which has no default.",
            remedy=f"Rename one of its attributes: `.proj({missing[0]}='...')`.",
        )
    names = [name for name in heading.names if name in given]
    if not all(_is_taken_as_it_is(given[name], heading[name]) for name in names):
        return False
    is_ambiguous = any(index.is_unique for index in spec.indexes) and not connection.dialect.duplicate_clause_names_key
    if on_duplicate != "fail" and (is_ambiguous or not spec.primary_key):
        return False
    statement = insert_from(
        spec.name,
        names,
        source,
        connection.dialect,
        key=list(spec.primary_key),
        others=heading.secondary_attributes,
        on_duplicate=on_duplicate,
    )
    try:
        affected = connection.execute(statement).affected
    except IntegrityError:
        return False
    if connection.bus.wants(Fetched):
        connection.bus.emit(Fetched(source, "read", affected))
    if connection.bus.wants(RowsInserted):
        connection.bus.emit(RowsInserted(spec.name.full, affected))
    return True


def _is_taken_as_it_is(source: Attribute, target: Attribute) -> bool:
    """Tell whether every value of one attribute is a value of another, and is kept in the same way."""
    if not source.sql_type or (source.nullable and not target.nullable):
        return False
    own, there = source.type, target.type
    if own.family is not there.family or (own.family is Family.CODEC and own.store is not None):
        return False
    match own.family:
        case Family.INTEGER:
            return there.bounds[0] <= own.bounds[0] and own.bounds[1] <= there.bounds[1]
        case Family.FLOAT:
            return own.bits == there.bits and own.unsigned >= there.unsigned
        case Family.STRING:
            return own.fixed == there.fixed and (not there.length or 0 < own.length <= there.length)
    return own == there

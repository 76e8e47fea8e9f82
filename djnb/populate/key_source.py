"""Which keys a table should have: by default every combination of rows of the parents in its primary key."""

from __future__ import annotations

from djnb.algebra.conditions import Fails, Matches
from djnb.algebra.nodes import Join, Node, Project, Restrict, Stored
from djnb.connection import Connection
from djnb.errors import PopulateError
from djnb.model.spec import TableSpec
from djnb.populate.result import Progress
from djnb.sql.select import count_progress


def default_key_source(connection: Connection, spec: TableSpec) -> Node:
    """
    Return the join of the parents in the primary key, under the names that they have in the table.

    Raises
    ------
    PopulateError
        No foreign key lies within the primary key.
    """
    source: Node | None = None
    for foreign_key in spec.foreign_keys:
        if spec.is_primary(foreign_key):
            parent = connection.catalogue.stored(foreign_key.parent)
            projected = Project(parent, foreign_key.attributes)
            source = projected if source is None else Join(source, projected)
    if source is None:
        raise PopulateError(
            f"`{spec.name.class_name}` has no foreign key in its primary key, so there is nothing to make keys from.",
            remedy="Add `-> Parent` to the primary key, or define `key_source` in the class.",
        )
    return source


def key_of(source: Node, target: Stored) -> Node:
    """
    Return the keys that a key source gives.

    Raises
    ------
    PopulateError
        The key source has no primary key, or one with attributes that the table lacks.
    """
    key = source.heading.primary_key
    foreign = [name for name in key if name not in target.heading]
    if foreign or not key:
        said = f"has the attribute '{foreign[0]}', which the table lacks" if foreign else "has no primary key"
        raise PopulateError(
            f"The key source of `{target.label}` {said}. Its key is: {', '.join(key) or 'empty'}.",
            remedy="Project or aggregate `key_source` to attributes of the table's primary key.",
        )
    return Project(source, tuple((name, name) for name in key))


def missing(keys: Node, target: Stored) -> Node:
    """Return the keys of which the table has no row."""
    return Restrict(keys, Fails(Matches(target, tuple((name, name) for name in keys.heading.names))))


def progress(connection: Connection, target: Stored, keys: Node) -> Progress:
    """Return how many keys there should be and how many are there, in one statement."""
    statement = count_progress(keys, missing(keys, target), connection.dialect)
    total, remaining = connection.execute(statement).rows[0]
    return Progress(int(total) - int(remaining), int(total))

"""Giving a table that is there the hidden attributes that it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from djnb.connection import Connection
from djnb.declaration.alter import Alter
from djnb.declaration.changes import Change
from djnb.model.alteration import Alteration
from djnb.model.attribute import Attribute
from djnb.model.spec import TableSpec


def plan_hidden(connection: Connection, spec: TableSpec, attributes: Sequence[Attribute]) -> Alter:
    """Return what it takes to add hidden attributes behind all others; those that are there stay as they are."""
    there = {attribute.name: attribute.name for attribute in spec.attributes}
    added = [attribute for attribute in attributes if attribute.name not in there]
    new = replace(spec, attributes=(*spec.attributes, *added))
    changes = tuple(Change(f"the hidden '{attribute.name}' is added") for attribute in added)
    return Alter(connection, Alteration(spec, new, there, frozenset()), changes)

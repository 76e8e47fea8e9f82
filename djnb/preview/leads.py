"""Where foreign keys lead."""

from __future__ import annotations

from djnb.algebra.nodes import Node
from djnb.connection import Connection
from djnb.rows.coding import origin


def leads_of(connection: Connection, node: Node, name: str) -> list[str]:
    """
    Return the attributes that an attribute of a query refers to, ``Session.session_id``, each once.

    Nothing is asked of a schema that is known; one of a schema of its own is named with it.
    """
    found = origin(node, name)
    if found is None:
        return []
    table, own = found
    spec = connection.catalogue.table(table.name)
    leads = []
    for key in spec.foreign_keys if spec is not None else ():
        parent = dict(key.attributes).get(own)
        if parent is not None:
            schema = "" if key.parent.schema == table.name.schema else f"{key.parent.schema}."
            leads.append(f"{schema}{key.parent.class_name}.{parent}")
    return list(dict.fromkeys(leads))

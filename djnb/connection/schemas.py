"""Making and dropping whole schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from djnb.backends.base import Backend
from djnb.errors import ReferencedError
from djnb.model.naming import TableName

if TYPE_CHECKING:
    from djnb.connection.connection import Connection


def create_schema(connection: Connection, backend: Backend, name: str) -> None:
    """Create a schema if it is not there."""
    connection.check_outside_transaction(f"The schema '{name}' cannot be created")
    backend.create_schema(connection.execute, name)
    connection.catalogue.forget(name)


def drop_order(connection: Connection, name: str) -> tuple[list[TableName], bool]:
    """
    Return the tables that go with a schema as the database has them now, hidden ones too, parents before children.

    Beside them, whether no order of them is right, because they refer to each other in a ring.

    Raises
    ------
    TransactionError
        The thread has a transaction open, which dropping a table would end on a server.
    ReferencedError
        Tables of other schemas refer to it.
    """
    connection.check_outside_transaction(f"The schema '{name}' cannot be dropped")
    connection.catalogue.forget(name)
    specs = connection.catalogue.schema(name) or {}
    dependencies = connection.catalogue.dependencies()
    outside = sorted(k.child for k in dependencies.foreign_keys if k.parent.schema == name != k.child.schema)
    if outside:
        raise ReferencedError(
            f"The schema '{name}' cannot be dropped: tables of other schemas refer to it, "
            f"{', '.join(map(str, dict.fromkeys(outside)))}.",
            remedy="Drop those first.",
        )
    order = dependencies.order(spec.name for spec in specs.values())
    return order, bool(dependencies.rings(order))


def drop_schema(connection: Connection, backend: Backend, name: str) -> None:
    """Drop a schema and all its tables, without asking; refused where `drop_order` is."""
    order, is_ring = drop_order(connection, name)
    before, after = connection.dialect.without_references() if is_ring else ((), ())
    for statement in before:
        connection.execute(statement)
    try:
        # A file undoes all of it where one drop fails; a server keeps what is dropped.
        with connection.transaction():
            backend.drop_schema(connection.execute, name, order[::-1])
    finally:
        connection.catalogue.forget(name)
        for statement in after:
            connection.execute(statement)

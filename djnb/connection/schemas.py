"""Whole schemas: which there are, making and dropping them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from djnb.backends.base import Answer, Backend
from djnb.catalogue import Catalogue
from djnb.errors import ReferencedError
from djnb.model.naming import TableName
from djnb.model.privileges import Privileges
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement


class Schemas:
    """What a connection knows of its schemas, and does with them."""

    # Those of Connection, which derives from this class.
    catalogue: Catalogue
    _backend: Backend

    if TYPE_CHECKING:

        @property
        def dialect(self) -> Dialect: ...  # noqa: D102 -- Connection says it

        @property
        def transaction(self) -> Callable[[], AbstractContextManager[None]]: ...  # noqa: D102 -- Connection says it

        def execute(self, statement: Statement) -> Answer: ...  # noqa: D102 -- Connection says it

        def check_outside_transaction(self, refused: str) -> None: ...  # noqa: D102 -- Connection says it

        def _look(self, statement: Statement) -> Answer: ...

    def privileges(self) -> Privileges:
        """Return what the user may do where, as the database says now."""
        return self._backend.load_privileges(self._look)

    def size_on_disk(self, schema: str) -> int:
        """Return how many bytes the tables of a schema and their indexes take, as far as the database knows."""
        return self._backend.size_on_disk(self._look, schema)

    def list_schemas(self) -> list[str]:
        """Return the names of the schemas that the user can see."""
        return self._backend.list_schemas(self._look)

    def create_schema(self, name: str) -> None:
        """Create a schema if it is not there; not within a transaction."""
        self.check_outside_transaction(f"The schema '{name}' cannot be created")
        self._backend.create_schema(self.execute, name)
        self.catalogue.forget(name)

    def drop_order(self, name: str) -> list[TableName]:
        """
        Return the tables that go with a schema as the database has them now, hidden ones too, parents before children.

        Raises
        ------
        TransactionError
            The thread has a transaction open, which dropping a table would end on a server.
        ReferencedError
            Tables of other schemas refer to it.
        """
        return self._drop_order(name)[0]

    def _drop_order(self, name: str) -> tuple[list[TableName], bool]:
        """Return the order, and whether no order is right, because tables refer to each other in a ring."""
        self.check_outside_transaction(f"The schema '{name}' cannot be dropped")
        self.catalogue.forget(name)
        specs = self.catalogue.schema(name) or {}
        dependencies = self.catalogue.dependencies()
        outside = sorted(k.child for k in dependencies.foreign_keys if k.parent.schema == name != k.child.schema)
        if outside:
            raise ReferencedError(
                f"The schema '{name}' cannot be dropped: tables of other schemas refer to it, "
                f"{', '.join(map(str, dict.fromkeys(outside)))}.",
                remedy="Drop those first.",
            )
        order = dependencies.order(spec.name for spec in specs.values())
        return order, bool(dependencies.rings(order))

    def drop_schema(self, name: str) -> None:
        """Drop a schema and all its tables, without asking; refused where `drop_order` is."""
        order, is_ring = self._drop_order(name)
        before, after = self.dialect.without_references() if is_ring else ((), ())
        for statement in before:
            self.execute(statement)
        try:
            # A file undoes all of it where one drop fails; a server keeps what is dropped.
            with self.transaction():
                self._backend.drop_schema(self.execute, name, order[::-1])
        finally:
            self.catalogue.forget(name)
            for statement in after:
                self.execute(statement)

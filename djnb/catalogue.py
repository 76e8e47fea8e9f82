"""
What the database holds, as far as this connection has looked: the tables of each schema, read once, all together.

Declaring and dropping tables make the connection forget a schema; the next question reads it anew.
"""

from __future__ import annotations

import threading
from dataclasses import replace

from djnb.algebra.nodes import Stored
from djnb.backends.base import Backend, Execute
from djnb.errors import MissingTableError
from djnb.graph.dependencies import Dependencies
from djnb.model.heading import Heading
from djnb.model.lineage import trace
from djnb.model.naming import TableName
from djnb.model.spec import TableSpec


class Catalogue:
    """
    The tables that a connection knows of.

    Parameters
    ----------
    backend : Backend
        Reads the tables of a schema in one statement.
    execute : callable
        Sends a statement.
    """

    def __init__(self, backend: Backend, execute: Execute) -> None:
        self._backend = backend
        self._execute = execute
        self._lock = threading.RLock()
        self._schemas: dict[str, dict[str, TableSpec]] = {}
        self._headings: dict[TableName, Heading] = {}

    def schema(self, name: str) -> dict[str, TableSpec] | None:
        """Return the tables of a schema by their names, or None if there is no such schema."""
        with self._lock:
            if name not in self._schemas:
                loaded = self._backend.load_schema(self._execute, name)
                if loaded is None:
                    return None
                self._schemas[name] = loaded
            return self._schemas[name]

    def table(self, name: TableName) -> TableSpec | None:
        """Return a table, or None if it is not in the database."""
        return (self.schema(name.schema) or {}).get(name.table)

    def heading(self, name: TableName) -> Heading | None:
        """
        Return a table's heading, with the lineage of its attributes; None if it is not in the database.

        An attribute that came by a foreign key has no type recorded of its own: it has that of its origin.
        """
        with self._lock:
            if name not in self._headings:
                spec = self.table(name)
                if spec is None:
                    return None
                self._headings[name] = self._resolve(spec)
            return self._headings[name]

    def stored(self, name: TableName) -> Stored:
        """
        Return a table as a question.

        Raises
        ------
        MissingTableError
            It is not in the database.
        """
        heading = self.heading(name)
        if heading is None:
            # Somebody else may have created it since this connection looked.
            self.forget(name.schema)
            heading = self.heading(name)
        if heading is None:
            raise MissingTableError(
                f"There is no table {name} in the database, or none that you may see.", remedy="Declare it first."
            )
        return Stored(name, heading)

    def _resolve(self, spec: TableSpec) -> Heading:
        origins = trace(spec, self.table)
        resolved = []
        for attribute in spec.attributes:
            lineage = origins.get(attribute.name)
            if lineage is not None:
                attribute = replace(attribute, lineage=lineage)
                schema, table, name = lineage.rsplit(".", 2)
                first = self.table(TableName(schema, table))
                source = first.heading[name] if first is not None and name in first.heading else None
                if source is not None and not attribute.is_marked and source.is_marked:
                    attribute = replace(attribute, type=source.type)
            resolved.append(attribute)
        return Heading.of(resolved)

    def dependencies(self) -> Dependencies:
        """Return the foreign keys of all schemas that can be seen, read anew in one statement."""
        return Dependencies(self._backend.load_references(self._execute))

    def forget(self, schema: str) -> None:
        """Forget a schema, and every heading, whose lineage may lead through it."""
        with self._lock:
            self._schemas.pop(schema, None)
            self._headings.clear()

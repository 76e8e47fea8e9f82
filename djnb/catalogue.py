"""
What the database holds, as far as this connection has looked: the tables of each schema, read once, all together.

Declaring and dropping tables make the connection forget a schema; the next question reads it anew.
"""

from __future__ import annotations

import threading
from dataclasses import replace

from djnb.algebra.nodes import Stored
from djnb.backends.base import Backend, Execute
from djnb.errors import AccessError, MissingTableError
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

        Raises
        ------
        AccessError
            The user may see some of the columns only, and not the whole primary key: no row would be named by it.
        """
        with self._lock:
            if name not in self._headings:
                spec = self.table(name)
                if spec is None:
                    return None
                self.check_sight(spec)
                self._headings[name] = self._resolve(spec)
            return self._headings[name]

    def stored(self, name: TableName) -> Stored:
        """
        Return a table as a question.

        Raises
        ------
        MissingTableError
            It is not in the database.
        AccessError
            The user may not see the whole primary key.
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

    def check_sight(self, spec: TableSpec) -> None:
        """
        Refuse a table whose primary key the user may not see whole.

        Raises
        ------
        AccessError
            It says which columns are shown, and which statement would grant the table.
        """
        if not spec.hides_key:
            return
        shown = ", ".join(attribute.name for attribute in spec.attributes)
        error = AccessError(f"The privilege SELECT is missing on the table {spec.name}.")
        error.privilege, error.schema, error.table = "SELECT", spec.name.schema, spec.name.table
        context = f"Of the table {spec.name} you may see the columns {shown}, which are not its whole primary key."
        raise self._backend.explain(error, "", self._execute).with_context(context)

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

"""A table of the database as a query: its name, where it is, its definition as the database has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from djnb.algebra.nodes import Node, Stored
from djnb.connection import Connection
from djnb.errors import MissingTableError, NotDeclaredError
from djnb.model.heading import Heading
from djnb.model.naming import TableName, Tier
from djnb.model.spec import TableSpec
from djnb.query import Query
from djnb.tables.metaclass import TableMeta


class StoredTable(Query, metaclass=TableMeta):
    """What all that a table does is based on: which table it is, and which of its rows are meant."""

    definition: ClassVar[str]
    tier: ClassVar[Tier]
    _table: ClassVar[TableName | None] = None
    _home: ClassVar[Connection | None] = None
    _is_decorated: ClassVar[bool] = False
    _namespace: ClassVar[Mapping[str, Any]] = {}

    def __init__(self) -> None:
        self._node = None
        self._connection = None

    @property
    def name(self) -> TableName:
        """
        The table in the database.

        Raises
        ------
        NotDeclaredError
            No schema has decorated the class.
        """
        if self._table is None:
            raise NotDeclaredError.for_class(type(self).__name__, is_decorated=self._is_decorated)
        return self._table

    @property
    def connection(self) -> Connection:
        """Where the table is."""
        if self._home is None:
            raise NotDeclaredError.for_class(type(self).__name__, is_decorated=self._is_decorated)
        return self._home

    @property
    def is_declared(self) -> bool:
        """Whether the table is in the database."""
        return self.connection.catalogue.table(self.name) is not None

    @property
    def declaration_context(self) -> Mapping[str, Any]:
        """What the names in the definition stand for."""
        return self._namespace

    @property
    def spec(self) -> TableSpec:
        """
        The table as the database has it.

        Raises
        ------
        MissingTableError
            It was dropped.
        AccessError
            The user may see some of its columns only, and not the whole primary key.
        """
        spec = self.connection.catalogue.table(self.name)
        if spec is None:
            raise MissingTableError(
                f"The table of `{self.name.class_name}`, {self.name}, is not in the database.",
                remedy="Decorate the class again to declare it.",
            )
        self.connection.catalogue.check_sight(spec)
        return spec

    @property
    def node(self) -> Node:
        """The question: all rows, or those of the restriction."""
        return self._node if self._node is not None else self._stored()

    def _stored(self) -> Stored:
        heading = self.connection.catalogue.heading(self.name)
        return Stored(self.name, self.spec.heading if heading is None else heading)

    @property
    def heading(self) -> Heading:
        """The attributes of the table."""
        return self._stored().heading

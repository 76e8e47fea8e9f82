"""A table of the database without a class."""

from __future__ import annotations

from djnb.algebra.nodes import Stored
from djnb.connection import Connection, conn
from djnb.errors import OperandError
from djnb.model.naming import TableName
from djnb.tables.table import Table


class FreeTable(Table):
    """
    Any table of the database, by its name: one that has no class, or whose name follows no rule.

    It can be queried, inserted into, deleted from and dropped; it has no parts and no ``make``.

    Parameters
    ----------
    connection : Connection, optional
        The database; by default the one of ``dj.conn()``. Without it, the name comes first.
    full_table_name : str
        Schema and table, ``"lab.subject"`` or ```"`lab`.`#species`"```.

    Raises
    ------
    DefinitionError
        The name cannot be read.

    Examples
    --------
    >>> dj.FreeTable("lab.#species") & "species like 'm%'"
    """

    def __init__(
        self,
        connection: Connection | str | TableName | None = None,
        full_table_name: str | TableName | None = None,
        /,
    ) -> None:
        super().__init__()
        if full_table_name is None and not isinstance(connection, Connection):
            connection, full_table_name = None, connection
        if full_table_name is None or not (connection is None or isinstance(connection, Connection)):
            raise OperandError(
                "A FreeTable needs the name of its table.",
                remedy='Write `dj.FreeTable("schema.table")` or `dj.FreeTable(connection, "schema.table")`.',
            )
        name = full_table_name
        self._own_name = name if isinstance(name, TableName) else TableName.parse(name)
        self._own_home = connection or conn()

    @property
    def name(self) -> TableName:
        """The table in the database."""
        return self._own_name

    @property
    def connection(self) -> Connection:
        """Where the table is."""
        return self._own_home

    def _stored(self) -> Stored:
        return self.connection.catalogue.stored(self.name)

    def __repr__(self) -> str:
        return f"<FreeTable {self.name}{'' if self._node is None else ', restricted'}>"

"""The ``~lineage`` table, which DataJoint 2.x reads before it joins. djnb itself follows the foreign keys."""

from __future__ import annotations

from collections.abc import Sequence

from djnb.connection import Connection
from djnb.errors import DatabaseError
from djnb.model.attribute import Attribute
from djnb.model.core_types import AttributeType, parse_type
from djnb.model.lineage import trace
from djnb.model.naming import TableName
from djnb.model.spec import TableSpec
from djnb.sql import ddl
from djnb.sql.dml import insert
from djnb.sql.statement import Statement

TABLE = "~lineage"

_Row = tuple[str, str, str]
"""The names of a table and of its attribute, and where that comes from."""


def _text(length: int) -> AttributeType:
    return parse_type(f"varchar({length})")


_ATTRIBUTES = (
    Attribute("table_name", _text(64), in_key=True, comment="table name within the schema"),
    Attribute("attribute_name", _text(64), in_key=True, comment="attribute name"),
    Attribute("lineage", _text(255), comment="origin: schema.table.attribute"),
)


def ensure(connection: Connection, schema: str) -> None:
    """
    Create the table if the schema does not have it, with the lineage of all tables that are there.

    Outside of a transaction, which a server would end.
    """
    name = TableName(schema, TABLE)
    if connection.catalogue.table(name) is not None:
        return
    table = TableSpec(name, "", _ATTRIBUTES, ("table_name", "attribute_name"))
    is_created = False
    try:
        with connection.transaction():
            for statement in ddl.create_table(table, connection.dialect):
                connection.execute(statement)
                is_created = True
            connection.catalogue.forget(schema)
            # DataJoint 2.x trusts the table once it is there, and refuses joins of tables of which it says nothing.
            _write(connection, name, _traced(connection, schema))
    except DatabaseError:
        connection.catalogue.forget(schema)
        if is_created or connection.catalogue.table(name) is None:  # else somebody else has created it meanwhile
            raise
    connection.catalogue.forget(schema)


def load(connection: Connection, schema: str) -> dict[str, str] | None:
    """Return the origin of each attribute, both as ``schema.table.attribute``; None if the schema has no such table."""
    name = TableName(schema, TABLE)
    if connection.catalogue.table(name) is None:
        return None
    columns = "table_name, attribute_name, lineage"
    sql = f"SELECT {columns} FROM {connection.dialect.table(name)} ORDER BY table_name, attribute_name"
    return {f"{schema}.{table}.{own}": origin for table, own, origin in connection.execute(Statement(sql)).rows}


def rewrite(connection: Connection, schema: str) -> None:
    """Write where the attributes of all tables come from, in place of what is written; hidden tables keep theirs."""
    name = TableName(schema, TABLE)
    dialect, table = connection.dialect, connection.dialect.table(name)
    with connection.transaction():
        # Read before the tables are: what is written of a table that another program declares from now on, stays.
        listed = f"SELECT table_name, attribute_name FROM {table} WHERE substr(table_name, 1, 1) <> '~'"
        written = connection.execute(Statement(listed)).rows
        connection.catalogue.forget(schema)
        rows = _traced(connection, schema)
        gone = set(written) - {(own, attribute) for own, attribute, _ in rows}
        if gone:
            mark = dialect.placeholder
            sql = f"DELETE FROM {table} WHERE table_name = {mark} AND attribute_name = {mark}"
            connection.execute_many(sql, sorted(gone))
        _write(connection, name, rows)


def record(connection: Connection, spec: TableSpec) -> None:
    """Write where the attributes of a newly declared table come from."""
    forget(connection, [spec.name])
    _write(connection, TableName(spec.name.schema, TABLE), _rows(connection, spec))


def _traced(connection: Connection, schema: str) -> list[_Row]:
    specs = connection.catalogue.schema(schema) or {}
    return [row for spec in specs.values() if not spec.name.is_hidden for row in _rows(connection, spec)]


def _rows(connection: Connection, spec: TableSpec) -> list[_Row]:
    return [(spec.name.table, own, origin) for own, origin in trace(spec, connection.catalogue.table).items()]


def _write(connection: Connection, name: TableName, rows: list[_Row]) -> None:
    """Write rows, over those that are there: another program may write of the same table at the same moment."""
    key, others = ["table_name", "attribute_name"], ["lineage"]
    sql = insert(name, [*key, *others], connection.dialect, key=key, others=others, on_duplicate="replace")
    if rows:
        connection.execute_many(sql, rows)


def forget(connection: Connection, tables: Sequence[TableName]) -> None:
    """Remove what is written of tables of one schema, if the schema has the table of lineages."""
    dialect = connection.dialect
    name = TableName(tables[0].schema, TABLE)
    if connection.catalogue.table(name) is None:
        return
    places = ", ".join([dialect.placeholder] * len(tables))
    sql = f"DELETE FROM {dialect.table(name)} WHERE table_name IN ({places})"
    connection.execute(Statement(sql, tuple(table.table for table in tables)))

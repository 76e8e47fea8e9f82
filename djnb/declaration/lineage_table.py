"""The ``~lineage`` table, which DataJoint 2.x reads before it joins. djnb itself follows the foreign keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    try:
        with connection.transaction():
            for statement in ddl.create_table(table, connection.dialect):
                connection.execute(statement)
    except DatabaseError:
        connection.catalogue.forget(schema)
        if connection.catalogue.table(name) is None:  # else somebody else has created it meanwhile
            raise
    connection.catalogue.forget(schema)
    # DataJoint 2.x trusts the table once it is there, and refuses joins of tables of which it says nothing.
    others = [spec for spec in (connection.catalogue.schema(schema) or {}).values() if not spec.name.is_hidden]
    if others:
        rewrite(connection, schema, others)


def load(connection: Connection, schema: str) -> dict[str, str] | None:
    """Return the origin of each attribute, both as ``schema.table.attribute``; None if the schema has no such table."""
    name = TableName(schema, TABLE)
    if connection.catalogue.table(name) is None:
        return None
    columns = "table_name, attribute_name, lineage"
    sql = f"SELECT {columns} FROM {connection.dialect.table(name)} ORDER BY table_name, attribute_name"
    return {f"{schema}.{table}.{own}": origin for table, own, origin in connection.execute(Statement(sql)).rows}


def rewrite(connection: Connection, schema: str, specs: Iterable[TableSpec]) -> None:
    """Write where the attributes of tables come from, in place of whatever is written; hidden tables keep theirs."""
    name = TableName(schema, TABLE)
    lineages = [(spec.name.table, trace(spec, connection.catalogue.table)) for spec in specs]
    with connection.transaction():
        sql = f"DELETE FROM {connection.dialect.table(name)} WHERE substr(table_name, 1, 1) <> '~'"
        connection.execute(Statement(sql))
        _write(connection, name, [(table, own, origin) for table, found in lineages for own, origin in found.items()])


def record(connection: Connection, spec: TableSpec) -> None:
    """Write where the attributes of a newly declared table come from."""
    name = TableName(spec.name.schema, TABLE)
    lineage = trace(spec, connection.catalogue.table)
    forget(connection, [spec.name])
    _write(connection, name, [(spec.name.table, attribute, origin) for attribute, origin in lineage.items()])


def _write(connection: Connection, name: TableName, rows: list[tuple[str, str, str]]) -> None:
    names = [attribute.name for attribute in _ATTRIBUTES]
    if rows:
        connection.execute_many(insert(name, names, connection.dialect, key=names[:2], others=names[2:]), rows)


def forget(connection: Connection, tables: Sequence[TableName]) -> None:
    """Remove what is written of tables of one schema, if the schema has the table of lineages."""
    dialect = connection.dialect
    name = TableName(tables[0].schema, TABLE)
    if connection.catalogue.table(name) is None:
        return
    places = ", ".join([dialect.placeholder] * len(tables))
    sql = f"DELETE FROM {dialect.table(name)} WHERE table_name IN ({places})"
    connection.execute(Statement(sql, tuple(table.table for table in tables)))

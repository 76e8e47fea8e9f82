"""CREATE TABLE and DROP TABLE, as DataJoint 2.x lays tables out."""

from __future__ import annotations

from datetime import timedelta

from djnb.model.attribute import Attribute, join_marker
from djnb.model.spec import ForeignKey, TableSpec
from djnb.sql.dialect import Dialect
from djnb.sql.statement import Statement
from djnb.sql.values import encoder, write_time


def create_table(spec: TableSpec, dialect: Dialect) -> list[Statement]:
    """Return the statements that create a table: columns, primary key, foreign keys, indexes, in this order."""
    clauses = [column_clause(attribute, dialect) for attribute in spec.attributes]
    clauses.append(f"PRIMARY KEY ({_names(spec.primary_key, dialect)})")
    for number, foreign_key in enumerate(spec.foreign_keys, start=1):
        clauses.append(dialect.constraint(spec.name, number) + foreign_key_clause(foreign_key, dialect))
    for index in spec.indexes:
        clause = dialect.inline_index(index.attributes, is_unique=index.is_unique)
        if clause:
            clauses.append(clause)
    return dialect.create_table(spec, clauses)


def column_comment(attribute: Attribute) -> str:
    """Return what the database records of an attribute: its type, if it is marked, and its comment."""
    return join_marker(attribute.type.text if attribute.is_marked else None, attribute.comment)


def column_clause(attribute: Attribute, dialect: Dialect) -> str:
    """Return the clause that declares a column."""
    parts = [dialect.quote(attribute.name), dialect.column_type(attribute)]
    if not attribute.nullable:
        parts.append("NOT NULL")
    default = attribute.default
    if default is not None and default.is_keyword:
        parts.append(f"DEFAULT {default.text if default.text == 'NULL' else dialect.current_timestamp(attribute.type)}")
    elif default is not None:
        parts.append(f"DEFAULT {dialect.literal(stored_default(attribute, dialect))}")
    elif attribute.nullable:
        parts.append("DEFAULT NULL")
    check = dialect.column_check(attribute)
    if check:
        parts.append(check)
    comment = column_comment(attribute)
    if comment and dialect.says_comments_in_columns:
        parts.append(f"COMMENT {dialect.literal(comment)}")
    return " ".join(parts)


def stored_default(attribute: Attribute, dialect: Dialect) -> str:
    """
    Return a default value as the database stores it, as text.

    Raises
    ------
    Unfit
        The default does not fit the type.
    """
    assert attribute.default is not None
    value = encoder(attribute.type, dialect)(attribute.default.text)
    if isinstance(value, timedelta):
        return write_time(value, attribute.type)
    return str(int(value)) if isinstance(value, bool) else str(value)


def foreign_key_clause(foreign_key: ForeignKey, dialect: Dialect) -> str:
    """Return the clause that declares a foreign key."""
    children = _names(foreign_key.names, dialect)
    parents = _names(tuple(parent for _, parent in foreign_key.attributes), dialect)
    return (
        f"FOREIGN KEY ({children}) REFERENCES {dialect.table(foreign_key.parent)} ({parents}) "
        "ON UPDATE CASCADE ON DELETE RESTRICT"
    )


def drop_table(spec: TableSpec, dialect: Dialect) -> Statement:
    """Return the statement that drops a table."""
    return Statement(f"DROP TABLE {dialect.table(spec.name)}")


def _names(names: tuple[str, ...], dialect: Dialect) -> str:
    return ", ".join(dialect.quote(name) for name in names)

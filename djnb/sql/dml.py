"""INSERT, UPDATE and DELETE, and the UPDATE that unties rows before they go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from djnb.algebra.conditions import Condition
from djnb.algebra.nodes import Node, Stored
from djnb.model.naming import TableName
from djnb.sql.dialect import Dialect
from djnb.sql.select import select_rows, where_of
from djnb.sql.statement import Statement, compose, join

OnDuplicate = Literal["fail", "skip", "replace"]


def insert(
    table: TableName,
    names: Sequence[str],
    dialect: Dialect,
    *,
    key: list[str],
    others: list[str],
    on_duplicate: OnDuplicate = "fail",
) -> str:
    """
    Return the INSERT of one row with a placeholder for each name, for many rows to be bound to it.

    Parameters
    ----------
    table : TableName
        Where the rows go.
    names : sequence of str
        The attributes that the rows give.
    dialect : Dialect
        Of the database.
    key, others : list of str
        The table's primary key and its other attributes.
    on_duplicate : {"fail", "skip", "replace"}
        What happens to a row whose primary key is there.
    """
    if not names:
        return dialect.insert_defaults(dialect.table(table))
    listed = ", ".join(dialect.quote(name) for name in names)
    places = ", ".join([dialect.placeholder] * len(names))
    end = ""
    if on_duplicate == "skip":
        end = " " + dialect.on_duplicate_skip(key)
    elif on_duplicate == "replace":
        end = " " + (dialect.on_duplicate_replace(key, others) if others else dialect.on_duplicate_skip(key))
    return f"INSERT INTO {dialect.table(table)} ({listed}) VALUES ({places}){end}"


def insert_from(
    table: TableName,
    names: Sequence[str],
    source: Node,
    dialect: Dialect,
    *,
    key: list[str],
    others: list[str],
    on_duplicate: OnDuplicate = "fail",
) -> Statement:
    """
    Return the INSERT of the rows of a query, which the database copies by itself.

    The parameters are those of ``insert``; ``names`` are attributes of both.
    """
    listed = ", ".join(dialect.quote(name) for name in names)
    into = dialect.table(table)
    end = ""
    if on_duplicate == "skip" or (on_duplicate == "replace" and not others):
        end = " " + dialect.on_duplicate_skip(key, table=into)
    elif on_duplicate == "replace":
        end = " " + dialect.on_duplicate_replace(key, others)
    # The condition keeps SQLite from reading ON CONFLICT as the beginning of a join's condition.
    return compose(
        "INSERT INTO {} ({}) SELECT {} FROM ({}) AS {} WHERE 1 = 1{}",
        into,
        listed,
        listed,
        select_rows(source, dialect, names),
        dialect.quote("source"),
        end,
    )


def update(
    table: Stored, changes: Sequence[tuple[str, Statement]], condition: Condition, dialect: Dialect
) -> Statement:
    """Return the UPDATE that gives attributes what is said for each, in the rows that meet a condition."""
    said = join(", ", (compose("{} = {}", dialect.quote(name), value) for name, value in changes))
    return compose("UPDATE {} SET {} WHERE {}", dialect.table(table.name), said, where_of(table, condition, dialect))


def delete(table: Stored, condition: Condition, dialect: Dialect) -> Statement:
    """Return the DELETE of the rows of a table that meet a condition."""
    return compose("DELETE FROM {} WHERE {}", dialect.table(table.name), where_of(table, condition, dialect))


def untie(table: Stored, names: Sequence[str], condition: Condition, dialect: Dialect) -> Statement:
    """Return the UPDATE that empties attributes of the rows that meet a condition."""
    emptied = ", ".join(f"{dialect.quote(name)} = NULL" for name in names)
    return compose("UPDATE {} SET {} WHERE {}", dialect.table(table.name), emptied, where_of(table, condition, dialect))

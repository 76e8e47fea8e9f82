"""Dropping tables, with what depends on them and what is noted of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from djnb.connection import Connection
from djnb.declaration import job_tables, lineage_table
from djnb.errors import OperandError, PlanChangedError, ReferencedError, warn_user
from djnb.graph.dependencies import Dependencies
from djnb.model.naming import CLASSIC_JOBS, TableName
from djnb.model.spec import TableSpec
from djnb.sql import ddl
from djnb.sql.select import count_tables

PartIntegrity = Literal["enforce", "ignore", "cascade"]
"""Whether a part may be dropped while its master stays, or takes it with it."""


class NotesKeptWarning(UserWarning):
    """A table was dropped, and what other tables note of it was left, for want of a privilege."""


@dataclass(frozen=True)
class Drop:
    """
    Tables that are to be dropped together.

    Attributes
    ----------
    root : TableName
        The table that was asked for.
    rows : mapping
        How many rows each table holds, parents before children.
    """

    connection: Connection
    root: TableName
    rows: Mapping[TableName, int]
    part_integrity: PartIntegrity = "enforce"

    @property
    def schema(self) -> str:
        """The schema of that table."""
        return self.root.schema

    @property
    def target(self) -> str:
        """What was asked for, for a person."""
        return self.root.class_name

    def carry_out(self) -> None:
        """
        Drop the tables, children first, and what is noted of them.

        Raises
        ------
        TransactionError
            A transaction is open, which dropping a table would end on a server.
        PlanChangedError
            Other tables depend on the table than when the plan was made.
        """
        self.connection.check_outside_transaction("Tables cannot be dropped")
        dependencies = self.connection.catalogue.dependencies()
        order = _order(self.root, dependencies, self.part_integrity)
        if set(order) != set(self.rows):
            new = sorted(name.class_name for name in set(order) ^ set(self.rows))
            raise PlanChangedError(
                f"Other tables depend on `{self.root.class_name}` than were planned to be dropped: {', '.join(new)}.",
                remedy="Nothing was dropped. Make the plan again.",
            )
        specs = [spec for name in reversed(order) if (spec := self.connection.catalogue.table(name)) is not None]
        drop_tables(self.connection, specs, is_ring=bool(dependencies.rings(order)))


@dataclass(frozen=True)
class SchemaDrop:
    """
    A schema that is to be dropped.

    Attributes
    ----------
    schema : str
        Its name.
    rows : mapping
        How many rows each table holds, parents before children; hidden tables go too, without being listed.
    """

    connection: Connection
    schema: str
    rows: Mapping[TableName, int]

    @property
    def target(self) -> str:
        """What was asked for, for a person."""
        return f"the schema '{self.schema}'"

    def carry_out(self) -> None:
        """
        Drop the schema with all its tables.

        Raises
        ------
        TransactionError
            A transaction is open, which dropping a table would end on a server.
        ReferencedError
            Tables of other schemas refer to it.
        PlanChangedError
            It has other tables than when the plan was made.
        """
        there = _listed(self.connection, self.schema)
        if set(there) != set(self.rows):
            changed = sorted(name.class_name for name in set(there) ^ set(self.rows))
            raise PlanChangedError(
                f"The schema '{self.schema}' has other tables than were planned to be dropped: {', '.join(changed)}.",
                remedy="Nothing was dropped. Make the plan again.",
            )
        self.connection.drop_schema(self.schema)


def plan_schema_drop(connection: Connection, schema: str) -> SchemaDrop:
    """
    Return which tables would go with a schema, and how many rows they hold; three statements.

    Raises
    ------
    TransactionError
        A transaction is open, which dropping a table would end on a server.
    ReferencedError
        Tables of other schemas refer to it.
    """
    return SchemaDrop(connection, schema, _count(connection, _listed(connection, schema)))


def _listed(connection: Connection, schema: str) -> list[TableName]:
    return [name for name in connection.drop_order(schema) if not name.is_hidden]


def plan_drop(connection: Connection, table: TableName, *, part_integrity: PartIntegrity = "enforce") -> Drop:
    """
    Return which tables dropping a table would drop, and how many rows they hold; two statements.

    Raises
    ------
    ReferencedError
        A part would be dropped while its master stays.
    """
    if part_integrity not in get_args(PartIntegrity):
        raise OperandError(
            f"`part_integrity` cannot be {part_integrity!r}.", remedy="Say 'enforce', 'ignore' or 'cascade'."
        )
    tables = _order(table, connection.catalogue.dependencies(), part_integrity)
    return Drop(connection, table, _count(connection, tables), part_integrity)


def _count(connection: Connection, tables: list[TableName]) -> dict[TableName, int]:
    if not tables:
        return {}
    counts = connection.execute(count_tables(tables, connection.dialect)).rows[0]
    return {name: int(count) for name, count in zip(tables, counts, strict=True)}


def _order(table: TableName, dependencies: Dependencies, part_integrity: PartIntegrity) -> list[TableName]:
    tables = dependencies.descendants(table)
    while part_integrity == "cascade":
        grown = dependencies.descendants(*tables, *(n.master for n in tables if dependencies.tie(n) and n.master))
        if len(grown) == len(tables):
            break
        tables = grown
    for name in tables:
        is_tied = name.master is not None and (dependencies.tie(name) is not None or name == table)
        if part_integrity == "enforce" and is_tied and name.master is not None and name.master not in tables:
            raise ReferencedError(
                f"The part `{name.class_name}` would be dropped while its master stays.",
                remedy=f"Drop the master `{name.master.class_name}`; or say `part_integrity='cascade'`, which drops "
                "it too, or `part_integrity='ignore'`, which leaves it without this part.",
            )
    return tables


def _notes_of(connection: Connection, schemas: Iterable[str]) -> dict[TableName, bool]:
    """
    Return the tables of schemas that note something of others, and whether the user may delete from each.

    Asked before anything is dropped: on a server, a refusal would come when the tables are gone.
    """
    names = [TableName(schema, table) for schema in schemas for table in (lineage_table.TABLE, CLASSIC_JOBS)]
    found = [name for name in names if connection.catalogue.table(name) is not None]
    if not found:
        return {}
    privileges = connection.privileges()
    return {name: privileges.may("DELETE", name.schema, name.table) for name in found}


def _warn_of_notes(kept: list[TableName]) -> None:
    warn_user(
        f"The tables are dropped. What {', '.join(map(str, kept))} {'notes' if len(kept) == 1 else 'note'} of them "
        "stays there, because the privilege DELETE is missing. It does no harm: a new table gets new notes.",
        NotesKeptWarning,
    )


def drop_table(connection: Connection, spec: TableSpec) -> None:
    """
    Drop one table with all that is noted of it.

    Raises
    ------
    ReferencedError
        Other tables refer to it.
    """
    others = sorted({k.child for k in connection.catalogue.dependencies().children(spec.name) if k.child != spec.name})
    if others:
        raise ReferencedError(
            f"`{spec.name.class_name}` cannot be dropped alone: {', '.join(map(str, others))} refer to it.",
            remedy="Drop it with them: `drop()`.",
        )
    drop_tables(connection, [spec], is_ring=any(key.parent == spec.name for key in spec.foreign_keys))


def withdraw(connection: Connection, spec: TableSpec) -> None:
    """
    Drop a table that was declared a moment ago and cannot stay, unless somebody has put rows into it meanwhile.

    Raises
    ------
    ReferencedError
        Other tables refer to it.
    """
    if not _count(connection, [spec.name])[spec.name]:
        drop_table(connection, spec)


def drop_tables(connection: Connection, specs: Iterable[TableSpec], *, is_ring: bool = False) -> None:
    """
    Drop tables in this order, with their job tables and all that is noted of them.

    Parameters
    ----------
    connection : Connection
        Where.
    specs : iterable of TableSpec
        Children before parents; nothing else refers to them.
    is_ring : bool
        Whether some of them refer to themselves or to each other, so that no order is right.
    """
    listed = list(specs)
    going = {spec.name for spec in listed}
    owned = [job for spec in listed for job in job_tables.of(connection, spec.name, going)]
    notes = _notes_of(connection, dict.fromkeys(name.schema for name in going))
    dialect = connection.dialect
    guard = dialect.without_references() if is_ring else ((), ())
    try:
        for statement in guard[0]:
            connection.execute(statement)
        # A file undoes all of it where one drop fails; a server keeps what is dropped.
        with connection.transaction():
            for spec in (*listed, *owned):
                for statement in (*dialect.forget_table(spec), ddl.drop_table(spec, dialect)):
                    connection.execute(statement)
            for note, may_delete in notes.items():
                if may_delete:
                    forget = lineage_table.forget if note.table == lineage_table.TABLE else job_tables.forget
                    forget(connection, [spec.name for spec in (*listed, *owned) if spec.name.schema == note.schema])
    finally:
        for statement in guard[1]:
            connection.execute(statement)
        for schema in {spec.name.schema for spec in listed}:
            connection.catalogue.forget(schema)
    if kept := [note for note, may_delete in notes.items() if not may_delete]:
        _warn_of_notes(kept)

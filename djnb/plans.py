"""What a delete or a drop would remove, to be looked at before it is done."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from djnb.declaration.alter import Alter
from djnb.declaration.changes import Change
from djnb.declaration.drop import Drop, SchemaDrop
from djnb.layout import Cell, Column, Preview, lay_out
from djnb.model.naming import TableName
from djnb.rows.delete import Deletion


class Plan(ABC):
    """Tables, and how many rows of each go."""

    verb: str
    """What is done to them, for a person: ``Delete``, ``Drop``."""

    @property
    @abstractmethod
    def rows(self) -> Mapping[TableName, int]:
        """How many rows of each table go, parents before children."""

    @property
    @abstractmethod
    def home(self) -> str:
        """The schema whose tables go by the names of their classes alone."""

    @property
    @abstractmethod
    def target(self) -> str:
        """What was asked for, for a person: the class of a table, or a schema."""

    @abstractmethod
    def execute(self) -> Any:
        """Do it, all of it or nothing."""

    @property
    def counts(self) -> dict[str, int]:
        """How many rows of each class go, parents before children; of other schemas, with their names."""
        return {
            name.class_name if name.schema == self.home else f"{name.schema}.{name.class_name}": count
            for name, count in self.rows.items()
        }

    @property
    def total(self) -> int:
        """How many rows go in all."""
        return sum(self.rows.values())

    def _shown(self) -> dict[str, int]:
        return self.counts

    def preview(self) -> Preview:
        """Return the tables and their rows as text and HTML, without a statement."""
        shown = self._shown()
        cells = [[Cell(name), Cell(f"{count:,}".replace(",", " "), "number")] for name, count in shown.items()]
        if len(shown) > 1:
            cells.append([Cell("in all"), Cell(f"{self.total:,}".replace(",", " "), "number")])
        columns = [Column("table", "parents before children", in_key=True), Column("rows")]
        return lay_out(f"{self.verb} {self.target}", self.extent, "", columns, cells)

    @property
    def extent(self) -> str:
        """How much goes, in a few words."""
        tables = len(self._shown())
        return f"{count_rows(self.total)} of {tables} table{'' if tables == 1 else 's'}"

    def __str__(self) -> str:
        return self.preview().text

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.target}: {self.extent}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        shown = self.preview()
        return {"text/plain": shown.text, "text/html": shown.html}


@dataclass(frozen=True, repr=False)
class DeletePlan(Plan):
    """
    What a delete would remove.

    Attributes
    ----------
    rows : mapping
        How many rows of each table go, parents before children.
    counts : dict
        The same by the classes' names.
    total : int
        How many rows go in all.

    Examples
    --------
    >>> plan = (Session & "session_id = 3").delete_plan()
    >>> plan.execute()
    """

    deletion: Deletion
    verb = "Delete"

    @property
    def rows(self) -> Mapping[TableName, int]:
        """How many rows of each table go, parents before children."""
        return {name: count or 0 for name, count in self.deletion.tables.items()}

    @property
    def root(self) -> TableName:
        """The table that was restricted."""
        return self.deletion.root

    @property
    def home(self) -> str:
        """The schema of that table."""
        return self.root.schema

    @property
    def target(self) -> str:
        """The class of that table."""
        return self.root.class_name

    def _shown(self) -> dict[str, int]:
        return {name: count for name, count in self.counts.items() if count}

    def execute(self) -> int:
        """
        Delete what the plan says, all of it or nothing.

        Returns
        -------
        int
            How many rows of the first table went.

        Raises
        ------
        PlanChangedError
            Rows came or went since the plan was made; nothing is deleted.
        """
        return self.deletion.carry_out()


@dataclass(frozen=True, repr=False)
class DropPlan(Plan):
    """
    What dropping a table, or a schema, would remove.

    Attributes
    ----------
    rows : mapping
        How many rows each table holds, parents before children.
    counts : dict
        The same by the classes' names.
    total : int
        How many rows go in all.
    """

    drop: Drop | SchemaDrop
    verb = "Drop"

    @property
    def rows(self) -> Mapping[TableName, int]:
        """How many rows each table holds, parents before children."""
        return self.drop.rows

    @property
    def home(self) -> str:
        """The schema, or that of the table."""
        return self.drop.schema

    @property
    def target(self) -> str:
        """What was asked for: the class of a table, or a schema."""
        return self.drop.target

    @property
    def extent(self) -> str:
        """How much goes, in a few words."""
        tables = len(self.rows)
        return f"{tables} table{'' if tables == 1 else 's'} with {count_rows(self.total)}"

    def execute(self) -> None:
        """
        Drop the tables, children first, and what is noted of them, or the schema.

        Raises
        ------
        PlanChangedError
            Other tables depend on the table, or are in the schema, than when the plan was made.
        ReferencedError
            Tables of other schemas refer to the schema.
        TransactionError
            A transaction is open, which dropping a table would end on a server.
        """
        self.drop.carry_out()


@dataclass(frozen=True, repr=False)
class AlterPlan:
    """
    What altering a table to its definition would do; true if it is anything.

    Attributes
    ----------
    changes : tuple of Change
        The differences, each with ``text`` and ``loss``, which says what of the rows is lost by it.
    losses : tuple of Change
        Those by which something is lost.
    sql : str
        What is sent to change the table itself.

    Examples
    --------
    >>> plan = Session.alter_plan()
    >>> plan.execute()
    """

    alter: Alter

    @property
    def changes(self) -> tuple[Change, ...]:
        """The differences in words."""
        return self.alter.changes

    @property
    def losses(self) -> tuple[Change, ...]:
        """The differences by which values of rows are lost."""
        return tuple(change for change in self.changes if change.loss)

    @property
    def sql(self) -> str:
        """The statements, with placeholders for values."""
        return ";\n".join(statement.sql for statement in self.alter.statements)

    def execute(self) -> None:
        """
        Alter the table; all of it or nothing.

        Raises
        ------
        PlanChangedError
            The table was altered since the plan was made.
        TransactionError
            A transaction is open, which altering a table would end on a server.
        """
        self.alter.carry_out()

    def preview(self) -> Preview:
        """Return the changes, what they lose, and the SQL, as text and HTML, without a statement."""
        cells = [[Cell(c.text), Cell(c.loss or "nothing", "" if c.loss else "null")] for c in self.changes]
        name = self.alter.alteration.new.name.class_name
        shown = lay_out(f"Alter {name}", self.extent, "", [Column("change"), Column("loses")], cells)
        if not self.changes:
            return shown
        html = f"{shown.html}<details><summary>SQL</summary><pre>{escape(self.sql)}</pre></details>"
        return Preview(f"{shown.text}\n\n{self.sql}", html)

    @property
    def extent(self) -> str:
        """How much changes, in a few words."""
        number = len(self.changes)
        if not number:
            return "nothing to change"
        return f"{number} change{'' if number == 1 else 's'}, {count_rows(self.alter.rows)}"

    def __bool__(self) -> bool:
        return bool(self.alter.alteration)

    def __str__(self) -> str:
        return self.preview().text

    def __repr__(self) -> str:
        return f"<AlterPlan of {self.alter.alteration.new.name.class_name}: {self.extent}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        shown = self.preview()
        return {"text/plain": shown.text, "text/html": shown.html}


def count_rows(number: int) -> str:
    """Return a number of rows in words, ``1 row``, ``2 000 rows``."""
    return f"{number:,} row{'' if number == 1 else 's'}".replace(",", " ")

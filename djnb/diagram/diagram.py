"""The face of diagrams: which tables, by sets; what is known of their rows; and the picture of them, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from typing import Any, Self

from djnb.connection import Connection
from djnb.diagram import reach, show
from djnb.diagram.drawing import Drawing
from djnb.diagram.folding import collapse, fold
from djnb.diagram.picture import Picture, compose
from djnb.diagram.reach import Reach
from djnb.diagram.selection import parts_of, widen
from djnb.diagram.sources import tables_of
from djnb.diagram.standings import Standings, standings
from djnb.errors import OperandError
from djnb.graph.cascade import table_of
from djnb.graph.dependencies import Dependencies
from djnb.layout import Preview
from djnb.model.naming import TableName
from djnb.plans import DeletePlan
from djnb.populate.upstream import Upstream
from djnb.rows.delete import PartIntegrity
from djnb.tables.free import FreeTable


class Diagram(Drawing):
    """
    A picture of tables and of the foreign keys between them; a set of tables that can be widened and combined.

    ``+ n`` adds what is n foreign keys below, ``- n`` what is n above. ``a + b`` has the tables of both, ``a - b``
    those of a that are not in b, ``a * b`` those that are in both.

    Green boxes are Manual tables, grey rounded ones Lookup, blue hexagons Imported, red ovals Computed. Parts are named
    within their masters; `unfold` draws them. The names of tables that add attributes of their own to the primary key
    are underlined. A thick line is a foreign key that is the child's whole primary key, a thin one is in it, a dashed
    one is not; renamed attributes are written on it.

    `progress` writes into each table how far it is and what has failed there; `cascade` and `trace` how many of its
    rows would be deleted, or others depend on.

    Parameters
    ----------
    source : Schema, Table, module, str, DeletePlan or Upstream
        What to draw: the tables of a schema, one table, the tables of a module, by itself or by its name; the rows that
        a delete would take; or those on which a key depends, ``self.upstream`` within ``make``.
    context : mapping, optional
        Ignored: tables are named by their classes' names, grouped by schema.

    Raises
    ------
    OperandError
        The source stands for no tables.

    Examples
    --------
    >>> djnb.Diagram(schema) - djnb.Diagram(Method)
    >>> (djnb.Diagram(Analysis) - 2).save("analysis.svg")
    >>> djnb.Diagram(schema).progress()
    >>> djnb.Diagram((Session & "session_id = 3").delete_plan())
    """

    def __init__(self, source: Any, context: Any = None) -> None:
        self._connection: Connection
        self._tables: frozenset[TableName]
        self._known: Dependencies | None = None
        self._drawn: frozenset[TableName] = frozenset()
        self._collapsed: frozenset[TableName] = frozenset()
        self._rows: Standings | Reach | None = None
        if isinstance(source, DeletePlan):
            self._connection = source.deletion.connection
            self._show(reach.of_plan(source, self._dependencies))
        elif isinstance(source, Upstream):
            self._connection = source.connection
            self._show(reach.of_upstream(source, self._dependencies))
        else:
            self._connection, self._tables = tables_of(source)
            if isinstance(source, Diagram):
                self.__dict__.update(source.__dict__)

    @classmethod
    def from_sequence(cls, sequence: Iterable[Any]) -> Self:
        """
        Return the union of the diagrams of several sources.

        Raises
        ------
        OperandError
            There are none.
        """
        found = [cls(source) for source in sequence]
        if not found:
            raise OperandError("A diagram of no sources has no tables.", remedy="Give a schema or a table at least.")
        first, *others = found
        for other in others:
            first = first + other
        return first

    @classmethod
    def cascade(cls, table_expr: Any, part_integrity: PartIntegrity = "enforce") -> Self:
        """
        Return the diagram of what deleting rows would take: for each table, how many rows go, and of how many.

        Parameters
        ----------
        table_expr : Table or restricted Table
            The rows to delete.
        part_integrity : {"enforce", "ignore", "cascade"}
            As for ``delete``.

        Raises
        ------
        IntegrityError
            Rows of a part would go without their master's, so that the delete would be refused.

        Examples
        --------
        >>> djnb.Diagram.cascade(Session & "session_id = 3")
        """
        return cls(table_expr.delete_plan(part_integrity=part_integrity))

    @classmethod
    def trace(cls, table_expr: Any) -> Self:
        """
        Return the diagram of the rows on which some rows depend: for each table upstream, how many, and of how many.

        ``diagram[Session]`` is the table restricted to these rows.

        Raises
        ------
        OperandError
            It is not rows of one table, or the tables refer to each other in a ring.

        Examples
        --------
        >>> djnb.Diagram.trace(Analysis & key)[Session].fetch1("session_date")
        """
        made = cls(FreeTable(table_expr.connection, table_of(reach.seed_of(table_expr)).name))
        made._show(reach.of_query(table_expr, made._dependencies, direction="up"))
        return made

    def restrict(self, table_expr: Any) -> Self:
        """
        Return the diagram with the rows that follow from restricted rows; again, those that follow from both.

        The tables stay those that are drawn; those that have nothing to do with the restricted ones are faint.

        Raises
        ------
        OperandError
            It is not rows of one table, or the tables refer to each other in a ring.

        Examples
        --------
        >>> djnb.Diagram(schema).restrict(Session & "session_id < 3").restrict(Method & "method = 1").prune()
        """
        earlier = self._rows.seeds if isinstance(self._rows, Reach) else ()
        made = copy(self)
        seeds = (*earlier, reach.seed_of(table_expr))
        made._rows = reach.of_several(self._connection, seeds, self._dependencies)
        return made

    def _show(self, rows: Reach) -> None:
        self._rows, self._tables = rows, frozenset((*rows.reached, *rows.starts))

    def _with(self, tables: Iterable[TableName]) -> Self:
        made = copy(self)
        made._tables = frozenset(tables)
        made._collapsed &= made._tables
        made._drawn &= made._tables
        return made

    @property
    def connection(self) -> Connection:
        """Where the tables are."""
        return self._connection

    @property
    def _dependencies(self) -> Dependencies:
        if self._known is None:
            self._known = self._connection.catalogue.dependencies()
        return self._known

    @property
    def tables(self) -> list[TableName]:
        """The tables, parents before children."""
        return self._dependencies.order(self._tables)

    def topo_sort(self) -> list[str]:
        """Return the full names of the tables, parents before children."""
        return [table.full for table in self.tables]

    # -- sets

    def __add__(self, other: Diagram | int) -> Self:
        if isinstance(other, int):
            return self._with(widen(self._tables, self._dependencies, other))
        operand = self._operand(other)
        made = self._with(self._tables | operand._tables)
        # What either draws is drawn.
        shown = (self._tables - self._collapsed) | (operand._tables - operand._collapsed)
        made._collapsed = made._tables - shown
        made._drawn = self._drawn | operand._drawn
        made._rows = self._rows or operand._rows
        return made

    def __sub__(self, other: Diagram | int) -> Self:
        if isinstance(other, int):
            return self._with(widen(self._tables, self._dependencies, -other))
        return self._with(self._tables - self._operand(other)._tables)

    def __mul__(self, other: Diagram) -> Self:
        operand = self._operand(other)
        made = self._with(self._tables & operand._tables)
        made._collapsed &= operand._collapsed
        return made

    def _operand(self, other: Any) -> Diagram:
        diagram = other if isinstance(other, Diagram) else Diagram(other)
        if diagram._connection is not self._connection:
            raise OperandError(
                "Diagrams of two connections cannot be combined.", remedy="Draw the tables of one connection."
            )
        return diagram

    def add_parts(self) -> Self:
        """Return the diagram with the parts of the masters in it, drawn as nodes of their own."""
        return self._with(self._tables | parts_of(self._tables, self._dependencies)).unfold()

    def unfold(self, *masters: Any) -> Self:
        """
        Return the diagram with the parts drawn as nodes of their own.

        Parameters
        ----------
        *masters : Table
            Only the parts of these; by default all.
        """
        names = frozenset().union(*(self._operand(master)._tables for master in masters))
        parts = {name for name in self._tables if name.master is not None and (not masters or name.master in names)}
        made = copy(self)
        made._drawn = self._drawn | parts
        return made

    def fold(self) -> Self:
        """Return the diagram with the parts named within their masters, as a new one has them."""
        made = copy(self)
        made._drawn = frozenset()
        return made

    def collapse(self) -> Self:
        """
        Return the diagram with one node for the tables of each schema.

        In ``a + b``, the tables that either draws are drawn.

        Examples
        --------
        >>> djnb.Diagram(ephys) + djnb.Diagram(lab).collapse()
        """
        made = copy(self)
        made._collapsed = self._tables
        return made

    def expand(self) -> Self:
        """Return the diagram with a node for each table, as a new one has it."""
        made = copy(self)
        made._collapsed = frozenset()
        return made

    def __contains__(self, table: Any) -> bool:
        name = table if isinstance(table, TableName) else getattr(table, "name", None)
        return name in self._tables

    def __len__(self) -> int:
        return len(self._tables)

    def __iter__(self) -> Iterator[FreeTable]:
        """Yield the tables, parents before children; restricted where the diagram says which rows are reached."""
        return map(self._table, self.tables)

    def __reversed__(self) -> Iterator[FreeTable]:
        """Yield the tables likewise, children before parents."""
        return map(self._table, reversed(self.tables))

    def _table(self, name: TableName) -> FreeTable:
        table = FreeTable(self._connection, name)
        rows = self._rows.rows if isinstance(self._rows, Reach) else {}
        return table & rows[name].condition if name in rows else table

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Diagram) and (self._connection, self._tables) == (other._connection, other._tables)

    def __hash__(self) -> int:
        return hash((id(self._connection), self._tables))

    # -- rows

    def progress(self) -> Self:
        """
        Return the diagram with how far each Imported and Computed table is, and what has failed there.

        A statement for every twenty of these tables counts their keys, and one their jobs.

        Examples
        --------
        >>> djnb.Diagram(schema).progress()
        """
        made = copy(self)
        made._rows = standings(self._connection, self.tables)
        return made

    def counts(self) -> dict[str, int]:
        """
        Return how many rows of each table are reached, by full name, parents before children.

        Of a diagram without rows, how many rows its tables have.
        """
        known = self._counts()
        return {name.full: known[name] for name in self.tables if name in known}

    def _counts(self) -> dict[TableName, int]:
        if isinstance(self._rows, Reach):
            return {name: count for name, count in self._rows.reached.items() if name in self._tables}
        return reach.count_rows(self._connection, self.tables)

    def prune(self) -> Self:
        """Return the diagram without the tables of which no row is reached; without rows, those that are empty."""
        known = self._counts()
        starts = self._rows.starts if isinstance(self._rows, Reach) else ()
        return self._with(name for name in self._tables if known.get(name) or name in starts)

    def __getitem__(self, table: Any) -> Any:
        """
        Return a table restricted to the rows that are reached.

        Parameters
        ----------
        table : Table or str
            A text is a full table name.

        Raises
        ------
        OperandError
            The diagram has no rows of that table.
        """
        name = TableName.parse(table) if isinstance(table, str) else getattr(table, "name", None)
        rows = self._rows.rows if isinstance(self._rows, Reach) else {}
        if not isinstance(name, TableName) or name not in rows:
            raise OperandError(
                f"The diagram does not say which rows of {table!r} are reached.",
                remedy="Take a table of `dj.Diagram.trace(rows)`, or of one of the other diagrams of rows.",
            )
        return (FreeTable(self._connection, name) if isinstance(table, str) else table) & rows[name].condition

    def preview(self) -> Preview:
        """
        Return the numbers that are written into the picture, as a table in text and HTML.

        Raises
        ------
        OperandError
            None are.
        """
        if self._rows is None:
            raise OperandError(
                "The diagram has no numbers.", remedy="Say `diagram.progress()`, or `dj.Diagram.cascade(rows)`."
            )
        return self._rows.preview(self.tables)

    # -- pictures

    def picture(self) -> Picture:
        """Return what is drawn, as a value; it takes one statement, and one for each schema not yet looked at."""
        rules = self._rows.rules if isinstance(self._rows, Reach) else {}
        whole = compose(self._tables, self._dependencies, self._connection.catalogue.table, rules)
        shown = collapse(fold(whole, drawn=self._drawn | self._collapsed), self._collapsed)
        return self._rows.mark(shown) if self._rows is not None else shown

    def __repr__(self) -> str:
        return f"<Diagram of {len(self)} table{'' if len(self) == 1 else 's'}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        svg = self.svg_string()
        if isinstance(self._rows, Reach):
            return show.beside(str(self), svg, self.preview())
        return {"text/plain": str(self), "image/svg+xml": svg}

"""The face of diagrams: which tables, by sets; and the picture of them, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from pathlib import Path
from typing import Any, Self

from djnb.connection import Connection
from djnb.diagram.dot import to_dot
from djnb.diagram.mermaid import to_mermaid
from djnb.diagram.picture import Picture, compose
from djnb.diagram.render import Svg, can_draw, draw, draw_svg
from djnb.diagram.selection import widen, with_parts
from djnb.diagram.sources import tables_of
from djnb.diagram.tree import to_text
from djnb.errors import OperandError
from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName
from djnb.settings import get_config

_TEXTS = (".dot", ".gv", ".mmd", ".txt")
_PICTURES = (".svg", ".png", ".pdf")


class Diagram:
    """
    A picture of tables and of the foreign keys between them; a set of tables that can be widened and combined.

    ``+ n`` adds what is n foreign keys below, ``- n`` what is n above. ``a + b`` has the tables of both, ``a - b``
    those of a that are not in b, ``a * b`` those that are in both.

    Green boxes are Manual tables, grey ones Lookup, blue ellipses Imported, red ones Computed; parts have no outline.
    The names of tables that add attributes of their own to the primary key are underlined. A thick line is a foreign
    key that is the child's whole primary key, a thin one is in it, a dashed one is not; renamed attributes are written
    on it.

    Parameters
    ----------
    source : Schema, Table, module or str
        What to draw: the tables of a schema, one table, the tables of a module, by itself or by its name.
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
    """

    def __init__(self, source: Any, context: Any = None) -> None:
        self._connection: Connection
        self._tables: frozenset[TableName]
        self._connection, self._tables = tables_of(source)
        self._known: Dependencies | None = None

    @classmethod
    def from_sequence(cls, sequence: Iterable[Any]) -> Self:
        """Return the union of the diagrams of several sources."""
        first, *others = [cls(source) for source in sequence]
        for other in others:
            first = first + other
        return first

    def _with(self, tables: Iterable[TableName]) -> Self:
        made = copy(self)
        made._tables = frozenset(tables)
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
        return self._with(self._tables | self._of(other))

    def __sub__(self, other: Diagram | int) -> Self:
        if isinstance(other, int):
            return self._with(widen(self._tables, self._dependencies, -other))
        return self._with(self._tables - self._of(other))

    def __mul__(self, other: Diagram) -> Self:
        return self._with(self._tables & self._of(other))

    def _of(self, other: Any) -> frozenset[TableName]:
        diagram = other if isinstance(other, Diagram) else Diagram(other)
        if diagram._connection is not self._connection:
            raise OperandError(
                "Diagrams of two connections cannot be combined.", remedy="Draw the tables of one connection."
            )
        return diagram._tables

    def add_parts(self) -> Self:
        """Return the diagram with the parts of the masters in it."""
        return self._with(with_parts(self._tables, self._dependencies))

    def __contains__(self, table: Any) -> bool:
        name = table if isinstance(table, TableName) else getattr(table, "name", None)
        return name in self._tables

    def __len__(self) -> int:
        return len(self._tables)

    def __iter__(self) -> Iterator[TableName]:
        return iter(self.tables)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Diagram) and (self._connection, self._tables) == (other._connection, other._tables)

    def __hash__(self) -> int:
        return hash((id(self._connection), self._tables))

    # -- pictures

    def picture(self) -> Picture:
        """Return what is drawn, as a value; it takes one statement, and one for each schema not yet looked at."""
        return compose(self._tables, self._dependencies, self._connection.catalogue.table)

    def make_dot(self) -> str:
        """Return the picture in the language of graphviz."""
        return to_dot(self.picture(), direction=get_config().display.diagram_direction)

    def make_mermaid(self) -> str:
        """Return the picture in the language of Mermaid."""
        return to_mermaid(self.picture(), direction=get_config().display.diagram_direction)

    def make_svg(self) -> Svg:
        """
        Return the picture as SVG, a text that shows itself in a notebook.

        Raises
        ------
        MissingProgramError
            Graphviz is not installed.
        """
        return draw_svg(self.make_dot())

    def svg_string(self) -> str:
        """Return the picture as SVG; likewise."""
        return str(self.make_svg())

    def make_png(self) -> bytes:
        """Return the picture as PNG; likewise."""
        return draw(self.make_dot(), "png")

    def save(self, filename: str | Path, format: str | None = None) -> None:  # noqa: A002 -- DataJoint's word
        """
        Write the picture to a file.

        Parameters
        ----------
        filename : str or Path
            Where to.
        format : str, optional
            ``svg``, ``png``, ``pdf``, ``dot``, ``mmd`` (Mermaid) or ``txt``; by default what the file's name ends with.

        Raises
        ------
        OperandError
            Neither the format nor the name's end is one of these.
        MissingProgramError
            It needs graphviz, which is not installed.
        """
        path = Path(filename)
        suffix = f".{format.lstrip('.').lower()}" if format else path.suffix.lower()
        if suffix not in (*_TEXTS, *_PICTURES):
            raise OperandError(
                f"A diagram cannot be saved as '{suffix or path.name}'.",
                remedy=f"Let the name end with one of {', '.join((*_PICTURES, *_TEXTS))}.",
            )
        if suffix in _PICTURES:
            path.write_bytes(draw(self.make_dot(), suffix[1:]))
            return
        text = {".mmd": self.make_mermaid, ".txt": self.__str__}.get(suffix, self.make_dot)()
        path.write_text(text.rstrip("\n") + "\n", encoding="utf-8")

    def __str__(self) -> str:
        return to_text(self.picture())

    def __repr__(self) -> str:
        return f"<Diagram of {len(self)} table{'' if len(self) == 1 else 's'}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        bundle = {"text/plain": str(self)}
        if can_draw():
            bundle["image/svg+xml"] = self.svg_string()
        else:
            bundle["text/vnd.mermaid"] = self.make_mermaid()
        return bundle

"""The graph of foreign keys."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey

if TYPE_CHECKING:
    import networkx as nx


class Dependencies:
    """
    Which tables refer to which.

    Parameters
    ----------
    foreign_keys : iterable of ForeignKey
        Of all tables that matter.
    """

    def __init__(self, foreign_keys: Iterable[ForeignKey]) -> None:
        self.foreign_keys = tuple(foreign_keys)

    @cached_property
    def graph(self) -> nx.MultiDiGraph[TableName]:
        """Edges lead from parent to child; each carries its ``foreign_key``."""
        import networkx as nx

        graph: nx.MultiDiGraph[TableName] = nx.MultiDiGraph()
        for foreign_key in self.foreign_keys:
            graph.add_edge(foreign_key.parent, foreign_key.child, foreign_key=foreign_key)
        return graph

    def parents(self, table: TableName) -> list[ForeignKey]:
        """Return the foreign keys of a table."""
        return [key for key in self.foreign_keys if key.child == table]

    def children(self, table: TableName) -> list[ForeignKey]:
        """Return the foreign keys that refer to a table."""
        return [key for key in self.foreign_keys if key.parent == table]

    def descendants(self, table: TableName) -> list[TableName]:
        """
        Return a table and everything that depends on it, parents before children, names as the tie-break.

        A foreign key from a table to itself is no dependency on another table and does not count.
        """
        import networkx as nx

        if table not in self.graph:
            return [table]
        below = nx.descendants(self.graph, table) | {table}
        part = nx.DiGraph((a, b) for a, b in self.graph.subgraph(below).edges() if a != b)
        part.add_nodes_from(below)
        return list(nx.lexicographical_topological_sort(part))

    def order(self, tables: Iterable[TableName]) -> list[TableName]:
        """Return tables with parents before children, names as the tie-break."""
        import networkx as nx

        wanted = set(tables)
        # Through the whole graph: two tables may depend on each other by way of a third that is not asked for.
        whole = nx.DiGraph((key.parent, key.child) for key in self.foreign_keys if key.parent != key.child)
        whole.add_nodes_from(wanted)
        return [table for table in nx.lexicographical_topological_sort(whole) if table in wanted]

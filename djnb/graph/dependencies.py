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

    @cached_property
    def _by_child(self) -> dict[TableName, list[ForeignKey]]:
        found: dict[TableName, list[ForeignKey]] = {}
        for key in self.foreign_keys:
            found.setdefault(key.child, []).append(key)
        return found

    @cached_property
    def _by_parent(self) -> dict[TableName, list[ForeignKey]]:
        found: dict[TableName, list[ForeignKey]] = {}
        for key in self.foreign_keys:
            found.setdefault(key.parent, []).append(key)
        return found

    def parents(self, table: TableName) -> list[ForeignKey]:
        """Return the foreign keys of a table."""
        return list(self._by_child.get(table, ()))

    def children(self, table: TableName) -> list[ForeignKey]:
        """Return the foreign keys that refer to a table."""
        return list(self._by_parent.get(table, ()))

    def descendants(self, *tables: TableName) -> list[TableName]:
        """Return tables and everything that depends on them, parents before children, names as the tie-break."""
        import networkx as nx

        below = set(tables)
        for table in tables:
            if table in self.graph:
                below |= nx.descendants(self.graph, table)
        return self.order(below)

    def ancestors(self, *tables: TableName) -> list[TableName]:
        """Return tables and everything on which they depend, parents before children, names as the tie-break."""
        import networkx as nx

        above = set(tables)
        for table in tables:
            if table in self.graph:
                above |= nx.ancestors(self.graph, table)
        return self.order(above)

    def order(self, tables: Iterable[TableName]) -> list[TableName]:
        """
        Return tables with parents before children, names as the tie-break.

        Tables of a ring, which depend on each other, stand together and go by their names.
        """
        import networkx as nx

        wanted = set(tables)
        # Through the whole graph: two tables may depend on each other by way of a third that is not asked for.
        whole = nx.DiGraph((key.parent, key.child) for key in self.foreign_keys)
        whole.add_nodes_from(wanted)
        condensed = nx.condensation(whole)
        first = {node: min(members) for node, members in condensed.nodes(data="members")}
        ordered = nx.lexicographical_topological_sort(condensed, key=first.__getitem__)
        return [table for node in ordered for table in sorted(condensed.nodes[node]["members"]) if table in wanted]

    def rings(self, tables: Iterable[TableName]) -> list[frozenset[TableName]]:
        """Return the sets of tables that depend on each other, by foreign keys among these tables or on themselves."""
        import networkx as nx

        wanted = set(tables)
        among = nx.DiGraph((k.parent, k.child) for k in self.foreign_keys if {k.parent, k.child} <= wanted)
        components = nx.strongly_connected_components(among)
        found = [frozenset(c) for c in components if len(c) > 1 or any(among.has_edge(t, t) for t in c)]
        return sorted(found, key=min)

    def tie(self, part: TableName) -> ForeignKey | None:
        """
        Return the foreign key by which a part belongs to its master, or to another part of it.

        None for tables that are no parts, and for parts by name alone.
        """
        master = part.master
        if master is None:
            return None
        keys = self.parents(part)
        siblings = (key for key in keys if key.parent.master == master and key.parent != part)
        return next((key for key in keys if key.parent == master), None) or next(siblings, None)

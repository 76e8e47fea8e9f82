"""What lies upstream of a key: the rows of other tables from which its row follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from djnb.algebra.conditions import Condition, Equals, both, either, relation_of
from djnb.algebra.nodes import Node, Restrict
from djnb.connection import Connection
from djnb.errors import OperandError
from djnb.graph.cascade import cascade
from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey, TableSpec
from djnb.query import Query


class Upstream:
    """
    The tables upstream of a key, each restricted to the rows on which the key depends.

    Parameters
    ----------
    connection : Connection
        Where they are.
    spec : TableSpec
        The table of the key.
    key : mapping
        The key; there need not be a row of it.

    Examples
    --------
    >>> self.upstream[Session].fetch1("session_date")
    """

    def __init__(self, connection: Connection, spec: TableSpec, key: Mapping[str, Any]) -> None:
        self._connection = connection
        self._spec = spec
        self._key = key
        self._found: dict[TableName, Condition] | None = None
        self._above: list[TableName] = []

    @property
    def connection(self) -> Connection:
        """Where the tables are."""
        return self._connection

    @property
    def spec(self) -> TableSpec:
        """The table of the key."""
        return self._spec

    @property
    def key(self) -> Mapping[str, Any]:
        """The key."""
        return self._key

    @property
    def conditions(self) -> dict[TableName, Condition]:
        """Which rows of each table the key depends on, as far as that follows from the key."""
        return dict(self._conditions())

    def __getitem__(self, table: Any) -> Any:
        """
        Return a table restricted to the rows on which the key depends.

        Parameters
        ----------
        table : class, query over a table, or str
            A text is the name of a class, or of a schema and a table, ``"lab.session"``.

        Raises
        ------
        OperandError
            The table is no ancestor, or its rows do not follow from the key.
        """
        if isinstance(table, str):
            name = self._named(table)
            return Query(self._connection.catalogue.stored(name), self._connection) & self._condition(name)
        return table & self._condition(_name_of(table))

    def _condition(self, name: TableName) -> Condition:
        found = self._conditions()
        if name in found:
            return found[name]
        own = self._spec.name.class_name
        if name in self._above:
            raise OperandError(
                f"Which rows of `{name.class_name}` are upstream of the key does not follow from it: `{own}` refers "
                "to them by attributes that are not in the key.",
                remedy=f"Restrict `{name.class_name}` yourself.",
            )
        raise OperandError(
            f"`{name.class_name}` is not upstream of `{own}`: no foreign key leads from it there.",
            remedy=f"Upstream are: {', '.join(f'`{n.class_name}`' for n in found)}.",
        )

    def _conditions(self) -> dict[TableName, Condition]:
        if self._found is None:
            foreign_keys = _foreign_keys_above(self._connection, self._spec)
            find = self._connection.catalogue.stored
            self._above = Dependencies(foreign_keys).ancestors(self._spec.name)
            ways: dict[TableName, list[Condition]] = {}
            for key in self._spec.foreign_keys:
                if key.parent != self._spec.name and all(own in self._key for own, _ in key.attributes):
                    condition = both(Equals(there, self._key[own]) for own, there in key.attributes)
                    ways.setdefault(key.parent, []).append(condition)
            # One start for each foreign key: the same table may be referred to by several.
            plans = [
                cascade([Restrict(find(parent), condition)], Dependencies(foreign_keys), find, direction="up")
                for parent, conditions in ways.items()
                for condition in conditions
            ]
            self._found = _together(plans)
        return self._found

    def _named(self, text: str) -> TableName:
        self._conditions()
        matching = [name for name in self._above if text in _spellings(name)]
        if len(matching) != 1:
            what = "no table" if not matching else "several tables"
            raise OperandError(
                f"{text!r} names {what} upstream of `{self._spec.name.class_name}`.",
                remedy=f"Upstream are: {', '.join(map(str, self._above))}.",
            )
        return matching[0]


def _spellings(name: TableName) -> tuple[str, ...]:
    """Return what a table may be called, by its class or in the database, with its schema or without."""
    return name.class_name, name.full, f"{name.schema}.{name.class_name}", f"{name.schema}.{name.table}"


def _together(plans: list[dict[TableName, Restrict]]) -> dict[TableName, Condition]:
    names = dict.fromkeys(name for plan in plans for name in plan)
    return {name: either(plan[name].condition for plan in plans if name in plan) for name in names}


def _name_of(table: Any) -> TableName:
    node: Node | None = relation_of(table)
    while isinstance(node, Restrict):
        node = node.source
    name = getattr(node, "name", None)
    if not isinstance(name, TableName):
        raise OperandError(f"{table!r} is no table.", remedy="Give a table, or its name.")
    return name


def _foreign_keys_above(connection: Connection, spec: TableSpec) -> list[ForeignKey]:
    """Return the foreign keys that lead to a table, from what the connection knows already of the schemas."""
    found: list[ForeignKey] = []
    seen: set[TableName] = set()
    waiting: list[TableSpec | None] = [spec]
    while waiting:
        table = waiting.pop()
        if table is None or table.name in seen:
            continue
        seen.add(table.name)
        keys = [key for key in table.foreign_keys if key.parent != table.name]
        found += keys
        waiting += [connection.catalogue.table(key.parent) for key in keys]
    return found

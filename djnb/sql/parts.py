"""The parts of a SELECT, before they are put together."""

from __future__ import annotations

from typing import NamedTuple

from djnb.sql.dialect import Dialect
from djnb.sql.expressions import Columns
from djnb.sql.statement import Statement, compose, join


class Select(NamedTuple):
    """
    The parts of a SELECT.

    Attributes
    ----------
    columns : dict
        What stands for each attribute.
    order_by : tuple of (Statement, bool)
        What the rows are ordered by, and whether it descends.
    is_joined : bool
        Whether the source is several tables, so that a join to its right needs parentheses.
    is_computed : bool
        Whether some attribute is more than a column.
    is_windowed : bool
        Whether some attribute is computed over several rows, so that it must be computed before rows are left out.
    """

    columns: dict[str, Statement]
    source: Statement
    where: tuple[Statement, ...] = ()
    group_by: tuple[Statement, ...] = ()
    order_by: tuple[tuple[Statement, bool], ...] = ()
    limit: Statement = Statement("")
    is_joined: bool = False
    is_computed: bool = False
    is_windowed: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is all rows of one table, and every attribute a column of it."""
        return not (self.where or self.is_joined or self.is_computed)

    @property
    def is_closed(self) -> bool:
        """Whether a further condition or join needs a subquery."""
        return bool(self.group_by or self.limit or self.is_windowed)

    def statement(self, columns: Statement) -> Statement:
        """Return the SELECT of these columns."""
        parts = [compose("SELECT {} FROM {}", columns, self.source)]
        if self.where:
            parts.append(compose(" WHERE {}", join(" AND ", self.where)))
        if self.group_by:
            parts.append(compose(" GROUP BY {}", join(", ", self.group_by)))
        if self.order_by:
            order = (compose("{} DESC" if descends else "{}", column) for column, descends in self.order_by)
            parts.append(compose(" ORDER BY {}", join(", ", order)))
        return join("", [*parts, self.limit])


def listed(columns: Columns, dialect: Dialect) -> Statement:
    """Return columns as SELECT lists them; a 1 stands for none."""
    parts = [compose("{} AS {}", column, dialect.quote(name)) for name, column in columns.items()]
    return join(", ", parts or [Statement("1")])

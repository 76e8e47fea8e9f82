"""A table of the database as a query that can also be written: what the files beside this one make of it together."""

from __future__ import annotations

from djnb.tables.alterable import Alterable
from djnb.tables.relatives import Relatives
from djnb.tables.removable import Removable
from djnb.tables.writable import Writable


class Table(Relatives, Writable, Alterable, Removable):
    """
    The base of all table classes; subclass ``Manual``, ``Lookup``, ``Imported``, ``Computed`` or ``Part``.

    A restricted table, ``Recording & key``, is still a table: its rows can be deleted, and methods that a subclass
    adds work on it.
    """

    @property
    def _comment(self) -> str:
        return self.spec.comment

    def __repr__(self) -> str:
        if self._table is None:
            return f"<{type(self).__name__}, not declared>"
        return f"<{type(self).__name__} {self._table}{'' if self._node is None else ', restricted'}>"

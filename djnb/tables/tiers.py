"""The tiers: where the rows of a table come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from djnb.errors import NotDeclaredError
from djnb.model.naming import Tier
from djnb.tables.autopopulate import AutoPopulate
from djnb.tables.table import Table


class Manual(Table):
    """A table whose rows people, or programs outside the pipeline, insert."""

    tier: ClassVar[Tier] = Tier.MANUAL


class Lookup(Table):
    """A table of known values: parameters, methods, species. ``contents`` are inserted when it is declared."""

    tier: ClassVar[Tier] = Tier.LOOKUP
    contents: ClassVar[Iterable[Any]] = ()


class Imported(AutoPopulate):
    """A table whose ``make`` reads from outside the database, such as files."""

    tier: ClassVar[Tier] = Tier.IMPORTED


class Computed(AutoPopulate):
    """A table whose ``make`` reads only from tables of the pipeline."""

    tier: ClassVar[Tier] = Tier.COMPUTED


class Part(Table):
    """
    A table within the class of its master, whose rows belong to rows of the master.

    Its definition says ``-> master``. It is declared with the master.
    """

    tier: ClassVar[Tier] = Tier.PART
    _master: ClassVar[type[Table] | None] = None

    @property
    def master(self) -> type[Table]:
        """The class of the master."""
        if self._master is None:
            raise NotDeclaredError.for_class(type(self).__name__)
        return self._master

    def _check_insert(self, *, allow_direct_insert: bool) -> None:
        # The parts of a computed table are as much make's as the table itself.
        if self._master is not None and issubclass(self._master, AutoPopulate):
            AutoPopulate.check_insert(self.name, self._master.tier, allow_direct_insert=allow_direct_insert)

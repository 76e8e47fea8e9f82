"""The tiers: where the rows of a table come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from djnb.declaration.drop import PartIntegrity as DropIntegrity
from djnb.errors import NotDeclaredError
from djnb.model.naming import Tier
from djnb.on_class import on_class
from djnb.rows.delete import PartIntegrity
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

    @on_class
    def delete(self, /, *, force: bool = False, part_integrity: PartIntegrity | None = None, **options: Any) -> int:
        """
        Delete rows of the part; their master's rows must be said to stay, or to go too.

        Parameters
        ----------
        force : bool
            The classic name of ``part_integrity="ignore"``.
        part_integrity : {"enforce", "ignore", "cascade"}
            With "enforce", the default, a delete of any row is refused.
        **options
            As for every table: ``prompt``, ``safemode``, ``transaction``, ``force_parts``, ``force_masters``.

        Raises
        ------
        IntegrityError
            Rows would go, and nothing is said of their master's rows.
        """
        return super().delete(part_integrity=part_integrity or ("ignore" if force else None), **options)

    @on_class
    def drop(self, /, *, force: bool = False, part_integrity: DropIntegrity = "enforce", **options: Any) -> None:
        """Drop the part, which must be said to go alone: ``part_integrity="ignore"``, classically ``force=True``."""
        super().drop(part_integrity="ignore" if force else part_integrity, **options)

    def _check_insert(self, *, allow_direct_insert: bool) -> None:
        # The parts of a computed table are as much make's as the table itself.
        if self._master is not None and issubclass(self._master, AutoPopulate):
            AutoPopulate.check_insert(self.name, self._master.tier, allow_direct_insert=allow_direct_insert)

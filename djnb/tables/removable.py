"""Rows leave a table, and tables leave the database, with all that depends on them."""

from __future__ import annotations

from djnb.declaration.drop import PartIntegrity as DropIntegrity
from djnb.declaration.drop import drop_table, plan_drop
from djnb.errors import OperandError
from djnb.on_class import on_class
from djnb.plans import DeletePlan, DropPlan
from djnb.rows.delete import PartIntegrity, delete_quick
from djnb.tables import leave
from djnb.tables.stored import StoredTable


class Removable(StoredTable):
    """A table whose rows can be deleted, and that can be dropped."""

    @on_class
    def delete(
        self,
        *,
        prompt: bool | None = None,
        part_integrity: PartIntegrity | None = None,
        transaction: bool = True,
        safemode: bool | None = None,
        force_parts: bool = False,
        force_masters: bool = False,
    ) -> int:
        """
        Delete the rows, and all rows of other tables that depend on them, all or nothing.

        Parameters
        ----------
        prompt : bool, optional
            Ask before, showing how many rows of which tables would go; by default as the setting ``safemode`` says.
        part_integrity : {"enforce", "ignore", "cascade"}
            Whether rows of parts may go without the row of their master: they may not and nothing is deleted; they
            may; or the master's row goes too, with all its parts and all that depends on them.
        transaction : bool
            Whether to be a transaction; either way a delete is part of the one that is open, where one is.
        safemode : bool, optional
            The classic name of ``prompt``.
        force_parts, force_masters : bool
            The classic names of ``part_integrity="ignore"`` and ``"cascade"``.

        Returns
        -------
        int
            How many rows of this table went; 0 if consent was not given.

        Raises
        ------
        ConsentError
            Consent is needed, and nobody can be asked.
        IntegrityError
            Rows of a part would go while their master's rows stay.
        PlanChangedError
            Other rows would go now than those to which consent was given.
        """
        return leave.delete(
            self.connection, self._stored(), self.node, prompt=prompt, safemode=safemode,
            part_integrity=part_integrity, force_parts=force_parts, force_masters=force_masters,
        )  # fmt: skip

    @on_class
    def delete_plan(self, *, part_integrity: PartIntegrity = "enforce") -> DeletePlan:
        """
        Return what ``delete`` would remove, without removing it: rows by table, with a rich view and ``execute()``.

        Raises
        ------
        IntegrityError
            Rows of a part would go while their master's rows stay.
        """
        return leave.plan_delete(self.connection, self._stored(), self.node, part_integrity)

    @on_class
    def delete_quick(self, *, get_count: bool = False) -> int | None:
        """
        Delete the rows without asking, and no rows of other tables; return how many with ``get_count``.

        Raises
        ------
        ReferencedError
            Rows of other tables refer to them; nothing is deleted.
        """
        deleted = delete_quick(self.connection, self._stored(), self.node)
        return deleted if get_count else None

    @on_class
    def drop(self, *, prompt: bool | None = None, part_integrity: DropIntegrity = "enforce") -> None:
        """
        Drop the table and all tables that depend on it, with their job tables and lineage.

        Parameters
        ----------
        prompt : bool, optional
            Ask before; by default as the setting ``safemode`` says.
        part_integrity : {"enforce", "ignore", "cascade"}
            Whether a part may be dropped while its master stays, or takes it with it.

        Raises
        ------
        OperandError
            The table is restricted.
        ReferencedError
            A part would go while its master stays.
        TransactionError
            A transaction is open.
        """
        self._check_whole()
        leave.drop(self.connection, self.name, prompt=prompt, part_integrity=part_integrity)

    @on_class
    def drop_plan(self, *, part_integrity: DropIntegrity = "enforce") -> DropPlan:
        """Return what ``drop`` would remove, without removing it: tables and their rows, with ``execute()``."""
        self._check_whole()
        return DropPlan(plan_drop(self.connection, self.name, part_integrity=part_integrity))

    @on_class
    def drop_quick(self) -> None:
        """
        Drop the table without asking, and no other table; nothing happens where it is not in the database.

        Raises
        ------
        ReferencedError
            Other tables refer to it.
        """
        self._check_whole()
        if self.is_declared:
            self.connection.check_outside_transaction("Tables cannot be dropped")
            drop_table(self.connection, self.spec)

    def _check_whole(self) -> None:
        if self._node is not None:
            raise OperandError(
                "A restricted table cannot be dropped.", remedy="Drop the whole table, or `delete()` the rows."
            )

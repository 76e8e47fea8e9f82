"""A table as its definition: created, described, altered."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Any

from djnb.declaration.describe import DefinitionText, describe
from djnb.declaration.names import find_names
from djnb.on_class import on_class
from djnb.plans import AlterPlan
from djnb.tables.alter import alter, make_plan
from djnb.tables.declaring import create
from djnb.tables.stored import StoredTable


class Alterable(StoredTable):
    """A table that can be made what the definition of its class says."""

    @on_class
    def declare(self) -> None:
        """Create the table from the class's definition if it is not in the database, after a drop for example."""
        if not self.is_declared:
            create(type(self))

    @on_class
    def describe(self, context: Mapping[str, Any] | None = None, *, printout: bool = False) -> DefinitionText:
        """
        Return the definition that declares the table as the database has it.

        Parameters
        ----------
        context : mapping, optional
            Where the parents' names are looked up; by default where the class was decorated.
        printout : bool
            Ignored: the text is returned, and a cell that ends with it shows it.
        """
        names = find_names(self._namespace if context is None else context, self.connection)
        return describe(self.connection, self.spec, names)

    @on_class
    def alter(self, *, prompt: bool | None = None, context: Mapping[str, Any] | None = None) -> AlterPlan:
        """
        Make the table what the class's definition declares, and return what that changed.

        Secondary attributes, their foreign keys and indexes, and comments may come, go, change and move.
        ``# {old_name} comment`` renames an attribute.

        Parameters
        ----------
        prompt : bool, optional
            Ask before, where values of rows would be lost; by default as the setting ``safemode`` says.
        context : mapping, optional
            What the names after ``->`` stand for; by default what they do where the class was decorated.

        Raises
        ------
        DefinitionError
            The definition cannot be declared, or changes the primary key.
        InvalidValueError, MissingAttributeError, MissingParentError, DuplicateError
            Rows that are there do not suit the definition; nothing is changed.
        ConsentError
            Consent is needed, and nobody can be asked.
        TransactionError
            A transaction is open, which altering a table would end on a server.
        """
        plan = self.alter_plan(context=context)
        alter(plan, prompt=prompt)
        return plan

    @on_class
    def alter_plan(self, *, context: Mapping[str, Any] | None = None) -> AlterPlan:
        """Return what ``alter`` would change, without changing it: in words, as SQL, and what would be lost."""
        namespace = self._namespace if context is None else ChainMap(dict(context), dict(self._namespace))
        return make_plan(self.connection, self.name, getattr(self, "definition", None), namespace)

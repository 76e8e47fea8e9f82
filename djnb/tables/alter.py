"""Altering the table of a class: its definition against the database, the question, and then the deed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from djnb.connection import Connection
from djnb.declaration.alter import plan_alter
from djnb.errors import DefinitionError
from djnb.model.naming import TableName
from djnb.plans import AlterPlan
from djnb.tables import consent
from djnb.tables.consent import Question


def make_plan(connection: Connection, name: TableName, definition: object, namespace: Mapping[str, Any]) -> AlterPlan:
    """Return what it takes to make a table what a class's definition declares."""
    label = name.class_name
    if not isinstance(definition, str):
        raise DefinitionError(
            f"`{label}` has no definition.", remedy="Write a class attribute `definition` with its attributes."
        )
    return AlterPlan(plan_alter(connection, name, definition, namespace, label=label))


def alter(plan: AlterPlan, *, prompt: bool | None) -> bool:
    """Carry a plan out, after asking if something is lost and that is wanted; return whether it was."""
    if plan.losses and consent.is_wanted(prompt):
        shown = plan.preview()
        question = Question(shown.text, shown.html, do="Alter the table", leave="Leave it as it is")
        if not consent.ask(question):
            return False
    plan.execute()
    return True

"""Whether a table in the database is still the one that a definition describes."""

from __future__ import annotations

from djnb.model.definition import AttributeLine, ForeignKeyLine, parse_definition
from djnb.model.heading import Heading


class DefinitionChangedWarning(UserWarning):
    """A class's definition and the table that it was declared as, earlier, differ."""


def differences(definition: str, heading: Heading, *, label: str) -> list[str]:
    """
    Return what a definition says otherwise than the table, one sentence each; no statement is sent.

    Only what can be told without looking at the parents is compared: names, key and recorded types of the attributes
    that the definition declares itself.

    Raises
    ------
    DefinitionError
        The definition cannot be read.
    """
    lines = parse_definition(definition, table=label).lines
    declared = {line.name: line for line in lines if isinstance(line, AttributeLine)}
    found = []
    for name, line in declared.items():
        if name not in heading:
            found.append(f"'{name}' is not in the table")
            continue
        attribute = heading[name]
        if attribute.in_key != line.in_key:
            found.append(f"'{name}' is {'' if attribute.in_key else 'not '}in the table's primary key")
        recorded = attribute.is_marked and attribute.type.is_core and line.type.is_core
        if recorded and attribute.type != line.type:
            found.append(f"'{name}' is `{attribute.type}` in the table, not `{line.type}`")
    if not any(isinstance(line, ForeignKeyLine) for line in lines):
        found += [f"'{name}' is in the table only" for name in heading.names if name not in declared]
    return found

"""Finding jobs by what a person types: words of the error, values of the key."""

from __future__ import annotations

import re
from uuid import UUID

from djnb.algebra.conditions import EVERYTHING, Condition, Contains, Equals, either
from djnb.model.attribute import Attribute
from djnb.model.core_types import Family
from djnb.model.heading import Heading

_NAMED = re.compile(r"\s*(?P<name>\w+)\s*=\s*(?P<value>.*?)\s*")
_PARTS = re.compile(r",\s*(?=\w+\s*=)")
_NEITHER = (Family.UUID, Family.BYTES, Family.JSON, Family.CODEC)


def condition_of(heading: Heading, text: str) -> str | Condition:
    """
    Return the condition that a job has a text in its key or its message, in capitals or not, as ``&`` takes it.

    A key as it is shown, ``subject_id=5, session=2``, asks for the jobs of exactly these values.
    """
    wanted = text.strip()
    if not wanted:
        return EVERYTHING
    key = {name: heading[name] for name in heading.primary_key}
    parts = [_NAMED.fullmatch(part) for part in _PARTS.split(wanted)]
    named = [(part["name"], part["value"]) for part in parts if part is not None and part["name"] in key]
    if len(named) == len(parts):
        return " AND ".join(_is(key[name], value) for name, value in named)
    names = [name for name, attribute in key.items() if attribute.type.family not in _NEITHER]
    found: list[Condition] = [Contains(name, wanted) for name in (*names, "error_message")]
    if _identifier(wanted):
        unique = (name for name, attribute in key.items() if attribute.type.family is Family.UUID)
        found += [Equals(name, UUID(wanted)) for name in unique]
    return either(found)


def _is(attribute: Attribute, value: str) -> str:
    name, family = f"`{attribute.name}`", attribute.type.family
    if family is Family.UUID:
        return f"{name} = '{_identifier(value)}'" if _identifier(value) else "FALSE"
    said = "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
    return f"{name} = {said}" if family in (Family.STRING, Family.ENUM) else f"CAST({name} AS CHAR) = {said}"


def _identifier(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""

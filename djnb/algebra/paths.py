"""
Values within JSON, by their path: ``meta.rig.name``, ``meta.list[0]``, ``meta.n:int``.

==========================  ===================================================================================
path                        is
==========================  ===================================================================================
``meta.rig.name``           the text, or the number as text; NULL where there is none, or a list or an object
``meta."full name".first``  the same, of a name that has blanks or dots
``meta.n:int``              an integer, by any of the integer types' names; NULL where no number is
``meta.n:decimal(5,2)``     a decimal
``meta.n:float``            a float
``meta.yes:bool``           a truth value
``meta.day:date``           a date; ``datetime``, ``datetime(3)`` and ``time`` likewise
``meta.name:char(5)``       the first characters of the text
``meta.rig:json``           whatever is there: a dict, a list, a value
==========================  ===================================================================================
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from djnb.errors import OperandError, UnknownTypeError, did_you_mean
from djnb.model.core_types import AttributeType, Family, parse_type
from djnb.model.heading import Heading

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_STEP = re.compile(rf"\.(?P<quoted>{_QUOTED})|\.(?P<name>[^\W\d][\w-]*)|\[(?P<place>\d{{1,9}})\]")
_BEGINNING = re.compile(r"(?P<name>\w+)(?=[.\[])")
_TYPE = re.compile(r"\s*:\s*(?P<type>[\w(), ]+)")

_OTHER_NAMES = {
    **dict.fromkeys(("int", "integer", "signed", "smallint", "tinyint", "bigint"), "int64"),
    **dict.fromkeys(("unsigned", "int unsigned", "bigint unsigned"), "int64"),
    **dict.fromkeys(("float", "double", "real"), "float64"),
    **dict.fromkeys(("char", "varchar", "text"), "longtext"),
    "decimal": "decimal(10,0)",
}
_FAMILIES = frozenset(Family) - {Family.UUID, Family.BYTES, Family.CODEC, Family.ENUM, Family.COMPUTED}
_KNOWN = ("int", "decimal(p,s)", "float", "bool", "char(n)", "date", "datetime", "time", "json")


@dataclass(frozen=True)
class Path:
    """
    The way to a value within an attribute's JSON.

    Attributes
    ----------
    text : str
        As it was written.
    name : str
        The attribute.
    steps : tuple of str or int
        Names of members and places in lists, from the outside in.
    type : AttributeType or None
        As what the value is taken; None if the path does not say.
    """

    text: str
    name: str
    steps: tuple[str | int, ...]
    type: AttributeType | None = None


def begins_path(text: str, heading: Heading) -> bool:
    """Tell whether a text begins with an attribute's name and a dot or a bracket."""
    match = _BEGINNING.match(text.strip())
    return match is not None and match["name"] in heading


def read_path(text: str, heading: Heading) -> Path | None:
    """
    Read a path into an attribute of the heading; None if the text is none.

    Raises
    ------
    OperandError
        The attribute is not JSON, or its values cannot be taken as the type behind the colon.
    """
    rest = text.strip()
    match = _BEGINNING.match(rest)
    if match is None or match["name"] not in heading:
        return None
    name, place = match["name"], match.end()
    steps: list[str | int] = []
    while found := _STEP.match(rest, place):
        try:
            steps.append(json.loads(found["quoted"]) if found["quoted"] else found["name"] or int(found["place"]))
        except ValueError:
            return None
        place = found.end()
    kind = _TYPE.fullmatch(rest, place)
    if not steps or (place < len(rest) and kind is None):
        return None
    if heading[name].type.family is not Family.JSON:
        raise OperandError(
            f"'{text}' is a path into '{name}', which is of type `{heading[name].type}`, not `json`.",
            remedy=f"Write '{name}' alone.",
        )
    return Path(text, name, tuple(steps), _type(kind["type"], text) if kind else None)


def _type(asked: str, text: str) -> AttributeType:
    spelled = " ".join(asked.lower().split())
    try:
        kind = parse_type(_OTHER_NAMES.get(spelled, spelled))
    except UnknownTypeError:
        kind = None
    if kind is None or kind.family not in _FAMILIES:
        raise OperandError(
            f"'{text}': a value in JSON cannot be taken as '{asked.strip()}'.",
            remedy=f"{did_you_mean(spelled, _KNOWN)}Types of paths are: {', '.join(_KNOWN)}.",
        )
    return kind

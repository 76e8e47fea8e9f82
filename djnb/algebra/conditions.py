"""
Conditions: what may follow ``&`` and ``-``, as values.

============================  =============================================================
operand                       keeps the rows where
============================  =============================================================
``"x > 1"``                   the text holds
``{"x": 1, "y": None}``       every attribute is equal; None and NaN are NULL; names that the
                              heading does not have are passed over, but for a likely
                              misspelling where it has none of them
``{"meta.rig.name": "a"}``    the value at a path into JSON is equal (``algebra.paths``)
a row of a DataFrame          as the dict of its values
a list, set, array, frame     any of the items holds; an empty one keeps nothing
``AndList([...])``            all of the items hold; an empty one keeps everything
``Not(operand)``              the operand does not hold
a query or a table            some row of it has equal values in the shared attributes
``True``, ``False``           always, never
``U(...)``                    always: it has every combination of values
============================  =============================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from djnb.algebra.expression import Expression, Reader
from djnb.algebra.matching import namesakes
from djnb.algebra.missing import is_missing
from djnb.algebra.paths import Path, begins_path, read_path
from djnb.algebra.top import Top
from djnb.algebra.universal import Universal
from djnb.errors import OperandError, UnknownAttributeError, did_you_mean
from djnb.model.heading import Heading

if TYPE_CHECKING:
    from djnb.algebra.nodes import Node


class AndList(list[Any]):
    """A list whose items must all hold, where a plain list asks for any of them."""


class Not:
    """The negation of whatever may follow ``&``."""

    def __init__(self, operand: Any) -> None:
        self.operand = operand


@dataclass(frozen=True)
class Condition:
    """What a row must meet."""


@dataclass(frozen=True)
class Always(Condition):
    """Every row, or none."""

    value: bool


@dataclass(frozen=True)
class Holds(Condition):
    """A user's text is true."""

    expression: Expression


@dataclass(frozen=True)
class Equals(Condition):
    """An attribute has a value; None stands for NULL."""

    name: str
    value: Any


@dataclass(frozen=True)
class EqualsAt(Condition):
    """What stands at a path into an attribute's JSON has a value; None stands for nothing, and for JSON's null."""

    path: Path
    value: Any


@dataclass(frozen=True)
class Follows(Condition):
    """The attributes have the values, but the last one comes after its value, or before it where rows descend."""

    names: tuple[str, ...]
    values: tuple[Any, ...]
    descends: bool = False


@dataclass(frozen=True)
class Contains(Condition):
    """An attribute's value, as text, has a text in it, in capitals or not."""

    name: str
    text: str


@dataclass(frozen=True)
class AmongKeys(Condition):
    """The attributes, taken together, have one of the given values; none of them is None."""

    names: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Matches(Condition):
    """Some row of ``node`` has equal values in ``pairs`` of (own name, name there); no pairs: it has any row."""

    node: Node
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Both(Condition):
    """All of the conditions hold."""

    items: tuple[Condition, ...]


@dataclass(frozen=True)
class Either(Condition):
    """Any of the conditions holds."""

    items: tuple[Condition, ...]


@dataclass(frozen=True)
class Fails(Condition):
    """The condition does not hold; unknown (NULL) counts as not holding."""

    item: Condition


EVERYTHING = Always(True)
NOTHING = Always(False)


def relation_of(operand: Any) -> Node | None:
    """Return the query that an operand stands for, asking its type's ``__relation__``; None if it has none."""
    method = getattr(type(operand), "__relation__", None)
    return cast("Node", method(operand)) if method is not None else None


def make_condition(operand: Any, heading: Heading, read: Reader) -> Condition:
    """
    Make a condition of whatever follows ``&``; see the table in this module.

    Raises
    ------
    OperandError
        The operand is none of these.
    UnknownAttributeError
        A text mentions an attribute that the heading does not have.
    """
    if isinstance(operand, Condition):
        return operand
    if isinstance(operand, Not):
        return negate(make_condition(operand.operand, heading, read))
    if isinstance(operand, AndList):
        return both(make_condition(item, heading, read) for item in operand)
    if isinstance(operand, str):
        return _holds(operand, heading, read)
    if isinstance(operand, bool) or type(operand).__name__ in ("bool", "bool_"):
        return Always(bool(operand))
    if isinstance(operand, Universal):
        return EVERYTHING
    if isinstance(operand, Top):
        raise OperandError(
            f"`{operand}` is no condition on single rows: it cannot be negated, nor stand among other conditions.",
            remedy="Restrict by it alone, `q & dj.Top(...)`; the other rows are `q - (q & dj.Top(...))`.",
        )
    node = relation_of(operand)
    if node is not None:
        return Matches(node, tuple((name, name) for name in namesakes(heading, node.heading)))
    if isinstance(operand, Mapping):
        return _equal_to(operand, heading)
    if _is_record(operand):
        return _equal_to({name: operand[name] for name in operand.dtype.names}, heading)
    if hasattr(operand, "to_dict") and hasattr(operand, "columns"):
        return _any_of(_records(operand), heading, read)
    if hasattr(operand, "to_dict") and hasattr(operand, "index"):
        # A row of a DataFrame has names for labels; a column, or a mask, has those of rows.
        values = operand.to_dict()
        return _equal_to(values, heading) if any(n in heading for n in values) else _any_of(operand, heading, read)
    if isinstance(operand, Iterable) and not isinstance(operand, (bytes, bytearray)) and not isinstance(operand, type):
        return _any_of(operand, heading, read)
    raise OperandError(
        f"A query cannot be restricted by {operand!r} ({type(operand).__name__}).",
        remedy="Give a text, a dict, a list of them, a query or a table."
        + (" `True` keeps every row; rows without a value are `{'name': None}`." if operand is None else ""),
    )


def both(items: Iterable[Condition]) -> Condition:
    """Return the condition that all items hold, flat and without repeats."""
    flat: list[Condition] = []
    for item in items:
        for part in item.items if isinstance(item, Both) else (item,):
            if part == NOTHING:
                return NOTHING
            if part != EVERYTHING and part not in flat:
                flat.append(part)
    return flat[0] if len(flat) == 1 else Both(tuple(flat)) if flat else EVERYTHING


def either(items: Iterable[Condition]) -> Condition:
    """Return the condition that any item holds, flat and without repeats."""
    flat: list[Condition] = []
    for item in items:
        for part in item.items if isinstance(item, Either) else (item,):
            if part == EVERYTHING:
                return EVERYTHING
            if part != NOTHING and part not in flat:
                flat.append(part)
    return flat[0] if len(flat) == 1 else Either(tuple(flat)) if flat else NOTHING


def negate(item: Condition) -> Condition:
    """Return the condition that the item does not hold."""
    if isinstance(item, Fails):
        return item.item
    return Always(not item.value) if isinstance(item, Always) else Fails(item)


def walk(condition: Condition) -> Iterator[Condition]:
    """Yield a condition and all conditions within it, not entering the queries that it refers to."""
    yield condition
    if isinstance(condition, (Both, Either)):
        for item in condition.items:
            yield from walk(item)
    elif isinstance(condition, Fails):
        yield from walk(condition.item)


def mentioned(condition: Condition) -> frozenset[str] | None:
    """Return the attributes that a condition is about; None where an unread text or a subquery may be about others."""
    names: set[str] = set()
    for item in walk(condition):
        if isinstance(item, Holds):
            if item.expression.tree is None or item.expression.has_subquery:
                return None
            names |= item.expression.names
        elif isinstance(item, Equals | Contains):
            names.add(item.name)
        elif isinstance(item, EqualsAt):
            names.add(item.path.name)
        elif isinstance(item, AmongKeys):
            names.update(item.names)
        elif isinstance(item, Matches):
            names.update(own for own, _ in item.pairs)
    return frozenset(names)


def _equal_to(operand: Mapping[Any, Any], heading: Heading) -> Condition:
    known = {name: value for name, value in operand.items() if name in heading}
    paths = {_path(name, heading): value for name, value in operand.items() if _is_path(name, heading)}
    if not known and not paths:
        # Names of other tables may stand in a key. Where all of them are unknown, one is likely misspelt, or hidden.
        for name in map(str, operand):
            if name.startswith("_") or did_you_mean(name, heading.names, cutoff=0.7):
                raise UnknownAttributeError.among(name, heading.names)
    for name in known:
        if heading[name].is_blob:
            raise OperandError(
                f"'{name}' holds values of type `{heading[name].type}`, which cannot be compared.",
                remedy=f"Leave '{name}' out of the dict.",
            )
    values: list[Condition] = [Equals(str(n), None if is_missing(value) else value) for n, value in known.items()]
    return both(values + [EqualsAt(path, None if is_missing(value) else value) for path, value in paths.items()])


def _is_path(name: Any, heading: Heading) -> bool:
    return isinstance(name, str) and name not in heading and begins_path(name, heading)


def _path(name: str, heading: Heading) -> Path:
    path = read_path(name, heading)
    if path is None:
        raise OperandError(
            f"'{name}' is neither an attribute nor a path into one.",
            remedy='Paths are written `meta.rig.name`, `meta.list[0]`, `meta.n:int`, `meta."full name"`.',
        )
    return path


def _holds(text: str, heading: Heading, read: Reader) -> Condition:
    expression = read(text, heading)
    if expression.is_value:
        raise OperandError(
            f"'{text}' is a value, not a condition.", remedy="Say of which attribute: `\"name = 'value'\"` or a dict."
        )
    return Holds(expression)


def _is_record(operand: Any) -> bool:
    return getattr(getattr(operand, "dtype", None), "names", None) is not None and getattr(operand, "ndim", 1) == 0


def _records(frame: Any) -> list[dict[str, Any]]:
    named = [name for name in frame.index.names if name is not None]
    return cast("list[dict[str, Any]]", (frame.reset_index() if named else frame).to_dict("records"))


def _any_of(items: Iterable[Any], heading: Heading, read: Reader) -> Condition:
    """Return the condition that any item holds; dicts with the same names, as of ``keys()``, become one list."""
    groups: dict[tuple[str, ...], dict[tuple[Any, ...], None]] = {}
    others: list[Condition] = []
    for item in items:
        if isinstance(item, bool) or type(item).__name__ in ("bool", "bool_"):
            raise OperandError(
                "A list of truth values, as of a mask, does not say which rows are meant.",
                remedy="Restrict by a text such as `'x > 2'`, or by the keys of the rows.",
            )
        condition = make_condition(item, heading, read)
        equals = condition.items if isinstance(condition, Both) else (condition,)
        plain = [part for part in equals if isinstance(part, Equals) and part.value is not None]
        if len(plain) == len(equals) and all(part.value.__hash__ is not None for part in plain):
            names, row = tuple(part.name for part in plain), tuple(part.value for part in plain)
            groups.setdefault(names, {})[row] = None
        else:
            others.append(condition)
    listed: list[Condition] = [
        AmongKeys(names, tuple(rows))
        if len(rows) > 1
        else both(Equals(name, value) for name, value in zip(names, next(iter(rows)), strict=True))
        for names, rows in groups.items()
    ]
    return either(listed + others)

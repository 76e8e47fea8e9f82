"""JSON as MariaDB and MySQL answer for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from djnb.backends.sqlite.functions.numbers import number
from djnb.backends.sqlite.functions.texts import text

_STEP = re.compile(
    r"""\.\s*(?:"((?:[^"\\]|\\.)*)"|([^\s."\[\]]+))|\[\s*(-?\d+|last(?:\s*-\s*\d+)?)\s*\]|(\.\*|\[\*\])"""
)
_MISSING = object()


class _Number(str):
    """A number as it was written, 1.50 with its zero."""

    __slots__ = ()


def _load(value: Any) -> Any:
    try:
        return json.loads(text(value), parse_float=_Number, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return _MISSING


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _dump(value: Any) -> str:
    if isinstance(value, _Number):
        return str.__str__(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_dump(v)}" for key, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_dump, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@lru_cache(maxsize=256)
def _steps(path: str) -> tuple[Any, ...] | None:
    """Return the names and places of a path; None where it is none, or matches many."""
    rest = path.strip()
    if not rest.startswith("$"):
        return None
    steps: list[Any] = []
    place = 1
    while place < len(rest):
        match = _STEP.match(rest, place)
        if match is None or match[4]:
            return None
        if match[3] is not None:
            words = match[3].replace(" ", "")
            steps.append(int(words) if not words.startswith("last") else -1 - int(words.partition("-")[2] or 0))
        else:
            steps.append(match[2] if match[2] is not None else json.loads(f'"{match[1]}"'))
        place = match.end()
    return tuple(steps)


def _at(document: Any, path: Any) -> Any:
    steps = _steps(text(path))
    if steps is None:
        return _MISSING
    for step in steps:
        if isinstance(step, str):
            if not isinstance(document, dict) or step not in document:
                return _MISSING
            document = document[step]
        elif isinstance(document, list):
            if not -len(document) <= step < len(document):
                return _MISSING
            document = document[step]
        elif step not in (0, -1):  # a value is a list of itself
            return _MISSING
    return document


def _extract(value: Any, path: Any) -> str | None:
    document = _load(value)
    found = _MISSING if document is _MISSING else _at(document, path)
    return None if found is _MISSING else _dump(found)


def _value(value: Any, path: Any) -> str | None:
    document = _load(value)
    found = _MISSING if document is _MISSING else _at(document, path)
    if found is _MISSING or found is None or isinstance(found, (dict, list)):
        return None
    if isinstance(found, bool):
        return str(int(found))
    return str(found)


def unquote(value: Any) -> str:
    """Return what a JSON text says; other text, and other JSON, as it is."""
    given = text(value)
    if len(given) > 1 and given[0] == given[-1] == '"':
        found = _load(given)
        if isinstance(found, str):
            return found
    return given


def number_of(value: Any) -> int | float:
    """Return the number that a JSON value is, or that its text begins with."""
    if not isinstance(value, str):
        return number(value)
    return {"true": 1, "false": 0}.get(value, number(unquote(value)))


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    kinds = (int, float, _Number)
    if isinstance(left, kinds) and isinstance(right, kinds):
        return float(left) == float(right)
    if isinstance(left, _Number) != isinstance(right, _Number):
        return False
    return type(left) is type(right) and bool(left == right)


def _has(target: Any, candidate: Any) -> bool:
    if isinstance(target, list):
        if isinstance(candidate, list):
            return all(any(_has(item, wanted) for item in target) for wanted in candidate)
        return any(_has(item, candidate) for item in target)
    if isinstance(target, dict):
        return isinstance(candidate, dict) and all(
            key in target and _has(target[key], wanted) for key, wanted in candidate.items()
        )
    return _equal(target, candidate)


def _contains(value: Any, candidate: Any, path: Any = "$") -> int | None:
    document, wanted = _load(value), _load(candidate)
    if document is _MISSING or wanted is _MISSING:
        return None
    found = _at(document, path)
    return 0 if found is _MISSING else int(_has(found, wanted))


def _length(value: Any, path: Any = "$") -> int | None:
    document = _load(value)
    found = _MISSING if document is _MISSING else _at(document, path)
    return None if found is _MISSING else len(found) if isinstance(found, (dict, list)) else 1


def _type(value: Any) -> str | None:
    found = _load(value)
    if found is _MISSING:
        return None
    if found is None:
        return "NULL"
    names = {dict: "OBJECT", list: "ARRAY", _Number: "DOUBLE", str: "STRING", bool: "BOOLEAN", int: "INTEGER"}
    return names[type(found)]


SCALARS: dict[str, Callable[..., Any]] = {
    "json_extract": _extract, "json_value": _value, "json_unquote": unquote, "json_number": number_of,
    "json_contains": _contains, "json_length": _length, "json_type": _type,
    "json_valid": lambda value: int(_load(value) is not _MISSING),
}  # fmt: skip

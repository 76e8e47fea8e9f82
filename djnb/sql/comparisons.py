"""In which form values of different kinds are compared, where the database does not see to that."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from djnb.sql.dialect import Dialect
from djnb.sql.kinds import Kind
from djnb.sql.statement import Statement


def is_json(node: Any) -> bool:
    """Tell whether a node gives JSON."""
    from sqlglot import exp

    return isinstance(node, exp.Anonymous) and node.name == "JSON_EXTRACT"


def hex_text(node: Any, dialect: Dialect) -> Statement | None:
    """Return hexadecimal digits as the text that their bytes are; None for other nodes, and for bytes that are none."""
    if type(node).__name__ != "HexString":
        return None
    try:
        return Statement(dialect.placeholder, (bytes.fromhex(node.name).decode(),))
    except ValueError:
        return None


def common_form(kinds: list[Kind], nodes: Iterable[Any]) -> str | None:
    """Return the form in which values of these kinds compare as MySQL compares them; None: as they are."""
    if any(kind.is_moment for kind in kinds) and not any(kind.is_number for kind in kinds):
        return "moment"
    if any(kind.is_span for kind in kinds) and not any(kind.is_number for kind in kinds):
        return "span"
    if any(is_json(node) for node in nodes):
        return "number" if any(kind.is_number for kind in kinds) else "json text"
    if any(kind.is_number for kind in kinds) and not all(kind.is_number for kind in kinds):
        return "number"
    return None


def form(how: str, node: Any, kind: Kind) -> str:
    """Return the conversion that gives a value the common form ``how``."""
    if how == "number" and (kind.is_moment or kind.is_span):
        return "time as number"
    if is_json(node):
        return "json as number" if how == "number" else "json as text"
    return {"number": "as number", "moment": "as moment", "span": "as span", "json text": "as it is"}[how]

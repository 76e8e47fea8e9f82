"""What is chosen and done, as the Python that says the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

_PROPERTIES = {
    "pending": "pending",
    "reserved": "reserved",
    "success": "completed",
    "error": "errors",
    "ignore": "ignored",
}
"""What `JobTable` calls the jobs of a state."""


def chosen(base: str, *, state: str | None, kind: str | None, text: str) -> str:
    """Return the expression for the jobs of a state, of a kind of error, with a text."""
    said = base
    if kind is not None:
        said += f'.of_kind("{kind}")'
    elif state is not None:
        said += f".{_PROPERTIES[state]}"
    return said + (f".search({text!r})" if text.strip() else "")


def among(base: str, keys: Sequence[Mapping[str, Any]]) -> str:
    """Return the expression for the jobs of these keys."""
    listed = [f"{{{', '.join(f'{name!r}: {literal(value)}' for name, value in key.items())}}}" for key in keys]
    if len(listed) == 1:
        return f"({base} & {listed[0]})"
    return f"({base} & [{', '.join(listed)}])"


def literal(value: Any) -> str:
    """Return a value of a key as Python that needs no import."""
    if isinstance(value, datetime):
        return repr(value.isoformat(sep=" "))
    if isinstance(value, date | Decimal | UUID):
        return repr(str(value))
    if isinstance(value, bool | int | float | str | bytes):
        return repr(value)
    return repr(str(value))

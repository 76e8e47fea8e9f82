"""The types that CAST knows."""

from __future__ import annotations

from typing import Any

_TARGETS = {
    "BIGINT": "SIGNED", "INT": "SIGNED", "UBIGINT": "UNSIGNED", "UINT": "UNSIGNED",
    "CHAR": "CHAR", "VARCHAR": "CHAR", "NCHAR": "CHAR", "TEXT": "CHAR", "CHARACTER_SET": "CHAR",
    "DECIMAL": "DECIMAL", "DOUBLE": "DOUBLE", "FLOAT": "DOUBLE",
    "DATE": "DATE", "DATETIME": "DATETIME", "TIMESTAMP": "DATETIME", "TIMESTAMPTZ": "DATETIME", "TIME": "TIME",
    "BINARY": "BINARY",
}  # fmt: skip


def target_of(node: Any) -> tuple[str, tuple[int, ...]] | None:
    """Return the type of a CAST and its sizes; None if not every database has it."""
    name = _TARGETS.get(getattr(node.to.this, "value", ""))
    sizes = [getattr(size.this, "name", "") for size in node.to.expressions if type(size).__name__ == "DataTypeParam"]
    if name is None or not all(size.isdecimal() for size in sizes):
        return None
    numbers = tuple(int(size) for size in sizes)
    if name == "DECIMAL":
        digits, scale = (*numbers, *(10, 0)[len(numbers) :])[:2]
        return (name, (digits, scale)) if 0 < digits <= 65 and scale <= min(digits, 30) else None
    if name in ("DATETIME", "TIME"):
        return (name, numbers) if len(numbers) <= 1 and all(number <= 6 for number in numbers) else None
    if name == "CHAR":
        return (name, numbers) if len(numbers) <= 1 else None
    return (name, ())

"""The universal set of some attributes: every combination of values that they could have."""

from __future__ import annotations

from typing import Any

from djnb.errors import OperandError


class Universal:
    """
    Every combination of values of some attributes, so infinitely many rows; useful only together with a query.

    Attributes
    ----------
    names : tuple of str
        The attributes, which are its primary key.
    """

    def __init__(self, *names: Any) -> None:
        odd = [name for name in names if not isinstance(name, str)]
        if odd:
            raise OperandError(f"`U` was given {odd[0]!r}.", remedy="Give names of attributes: `dj.U('a', 'b')`.")
        self.names: tuple[str, ...] = tuple(dict.fromkeys(names))

    @property
    def primary_key(self) -> list[str]:
        """The names of the attributes."""
        return list(self.names)

    def __repr__(self) -> str:
        return f"U({', '.join(map(repr, self.names))})"

"""Which attributes two operands share, and whether they mean the same."""

from __future__ import annotations

from dataclasses import dataclass

from djnb.model.heading import Heading


@dataclass(frozen=True)
class Mismatch:
    """
    Two attributes of one name whose origins differ.

    Attributes
    ----------
    name : str
        The shared name.
    left, right : str or None
        The origins; None for an attribute that is neither key nor foreign key.
    """

    name: str
    left: str | None
    right: str | None

    def __str__(self) -> str:
        here = self.left or "an attribute without lineage"
        there = self.right or "an attribute without lineage"
        return (
            f"'{self.name}' has different origins: {here} on the left, {there} on the right. "
            f"Rows with equal values are matched all the same. "
            f"If they are different things, rename one: `.proj(..., other_{self.name}='{self.name}')`."
        )


def namesakes(left: Heading, right: Heading) -> list[str]:
    """Return the names that both headings have, in the order of the left one."""
    return [name for name in left.names if name in right]


def mismatches(left: Heading, right: Heading) -> list[Mismatch]:
    """Return the namesakes that do not come from the same attribute of the same table."""
    pairs = [(left[name], right[name]) for name in namesakes(left, right)]
    return [Mismatch(a.name, a.lineage, b.lineage) for a, b in pairs if a.lineage is None or a.lineage != b.lineage]

"""Which headings can be united, and to what."""

from __future__ import annotations

from dataclasses import replace

from djnb.errors import OperandError
from djnb.model.attribute import Attribute
from djnb.model.core_types import AttributeType, Family, parse_type
from djnb.model.heading import Heading


def united(left: Heading, right: Heading) -> Heading:
    """Return the heading of a union."""
    is_alike = has_equal_names(left, right)
    keyed = [_merged(left[name], right[name]) for name in left.primary_key]
    others = [a for a in left.visible if not a.in_key]
    if is_alike:
        return Heading((*keyed, *(_merged(a, right[a.name]) for a in others)))
    return Heading(
        (*keyed, *(replace(a, nullable=True) for a in (*others, *(b for b in right.visible if not b.in_key))))
    )


def has_equal_names(left: Heading, right: Heading) -> bool:
    """Tell whether two headings have the same attributes."""
    return set(left.names) == set(right.names)


def check_union(left: Heading, right: Heading) -> None:
    """
    Refuse to unite what has no common shape.

    Raises
    ------
    OperandError
        The primary keys differ; some, but not all, of the other attributes are shared; or a shared attribute holds
        values of different kinds.
    """
    if set(left.primary_key) != set(right.primary_key):
        raise OperandError(
            f"A union needs the same primary key on both sides. "
            f"Left: {', '.join(left.primary_key) or 'empty'}. Right: {', '.join(right.primary_key) or 'empty'}.",
            remedy="Rename attributes by `.proj(new='old')`, or take `dj.U(...) & query` of one side.",
        )
    shared = [name for name in left.secondary_attributes if name in right]
    if shared and not has_equal_names(left, right):
        raise OperandError(
            f"A union needs the same attributes on both sides, or none in common besides the primary key. "
            f"'{shared[0]}' is on both sides, other attributes are not.",
            remedy=f"Rename it on one side, `.proj(..., other_{shared[0]}='{shared[0]}')`, or leave attributes out.",
        )
    for name in [*left.primary_key, *shared]:
        if _common(left[name].type, right[name].type) is None:
            raise OperandError(
                f"'{name}' is `{left[name].type}` on the left and `{right[name].type}` on the right of a union.",
                remedy="Rename it on one side, or compute one from the other.",
            )


def _merged(left: Attribute, right: Attribute) -> Attribute:
    kind = _common(left.type, right.type) or left.type
    lineage = left.lineage if left.lineage == right.lineage else None
    sql_type = left.sql_type if kind == left.type else ""
    return replace(
        left, type=kind, nullable=left.nullable or right.nullable, default=None, lineage=lineage, sql_type=sql_type
    )


def _common(one: AttributeType, other: AttributeType) -> AttributeType | None:
    """Return the type that holds the values of both; None if there is none."""
    if one == other:
        return one
    families = {one.family, other.family}
    if families == {Family.INTEGER}:
        return parse_type("int64")
    if families == {Family.INTEGER, Family.FLOAT} or families == {Family.FLOAT}:
        return parse_type("float64")
    if families == {Family.STRING}:
        return parse_type("longtext")
    return None

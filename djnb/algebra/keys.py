"""The primary key of a result."""

from __future__ import annotations

from djnb.model.heading import Heading


def join_key(left: Heading, right: Heading) -> list[str]:
    """
    Return the primary key of ``left * right``.

    ============================================  ==================
    every key attribute of ``right`` in ``left``  key of ``left``
    every key attribute of ``left`` in ``right``  key of ``right``
    neither                                       both together
    ============================================  ==================
    """
    if determines(left, right):
        return left.primary_key
    if determines(right, left):
        return right.primary_key
    return left.primary_key + [name for name in right.primary_key if name not in left.primary_key]


def left_join_key(left: Heading, right: Heading) -> list[str]:
    """
    Return the primary key of a join that keeps the rows of ``left`` which have no match.

    Where the left operand does not determine the right one, both keys together, of which the right one's part may be
    NULL.
    """
    if determines(left, right):
        return left.primary_key
    return left.primary_key + [name for name in right.primary_key if name not in left.primary_key]


def determines(one: Heading, other: Heading) -> bool:
    """Tell whether a row of the one matches at most one row of the other: it has all of the other's primary key."""
    return set(other.primary_key) <= set(one.names)

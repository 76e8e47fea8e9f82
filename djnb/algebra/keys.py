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
    if set(right.primary_key) <= set(left.names):
        return left.primary_key
    if set(left.primary_key) <= set(right.names):
        return right.primary_key
    return left.primary_key + [name for name in right.primary_key if name not in left.primary_key]

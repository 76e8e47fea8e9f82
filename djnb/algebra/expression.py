"""A piece of SQL that a user wrote, read and checked, but not yet said to any database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from djnb.model.core_types import COMPUTED, AttributeType
from djnb.model.heading import Heading


@dataclass(frozen=True)
class Expression:
    """
    A user's expression or condition.

    Attributes
    ----------
    text : str
        As it was written.
    names : frozenset of str
        The attributes that it mentions.
    type : AttributeType
        Of its value, as far as it can be told.
    has_subquery : bool
        Whether it asks other tables too.
    is_value : bool
        Whether it is a number or a quoted text and nothing else.
    tree : object
        What the reader made of it; None where the reader could not read the text, which then goes to the database as
        it is.
    """

    text: str
    names: frozenset[str] = frozenset()
    type: AttributeType = COMPUTED
    has_subquery: bool = False
    is_value: bool = False
    tree: Any = field(default=None, compare=False, repr=False)


Reader = Callable[[str, Heading], Expression]
"""Reads a user's text against a heading; ``sql.text.read`` is the one there is."""

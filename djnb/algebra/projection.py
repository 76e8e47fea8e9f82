"""Which attributes a projection or an aggregation keeps, and under which names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from djnb.algebra.expression import Expression
from djnb.errors import OperandError, UnknownAttributeError
from djnb.model.heading import Heading


def choose(heading: Heading, names: tuple[Any, ...], renames: Mapping[str, str], owner: str) -> dict[str, str]:
    """
    Return which attributes a projection keeps, by new name.

    Parameters
    ----------
    heading : Heading
        Of the source.
    names : tuple of str
        Attributes; ``...`` (the text or the object) for all that are not in the key, ``-name`` to leave one out.
    renames : mapping
        New name to old name.
    owner : str
        What messages call the source.

    Raises
    ------
    UnknownAttributeError
        A name is not in the heading.
    OperandError
        An attribute of the key is left out, or two attributes get one name.
    """
    texts = ["..." if name is Ellipsis else name for name in names]
    dropped = [name[1:].strip() for name in texts if name.startswith("-")]
    chosen = [name for name in texts if not name.startswith("-") and name != "..."]
    heading.check([*dropped, *chosen, *renames.values()], owner=owner)
    for name in dropped:
        if heading[name].in_key:
            raise OperandError(
                f"'{name}' belongs to the primary key and cannot be left out.",
                remedy="Aggregate to a coarser key with `aggr`, or rename it.",
            )
    everything = "..." in texts
    by_old: dict[str, str] = {}
    for new, old in renames.items():
        if old in by_old:
            raise OperandError(f"'{old}' is renamed twice.", remedy=f"Copy it the second time: `{new}='({old})'`.")
        by_old[old] = new
    kept: dict[str, str] = {}
    for attribute in heading.visible:
        name = attribute.name
        stays = name in chosen or (name not in by_old and name not in dropped and (attribute.in_key or everything))
        for new in ([by_old[name]] if name in by_old else []) + ([name] if stays else []):
            if new in kept:
                raise OperandError(f"Two attributes would be called '{new}'.", remedy="Choose another new name.")
            kept[new] = name
    return kept


def check_new_names(kept: Mapping[str, str], computed: Mapping[str, Expression]) -> None:
    """
    Refuse computed attributes that would take the name of a kept one.

    Raises
    ------
    OperandError
        A name is taken.
    """
    taken = [name for name in computed if name in kept]
    if taken:
        raise OperandError(f"Two attributes would be called '{taken[0]}'.", remedy="Choose another new name.")


def check_groups(groups: Heading, source: Heading, *, owner: str = "") -> None:
    """
    Refuse to aggregate what lacks the key of the groups.

    Raises
    ------
    UnknownAttributeError
        The aggregated query lacks an attribute of the groups' primary key.
    """
    for name in groups.primary_key:
        if name not in source:
            raise UnknownAttributeError.among(name, source.names, owner=owner)

"""What altering a table changes, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from djnb.declaration.compare import is_same_type
from djnb.model.alteration import Alteration
from djnb.model.attribute import NULL, Attribute
from djnb.model.definition_text import write_default
from djnb.model.spec import ForeignKey, Index, TableSpec


@dataclass(frozen=True)
class Change:
    """
    One difference, in words.

    Attributes
    ----------
    text : str
        What changes.
    loss : str
        What of the rows is lost by it; empty where nothing is.
    attribute : str
        Whose values may be lost by it; empty where none are.
    is_of_looks : bool
        Whether it is about a comment or the order of attributes only.
    """

    text: str
    loss: str = ""
    attribute: str = ""
    is_of_looks: bool = False


def changes_of(alteration: Alteration, old: TableSpec) -> Iterator[Change]:
    """Yield the differences; ``old`` is the table with the types of its foreign keys' origins."""
    there = {a.name: a for a in old.attributes}
    if alteration.is_commented:
        yield Change(f"the comment becomes '{alteration.new.comment}'", is_of_looks=True)
    for attribute in alteration.dropped:
        yield Change(f"'{attribute.name}' is dropped", attribute=attribute.name)
    for attribute in alteration.added:
        yield Change(f"'{attribute.name}' is added, {_kind(attribute)}", attribute=attribute.name)
    for attribute in alteration.new.attributes:
        before = there.get(alteration.origins.get(attribute.name, ""))
        if before is not None:
            yield from _of_attribute(alteration, before, attribute)
    for keys, verb in ((alteration.foreign_keys_dropped, "is dropped"), (alteration.foreign_keys_added, "is added")):
        for key in keys:
            yield Change(f"the foreign key {_key_text(key)} {verb}")
    for indexes, verb in ((alteration.indexes_dropped, "is dropped"), (alteration.indexes_added, "is added")):
        for index in indexes:
            yield Change(f"the {_index_text(index)} {verb}")


def _of_attribute(alteration: Alteration, before: Attribute, attribute: Attribute) -> Iterator[Change]:
    """Yield how an attribute differs from what it was before."""
    name = attribute.name
    if before.name != name:
        yield Change(f"'{before.name}' is renamed to '{name}'")
    if name in alteration.changed:
        if not is_same_type(before.type, attribute.type):
            yield Change(f"'{name}' becomes `{attribute.type}`; it was `{before.type}`", attribute=name)
        if before.nullable != attribute.nullable:
            yield Change(f"'{name}' {'may' if attribute.nullable else 'must not'} be null")
        elif _default(before) != _default(attribute):
            yield Change(f"'{name}' {_default(attribute) or 'has no default'}")
        if before.comment != attribute.comment:
            yield Change(f"the comment of '{name}' becomes '{attribute.comment}'", is_of_looks=True)
    if name in alteration.moved:
        yield Change(f"'{name}' moves", is_of_looks=True)


def _kind(attribute: Attribute) -> str:
    default = _default(attribute)
    return f"`{attribute.type}`{', ' + default if default else ''}"


def _default(attribute: Attribute) -> str:
    if attribute.default is None:
        return ""
    if attribute.default == NULL:
        return "null by default"
    return f"{write_default(attribute.default, attribute.type)} by default"


def _key_text(key: ForeignKey) -> str:
    return f"({', '.join(key.names)}) to `{key.parent.class_name}`"


def _index_text(index: Index) -> str:
    return f"{'unique ' if index.is_unique else ''}index ({', '.join(index.attributes)})"

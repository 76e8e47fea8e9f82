"""The heading of a table or a query: its attributes in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from djnb.errors import UnknownAttributeError
from djnb.layout import Cell, Column, Preview, lay_out
from djnb.model.attribute import Attribute

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, repr=False)
class Heading:
    """
    The attributes of a table or a query, in order.

    Hidden attributes (leading underscore) are kept apart: they are in ``hidden`` only.

    It is asked and walked like a dict: ``heading["x"]`` is an attribute, ``list(heading)`` are the names.

    Attributes
    ----------
    visible : tuple of Attribute
        The attributes that queries see.
    hidden : tuple of Attribute
        The hidden ones.
    """

    visible: tuple[Attribute, ...]
    hidden: tuple[Attribute, ...] = ()
    _by_name: dict[str, Attribute] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {a.name: a for a in self.visible})

    @classmethod
    def of(cls, attributes: Iterable[Attribute]) -> Heading:
        """Build a heading from attributes, the hidden ones among them."""
        listed = tuple(attributes)
        return cls(
            tuple(a for a in listed if not a.is_hidden),
            tuple(a for a in listed if a.is_hidden),
        )

    @property
    def attributes(self) -> Mapping[str, Attribute]:
        """The visible attributes by their names, in order."""
        return MappingProxyType(self._by_name)

    @property
    def names(self) -> list[str]:
        """The names of the visible attributes."""
        return list(self._by_name)

    @property
    def primary_key(self) -> list[str]:
        """The names of the primary key's attributes."""
        return [a.name for a in self.visible if a.in_key]

    @property
    def secondary_attributes(self) -> list[str]:
        """The names of the attributes that are not in the primary key."""
        return [a.name for a in self.visible if not a.in_key]

    @property
    def blobs(self) -> list[str]:
        """The names of the attributes whose values may be large."""
        return [a.name for a in self.visible if a.is_blob]

    @property
    def non_blobs(self) -> list[str]:
        """The names of the attributes whose values are small."""
        return [a.name for a in self.visible if not a.is_blob]

    @property
    def has_autoincrement(self) -> bool:
        """Whether the database numbers the rows."""
        return any(a.autoincrement for a in self.visible)

    @property
    def as_dtype(self) -> np.dtype[Any]:
        """The numpy dtype of a structured array that can hold rows: a field for each attribute, of its ``dtype``."""
        import numpy as np

        return np.dtype([(a.name, a.dtype) for a in self.visible])

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self.visible)

    def __getitem__(self, name: str) -> Attribute:
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownAttributeError.among(name, self._by_name) from None

    def check(self, names: Iterable[str], *, owner: str = "") -> None:
        """
        Refuse names that the heading does not have.

        Raises
        ------
        UnknownAttributeError
            The first name that is missing; the nearest one is offered.
        """
        for name in names:
            if name not in self._by_name:
                raise UnknownAttributeError.among(name, self._by_name, owner=owner)

    if not TYPE_CHECKING:

        def __getattr__(self, name):
            remedy = f" {_INSTEAD[name]}" if name in _INSTEAD else ""
            raise AttributeError(f"A heading has no `{name}`.{remedy}")

    def keyed_by(self, primary_key: Iterable[str]) -> Heading:
        """Return the heading with this primary key; its attributes come first, in the heading's own order."""
        keys = set(primary_key)
        changed = [replace(a, in_key=a.name in keys) for a in self.visible]
        return Heading(tuple(sorted(changed, key=lambda a: not a.in_key)))

    def preview(self) -> Preview:
        """Return the definition as text, and as HTML a line for each attribute with its lineage."""
        cells = [
            [Cell(a.name), Cell(a.type.text or "computed"), _default(a), Cell(a.comment), Cell(a.lineage or "")]
            for a in self.visible
        ]
        columns = [Column(name, in_key=name == "attribute") for name in _SHOWN]
        count = len(cells)
        extent = f"{count} attribute{'' if count == 1 else 's'}, primary key: {', '.join(self.primary_key) or 'none'}"
        return Preview(str(self), lay_out("Heading", extent, "", columns, cells).html)

    def __repr__(self) -> str:
        """Return the names in one line, with a star before those of the key, as in lists and tracebacks."""
        return f"<Heading {', '.join('*' * a.in_key + a.name for a in self.visible)}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.preview()._repr_mimebundle_()

    def __str__(self) -> str:
        """Return the heading as a definition, one line an attribute."""
        lines: list[str] = []
        width = max((len(_declared(a)) for a in self.visible), default=0)
        for index, attribute in enumerate(self.visible):
            if not attribute.in_key and (index == 0 or self.visible[index - 1].in_key):
                lines.append("---")
            comment = f" # {attribute.comment}" if attribute.comment else ""
            lines.append(f"{_declared(attribute):<{width}}{comment}".rstrip())
        return "\n".join(lines)


_INSTEAD = {
    "indexes": "The indexes of a table are `table.spec.indexes`.",
    "table_status": "A table's comment is `table.spec.comment`, its rows are `len(table)`, and `schema.size_on_disk` "
    "is the size of all tables of a schema.",
    "new_attributes": "Attributes that a query computes have an `attribute_expression`.",
}
"""What DataJoint's headings have besides."""

_SHOWN = ("attribute", "type", "default", "comment", "first declared in")


def _default(attribute: Attribute) -> Cell:
    default = attribute.default
    if default is None:
        return Cell("")
    if default.is_keyword:
        return Cell("null" if default.text == "NULL" else default.text, "null")
    return Cell(default.text)


def _declared(attribute: Attribute) -> str:
    default = attribute.default
    if default is None:
        shown = ""
    elif default.is_keyword:
        shown = " = null" if default.text == "NULL" else f" = {default.text}"
    else:
        shown = f' = "{default.text}"'
    return f"{attribute.name}{shown} : {attribute.type.text or 'computed'}"

"""From the rows of an introspection to table specs; shared by all backends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from djnb.model.attribute import Attribute, Default, split_marker
from djnb.model.core_types import read_type
from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey, Index, TableSpec


@dataclass
class TableRows:
    """What an introspection found of one table, gathered piece by piece."""

    comment: str = ""
    attributes: list[Attribute] = field(default_factory=list)
    primary_key: list[tuple[int, str]] = field(default_factory=list)
    references: dict[str, list[tuple[int, str, TableName, str]]] = field(default_factory=dict)
    indexes: dict[str, tuple[bool, list[str | None]]] = field(default_factory=dict)
    """Whether each is unique, and what it is over; None for an expression."""
    foreign_indexes: dict[str, str] = field(default_factory=dict)
    """What creates those that a definition cannot say, where the database tells it."""
    marked: set[str] = field(default_factory=set)
    """What is said to be of the primary key elsewhere than in the key itself."""
    positions: list[int] = field(default_factory=list)
    """Those of the columns, where the database numbers also what it does not show."""

    def spec(self, name: TableName) -> TableSpec:
        """Return the table."""
        key = tuple(attribute for _, attribute in sorted(self.primary_key))
        attributes = tuple(replace(a, in_key=a.name in key) for a in self.attributes)
        foreign_keys = tuple(foreign_keys_of(name, self.references))
        implied = {f.names for f in foreign_keys} | {key}
        found = [
            Index(tuple(n for n in names if n is not None), unique, name)
            for name, (unique, names) in self.indexes.items()
            if None not in names and name not in self.foreign_indexes
        ]
        wanted = tuple(index for index in found if index.is_unique or index.attributes not in implied)
        rest = tuple(index for index in found if index not in wanted)
        foreign = tuple(self.foreign_indexes.values())
        return TableSpec(
            name, self.comment, attributes, key, foreign_keys, wanted, rest, foreign, self._hides_key(key, found)
        )

    def _hides_key(self, key: tuple[str, ...], indexes: list[Index]) -> bool:
        """Whether the user sees less than the primary key: of a key, a server shows what it shows of the columns."""
        if key:
            positions = sorted(position for position, _ in self.primary_key)
            return not self.marked <= set(key) or positions != list(range(1, len(key) + 1))
        # A table without a primary key, which another program has made, may show a unique index in its place.
        is_replaced = any(index.is_unique and set(index.attributes) == self.marked for index in indexes)
        has_gaps = self.positions != list(range(1, len(self.positions) + 1))
        return has_gaps or (bool(self.marked) and not is_replaced)


def foreign_keys_of(
    child: TableName, references: Mapping[str, Iterable[tuple[int, str, TableName, str]]]
) -> Iterable[ForeignKey]:
    """Yield foreign keys from (position, attribute, parent, attribute there) by constraint."""
    for constraint, parts in references.items():
        ordered = sorted(parts, key=lambda part: part[0])
        yield ForeignKey(child, ordered[0][2], tuple((own, there) for _, own, _, there in ordered), constraint)


def read_attribute(
    name: str,
    sql_type: str,
    comment: str,
    *,
    nullable: bool,
    default: Default | None,
    autoincrement: bool = False,
    collation: str | None = None,
) -> Attribute:
    """Return an attribute from what the database says of a column."""
    marker, text = split_marker(comment)
    if marker is None and autoincrement:
        sql_type += " auto_increment"
    return Attribute(
        name,
        read_type(sql_type, marker),
        nullable=nullable,
        default=default,
        comment=text,
        sql_type=sql_type,
        collation=collation,
        is_marked=marker is not None,
    )

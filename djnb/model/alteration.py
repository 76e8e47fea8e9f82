"""The difference between a table as it is and as it is to be."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from djnb.model.attribute import Attribute
from djnb.model.spec import ForeignKey, Index, TableSpec


@dataclass(frozen=True)
class Alteration:
    """
    A table before and after.

    Attributes
    ----------
    old, new : TableSpec
        The table, hidden attributes among it.
    origins : mapping
        The old name of every new attribute that was there before, most often the same.
    changed : frozenset of str
        New names of attributes whose column or comment differs.
    """

    old: TableSpec
    new: TableSpec
    origins: Mapping[str, str]
    changed: frozenset[str]

    @cached_property
    def added(self) -> list[Attribute]:
        """The attributes that were not there."""
        return [a for a in self.new.attributes if a.name not in self.origins]

    @cached_property
    def dropped(self) -> list[Attribute]:
        """The attributes that are no more."""
        kept = set(self.origins.values())
        return [a for a in self.old.attributes if a.name not in kept]

    @cached_property
    def renamed(self) -> dict[str, str]:
        """New names and the old ones, where they differ."""
        return {new: old for new, old in self.origins.items() if new != old}

    @cached_property
    def moved(self) -> frozenset[str]:
        """New names of the fewest attributes that must move for the order to be right."""
        places = {a.name: place for place, a in enumerate(self.old.attributes)}
        stay = [a.name for a in self.new.attributes if a.name in self.origins]
        still = _rising([places[self.origins[name]] for name in stay])
        return frozenset(name for place, name in enumerate(stay) if place not in still)

    @cached_property
    def old_foreign_keys(self) -> list[ForeignKey]:
        """The foreign keys there are, in the new names."""
        new = {old: new for new, old in self.origins.items()}
        return [
            replace(key, attributes=tuple((new.get(own, own), there) for own, there in key.attributes))
            for key in self.old.foreign_keys
        ]

    @cached_property
    def foreign_keys_added(self) -> list[ForeignKey]:
        """The foreign keys that were not there."""
        return [key for key in self.new.foreign_keys if key not in self.old_foreign_keys]

    @cached_property
    def foreign_keys_dropped(self) -> list[ForeignKey]:
        """The foreign keys that are no more; their constraints have names."""
        return [key for key in self.old_foreign_keys if key not in self.new.foreign_keys]

    @cached_property
    def indexes_added(self) -> list[Index]:
        """The indexes that were not there."""
        there = self._renamed(self.old.indexes)
        implied = {key.names for key in self.new.foreign_keys} | {self.new.primary_key}
        wanted = [index for index in self.new.indexes if index.is_unique or index.attributes not in implied]
        return [index for index in wanted if index not in there]

    @cached_property
    def indexes_dropped(self) -> list[Index]:
        """The indexes that are no more; they have names."""
        return [index for index in self._renamed(self.old.indexes) if index not in self.new.indexes]

    @cached_property
    def implied_dropped(self) -> list[Index]:
        """The indexes that were there for foreign keys that are no more."""
        gone = {key.names for key in self.foreign_keys_dropped}
        needed = {key.names[: len(names)] for names in gone for key in self.new.foreign_keys}
        return [i for i in self._renamed(self.old.implied_indexes) if i.attributes in gone - needed]

    @cached_property
    def indexes_kept(self) -> list[Index]:
        """The indexes that stay."""
        gone = [*self.indexes_dropped, *self.implied_dropped]
        return [i for i in self._renamed((*self.old.indexes, *self.old.implied_indexes)) if i not in gone]

    @property
    def is_commented(self) -> bool:
        """Whether the table's comment changes."""
        return self.old.comment != self.new.comment

    @property
    def is_of_columns(self) -> bool:
        """Whether columns or foreign keys change, rather than comments and indexes alone."""
        return bool(
            self.added or self.dropped or self.renamed or self.moved or self.changed
            or self.foreign_keys_added or self.foreign_keys_dropped
        )  # fmt: skip

    def __bool__(self) -> bool:
        return bool(self.is_of_columns or self.indexes_added or self.indexes_dropped or self.is_commented)

    def _renamed(self, indexes: Sequence[Index]) -> list[Index]:
        new = {old: new for new, old in self.origins.items()}
        return [replace(index, attributes=tuple(new.get(name, name) for name in index.attributes)) for index in indexes]


def _rising(places: list[int]) -> set[int]:
    """Return the indexes of a longest rising subsequence."""
    tops: list[int] = []  # the least value with which a rise of each length ends
    ends: list[int] = []  # where that value stands
    before: list[int] = []
    for index, place in enumerate(places):
        length = bisect_left(tops, place)
        before.append(ends[length - 1] if length else -1)
        tops[length : length + 1] = [place]
        ends[length : length + 1] = [index]
    found: set[int] = set()
    index = ends[-1] if ends else -1
    while index >= 0:
        found.add(index)
        index = before[index]
    return found

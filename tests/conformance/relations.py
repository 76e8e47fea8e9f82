"""A naive evaluator of the algebra: relations as lists of dicts, operators as loops."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Relation:
    """
    What a query stands for.

    Attributes
    ----------
    names, key : list of str
        The attributes, and those of the primary key.
    rows : list of dict
        In the order that a `Top` gave them, if one did.
    is_ordered : bool
        Whether one did.
    """

    names: list[str]
    key: list[str]
    rows: list[Row]
    is_ordered: bool = False

    @property
    def others(self) -> list[str]:
        """The attributes outside the key."""
        return [name for name in self.names if name not in self.key]

    def determines(self, other: Relation) -> bool:
        """Whether a row has the whole key of the other."""
        return set(other.key) <= set(self.names)

    def where(self, holds) -> Relation:
        """The rows for which a function is true."""
        return replace(self, rows=[row for row in self.rows if holds(row)])

    def mapped(self, sources: dict[str, str], computed: dict[str, Any]) -> Relation:
        """Attributes chosen, by new and old name, and computed by functions of a row."""
        rows = [
            {new: row[old] for new, old in sources.items()} | {new: make(row) for new, make in computed.items()}
            for row in self.rows
        ]
        key = [new for new, old in sources.items() if old in self.key]
        return Relation([*sources, *computed], key, rows, self.is_ordered)

    def promoted(self, names: list[str]) -> Relation:
        """The same rows, with a larger key."""
        return replace(self, key=list(dict.fromkeys([*self.key, *names])))

    def agreeing(self, other: Relation) -> list[tuple[Row, Row]]:
        """The pairs of rows that have equal values in all shared attributes; NULL equals nothing."""
        shared = [name for name in self.names if name in other.names]
        pairs = itertools.product(self.rows, other.rows)
        return [(one, two) for one, two in pairs if agree(one, two, shared)]

    def matching(self, other: Relation) -> list[Row]:
        """The rows that agree with some row of the other."""
        return [one for one, _ in self.agreeing(other)]

    def joined(self, other: Relation, *, left: bool = False) -> Relation:
        """The pairs that agree; with ``left`` the unmatched rows of this one too."""
        together = self.key + [name for name in other.key if name not in self.key]
        key = self.key if self.determines(other) else other.key if other.determines(self) and not left else together
        names = self.names + [name for name in other.names if name not in self.names]
        pairs = self.agreeing(other)
        rows = [{**two, **one} for one, two in pairs]
        if left:
            matched = [one for one, _ in pairs]
            rows += [dict.fromkeys(names) | one for one in self.rows if one not in matched]
        return Relation(names, key, rows)

    def is_unitable(self, other: Relation) -> bool:
        """Whether a union is allowed."""
        shared = set(self.others) & set(other.names)
        return set(self.key) == set(other.key) and (not shared or set(self.names) == set(other.names))

    def united(self, other: Relation) -> Relation:
        """The rows of both by their key; of a row of both, this one's values first."""
        names = self.names + [name for name in other.names if name not in self.names]
        found: dict[tuple[Any, ...], Row] = {}
        for row in [*self.rows, *other.rows]:
            place = tuple(row[name] for name in self.key)
            found[place] = row | found.get(place, {})
        return Relation(names, self.key, [dict.fromkeys(names) | row for row in found.values()])

    def grouped(self, key: list[str], aggregates: dict[str, Any]) -> Relation:
        """One row for each combination of values; aggregates are functions of the rows of a group."""
        groups: dict[tuple[Any, ...], list[Row]] = {} if key or not aggregates else {(): []}
        for row in self.rows:
            groups.setdefault(tuple(row[name] for name in key), []).append(row)
        rows = [
            dict(zip(key, values, strict=True)) | {new: make(members) for new, make in aggregates.items()}
            for values, members in groups.items()
        ]
        return Relation([*key, *aggregates], key, rows)

    def aggregated(self, other: Relation, kept: list[str], aggregates: dict[str, Any], *, excluded: bool) -> Relation:
        """For each row, functions of the other's rows that agree in the key."""
        rows = []
        for row in self.rows:
            members = [one for one in other.rows if agree(row, one, self.key)]
            if members or not excluded:
                rows.append(
                    {n: row[n] for n in [*self.key, *kept]} | {n: make(members) for n, make in aggregates.items()}
                )
        return Relation([*self.key, *kept, *aggregates], self.key, rows)

    def top(self, limit: int | None, order: list[tuple[str, bool]] | None, offset: int, key: list[str]) -> Relation:
        """
        The first rows in an order, of names and whether they descend; NULL comes before all numbers.

        ``key`` decides between equal rows, in the order of its names.
        """
        rows = self.rows
        if order is not None or not self.is_ordered:
            for name, descends in reversed([*(order or []), *((name, False) for name in key)]):
                rows = sorted(rows, key=lambda row: (row[name] is not None, row[name] or 0), reverse=descends)
        end = None if limit is None else offset + limit
        return replace(self, rows=rows[offset:end], is_ordered=True)


def agree(one: Row, two: Row, names: list[str]) -> bool:
    """Tell whether two rows have equal values, none of them NULL."""
    return all(one[name] is not None and one[name] == two[name] for name in names)

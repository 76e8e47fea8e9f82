"""
Names: how a class is called in the database, and back.

======== ========================= =======================
tier     class                     table
======== ========================= =======================
Manual   ``Subject``               ``subject``
Lookup   ``Species``               ``#species``
Imported ``RawData``               ``_raw_data``
Computed ``SpikeSort2D``           ``__spike_sort2_d``
Part     ``SpikeSort2D.Unit``      ``__spike_sort2_d__unit``
======== ========================= =======================

Tables whose names begin with ``~`` belong to djnb and DataJoint themselves and are hidden: ``~~spike_sort2_d`` holds
the jobs of ``__spike_sort2_d``; ``~jobs``, up to DataJoint 0.14, those of all tables of its schema.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from djnb.errors import DefinitionError

MAX_TABLE_NAME = 64
"""The longest name that MySQL and MariaDB take."""

CLASSIC_JOBS = "~jobs"
"""The one job table of a schema, up to DataJoint 0.14."""

_JOBS_PREFIX = "~~"


class Tier(StrEnum):
    """Where the rows of a table come from."""

    MANUAL = "Manual"
    LOOKUP = "Lookup"
    IMPORTED = "Imported"
    COMPUTED = "Computed"
    PART = "Part"

    @property
    def prefix(self) -> str:
        """What a table's name begins with."""
        return _PREFIXES[self]


_PREFIXES = {Tier.MANUAL: "", Tier.LOOKUP: "#", Tier.IMPORTED: "_", Tier.COMPUTED: "__", Tier.PART: ""}
_BODY = r"[a-z][a-z0-9]*(?:_[a-z][a-z0-9]*)*"
_PATTERNS = {
    Tier.MANUAL: re.compile(_BODY),
    Tier.LOOKUP: re.compile(rf"#{_BODY}"),
    Tier.COMPUTED: re.compile(rf"__{_BODY}"),
    Tier.IMPORTED: re.compile(rf"_{_BODY}"),
    Tier.PART: re.compile(rf"(?P<master>(?:|#|_|__){_BODY})__(?P<part>{_BODY})"),
}


@lru_cache(maxsize=10_000)
def _tier_of(table: str) -> Tier | None:
    return next((tier for tier, pattern in _PATTERNS.items() if pattern.fullmatch(table)), None)


class TableName(NamedTuple):
    """A table in the database: its schema and its name there."""

    schema: str
    table: str

    @property
    def full(self) -> str:
        """Both names in back quotes, as DataJoint writes them: ```lab`.`#species```."""
        return f"`{self.schema}`.`{self.table}`"

    @classmethod
    def parse(cls, text: str) -> TableName:
        """Read ``schema.table``, with or without back quotes."""
        match = re.fullmatch(r"(`[^`]+`|[^`.]+)\.(`[^`]+`|[^`.]+)", text)
        if match is None:
            raise DefinitionError(f"'{text}' is not the name of a table.", remedy="Write `schema.table`.")
        return cls(match[1].strip("`"), match[2].strip("`"))

    @property
    def tier(self) -> Tier | None:
        """The tier that the name tells; None for hidden tables and names that are not DataJoint's."""
        return _tier_of(self.table)

    @property
    def master(self) -> TableName | None:
        """The master of a part table; None for every other tier."""
        match = _PATTERNS[Tier.PART].fullmatch(self.table) if self.tier is Tier.PART else None
        return TableName(self.schema, match["master"]) if match else None

    @property
    def twin(self) -> TableName | None:
        """The Imported table of a Computed one's name, or the other way round; their jobs would be in one place."""
        others = {Tier.IMPORTED: Tier.COMPUTED, Tier.COMPUTED: Tier.IMPORTED}
        other = others.get(self.tier) if self.tier is not None else None
        return TableName(self.schema, other.prefix + self.table.lstrip("_")) if other is not None else None

    @property
    def is_hidden(self) -> bool:
        """Whether the table belongs to djnb or DataJoint themselves."""
        return self.table.startswith("~")

    @property
    def job_table(self) -> TableName:
        """Where the jobs of the table are: ``~~spike_sort`` for ``__spike_sort``, and for ``_spike_sort`` too."""
        return TableName(self.schema, _JOBS_PREFIX + self.table.lstrip("_"))

    @property
    def is_job_table(self) -> bool:
        """Whether the table holds jobs, of one table or, up to DataJoint 0.14, of a schema."""
        return self.table.startswith(_JOBS_PREFIX) or self.is_classic_jobs

    @property
    def is_classic_jobs(self) -> bool:
        """Whether the table holds the jobs of a whole schema, as up to DataJoint 0.14."""
        return self.table == CLASSIC_JOBS

    @property
    def class_name(self) -> str:
        """The class that would declare it: ``SpikeSort2D``, ``SpikeSort2D.Unit`` for a part, ``SpikeSort2D.jobs``."""
        match = _PATTERNS[Tier.PART].fullmatch(self.table) if self.tier is Tier.PART else None
        if match:
            return f"{to_camel(match['master'])}.{to_camel(match['part'])}"
        return f"{to_camel(self.table)}.jobs" if self.table.startswith(_JOBS_PREFIX) else to_camel(self.table)

    def __str__(self) -> str:
        return self.full


def to_snake(name: str) -> str:
    """
    Return ``spike_sort2_d`` for ``SpikeSort2D``: every capital within a word begins a new one.

    Raises
    ------
    DefinitionError
        The name is not CamelCase.
    """
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
        raise DefinitionError(
            f"The class name '{name}' cannot become a table's name.",
            remedy="Name table classes in CamelCase: a capital first, then letters and digits, no underscores.",
        )
    return re.sub(r"\B[A-Z]", lambda match: "_" + match[0], name).lower()


def to_camel(name: str) -> str:
    """Return ``SpikeSort2D`` for ``__spike_sort2_d``."""
    return re.sub(r"(?:^|[_\W])+([a-zA-Z])", lambda match: match[1].upper(), name)


def table_name(class_name: str, tier: Tier, master: str = "") -> str:
    """Return the table that a class of this tier declares; ``master`` is the master's table, for parts."""
    if tier is Tier.PART:
        return f"{master}__{to_snake(class_name)}"
    return tier.prefix + to_snake(class_name)


def check_schema_name(name: str) -> None:
    """
    Refuse a name that cannot be a schema's on every database.

    Raises
    ------
    DefinitionError
        It is empty or too long, or holds a character that stands between names.
    """
    if not re.fullmatch(r"(?![~\s])[^`./\\\x00-\x1f]{1,64}(?<!\s)", name):
        raise DefinitionError(
            f"'{name}' cannot be the name of a schema.",
            remedy="Write 1 to 64 letters, digits and underscores, for example `lab_ephys`.",
        )


def check_length(name: TableName) -> None:
    """
    Refuse a name that the database cannot hold.

    Raises
    ------
    DefinitionError
        The table's name is too long.
    """
    if len(name.table) > MAX_TABLE_NAME:
        raise DefinitionError(
            f"The table name '{name.table}' has {len(name.table)} characters; {MAX_TABLE_NAME} are allowed.",
            remedy="Give the class a shorter name.",
        )

"""What a table class answers itself: `Recording & key`, `Recording.fetch()`, `len(Recording)`, without `()`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from djnb.algebra.nodes import Node
    from djnb.query import Query

FORWARDED = frozenset((
    "describe", "make_sql", "alter", "alter_plan",
    "heading", "primary_key", "connection", "name", "full_table_name", "is_declared", "key_source",
    "restrict", "join", "extend", "proj", "aggr", "aggregate",
    "fetch", "fetch1", "to_dicts", "to_arrays", "to_pandas", "to_polars", "to_arrow", "head", "tail", "keys",
    "preview", "pages", "summary",
    "insert", "insert1", "insert_dataframe", "update1", "upsert", "validate", "delete", "drop", "spec",
    "staged_insert1", "delete_plan", "delete_quick", "drop_plan", "drop_quick",
    "populate", "progress", "jobs", "job_metadata",
    "class_name", "database", "table_name", "parents", "children", "ancestors", "descendants", "parts", "declare",
))  # fmt: skip
"""What a class hands on to an instance of itself, if its tier has it."""


def _is_table(bases: tuple[type, ...]) -> bool:
    # A tier is no table: of `dj.Manual.insert` the method itself is meant.
    return any("definition" in vars(base) or vars(base).get("_table") is not None for base in bases)


class TableMeta(type):
    """The class of table classes: operators and methods on the class act on an instance of it."""

    def __getattribute__(cls, name: str) -> Any:
        if name in FORWARDED and _is_table(type.__getattribute__(cls, "__mro__")):
            return getattr(type.__call__(cls), name)
        return super().__getattribute__(name)

    def __relation__(cls) -> Node:
        return cls._instance().node

    def _instance(cls) -> Query:
        return cast("Query", type.__call__(cls))

    def __and__(cls, condition: Any) -> Any:
        return cls._instance() & condition

    def __sub__(cls, condition: Any) -> Any:
        return cls._instance() - condition

    def __mul__(cls, other: Any) -> Query:
        return cls._instance().join(other)

    def __add__(cls, other: Any) -> Query:
        return cls._instance().__add__(other)

    def __neg__(cls) -> Any:
        return -cls._instance()

    def __xor__(cls, condition: Any) -> Any:
        return cls._instance() ^ condition

    def __matmul__(cls, other: Any) -> Query:
        return cls._instance().__matmul__(other)

    def __len__(cls) -> int:
        return len(cls._instance())

    def __bool__(cls) -> bool:
        # Classes are tested for truth in many places that mean no query; a class is true.
        return True

    def __contains__(cls, row: Any) -> bool:
        return row in cls._instance()

    def __iter__(cls) -> Iterator[dict[str, Any]]:
        return iter(cls._instance())

"""
What is noted of each computed row, in hidden attributes: when its computation began, how long it took, by which code.

The columns are DataJoint's. A table has them if ``jobs.add_job_metadata`` was set when it was declared.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from djnb.algebra.nodes import Node, Project, Stored
from djnb.errors import OperandError
from djnb.jobs.version import code_version
from djnb.model.attribute import NULL, Attribute, Default
from djnb.model.core_types import parse_type
from djnb.model.heading import Heading
from djnb.model.naming import Tier
from djnb.model.spec import TableSpec
from djnb.settings import get_config

START, DURATION, VERSION = "_job_start_time", "_job_duration", "_job_version"

ATTRIBUTES = (
    Attribute(
        START,
        parse_type("datetime(3)"),
        nullable=True,
        default=NULL,
        comment="when computation began",
        is_marked=True,
    ),
    Attribute(
        DURATION,
        parse_type("float32"),
        nullable=True,
        default=NULL,
        comment="computation duration in seconds",
        is_marked=True,
    ),
    Attribute(VERSION, parse_type("varchar(64)"), default=Default(""), comment="code version", is_marked=True),
)
"""The hidden attributes, as DataJoint 2 declares them."""

_SHOWN = {START: "job_start_time", DURATION: "job_duration", VERSION: "job_version"}
"""What the hidden attributes are called where they are shown."""

_began: ContextVar[tuple[datetime, float] | None] = ContextVar("djnb_make_began", default=None)


def attributes_for(tier: Tier | None) -> tuple[Attribute, ...]:
    """Return the hidden attributes with which a table of a tier is declared; None is a part's."""
    is_computed = tier in (Tier.IMPORTED, Tier.COMPUTED)
    return ATTRIBUTES if is_computed and get_config().jobs.add_job_metadata else ()


def shown(table: Stored) -> Node:
    """
    Return the keys of a table with what is noted of their rows.

    Raises
    ------
    OperandError
        The table was declared without it.
    """
    heading = table.stored
    noted = tuple(attribute for attribute in heading.hidden if attribute.name in _SHOWN)
    if not noted:
        raise OperandError(
            f"`{table.label}` has no metadata of jobs.",
            remedy=f"Add it by `dj.migrate.add_job_metadata_columns({table.label}, dry_run=False)`; set "
            "`dj.config.jobs.add_job_metadata = True` for tables that are yet to be declared.",
        )
    names = [(name, name) for name in heading.primary_key] + [(_SHOWN[each.name], each.name) for each in noted]
    return Project(Stored(table.name, Heading((*heading.visible, *noted))), tuple(names))


@contextmanager
def timed() -> Iterator[None]:
    """Take the beginning of a ``with`` block for that of a computation, in this thread."""
    token = _began.set((datetime.now(UTC).replace(tzinfo=None), time.monotonic()))
    try:
        yield
    finally:
        _began.reset(token)


def stamp(spec: TableSpec) -> Callable[[], Mapping[str, Any]] | None:
    """
    Return what tells the hidden values of rows that are inserted now.

    None if the table has no such attributes, or nothing is being computed: then they keep their defaults. The time is
    UTC, and the duration counts to the moment at which the rows are sent.
    """
    began = _began.get()
    if began is None or not any(attribute.name == START for attribute in spec.attributes):
        return None
    start, ticks = began
    return lambda: {START: start, DURATION: time.monotonic() - ticks, VERSION: code_version()}

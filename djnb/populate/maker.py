"""Making one key, here and now, and telling what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from djnb.algebra.nodes import Node, Stored
from djnb.connection import Connection
from djnb.model.spec import TableSpec
from djnb.populate.contract import Attempt, Fence, Makeable
from djnb.populate.drafts import Drafts, Judge, Verdict
from djnb.populate.outcome import Fate, Outcome
from djnb.populate.signals import Guard


@dataclass(frozen=True)
class Maker:
    """
    What is needed to make keys of a table.

    Attributes
    ----------
    table : Makeable
        Has ``make``.
    target : Stored
        The table as a question.
    make_kwargs : mapping
        Further arguments for ``make``.
    keys : Node
        The keys that the table should have, restricted as asked.
    """

    table: Makeable
    target: Stored
    make_kwargs: Mapping[str, Any]
    keys: Node

    @property
    def connection(self) -> Connection:
        """Where the table is."""
        return self.table.connection

    @property
    def spec(self) -> TableSpec:
        """The table as the database has it."""
        spec = self.connection.catalogue.table(self.table.name)
        assert spec is not None  # it was asked for to make `target`
        return spec

    def attempt(self, key: Mapping[str, Any], *, fence: Fence | None = None) -> Attempt:
        """Return the making of a key, which has not begun."""
        return Attempt(self.table, self.target, key, self.make_kwargs, fence)

    def make(self, key: Mapping[str, Any], guard: Guard) -> Outcome:
        """
        Make a key in a transaction of its own, and return what came of it.

        Raises
        ------
        KeyboardInterrupt
            A signal; the key is undone. Other exceptions that are no errors pass through likewise.
        """
        drafts = Drafts(self.connection, guard)
        drafts.make(self.attempt(key), judge_of(key), may_wait=False)
        (outcome,) = drafts.ended()
        return outcome


def judge_of(key: Mapping[str, Any]) -> Judge:
    """Return what tells as an outcome what came of a key that begins now."""
    started = time.time()

    def judge(verdict: Verdict, seconds: float) -> Outcome:
        fate: Fate = "failed" if verdict.error is not None else "made" if verdict.is_made else "skipped"
        return Outcome(key, fate, started, seconds, verdict.error)

    return judge

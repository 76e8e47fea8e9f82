"""Making one key, here and now, and telling what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from djnb.algebra.nodes import Node, Stored
from djnb.connection import Connection
from djnb.model.spec import TableSpec
from djnb.populate.contract import Makeable, make_key
from djnb.populate.outcome import Outcome
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

    def make(self, key: Mapping[str, Any], guard: Guard) -> Outcome:
        """
        Make a key in a transaction of its own, and return what came of it.

        Raises
        ------
        KeyboardInterrupt
            A signal; the key is undone. Other exceptions that are no errors pass through likewise.
        """
        started, begun = time.time(), time.monotonic()
        try:
            with guard.interruptible():
                is_made = make_key(self.table, self.target, key, self.make_kwargs)
        except Exception as error:  # noqa: BLE001 -- the user's make may raise anything; the outcome has it
            return Outcome(key, "failed", started, time.monotonic() - begun, error)
        return Outcome(key, "made" if is_made else "skipped", started, time.monotonic() - begun)

"""Making one key, here and now, and telling what came of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from djnb.algebra.nodes import Stored
from djnb.connection import Connection
from djnb.errors import DataJointError, DuplicateError
from djnb.populate.contract import Makeable, has_row, make_key
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
    """

    table: Makeable
    target: Stored
    make_kwargs: Mapping[str, Any]

    @property
    def connection(self) -> Connection:
        """Where the table is."""
        return self.table.connection

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
                make_key(self.table, self.target, key, self.make_kwargs)
        except Exception as error:  # noqa: BLE001 -- the user's make may raise anything; the outcome has it
            duration = time.monotonic() - begun
            if self.is_there(key, error):
                return Outcome(key, "skipped", started, duration)
            return Outcome(key, "failed", started, duration, error)
        return Outcome(key, "made", started, time.monotonic() - begun)

    def is_there(self, key: Mapping[str, Any], error: Exception) -> bool:
        """Tell whether a key failed because somebody else has made it meanwhile; asked only after a duplicate."""
        if not isinstance(error, DuplicateError):
            return False
        try:
            return has_row(self.connection, self.target, key)
        except DataJointError:  # then the first error says what is wrong
            return False

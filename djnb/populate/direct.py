"""Populate without job tables: the keys that are missing now, made here or given out."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from djnb.populate.contract import has_row
from djnb.populate.foreman import Foreman
from djnb.populate.key_source import missing
from djnb.populate.maker import Maker
from djnb.populate.options import Options
from djnb.populate.pushing import PushedKeys
from djnb.populate.serial import make_each
from djnb.populate.signals import Guard
from djnb.populate.tally import Tally
from djnb.rows.fetch import fetch_columns, to_dicts


class MissingKeys:
    """
    The keys that a table lacks.

    Parameters
    ----------
    maker : Maker
        Makes them.
    options : Options
        How.
    tally : Tally
        Is told what came of them.
    """

    def __init__(self, maker: Maker, options: Options, tally: Tally) -> None:
        self._maker, self._options, self._tally = maker, options, tally
        self._found: list[dict[str, Any]] = []

    def find(self) -> int:
        """Ask which keys are missing, and return how many are to be made at most."""
        wanted = missing(self._maker.keys, self._maker.target)
        rows = fetch_columns(self._maker.connection, wanted, wanted.heading.names, purpose="internal")
        self._found = to_dicts(rows)
        if self._options.order == "reverse":
            self._found.reverse()
        elif self._options.order == "random":
            random.shuffle(self._found)
        return self._options.bounded(len(self._found))

    def make(self, guard: Guard) -> None:
        """Make them."""
        keys, most = self._found[: self._options.limit], self._options.most
        if self._options.is_serial or not keys:
            make_each(self._maker, keys, self._tally, guard, most)
            return
        source = PushedKeys(keys, self._tally, most, self._options.at_once, self._is_made)
        Foreman(self._maker, self._options).go(source, self._tally, guard)

    def _is_made(self, key: Mapping[str, Any]) -> bool:
        return has_row(self._maker.connection, self._maker.target, key)

    def remaining(self, *, is_interrupted: bool) -> int:
        """Return how many were not tried."""
        return len(self._found) - self._tally.ended

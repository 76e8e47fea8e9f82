"""What came of populating several tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from djnb.populate.result import PopulateResult


class PopulateResults(Mapping[str, PopulateResult]):
    """
    What came of populating several tables: ``results["Analysis"]`` is the result of one of them.

    Parameters
    ----------
    name : str
        What they are called together.
    of : sequence of PopulateResult
        One for each table whose turn has come, in their order.
    waiting : sequence of str
        The tables whose turn has not come.
    """

    def __init__(self, name: str, of: Sequence[PopulateResult], waiting: Sequence[str] = ()) -> None:
        self.name = name
        self.waiting = tuple(waiting)
        self._of = {result.table: result for result in of}

    def __getitem__(self, table: str) -> PopulateResult:
        return self._of[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)

    @property
    def success_count(self) -> int:
        """How many keys were made in all."""
        return sum(result.success_count for result in self.values())

    @property
    def failed_count(self) -> int:
        """How many keys have failed in all."""
        return sum(len(result.error_list) for result in self.values())

    def _waiting(self) -> str:
        return f"Not begun: {', '.join(self.waiting)}" if self.waiting else ""

    def __str__(self) -> str:
        return "; ".join(str(result) for result in self.values()) or f"{self.name}: nothing was begun"

    def __repr__(self) -> str:
        return "\n".join(filter(None, [*(repr(result) for result in self.values()), self._waiting()]))

    def _repr_html_(self) -> str:
        waiting = f"<div>{escape(self._waiting())}</div>" if self.waiting else ""
        return "".join(result._repr_html_() for result in self.values()) + waiting

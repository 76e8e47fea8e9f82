"""What came of a populate, and how far a table is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, NamedTuple

from djnb.errors import describe
from djnb.layout import key_text
from djnb.populate.output import Output
from djnb.populate.output_html import folded

_SHOWN = 5
"""How many errors a display shows."""


class Progress(NamedTuple):
    """
    How many of the keys that a table should have are there.

    Attributes
    ----------
    done, total : int
        Numbers of keys.
    """

    done: int
    total: int

    @property
    def remaining(self) -> int:
        """How many keys are missing."""
        return self.total - self.done

    @property
    def percent(self) -> float:
        """The share that is done, 0 to 100; 100 where nothing is to be done."""
        return 100.0 * self.done / self.total if self.total else 100.0

    def text(self, table: str) -> str:
        """Return ``Analysis: 150/200 (75.0%)``."""
        return f"{table}: {self.done}/{self.total} ({self.percent:.1f}%)"


@dataclass(frozen=True)
class PopulateResult:
    """
    What came of a populate. Iterating it yields the errors.

    Attributes
    ----------
    table : str
        The class.
    success_count : int
        How many keys were made.
    error_list : list of (dict, str or Exception)
        The keys that failed, each with its error.
    skipped_count : int
        How many keys somebody else had made when their turn came.
    remaining : int
        How many keys were not tried: after a stop, an interrupt, an error, or beyond ``max_calls``.
    is_interrupted, is_stopped : bool
        Whether it ended by an interrupt, or by ``run.stop()``.
    duration : float
        Seconds.
    has_jobs : bool
        Whether the keys were those of a job table, which keeps the errors too.
    outputs : list of Output
        What ``make`` printed and drew, for the last keys that did, where that was to be kept.
    """

    table: str
    success_count: int = 0
    error_list: list[tuple[Mapping[str, Any], Any]] = field(default_factory=list)
    skipped_count: int = 0
    remaining: int = 0
    is_interrupted: bool = False
    is_stopped: bool = False
    duration: float = field(default=0.0, compare=False)
    has_jobs: bool = field(default=False, compare=False)
    outputs: list[Output] = field(default_factory=list, compare=False)

    def __iter__(self) -> Iterator[tuple[Mapping[str, Any], Any]]:
        return iter(self.error_list)

    def __len__(self) -> int:
        return len(self.error_list)

    def __getitem__(self, name: str) -> Any:
        """Return ``result["success_count"]`` or ``result["error_list"]``, as DataJoint's dict does."""
        if name not in ("success_count", "error_list"):
            raise KeyError(name)
        return getattr(self, name)

    @property
    def failed_keys(self) -> list[dict[str, Any]]:
        """The keys that failed, to restrict the next ``populate`` by."""
        return [dict(key) for key, _ in self.error_list]

    def _parts(self) -> list[str]:
        parts = [f"{self.success_count} made"]
        if self.error_list:
            parts.append(f"{len(self.error_list)} failed")
        if self.skipped_count:
            parts.append(f"{self.skipped_count} already there")
        if self.remaining:
            parts.append(f"{self.remaining} left")
        if self.is_interrupted:
            parts.append("interrupted")
        elif self.is_stopped:
            parts.append("stopped")
        return parts

    def __str__(self) -> str:
        return f"{self.table}: {', '.join(self._parts())}"

    def _next_step(self) -> str:
        """Return what to do about keys that are missing still; empty if there are none."""
        if self.error_list and self.has_jobs:
            return f"Say `{self.table}.jobs.retry()` when the causes are mended, and populate again."
        if self.remaining or self.error_list:
            return "Populate again to make what is missing."
        return ""

    def __repr__(self) -> str:
        lines = [str(self)]
        lines += [f"  {key_text(key)}: {_message(error)}" for key, error in self.error_list[:_SHOWN]]
        if len(self.error_list) > _SHOWN:
            lines.append(f"  … and {len(self.error_list) - _SHOWN} more in .error_list")
        if self.outputs:
            keys = f"{len(self.outputs)} key{'' if len(self.outputs) == 1 else 's'}"
            lines.append(f"What make printed for {keys} is in .outputs")
        return "\n".join(filter(None, [*lines, self._next_step()]))

    def _repr_html_(self) -> str:
        shown = [
            f"<code>{escape(key_text(key))}</code>: {escape(_message(error))}"
            for key, error in self.error_list[:_SHOWN]
        ]
        if len(self.error_list) > _SHOWN:
            shown.append(f"… and {len(self.error_list) - _SHOWN} more in <code>.error_list</code>")
        items = "".join(f"<li>{line}</li>" for line in shown)
        return (
            '<div class="djnb-result" style="font-size: var(--jp-ui-font-size1, 13px)">'
            f"<b>{escape(self.table)}</b>: {escape(', '.join(self._parts()))}"
            f"{f'<ul>{items}</ul>' if items else ''}"
            f"{folded(self.outputs)}"
            f"{f'<div>{self._next_step()}</div>' if self._next_step() else ''}</div>"
        )


def _message(error: Any) -> str:
    return describe(error) if isinstance(error, BaseException) else str(error)

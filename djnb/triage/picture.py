"""The jobs of a table where nobody can click: counts, errors by kind and the first jobs, as text and HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from djnb.jobs.states import Status
from djnb.jobs.triage import ErrorGroup
from djnb.layout import Cell, Column, Preview, key_text, lay_out
from djnb.triage.board import Board, View

if TYPE_CHECKING:
    from djnb.tables.jobs import JobTable

_JOBS = 5
_KINDS = 10
_WIDTH = 80


def first_look(jobs: JobTable) -> Preview:
    """Return what there is to see of some jobs; those that failed where any have."""
    board = Board(jobs, size=_JOBS)
    return picture(board, board.look_first())


def picture(board: Board, view: View) -> Preview:
    """Return what a board shows; without times and hosts, so that it is the same whenever it is computed."""
    name = board.jobs.expression
    counted = counts_text(view.counts)
    parts = [kinds_table(view.kinds)] if view.kinds else []
    if view.rows:
        parts.append(_rows_table(board, view))
    plain = "\n\n".join([f"{name}: {counted}", *(part.text for part in parts)])
    head = f'<p class="djnb-note djnb-jobs-snapshot"><b>{escape(name)}</b> · {escape(counted)}</p>'
    return Preview(plain, head + "".join(part.html for part in parts))


def counts_text(counts: Mapping[str, int]) -> str:
    """Return how many jobs are in which state, ``3 pending, 37 error``; ``no jobs`` where there are none."""
    return ", ".join(f"{number(counts[state])} {state}" for state in Status if counts[state]) or "no jobs"


def number(count: int) -> str:
    """Return a count as it is read, ``100 000``."""
    return f"{count:,}".replace(",", " ")


def short(text: str, width: int = _WIDTH) -> str:
    """Return the first line of a text, cut."""
    line = text.partition("\n")[0].strip()
    return line if len(line) <= width else line[: width - 1] + "…"


def kinds_table(kinds: Sequence[ErrorGroup]) -> Preview:
    """Return the errors by kind."""
    cells = [
        [Cell(number(kind.count), "number"), Cell(short(kind.message)), Cell(key_text(kind.key))]
        for kind in kinds[:_KINDS]
    ]
    extent = f"{len(kinds)} kind{'' if len(kinds) == 1 else 's'}"
    extent = extent if len(kinds) <= _KINDS else f"{_KINDS} of {extent}"
    return lay_out("Errors", extent, "", [Column("jobs"), Column("error"), Column("one of them")], cells)


def _rows_table(board: Board, view: View) -> Preview:
    key = board.jobs.primary_key
    columns = [*(Column(name, in_key=True) for name in key), Column("status"), Column("priority"), Column("message")]
    cells = [
        [
            *(_value(row[name]) for name in key),
            Cell(row["status"]),
            Cell(str(row["priority"]), "number"),
            Cell(short(row["error_message"])),
        ]
        for row in view.rows
    ]
    which = f"{number(view.first)} to {number(view.last)} of {number(view.matching)}"
    return lay_out("Jobs", which, board.state or "all", columns, cells)


def _value(value: Any) -> Cell:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(str(value), "number" if is_number else "")

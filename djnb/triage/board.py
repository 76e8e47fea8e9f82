"""What a person sees of the jobs of a table, and what is chosen of them. No widget is known here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from djnb.errors import OperandError, RowCountError
from djnb.jobs.states import Status
from djnb.jobs.triage import ErrorGroup
from djnb.triage import code
from djnb.triage.deeds import Deed, Outcome, Undo, Verb, do, plan

if TYPE_CHECKING:
    from djnb.tables.jobs import JobTable

Key = Mapping[str, Any]

SHOWN = ("status", "priority", "error_message", "completed_time", "duration", "host")
"""What a line of a page says beside the key."""

SORTS: Mapping[str, str | None] = {
    "by turn": None,
    "latest first": "completed_time DESC",
    "slowest first": "duration DESC",
    "message": "error_message",
    "priority": "priority",
}
"""The orders that are offered: by turn stands for how jobs of one state are begun, and for the key otherwise."""


@dataclass(frozen=True)
class View:
    """
    What there is to see at one moment.

    Attributes
    ----------
    counts : mapping
        How many jobs are in which state, and in ``total``.
    kinds : sequence of ErrorGroup
        The errors by kind, the most frequent first.
    rows : sequence of dict
        A page of the chosen jobs.
    matching : int
        How many jobs are chosen.
    first : int
        Which of them the page begins with, counted from 1; 0 where there is none.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    kinds: Sequence[ErrorGroup] = ()
    rows: Sequence[Mapping[str, Any]] = ()
    matching: int = 0
    first: int = 0

    @property
    def last(self) -> int:
        """Which of the chosen jobs the page ends with."""
        return self.first + len(self.rows) - 1 if self.rows else 0


@dataclass(frozen=True)
class Detail:
    """A job as it is now; ``facts`` are what it says beside its message, ``stack`` the traceback, maybe empty."""

    key: Key
    status: str
    message: str
    stack: str
    facts: Mapping[str, Any]


class Board:
    """
    The jobs of a table, to look through and to mend.

    Parameters
    ----------
    jobs : JobTable
        The jobs of one table.
    size : int
        How many jobs a page has.

    Attributes
    ----------
    state : str or None
        Jobs of this state are chosen; all for None.
    kind : str or None
        Those of this kind of error, by its signature.
    text : str
        Those that have it in their key or their message.
    sort : str
        One of ``SORTS``.
    takes_all : bool
        Whether what is done is done to all chosen jobs rather than to those that are selected of the page.
    """

    def __init__(self, jobs: JobTable, *, size: int = 25) -> None:
        self.jobs = jobs
        self.size = size
        self.state: str | None = None
        self.kind: str | None = None
        self.text = ""
        self.sort = next(iter(SORTS))
        self.takes_all = False
        self.view = View()
        self.undo_of: Undo | None = None
        self._selected: dict[tuple[Any, ...], Key] = {}
        self._restricted: JobTable | None = None

    # -- what is chosen

    def choose(
        self,
        *,
        state: str | None = None,
        kind: str | None = None,
        text: str | None = None,
        sort: str | None = None,
    ) -> None:
        """
        Choose the jobs to see; the page is the first one again and nothing is selected.

        A kind of error stands for the state ``error``. A text and an order stay as they are where none is given.

        Raises
        ------
        OperandError
            There is no such state or order.
        """
        if state is not None and state not in set(Status):
            raise OperandError(f"No job is in a state '{state}'.", remedy=f"They are: {', '.join(Status)}.")
        if sort is not None and sort not in SORTS:
            raise OperandError(f"Jobs are not sorted '{sort}'.", remedy=f"The orders are: {', '.join(SORTS)}.")
        self.state = Status.ERROR.value if kind is not None else state
        self.kind = kind
        self.text = self.text if text is None else text
        self.sort = self.sort if sort is None else sort
        self._restricted = None
        self.takes_all = False
        self._selected = {}
        self.view = View(self.view.counts, self.view.kinds)

    @property
    def chosen(self) -> JobTable:
        """The jobs of the choice."""
        if self._restricted is None:
            jobs = self.jobs
            if self.kind is not None:
                jobs = jobs.of_kind(self.kind)
            elif self.state is not None:
                jobs = jobs & {"status": self.state}
            self._restricted = jobs.search(self.text) if self.text.strip() else jobs
        return self._restricted

    @property
    def chosen_code(self) -> str:
        """The Python that says the choice."""
        return code.chosen(self.jobs.expression, state=self.state, kind=self.kind, text=self.text)

    # -- what there is to see

    def look(self) -> View:
        """Ask for everything anew: the counts, the kinds of errors, the page."""
        self._restricted = None  # which jobs of DataJoint are of a kind changes with them
        counts, kinds = self.jobs.progress(), self.jobs.errors_by_signature()
        edge = self.view.rows[0] if self.view.rows and self.view.first > 1 else None
        self.view = View(counts, kinds, self.view.rows, self._count(counts), self.view.first)
        if edge is None:
            return self.turn_to_first()
        kept = (self.chosen & self._key_of(edge)).page(*SHOWN, size=1, order_by=SORTS[self.sort])
        rows = [*kept, *self._page(after=edge, size=self.size - len(kept))]
        return self._show(rows, self.view.first) if rows else self.turn_to_first()

    def look_first(self) -> View:
        """Look for the first time: at the jobs that failed, where any have."""
        self.look()
        if self.view.counts[Status.ERROR.value]:
            self.choose(state=Status.ERROR.value)
            self.look_at_choice()
        return self.view

    def look_at_choice(self) -> View:
        """Show the first page of what was chosen, without counting the states and the errors again."""
        counts = self.view.counts or self.jobs.progress()
        self.view = View(counts, self.view.kinds, (), self._count(counts))
        return self.turn_to_first()

    def has_changed(self) -> bool:
        """Tell whether jobs have moved from one state to another since the last look, in one statement."""
        return self.jobs.progress() != self.view.counts

    def turn_to_first(self) -> View:
        """Show the first page."""
        return self._show(self._page(), 1)

    def turn_on(self) -> View:
        """Show the next page; the same where there is none."""
        rows = self._page(after=self.view.rows[-1]) if self.view.rows else []
        return self._show(rows, self.view.last + 1) if rows else self.view

    def turn_back(self) -> View:
        """Show the page before; the first where there is none."""
        if not self.view.rows or self.view.first <= 1:
            return self.turn_to_first()
        rows = self._page(before=self.view.rows[0])
        if len(rows) < self.size:
            return self.turn_to_first()
        return self._show(rows, max(1, self.view.first - len(rows)))

    def detail(self, key: Key) -> Detail:
        """
        Return a job as it is now.

        Raises
        ------
        RowCountError
            It is not there any more.
        """
        found = (self.jobs & self._key_of(key)).to_dicts()
        if not found:
            raise RowCountError(
                f"The job of {self._key_of(key)} is not there any more.",
                remedy="A worker has completed it, or somebody has deleted it.",
            )
        (job,) = found
        facts = {
            name: job[name]
            for name in ("host", "pid", "user", "version", "duration", "reserved_time", "completed_time", "priority")
            if job[name] not in (None, "", 0) or name == "priority"
        }
        return Detail(self._key_of(job), job["status"], job["error_message"], job["error_stack"] or "", facts)

    def _count(self, counts: Mapping[str, int]) -> int:
        if self.kind is None and not self.text.strip():
            return counts["total" if self.state is None else self.state]
        return len(self.chosen)

    def _page(self, *, size: int | None = None, **edge: Any) -> list[dict[str, Any]]:
        if size == 0:
            return []
        return self.chosen.page(*SHOWN, size=size or self.size, order_by=SORTS[self.sort], **edge)

    def _show(self, rows: Sequence[Mapping[str, Any]], first: int) -> View:
        matching = max(self.view.matching, first + len(rows) - 1) if rows else self.view.matching
        self.view = View(self.view.counts, self.view.kinds, rows, matching, first if rows else 0)
        there = {self._key(row) for row in rows}
        self._selected = {key: row for key, row in self._selected.items() if key in there}
        return self.view

    # -- what is selected

    def _key(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(row[name] for name in self.jobs.primary_key)

    def _key_of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        return {name: row[name] for name in self.jobs.primary_key}

    def select(self, keys: Iterable[Key]) -> None:
        """Select jobs of the page by their keys, and no others."""
        self._selected = {self._key(key): self._key_of(key) for key in keys}
        self.takes_all = False

    def select_all(self, *, takes_all: bool = True) -> None:
        """Have what is done be done to all chosen jobs, on this page and on others."""
        self.takes_all = takes_all

    @property
    def selected(self) -> list[Key]:
        """The keys of the selected jobs of the page."""
        return list(self._selected.values())

    @property
    def subject(self) -> tuple[JobTable, str]:
        """
        What something would be done to, and the Python that says it.

        Raises
        ------
        OperandError
            Nothing is selected.
        """
        if self.takes_all:
            return self.chosen, self.chosen_code
        if not self._selected:
            raise OperandError("No job is selected.", remedy="Select some, or all that match.")
        keys = self.selected
        return self.jobs & keys, code.among(self.jobs.expression, keys)

    # -- what is done

    def plan(self, verb: Verb, **options: Any) -> Deed:
        """
        Return what would be done, with the exact number of jobs, and the Python that does the same.

        Raises
        ------
        OperandError
            Nothing is selected, or it cannot be done to these jobs.
        """
        if verb == "release" and not self._selected:
            jobs, said = self.jobs, self.jobs.expression
        else:
            jobs, said = self.subject
        if self.state == Status.IGNORE and verb in ("retry", "run"):
            options["ignored"] = True
        return plan(verb, jobs, said, **options)

    def do(self, deed: Deed) -> Outcome:
        """Do what was planned and look anew; what can be undone waits for `undo`."""
        outcome = do(deed)
        if outcome.undo is not None:
            self.undo_of = outcome.undo
        self._selected = {}
        self.look()
        return outcome

    def undo(self) -> str:
        """Undo what was done last, once, and say what came of it; jobs that were begun meanwhile stay as they are."""
        if self.undo_of is None:
            raise OperandError("There is nothing to undo.", remedy="Deletes and changes are undone once, the last one.")
        undo, self.undo_of = self.undo_of, None
        said = undo.carry_out()
        self.look()
        return said

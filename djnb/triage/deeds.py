"""What may be done to jobs: what exactly it would be, as a question and as Python, and how it is undone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, assert_never

from djnb.errors import OperandError
from djnb.jobs.snapshot import MOST, JobSnapshot
from djnb.triage.downstream import Dependent, dependents

if TYPE_CHECKING:
    from djnb.populate.run import Run
    from djnb.tables.jobs import JobTable

Verb = Literal["retry", "run", "ignore", "prioritize", "delete", "release"]


@dataclass(frozen=True)
class Deed:
    """
    Something that could be done to jobs.

    Attributes
    ----------
    verb : str
        What.
    jobs : JobTable
        To which: those that it changes.
    count : int
        How many they are now.
    question : str
        What a person is asked before it is done, ``Retry 37 jobs of Analysis?``
    code : str
        The Python that does the same.
    is_undoable : bool
        Whether it can be undone afterwards.
    dependents : tuple of Dependent
        The tables downstream.
    priority : int or None
        The new one.
    ignored : bool
        Whether the jobs to be tried again are ignored ones.
    older_than : float or None
        After how many seconds a reserved job is stale, whoever holds it.
    """

    verb: Verb
    jobs: JobTable = field(repr=False)
    count: int
    question: str
    code: str
    is_undoable: bool = False
    dependents: tuple[Dependent, ...] = ()
    priority: int | None = None
    ignored: bool = False
    older_than: float | None = None


@dataclass(frozen=True)
class Undo:
    """How a deed is undone: ``label`` says which it was."""

    label: str
    snapshot: JobSnapshot
    was_deleted: bool

    def carry_out(self) -> str:
        """Make the jobs what they were, and say how many could be."""
        count = self.snapshot.restore(deleted=self.was_deleted)
        left = len(self.snapshot) - count
        said = f"Undone: {self.label}. {count_jobs(count)} {'is' if count == 1 else 'are'} as before"
        return f"{said}; {count_jobs(left)} had been begun or changed meanwhile." if left else f"{said}."


@dataclass(frozen=True)
class Outcome:
    """What came of a deed: a sentence, how many jobs have changed, how to undo it, and the run if there is one."""

    text: str
    count: int
    undo: Undo | None = None
    run: Run | None = None


def count_jobs(count: int) -> str:
    """Return a number of jobs in words, ``1 job``, ``2 000 jobs``."""
    return f"{count:,} job{'' if count == 1 else 's'}".replace(",", " ")


def plan(
    verb: Verb,
    jobs: JobTable,
    said: str,
    *,
    priority: int | None = None,
    ignored: bool = False,
    older_than: float | None = None,
) -> Deed:
    """
    Return what would be done to jobs.

    Raises
    ------
    OperandError
        No class is known that could run them here, they are too many for that, or a priority is lacking.
    """
    table = jobs.class_name_of_target
    match verb:
        case "retry" | "run":
            subject = jobs.ignored if ignored else jobs.errors
            found = f"{said}.{'ignored' if ignored else 'errors'}"
            option = "ignored=True" if ignored else ""
            count = len(subject)
            do = "Retry"
            code = f"{said}.retry({option})"
            if verb == "run":
                do, code = "Retry and run here", _run_code(subject, found, said, option, count)
            below = dependents(subject) if count <= MOST else ()
            question = f"{do}: {count_jobs(count)} of {table}?"
            return Deed(verb, subject, count, question, code, count <= MOST, below, ignored=ignored)
        case "ignore":
            subject = jobs & "status <> 'ignore'"
            count = len(subject)
            code = f"({said} & \"status <> 'ignore'\").ignore()"
            return Deed(verb, subject, count, f"Ignore {count_jobs(count)} of {table}?", code, count <= MOST)
        case "prioritize":
            if priority is None:
                raise OperandError("No priority was given.", remedy="Give a number; lower is sooner.")
            subject = jobs & f"status <> 'success' AND priority <> {int(priority)}"
            count = len(subject)
            question = f"Give {count_jobs(count)} of {table} the priority {priority}?"
            code = f"{said}.prioritize({int(priority)})"
            return Deed(verb, subject, count, question, code, count <= MOST, priority=int(priority))
        case "delete":
            count = len(jobs)
            return Deed(verb, jobs, count, f"Delete {count_jobs(count)} of {table}?", f"{said}.delete()", count <= MOST)
        case "release":
            subject = jobs.stale(older_than=older_than)
            count = len(subject)
            option = "" if older_than is None else f"older_than={older_than:g}"
            question = f"Give back {count_jobs(count)} of {table} that nobody is at any more?"
            return Deed(verb, jobs, count, question, f"{said}.release_stale({option})", older_than=older_than)
        case _:
            assert_never(verb)


def _run_code(subject: JobTable, found: str, said: str, option: str, count: int) -> str:
    owner = subject.owner
    if owner is None:
        raise OperandError(
            f"No class is known that makes {subject.class_name_of_target}.",
            remedy="Define or import it, and ask for its own jobs: `Analysis.jobs`.",
        )
    if count > MOST:
        raise OperandError(
            f"{count_jobs(count)} are too many to be run here by their keys.",
            remedy=f"Retry them, then `{type(owner).__name__}.populate(reserve_jobs=True, background=True)`.",
        )
    return (
        f"keys = {found}.keys()\n"
        f"{said}.retry({option})\n"
        f"run = {type(owner).__name__}.populate(\n"
        "    keys, reserve_jobs=True, refresh=False, suppress_errors=True, background=True\n"
        ")"
    )


def do(deed: Deed) -> Outcome:
    """Do what was planned, to those of its jobs that are still as they were."""
    jobs = deed.jobs
    keys: list[Any] = list(jobs.keys()) if deed.verb == "run" else []
    before = jobs.snapshot() if deed.is_undoable and deed.count else None
    run = None
    match deed.verb:
        case "retry" | "run":
            count, done = (
                jobs.retry(ignored=deed.ignored),
                "waits again",
            )
        case "ignore":
            count, done = jobs.ignore(), "is passed over"
        case "prioritize":
            assert deed.priority is not None
            count, done = jobs.prioritize(deed.priority), f"has the priority {deed.priority}"
        case "delete":
            count, done = jobs.delete(), "is deleted"
        case "release":
            count, done = jobs.release_stale(older_than=deed.older_than), "waits again"
        case _:
            assert_never(deed.verb)
    if deed.verb == "run" and count:
        assert jobs.owner is not None
        run = jobs.owner.populate(keys, reserve_jobs=True, refresh=False, suppress_errors=True, background=True)
        done = "waits again and is run here"
    if count != 1:
        done = done.replace("waits", "wait").replace("is ", "are ").replace("has ", "have ")
    text = f"{count_jobs(count)} {done}."
    if count < deed.count:
        text += f" {count_jobs(deed.count - count)} had gone or changed meanwhile."
    label = deed.question.rstrip("?")
    undo = Undo(label[0].lower() + label[1:], before, deed.verb == "delete") if before is not None and count else None
    return Outcome(text, count, undo, run)

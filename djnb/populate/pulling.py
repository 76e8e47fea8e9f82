"""A queue, worked at by several workers: each pulls jobs itself, a second's work at a time, and reports."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from djnb.jobs.layout import LONGEST_MESSAGE
from djnb.jobs.marks import ended_by, new_mark, take_note
from djnb.jobs.queue import Queue
from djnb.jobs.reaping import DIED, who_died
from djnb.jobs.registry import host_name
from djnb.jobs.states import Status
from djnb.jobs.workers import Worker
from djnb.populate.contract import has_row
from djnb.populate.foreman import Task
from djnb.populate.glance import Glances
from djnb.populate.journal import Journal, journal_at, read_journal
from djnb.populate.lanes import Loss
from djnb.populate.maker import Maker
from djnb.populate.outcome import Fate, Outcome, Packed
from djnb.populate.pace import Pace
from djnb.populate.recorder import Recorder
from djnb.populate.remote import Report, find
from djnb.populate.shift import Shift, Terms
from djnb.populate.signals import guarded
from djnb.populate.tally import Tally
from djnb.query import Query

_TASK_SECONDS = 1.0

_Values = tuple[Any, ...]
"""The values of a key, which are those of one table's keys."""


@dataclass(frozen=True)
class Errand:
    """
    A short shift.

    Attributes
    ----------
    terms : Terms
        Which jobs.
    seconds : float
        No further job is begun after this time.
    most : int or None
        How many keys to try at most.
    pace : Pace
        How long a job takes.
    journal : Path
        Where to note what is done, if that is on this machine.
    given : float
        When it was given out, by the clock of whoever did.
    mark : int
        What the jobs that it ends say, instead of the journal; 0 where the journal is.
    is_captured : bool
        Whether to report also what `make` prints and draws.
    """

    terms: Terms
    seconds: float
    most: int | None
    pace: Pace
    journal: Path
    given: float
    mark: int = 0
    is_captured: bool = False


def run_errand(token: str, parcel: bytes | None, *, number: int, errand: Errand) -> Report | None:
    """Work at the queue for some time, and report; None where the maker is not known: send the parcel."""
    known = find(token, parcel)
    if known is None:
        return None
    shift = Shift(known.maker, errand.terms, pace=errand.pace, mark=errand.mark)
    outcomes: list[Outcome | Packed] = []
    end = time.monotonic() + errand.seconds
    journals = nullcontext(Journal(None)) if known.is_here or errand.mark else journal_at(errand.journal)
    most = errand.most
    if errand.mark and most is not None:  # a cluster may give an errand to another one, when a worker was lost with it
        most = max(0, most - len(ended_by(shift.queue, errand.mark)))
    with (
        guarded() as guard,
        known.maker.connection.patient(lambda: guard.has_heard),
        journals as journal,
        Recorder(is_on=errand.is_captured) as recorder,
    ):

        def may_begin() -> bool:
            guard.check()
            # What was taken ahead is made although it is late: it is a second's work at most.
            return not outcomes or shift.holds or time.monotonic() < end

        def start(key: Mapping[str, Any]) -> None:
            journal.begin(key)
            recorder.begin(key)

        def take(outcome: Outcome) -> None:
            sent = known.sent(outcome)
            journal.end(sent)
            outcomes.append(sent)

        try:
            is_drained = shift.work(
                guard,
                may_begin=may_begin,
                start=start,
                take=take,
                end_output=recorder.end,
                left=lambda: None if most is None else most - len(outcomes),
            )
            return Report(outcomes, is_drained=is_drained)
        except KeyboardInterrupt:
            return Report(outcomes, is_interrupted=True)


class PulledJobs:
    """
    Gives out short shifts at a queue.

    Parameters
    ----------
    maker : Maker
        Makes the keys.
    terms : Terms
        Which jobs.
    tally : Tally
        Is told what came of them.
    most : int, optional
        How many keys to try at most.
    lanes : int
        How many workers share them.
    is_marking : bool
        Whether jobs are to say which task has ended them, because its journal cannot be read from here.
    """

    def __init__(
        self, maker: Maker, terms: Terms, tally: Tally, most: int | None, lanes: int, *, is_marking: bool
    ) -> None:
        self._maker, self._terms, self._tally = maker, terms, tally
        self._most, self._lanes, self._is_marking = most, lanes, is_marking
        self._queue = Queue(maker.connection, maker.spec)
        self._pace = Pace()
        self._told = self._fatal()  # before this run
        self._last_loss: Loss | None = None
        self._folder = TemporaryDirectory(prefix="djnb-", ignore_cleanup_errors=True)
        self._numbers = count()
        self._made: deque[tuple[float, set[_Values]]] = deque()
        self._doubtful: dict[_Values, Mapping[str, Any]] = {}
        self._lost: list[Errand] = []
        self._glances = Glances()
        self.is_drained = False

    def close(self) -> None:
        """Count what nobody but a worker that died can have made, and forget what workers have noted."""
        self._folder.cleanup()
        lost, self._lost = self._lost, []
        for errand in lost:  # whoever was out of reach may have gone on for a while
            self._take(self._settled(errand, ()))
        doubtful, self._doubtful = list(self._doubtful.values()), {}
        self._take(Outcome(key, "made", time.time(), 0.0) for key in doubtful)

    def next(self, in_hand: list[Task]) -> Task | None:
        """Return a second's work, unless a worker has found that there is nothing to do."""
        oldest = min((task.arguments["errand"].given for task in in_hand), default=time.monotonic())
        while self._made and self._made[0][0] < oldest:
            self._made.popleft()
        most = None
        if self._most is not None:
            left = (
                self._most
                - self._tally.calls
                - len(self._doubtful)
                - sum(task.arguments["errand"].most for task in in_hand)
            )
            if left <= 0:
                return None
            most = -(-left // self._lanes)
        if self.is_drained:
            return None
        journal = Path(self._folder.name, str(next(self._numbers)))
        mark = new_mark() if self._is_marking else 0
        errand = Errand(
            self._terms, _TASK_SECONDS, most, self._pace, journal, time.monotonic(), mark, self._tally.is_captured
        )
        return Task(run_errand, {"errand": errand})

    def take(self, task: Task, report: Report) -> None:
        """Tell what came of jobs."""
        errand: Errand = task.arguments["errand"]
        self._take(self._settled(errand, report.unpacked()))
        self.is_drained = self.is_drained or report.is_drained
        errand.journal.unlink(missing_ok=True)

    def _settled(self, errand: Errand, reported: Iterable[Outcome]) -> Iterable[Outcome]:
        """Return what was reported of an errand, and what only the jobs themselves tell: who did that was lost."""
        if not errand.mark:
            return reported
        outcomes = list(reported)
        jobs = ended_by(self._queue, errand.mark)
        known = {_values(outcome.key) for outcome in outcomes}
        for job in jobs:
            if _values(job.key) not in known:
                fate: Fate = "made" if job.is_made else "failed"
                packed = Packed(job.key, fate, time.time(), job.duration, text=job.message, stack=job.stack)
                outcomes.append(packed.unpack())
        take_note(self._queue, errand.mark, jobs)
        return outcomes

    def look(self, in_hand: list[tuple[int, Task]]) -> None:
        """Tell which keys are being made, by what the workers have noted."""
        for lane, task in in_hand:
            key = self._glances.begun(task.arguments["errand"].journal)
            if key is not None:
                self._tally.start(key, worker=str(lane + 1))

    def _take(self, outcomes: Iterable[Outcome]) -> None:
        made = set()
        for outcome in outcomes:
            if not self._glances.forget(outcome.key):
                self._tally.start(outcome.key, outcome.started)
            if outcome.fate != "skipped":
                self._pace = self._pace.after(outcome.duration)
            if outcome.fate == "made":
                made.add(_values(outcome.key))
                self._doubtful.pop(_values(outcome.key), None)
            self._tally.take(outcome)
        if made:
            self._made.append((time.monotonic(), made))

    def _take_unreported(self, task: Task) -> list[Mapping[str, Any]]:
        """Tell what a worker that died had done before; return the keys that it was at, as far as they are known."""
        errand: Errand = task.arguments["errand"]
        if errand.mark:
            self._lost.append(errand)
            self._take(self._settled(errand, ()))
            return []
        journal = errand.journal
        outcomes, begun = read_journal(journal)
        self._take(Report(outcomes).unpacked())
        for key in begun:
            # Others may have found it dead before, and made the key: they have reported that, or are about to.
            is_reported = any(_values(key) in made for _, made in self._made)
            if not is_reported and self._is_done(key):
                self._doubtful[_values(key)] = key
        journal.unlink(missing_ok=True)
        return begun

    def _is_done(self, key: Mapping[str, Any]) -> bool:
        """Tell whether the job of a key was completed."""
        rows = self._maker.connection.execute(self._queue.words.look_at(key)).rows
        is_left = bool(rows) and rows[0][0] != "success"
        return not is_left and has_row(self._maker.connection, self._maker.target, key)

    def lose(self, task: Task, loss: Loss, *, is_known: bool) -> None:
        """Take what the dead worker had done and give back what it held; who kills three workers is an error."""
        keys = self._take_unreported(task)
        worker = Worker.of(self._maker.connection, self._maker.table.name.schema)
        if not loss.pid:
            worker.sweep()
        elif not worker.bury(loss.pid, loss.cause):
            # Another worker was faster, which could not know what it died of.
            told = who_died(host_name(), loss.pid), who_died(host_name(), loss.pid, loss.cause)
            for key in keys:
                self._maker.connection.execute(self._queue.words.correct(key, *told, longest=LONGEST_MESSAGE))
        self.is_drained = False
        self._last_loss = loss
        self.report_deaths()

    def report_deaths(self) -> None:
        """Tell of the jobs that are given up; whoever is at the queue may have noticed a death before this process."""
        if self._last_loss is None:
            return
        for key in self._fatal():
            if key not in self._told:
                self._told.append(key)
                self._tally.take_death(key, self._last_loss.cause)

    def _fatal(self) -> list[dict[str, Any]]:
        """Return the keys of the jobs that are given up, because too many workers have died over them."""
        jobs = Query(self._queue.words.jobs, self._maker.connection) & {"status": Status.ERROR.value}
        return (jobs & f"error_message LIKE '{DIED}%'").keys()


def _values(key: Mapping[str, Any]) -> _Values:
    return tuple(key.values())

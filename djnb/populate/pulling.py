"""A queue, worked at by several workers: each pulls jobs itself, a second's work at a time, and reports."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from djnb.jobs.queue import Queue
from djnb.jobs.reaping import DIED
from djnb.jobs.states import Status
from djnb.jobs.workers import Worker
from djnb.populate.foreman import Task
from djnb.populate.lanes import Loss
from djnb.populate.maker import Maker
from djnb.populate.outcome import Outcome, Packed
from djnb.populate.pace import Pace
from djnb.populate.remote import Report, find
from djnb.populate.shift import Shift, Terms
from djnb.populate.signals import guarded
from djnb.populate.tally import Tally
from djnb.query import Query

_TASK_SECONDS = 1.0


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
    """

    terms: Terms
    seconds: float
    most: int | None
    pace: Pace


def run_errand(token: str, parcel: bytes | None, *, number: int, errand: Errand) -> Report | None:
    """Work at the queue for some time, and report; None where the maker is not known: send the parcel."""
    known = find(token, parcel)
    if known is None:
        return None
    shift = Shift(known.maker, errand.terms, pace=errand.pace)
    outcomes: list[Outcome | Packed] = []
    end = time.monotonic() + errand.seconds
    with guarded() as guard, known.maker.connection.patient(lambda: guard.has_heard):

        def may_begin() -> bool:
            guard.check()
            # What was taken ahead is made although it is late: it is a second's work at most.
            return not outcomes or shift.holds or time.monotonic() < end

        try:
            is_drained = shift.work(
                guard,
                may_begin=may_begin,
                start=lambda key: None,
                take=lambda outcome: outcomes.append(known.sent(outcome)),
                left=lambda: None if errand.most is None else errand.most - len(outcomes),
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
    """

    def __init__(self, maker: Maker, terms: Terms, tally: Tally, most: int | None, lanes: int) -> None:
        self._maker, self._terms, self._tally = maker, terms, tally
        self._most, self._lanes = most, lanes
        self._queue = Queue(maker.connection, maker.spec)
        self._pace = Pace()
        self._told = self._fatal()  # before this run
        self._last_loss: Loss | None = None
        self.is_drained = False

    def next(self, in_hand: list[Task]) -> Task | None:
        """Return a second's work, unless a worker has found that there is nothing to do."""
        most = None
        if self._most is not None:
            left = self._most - self._tally.calls - sum(task.arguments["errand"].most for task in in_hand)
            if left <= 0:
                return None
            most = -(-left // self._lanes)
        if self.is_drained:
            return None
        return Task(run_errand, {"errand": Errand(self._terms, _TASK_SECONDS, most, self._pace)})

    def take(self, task: Task, report: Report) -> None:
        """Tell what came of jobs."""
        for outcome in report.unpacked():
            self._tally.start(outcome.key, outcome.started)
            if outcome.fate != "skipped":
                self._pace = self._pace.after(outcome.duration)
            self._tally.take(outcome)
        self.is_drained = self.is_drained or report.is_drained

    def lose(self, task: Task, loss: Loss, *, is_known: bool) -> None:
        """Give back what the dead worker held; who kills three workers is an error."""
        worker = Worker.of(self._maker.connection, self._maker.table.name.schema)
        if loss.pid:
            worker.bury(loss.pid, loss.cause)
        else:
            worker.sweep()
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

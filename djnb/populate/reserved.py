"""Populate with job tables: the work of a table, shared by whoever takes part, wherever they are."""

from __future__ import annotations

from djnb.algebra.conditions import Matches
from djnb.algebra.nodes import Node, Restrict
from djnb.errors import DataJointError
from djnb.jobs.states import Status
from djnb.populate.foreman import Foreman
from djnb.populate.maker import Maker
from djnb.populate.options import Options
from djnb.populate.pulling import PulledJobs
from djnb.populate.serial import may_begin
from djnb.populate.shift import Shift, Terms
from djnb.populate.signals import Guard
from djnb.populate.tally import Tally
from djnb.query import Query
from djnb.settings import get_config


class Reservations:
    """
    The jobs of a table.

    Parameters
    ----------
    maker : Maker
        Makes them.
    wanted : Node
        All keys that the table should have.
    options : Options
        How.
    tally : Tally
        Is told what came of them.
    """

    def __init__(self, maker: Maker, wanted: Node, options: Options, tally: Tally) -> None:
        self._maker, self._wanted, self._options, self._tally = maker, wanted, options, tally
        self._terms = Terms(options.is_restricted, options.priority)
        self._shift = Shift(maker, self._terms)
        self._total = 0
        self._is_drained = False

    def find(self) -> int:
        """Bring the jobs up to date, unless that is not wanted, and return how many are to be made at most."""
        refresh = self._options.refresh
        if get_config().jobs.auto_refresh if refresh is None else refresh:
            self._shift.queue.refresh(self._maker.keys, wanted=self._wanted)
        self._total = self._count()
        return self._options.bounded(self._total)

    def _count(self) -> int:
        """Return how many jobs wait, as far as they are this run's."""
        jobs: Node = self._shift.queue.words.jobs
        if self._terms.is_restricted:
            names = [name for name in self._maker.keys.heading.names if name in jobs.heading.primary_key]
            jobs = Restrict(jobs, Matches(self._maker.keys, tuple((name, name) for name in names)))
        waiting = Query(jobs, self._maker.connection) & {"status": Status.PENDING.value}
        if self._terms.priority is not None:
            waiting = waiting & f"priority <= {int(self._terms.priority)}"
        return len(waiting)

    def make(self, guard: Guard) -> None:
        """Make them."""
        options, tally = self._options, self._tally
        if options.is_serial:
            self._is_drained = self._shift.work(
                guard,
                may_begin=lambda: may_begin(tally, guard),
                start=tally.start_here,
                take=tally.take,
                end_output=tally.recorder.end,
                left=lambda: None if options.most is None else options.most - tally.calls,
            )
            return
        source = PulledJobs(
            self._maker, self._terms, tally, options.most, options.at_once, is_marking=options.is_elsewhere
        )
        try:
            Foreman(self._maker, options).go(source, tally, guard)
            source.report_deaths()
        finally:
            self._is_drained = source.is_drained
            source.close()

    def remaining(self, *, is_interrupted: bool) -> int:
        """Return how many wait still, those that others may be at excepted."""
        if self._is_drained and not is_interrupted:
            return 0
        if not is_interrupted:
            try:
                return self._count()
            except DataJointError:  # something worse has ended the run, and is raised
                pass
        return max(self._total - self._tally.ended, 0)

"""
Populate: the missing keys of a table, each in a transaction of its own; of several tables, one after the other.

The run tells what happens by events; whoever shows progress subscribes.
"""

from __future__ import annotations

import contextvars
import logging
import signal
import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

from djnb.algebra.nodes import Node, Stored
from djnb.errors import MakeError, PopulateError, PopulateInterrupted, PopulateTerminated
from djnb.populate import progress_bar
from djnb.populate.contract import Makeable
from djnb.populate.direct import MissingKeys
from djnb.populate.maker import Maker
from djnb.populate.options import Options
from djnb.populate.reserved import Reservations
from djnb.populate.result import PopulateResult
from djnb.populate.results import PopulateResults
from djnb.populate.run import Run, register
from djnb.populate.signals import Guard, guarded
from djnb.populate.tally import Tally

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Step:
    """
    A table to populate.

    Attributes
    ----------
    table : Makeable
        Has ``make``.
    target : Stored
        The table as a question.
    keys : Node
        The keys that it should have, restricted as asked.
    wanted : Node
        All keys that it should have.
    """

    table: Makeable
    target: Stored
    keys: Node
    wanted: Node

    @property
    def name(self) -> str:
        """The class."""
        return self.table.name.class_name


def populate(steps: Sequence[Step], options: Options, *, name: str | None = None) -> PopulateResult | PopulateResults:
    """
    Make the missing keys of tables, one table after the other.

    Parameters
    ----------
    steps : sequence of Step
        The tables, all on one connection.
    options : Options
        How.
    name : str, optional
        What several tables are called together; without it, there is one.

    Raises
    ------
    PopulateError
        A transaction is open.
    MakeError
        ``make`` raised, and errors are not suppressed.
    PopulateInterrupted
        Ctrl-C, SIGTERM or ``run.stop(now=True)``; the key that was being made is undone.
    """
    _check_outside_transaction(steps)
    return _Populate(steps, options, name).go()


def populate_in_background(steps: Sequence[Step], options: Options, *, name: str | None = None) -> Run:
    """
    Begin to make the missing keys of tables in a thread, and return the handle of the run.

    Raises
    ------
    PopulateError
        A transaction is open.
    """
    _check_outside_transaction(steps)
    work = _Populate(steps, options, name)
    work.run.is_background = True
    register(work.run)
    # With a copy of the context, settings and, in a notebook, the place of output are those of the caller.
    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(work.go_alone,), name=f"populate {work.run.table}", daemon=True
    )
    thread.start()
    return work.run


def _check_outside_transaction(steps: Sequence[Step]) -> None:
    if steps[0].table.connection.in_transaction:
        raise PopulateError(
            f"`{steps[0].name}.populate` was called within a transaction.",
            remedy="Every key has a transaction of its own: call it outside.",
        )


class _Populate:
    """One call of populate."""

    def __init__(self, steps: Sequence[Step], options: Options, name: str | None) -> None:
        self.steps, self.options, self.is_one = steps, options, name is None
        self.connection = steps[0].table.connection
        self.run = Run(name or steps[0].name, tables=tuple(step.name for step in steps))
        self.results: list[PopulateResult] = []

    def go_alone(self) -> None:
        """Do it in a thread where nobody waits for what it returns or raises."""
        with suppress(BaseException):  # `run.result()` raises it
            self.go(is_alone=True)

    def go(self, *, is_alone: bool = False) -> PopulateResult | PopulateResults:
        result: PopulateResult | PopulateResults | None = None
        try:
            with guarded() as guard, self.connection.patient(lambda: self._has_enough(guard)):
                self.run.begin(guard.interrupt)
                result = self._go(guard)
        except PopulateInterrupted as interrupt:
            # Nobody waits for it in a thread: it is what `run.stop(now=True)` was asked for.
            self.run.end(interrupt.result if is_alone else None, interrupt)
            raise
        except BaseException as error:
            if is_alone:
                logger.warning("%s.populate in the background has ended by an error: %s", self.run.table, error)
            self.run.end(None, error)
            raise
        self.run.end(result)
        return result

    def _has_enough(self, guard: Guard) -> bool:
        # Asked while the database does not answer, and only then.
        self.run.watch.miss()
        return guard.has_heard or self.run.is_stopping

    def _go(self, guard: Guard) -> PopulateResult | PopulateResults:
        with ExitStack() as stack:
            if self.options.display_progress and not self.is_one:
                stack.enter_context(progress_bar.display(self.connection, self.run))
            for step in self.steps:
                if self.results and (self.run.is_stopping or self._left() == 0):
                    break
                try:
                    _Stage(step, self._options(), self.run, shows=self.is_one).go(guard, self.results)
                except MakeError as failure:
                    failure.result = self._result()
                    raise
                except KeyboardInterrupt as interrupt:
                    raise _interruption(self._result(), interrupt) from None
        return self._result()

    def _left(self) -> int | None:
        """Return how many keys may be tried still; None for any number."""
        if self.options.most is None:
            return None
        return self.options.most - sum(result.success_count + len(result) for result in self.results)

    def _options(self) -> Options:
        return self.options if self.is_one else replace(self.options, max_calls=self._left())

    def _result(self) -> PopulateResult | PopulateResults:
        if self.is_one:
            return self.results[0]
        waiting = [step.name for step in self.steps[len(self.results) :]]
        return PopulateResults(self.run.table, self.results, waiting)


class _Stage:
    """One table of a populate."""

    def __init__(self, step: Step, options: Options, run: Run, *, shows: bool) -> None:
        self.maker = Maker(step.table, step.target, options.make_kwargs, step.keys)
        self.options, self.run, self.shows, self.name = options, run, shows, step.name
        self.tally = Tally(run, self.maker.connection.bus, options, step.name)
        self.work: MissingKeys | Reservations
        if options.reserve_jobs:
            self.work = Reservations(self.maker, step.wanted, options, self.tally)
        else:
            self.work = MissingKeys(self.maker, options, self.tally)

    def go(self, guard: Guard, results: list[PopulateResult]) -> None:
        """Make its keys, and add what came of it, whatever ends it."""
        try:
            with guard.interruptible():
                self.run.total = self.work.find()
        except KeyboardInterrupt:
            results.append(PopulateResult(self.name, is_interrupted=True))
            raise
        with ExitStack() as stack:
            if self.options.display_progress and self.shows:
                stack.enter_context(progress_bar.display(self.maker.connection, self.run))
            stack.enter_context(self.tally.recorder)
            try:
                self.tally.begin()
                self.work.make(guard)
            except KeyboardInterrupt:
                results.append(self.tally.end(self.work.remaining(is_interrupted=True), is_interrupted=True))
                raise
            except BaseException:
                results.append(self.tally.end(self.work.remaining(is_interrupted=True)))
                raise
            results.append(self.tally.end(self.work.remaining(is_interrupted=False)))
            if self.tally.failure is not None:
                raise self.tally.failure


def _interruption(result: PopulateResult | PopulateResults, interrupt: KeyboardInterrupt) -> PopulateInterrupted:
    number = getattr(interrupt, "signal", signal.SIGINT)
    kind = PopulateTerminated if number == signal.SIGTERM else PopulateInterrupted
    return kind(result)

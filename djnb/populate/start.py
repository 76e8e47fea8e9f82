"""
Populate: the missing keys of a table, each in a transaction of its own.

The run tells what happens by events; whoever shows progress subscribes.
"""

from __future__ import annotations

import contextvars
import logging
import signal
import threading
from contextlib import ExitStack, suppress

from djnb.algebra.nodes import Node, Stored
from djnb.errors import PopulateError, PopulateInterrupted, PopulateTerminated
from djnb.populate import progress_bar
from djnb.populate.contract import Makeable
from djnb.populate.direct import MissingKeys
from djnb.populate.maker import Maker
from djnb.populate.options import Options
from djnb.populate.reserved import Reservations
from djnb.populate.result import PopulateResult
from djnb.populate.run import Run, register
from djnb.populate.signals import Guard, guarded
from djnb.populate.tally import Tally

logger = logging.getLogger(__name__)


def populate(table: Makeable, target: Stored, keys: Node, wanted: Node, options: Options) -> PopulateResult:
    """
    Make the missing keys of a table.

    Parameters
    ----------
    table : Makeable
        Has ``make``.
    target : Stored
        The table as a question.
    keys : Node
        The keys that it should have, restricted as asked.
    wanted : Node
        All keys that it should have.
    options : Options
        How.

    Raises
    ------
    PopulateError
        A transaction is open.
    MakeError
        ``make`` raised, and errors are not suppressed.
    PopulateInterrupted
        Ctrl-C or SIGTERM; the key that was being made is undone.
    """
    _check_outside_transaction(table)
    return _Populate(Maker(table, target, options.make_kwargs, keys), wanted, options).go()


def populate_in_background(table: Makeable, target: Stored, keys: Node, wanted: Node, options: Options) -> Run:
    """
    Begin to make the missing keys of a table in a thread, and return the handle of the run.

    Raises
    ------
    PopulateError
        A transaction is open.
    """
    _check_outside_transaction(table)
    work = _Populate(Maker(table, target, options.make_kwargs, keys), wanted, options)
    register(work.run)
    # With a copy of the context, settings and, in a notebook, the place of output are those of the caller.
    thread = threading.Thread(
        target=contextvars.copy_context().run, args=(work.go_alone,), name=f"populate {work.run.table}", daemon=True
    )
    thread.start()
    return work.run


def _check_outside_transaction(table: Makeable) -> None:
    if table.connection.in_transaction:
        raise PopulateError(
            f"`{table.name.class_name}.populate` was called within a transaction.",
            remedy="Every key has a transaction of its own: call it outside.",
        )


class _Populate:
    """One call of populate."""

    def __init__(self, maker: Maker, wanted: Node, options: Options) -> None:
        self.maker, self.options = maker, options
        self.run = Run(maker.table.name.class_name)
        self.tally = Tally(self.run, maker.connection.bus, options)
        self.work: MissingKeys | Reservations
        if options.reserve_jobs:
            self.work = Reservations(maker, wanted, options, self.tally)
        else:
            self.work = MissingKeys(maker, options, self.tally)

    def go_alone(self) -> None:
        """Do it in a thread where nobody waits for what it returns or raises."""
        with suppress(BaseException):  # `run.result()` raises it
            self.go(is_alone=True)

    def go(self, *, is_alone: bool = False) -> PopulateResult:
        result: PopulateResult | None = None
        try:
            with guarded() as guard, self.maker.connection.patient(lambda: guard.has_heard or self.run.is_stopping):
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

    def _go(self, guard: Guard) -> PopulateResult:
        try:
            with guard.interruptible():
                self.run.total = self.work.find()
        except KeyboardInterrupt as interrupt:
            raise _interruption(PopulateResult(self.run.table, is_interrupted=True), interrupt) from None
        with ExitStack() as stack:
            if self.options.display_progress:
                stack.enter_context(progress_bar.display(self.maker.connection, self.run))
            try:
                self.tally.begin()
                self.work.make(guard)
            except KeyboardInterrupt as interrupt:
                result = self.tally.end(self.work.remaining(is_interrupted=True), is_interrupted=True)
                raise _interruption(result, interrupt) from None
            except BaseException:
                self.tally.end(self.work.remaining(is_interrupted=True))
                raise
            result = self.tally.end(self.work.remaining(is_interrupted=False))
            failure = self.tally.failure
            if failure is not None:
                failure.result = result
                raise failure
            return result


def _interruption(result: PopulateResult, interrupt: KeyboardInterrupt) -> PopulateInterrupted:
    number = getattr(interrupt, "signal", signal.SIGINT)
    kind = PopulateTerminated if number == signal.SIGTERM else PopulateInterrupted
    return kind(result)

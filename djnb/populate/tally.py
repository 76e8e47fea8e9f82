"""The keys of one run as they end: counted, told by events, and raised where that is wanted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from djnb.errors import EmptyMakeError, MakeError, WorkerDiedError, describe
from djnb.events import Bus, Event, KeyFailed, KeyFinished, KeySkipped, KeyStarted, PopulateFinished, PopulateStarted
from djnb.populate.options import Options
from djnb.populate.outcome import Outcome
from djnb.populate.recorder import Recorder
from djnb.populate.result import PopulateResult
from djnb.populate.run import Run


class Tally:
    """
    Counts what came of keys, and tells it.

    Parameters
    ----------
    run : Run
        Whose keys.
    bus : Bus
        Carries the events; they are emitted in the thread that runs the populate.
    options : Options
        Say what happens to errors, and whether outputs are kept.
    table : str
        The class whose keys they are.

    Attributes
    ----------
    failure : MakeError or None
        The first error, where errors are to be raised: no further key is to begin.
    """

    def __init__(self, run: Run, bus: Bus, options: Options, table: str) -> None:
        self.run = run
        self._table = table
        self.failure: MakeError | None = None
        self.made = self.skipped = 0
        self.recorder = Recorder(is_on=options.capture_output, outputs=run.outputs)
        self._bus, self._options = bus, options
        self._errors: list[tuple[Mapping[str, Any], Any]] = []
        self._begun = time.monotonic()

    @property
    def ended(self) -> int:
        """How many keys need no more work in this run."""
        return self.made + self.skipped + len(self._errors)

    @property
    def calls(self) -> int:
        """How many keys were made, or tried in vain."""
        return self.made + len(self._errors)

    @property
    def is_captured(self) -> bool:
        """Whether what ``make`` prints and draws is to be kept."""
        return self._options.capture_output

    @property
    def is_over(self) -> bool:
        """Whether no further key is to begin."""
        return self.run.is_stopping or self.failure is not None

    def begin(self) -> None:
        """Tell that the run begins."""
        self._tell(PopulateStarted(self.run, self._table, self.run.total, time.time()))

    def start(self, key: Mapping[str, Any], started: float | None = None, worker: str = "") -> None:
        """Tell that a key is begun, or was begun at a Unix time, and by which of several workers."""
        self._tell(KeyStarted(self.run, key, time.time() if started is None else started, worker))

    def start_here(self, key: Mapping[str, Any]) -> None:
        """Tell that this thread begins a key, and keep what is printed from now on, where that is wanted."""
        self.start(key)
        self.recorder.begin(key)

    def take(self, outcome: Outcome) -> None:
        """Count what came of a key, and tell it."""
        key, error = outcome.key, outcome.error
        if outcome.output is not None:
            output = replace(outcome.output, table=self._table, is_failed=error is not None)
            self.run.outputs.add(output)
        if outcome.fate == "made":
            self.made += 1
            self._tell(KeyFinished(self.run, key, outcome.duration))
        elif error is None:
            self.skipped += 1
            self._tell(KeySkipped(self.run, key))
        else:
            self._tell(KeyFailed(self.run, key, error, outcome.duration))
            self._errors.append((key, error if self._options.return_exception_objects else describe(error)))
            if not self._options.suppress_errors and self.failure is None:
                self.failure = _raised(self._table, key, error, is_job=self._options.reserve_jobs)

    def take_death(self, key: Mapping[str, Any], cause: str) -> None:
        """Count a key whose maker has died, and tell it; ``cause`` is what it died of."""
        error = WorkerDiedError.for_key(self._table, key, cause)
        self.take(Outcome(key, "failed", time.time(), 0.0, error))

    def end(self, remaining: int, *, is_interrupted: bool = False) -> PopulateResult:
        """Tell that the run has ended, and return what came of it."""
        result = PopulateResult(
            self._table,
            self.made,
            list(self._errors),
            self.skipped,
            remaining,
            is_interrupted,
            self.run.is_stopping,
            time.monotonic() - self._begun,
            has_jobs=self._options.reserve_jobs,
            outputs=[output for output in self.run.outputs.ended() if output.table == self._table],
        )
        self._tell(PopulateFinished(self.run, result))
        return result

    def _tell(self, event: Event) -> None:
        # The run itself first: whoever looks at it when the event comes sees it there.
        self.run.watch.receive(event)
        self._bus.emit(event)


def _raised(table: str, key: Mapping[str, Any], error: Exception, *, is_job: bool) -> MakeError:
    if isinstance(error, EmptyMakeError):
        return error
    raised = MakeError.for_key(table, key, error, is_job=is_job)
    raised.__cause__ = error
    return raised

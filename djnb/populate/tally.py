"""The keys of one run as they end: counted, told by events, and raised where that is wanted."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from djnb.errors import EmptyMakeError, MakeError, WorkerDiedError, describe
from djnb.events import Bus, KeyFailed, KeyFinished, KeySkipped, KeyStarted, PopulateFinished, PopulateStarted
from djnb.populate.options import Options
from djnb.populate.outcome import Outcome
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
        Say what happens to errors.

    Attributes
    ----------
    failure : MakeError or None
        The first error, where errors are to be raised: no further key is to begin.
    """

    def __init__(self, run: Run, bus: Bus, options: Options) -> None:
        self.run = run
        self.failure: MakeError | None = None
        self.made = self.skipped = 0
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
    def is_over(self) -> bool:
        """Whether no further key is to begin."""
        return self.run.is_stopping or self.failure is not None

    def begin(self) -> None:
        """Tell that the run begins."""
        self._bus.emit(PopulateStarted(self.run, self.run.table, self.run.total, time.time()))

    def start(self, key: Mapping[str, Any], started: float | None = None) -> None:
        """Tell that a key is begun, or was begun at a Unix time."""
        self._bus.emit(KeyStarted(self.run, key, time.time() if started is None else started))

    def take(self, outcome: Outcome) -> None:
        """Count what came of a key, and tell it."""
        key, error = outcome.key, outcome.error
        if outcome.fate == "made":
            self.made += 1
            self._bus.emit(KeyFinished(self.run, key, outcome.duration))
        elif error is None:
            self.skipped += 1
            self._bus.emit(KeySkipped(self.run, key))
        else:
            self._bus.emit(KeyFailed(self.run, key, error, outcome.duration))
            self._errors.append((key, error if self._options.return_exception_objects else describe(error)))
            if not self._options.suppress_errors and self.failure is None:
                self.failure = _raised(self.run.table, key, error, is_job=self._options.reserve_jobs)

    def take_death(self, key: Mapping[str, Any], cause: str) -> None:
        """Count a key whose maker has died, and tell it; ``cause`` is what it died of."""
        error = WorkerDiedError.for_key(self.run.table, key, cause)
        self.take(Outcome(key, "failed", time.time(), 0.0, error))

    def end(self, remaining: int, *, is_interrupted: bool = False) -> PopulateResult:
        """Tell that the run has ended, and return what came of it."""
        result = PopulateResult(
            self.run.table,
            self.made,
            list(self._errors),
            self.skipped,
            remaining,
            is_interrupted,
            self.run.is_stopping,
            time.monotonic() - self._begun,
            has_jobs=self._options.reserve_jobs,
        )
        self._bus.emit(PopulateFinished(self.run, result))
        return result


def _raised(table: str, key: Mapping[str, Any], error: Exception, *, is_job: bool) -> MakeError:
    if isinstance(error, EmptyMakeError):
        return error
    raised = MakeError.for_key(table, key, error, is_job=is_job)
    raised.__cause__ = error
    return raised

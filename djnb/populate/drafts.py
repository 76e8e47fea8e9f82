"""
Drafts: what is computed of short keys, and waits to be kept together with others by one transaction.

Beginning and ending a transaction costs more than many a computation. A draft waits a tenth of a second at most, also
where the next key takes long; it is kept before anything is read that it would change. Nobody but this process has
heard of it before: if that dies, the key is computed again, as any key that was in hand.

If the transaction of several fails, nothing of them is kept, and each gets a transaction of its own. If that fails
because something has changed, or because the rows do not fit, the key is computed again, and then its rows are sent as
they come. So it is if a make raises after it has inserted rows that would have been refused.
"""

from __future__ import annotations

import contextvars
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from djnb.connection import Connection
from djnb.connection.deferred import Deferred
from djnb.errors import LostConnectionError
from djnb.jobs import points
from djnb.model.naming import TableName
from djnb.populate.contract import Attempt
from djnb.populate.outcome import Outcome
from djnb.populate.output import Output
from djnb.populate.signals import Guard
from djnb.settings import get_config
from djnb.sql.statement import Statement

logger = logging.getLogger(__name__)

_MOST = 32
"""So many drafts are kept at once, at most: until then, what they have read and written is locked."""


@dataclass(frozen=True)
class Verdict:
    """
    What came of a key, or of a job.

    Attributes
    ----------
    is_made : bool
        Whether this worker has made any of its rows.
    error : Exception or None
        What it has failed with; the first one, where several keys have failed.
    remark : str
        Which of several keys have failed.
    """

    is_made: bool = False
    error: Exception | None = None
    remark: str = ""


Judge = Callable[[Verdict, float], Outcome]
"""Notes what came of a key, after so many seconds, and returns it as an outcome."""

Fence = Callable[[Sequence[Attempt]], Statement | None]
"""Returns what completes the jobs of several keys at once, if they have any."""


@dataclass(frozen=True)
class Draft:
    """
    What is computed of a key.

    Attributes
    ----------
    attempt : Attempt
        Has computed it.
    waiting : Deferred
        What is to be kept.
    seconds : float
        How long it took.
    judge : callable
        Notes what came of it, after so many seconds.
    output : Output or None
        What was printed and drawn meanwhile.
    """

    attempt: Attempt
    waiting: Deferred
    seconds: float
    judge: Judge
    output: Output | None

    def ended(self, verdict: Verdict) -> Outcome:
        """Return what came of it."""
        return _with_output(self.judge(verdict, self.seconds), self.output)


@dataclass(frozen=True)
class _Watcher:
    """What watches over the transaction of several drafts."""

    drafts: Sequence[Draft]
    fence: Fence

    @property
    def idle_seconds(self) -> float:
        return self.drafts[0].attempt.idle_seconds

    def first(self) -> Statement | None:
        points.reach("before_begin")
        return self.fence([draft.attempt for draft in self.drafts])

    def opened(self) -> None:
        points.reach("after_verify")


@dataclass(eq=False)
class Drafts:
    """
    The drafts of one thread.

    Parameters
    ----------
    connection : Connection
        Where the table is.
    guard : Guard
        Of the thread.
    fence : callable
        Completes the jobs of several keys.
    end_output : callable
        Returns what was printed and drawn since a key was begun.
    """

    connection: Connection
    guard: Guard
    fence: Fence = field(default=lambda attempts: None)
    end_output: Callable[[], Output | None] = field(default=lambda: None)
    _waiting: list[Draft] = field(default_factory=list)
    _filled: set[TableName] = field(default_factory=set)
    _ended: list[Outcome] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _timer: threading.Timer | None = None
    _since: float = 0.0
    _is_refused: bool = False
    _doubt: LostConnectionError | None = None
    _pid: int = field(default_factory=os.getpid)

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_elsewhere(self) -> bool:
        """Whether the process was forked from the one whose drafts they are; it neither keeps nor tells them."""
        return self._pid != os.getpid()

    @property
    def attempts(self) -> list[Attempt]:
        """The keys that are computed and not kept."""
        return [draft.attempt for draft in self._waiting]

    def ended(self) -> list[Outcome]:
        """Return what came of the keys of which that is known since it was asked last, in their order."""
        if self.is_elsewhere:
            return []
        with self._lock:
            ended, self._ended = self._ended, []
        return ended

    def make(self, attempt: Attempt, judge: Judge, *, may_wait: bool) -> None:
        """
        Make a key, or compute it and have it wait for others.

        Parameters
        ----------
        attempt : Attempt
            The making of the key.
        judge : callable
            Notes what came of it.
        may_wait : bool
            Whether it may wait. It does not if it has read much, or has done more than insert a few rows.

        Raises
        ------
        KeyboardInterrupt
            A signal; the key in hand is undone, and what waits goes on to wait. Other exceptions that are no errors
            pass through likewise.
        """
        begun = time.monotonic()
        interval = get_config().jobs.keep_interval if may_wait else 0.0
        attempt.on_read = self._about_to_read
        made: Deferred | bool = False
        error: Exception | None = None
        try:
            with self.guard.interruptible():
                made = attempt.draft() if interval else attempt.make()
        except Exception as raised:  # noqa: BLE001 -- the user's make may raise anything; the verdict has it
            error = raised
        seconds = time.monotonic() - begun
        if isinstance(made, Deferred):
            self._add(Draft(attempt, made, seconds, judge, self.end_output()), interval)
        else:
            self._end(Verdict(made, error), judge, seconds)

    def make_at_once(self, make: Callable[[], Verdict], judge: Judge) -> None:
        """Make what cannot wait, after all that does."""
        self.keep()
        begun = time.monotonic()
        self._end(make(), judge, time.monotonic() - begun)

    def _add(self, draft: Draft, interval: float) -> None:
        with self._lock:
            self._waiting.append(draft)
            self._filled |= draft.waiting.tables_filled
            if len(self._waiting) == 1:
                self._since = time.monotonic()
                self._start_timer(2 * interval)
        if len(self._waiting) >= _MOST or time.monotonic() - self._since >= interval:
            self.keep()

    def _end(self, verdict: Verdict, judge: Judge, seconds: float) -> None:
        """Tell what came of a key, after what came of those before it."""
        output = self.end_output()
        self.keep()
        self.guard.hold()
        outcome = _with_output(judge(verdict, seconds), output)
        with self._lock:
            self._ended.append(outcome)

    def keep(self, *, may_make: bool = True) -> None:
        """
        Keep all that waits, together if possible.

        Parameters
        ----------
        may_make : bool
            Whether keys may be computed again. Those that must be go on to wait otherwise, or if a signal has come.

        Raises
        ------
        KeyboardInterrupt
            A signal, where a key is computed again; what was not kept goes on to wait.
        """
        if not self._waiting or self.is_elsewhere:
            return
        self.guard.hold()
        left: list[Draft] = []
        with self._lock:
            self._stop_timer()
            if len(self._waiting) > 1 and not self._is_refused:
                self._keep_together()
            try:
                while self._waiting:
                    draft = self._waiting[0]
                    verdict = self._keep_alone(draft, may_make=may_make)
                    del self._waiting[0]
                    if verdict is None:
                        left.append(draft)
                    else:
                        self._ended.append(draft.ended(verdict))
            finally:
                self._waiting[:0] = left
                self._is_refused = bool(self._waiting)
                if not self._waiting:
                    self._filled.clear()
            self._doubt = None

    def _keep_together(self) -> None:
        """Keep all that waits by one transaction; if that fails, all goes on to wait."""
        self._is_refused = True
        watcher = _Watcher(self._waiting, self.fence)
        try:
            if not self.connection.keep_together(watcher, [draft.waiting for draft in self._waiting]):
                return
        except LostConnectionError as error:
            self._doubt = error
            return
        points.reach("after_commit")
        kept, self._waiting = self._waiting, []
        self._filled.clear()
        self._is_refused = False
        self._ended += [draft.ended(Verdict(is_made=True)) for draft in kept]

    def _keep_alone(self, draft: Draft, *, may_make: bool) -> Verdict | None:
        """Keep a draft by a transaction of its own, or make its key again; None if that may not be."""
        try:
            if draft.attempt.keep(draft.waiting, doubt=self._doubt):
                return Verdict(is_made=True)
            if self.guard.has_heard or not may_make:
                return None
            with self.guard.interruptible():
                return Verdict(draft.attempt.anew().make())
        except Exception as error:  # noqa: BLE001 -- likewise
            return Verdict(error=error)

    def _about_to_read(self, tables: Sequence[TableName]) -> None:
        """
        Keep what would be read: rows of a table that are inserted already, for all that the reader knows.

        A key that must be computed again comes later, as if it had not been begun.
        """
        with self._lock:
            if not self._waiting or (tables and self._filled.isdisjoint(tables)):
                return
        with self.guard.held():
            self.keep(may_make=False)

    def _start_timer(self, seconds: float) -> None:
        context = contextvars.copy_context()
        self._timer = threading.Timer(seconds, context.run, args=(self._keep_in_time,))
        self._timer.daemon = True
        self._timer.start()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _keep_in_time(self) -> None:
        """Keep what waits while the next key takes long; in a thread of its own, which computes nothing again."""
        with self._lock, self.connection.patient(lambda: self.guard.has_heard):
            if len(self._waiting) and not self._is_refused and self._timer is threading.current_thread():
                self._keep_together()


def _with_output(outcome: Outcome, output: Output | None) -> Outcome:
    return outcome if output is None else replace(outcome, output=output)

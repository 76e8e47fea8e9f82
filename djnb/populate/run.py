"""A populate under way, as a handle: watch it, pause it, stop it, wait for it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from djnb.populate.output import Outputs
from djnb.populate.view import View
from djnb.populate.watch import RunWatch

if TYPE_CHECKING:
    from djnb.populate.result import PopulateResult
    from djnb.populate.results import PopulateResults

_KEPT = 20
"""How many runs that have ended are still listed."""


@dataclass(eq=False, repr=False)
class Run:
    """
    A populate under way.

    Attributes
    ----------
    table : str
        The class; for several tables, what they are called together.
    total : int
        How many keys are to be made at most; 0 until they are counted. Of several tables, those of the current one.
    tables : tuple of str
        The classes, in their order.
    is_background : bool
        Whether nobody waits for its end.
    id : str
        Tells runs apart.
    outputs : Outputs
        What ``make`` has printed and drawn so far, where that is kept.
    watch : RunWatch
        Hears all that happens in the run.
    """

    table: str
    total: int = 0
    tables: tuple[str, ...] = ()
    is_background: bool = False
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    outputs: Outputs = field(default_factory=Outputs)
    watch: RunWatch = field(init=False)
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _ended: threading.Event = field(default_factory=threading.Event, repr=False)
    _going: threading.Condition = field(default_factory=threading.Condition, repr=False)
    _is_paused: bool = field(default=False, repr=False)
    _result: PopulateResult | PopulateResults | None = field(default=None, repr=False)
    _error: BaseException | None = field(default=None, repr=False)
    _interrupt: Callable[[], None] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.tables = self.tables or (self.table,)
        self.watch = RunWatch(self)

    def __repr__(self) -> str:
        if self._result is not None:
            return f"<Run, ended: {self._result}>"
        if self._error is not None:
            return f"<Run, ended: {self.table}: {type(self._error).__name__}>"
        state = "ended" if not self.is_running else "stopping" if self.is_stopping else ""
        return f"<Run, {state or ('paused' if self.is_paused else 'running')}: {self.table}, {self.total} keys>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from djnb.populate.listing import picture  # which also pictures several

        return {"text/plain": repr(self), "text/html": picture(self)}

    def view(self) -> View:
        """Return how things stand: counts, pace, time left, errors, the keys in hand."""
        return self.watch.look()

    def stop(self, *, now: bool = False) -> None:
        """
        End the run after the current key; from any thread.

        Parameters
        ----------
        now : bool
            Do not wait for the end of the current key: it is undone, and its job waits for the next worker. Python
            notices it between two of its own steps, so a long call of compiled code ends first; processes that make
            keys are told as well; threads and machines of an ``executor`` are waited for.
        """
        self._stop.set()
        with self._going:
            self._going.notify_all()
        if now and self._interrupt is not None:
            self._interrupt()

    def pause(self) -> None:
        """Begin no further key until `resume`; the current one goes on."""
        with self._going:
            self._is_paused = True

    def resume(self) -> None:
        """Go on after `pause`."""
        with self._going:
            self._is_paused = False
            self._going.notify_all()

    @property
    def is_stopping(self) -> bool:
        """Whether ``stop`` was called."""
        return self._stop.is_set()

    @property
    def is_paused(self) -> bool:
        """Whether ``pause`` was called, and not ``resume`` or ``stop`` since."""
        return self._is_paused and not self.is_stopping

    @property
    def is_running(self) -> bool:
        """Whether the run has not ended yet."""
        return not self._ended.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """
        Wait for the end; return whether it has come.

        Parameters
        ----------
        timeout : float, optional
            Seconds; without it, as long as it takes. Ctrl-C ends the waiting, not the run.
        """
        return self._ended.wait(timeout)

    @property
    def error(self) -> BaseException | None:
        """What has ended the run, if it was an error."""
        return self._error if self._result is None else None

    def result(self, timeout: float | None = None) -> PopulateResult | PopulateResults:
        """
        Wait for the end and return what came of it; for several tables, by table.

        Parameters
        ----------
        timeout : float, optional
            Seconds; without it, as long as it takes.

        Raises
        ------
        TimeoutError
            The run goes on still.
        Exception
            What ended the run, as `populate` would have raised it.
        """
        if not self.wait(timeout):
            raise TimeoutError(f"{self.table}.populate goes on still after {timeout} s.")
        if self._result is None:
            assert self._error is not None
            raise self._error
        return self._result

    def wait_while_paused(self, timeout: float | None = None) -> None:
        """Return when the run may go on, or after so many seconds. For the loops that make keys."""
        with self._going:
            self._going.wait_for(lambda: not self.is_paused, timeout)

    def begin(self, interrupt: Callable[[], None]) -> None:
        """Note what interrupts the current key. For those who carry it out."""
        self._interrupt = interrupt

    def end(self, result: PopulateResult | PopulateResults | None, error: BaseException | None = None) -> None:
        """Note what came of it. For those who carry it out."""
        self._result, self._error = result, error
        self._ended.set()


_runs: list[Run] = []
_lock = threading.Lock()


def register(run: Run) -> None:
    """List a run; of those that have ended only the last are kept."""
    with _lock:
        ended = [each for each in _runs if not each.is_running]
        for old in ended[: max(len(ended) - _KEPT, 0)]:
            _runs.remove(old)
        _runs.append(run)


def running() -> list[Run]:
    """Return the runs that were started in the background of this process, the latest last, with some that ended."""
    with _lock:
        return list(_runs)

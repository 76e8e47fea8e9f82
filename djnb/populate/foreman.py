"""Giving out tasks to lanes, and taking their reports, until nothing is left to do or the run is to end."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple, Protocol

from djnb.errors import PopulateError, describe
from djnb.populate.lanes import Borrowed, Lanes, Loss, OwnProcesses, environment_of
from djnb.populate.maker import Maker
from djnb.populate.options import Options
from djnb.populate.remote import Report, forget, introduce
from djnb.populate.signals import Guard
from djnb.populate.tally import Tally

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.2
"""How often signals, stops and pauses are looked for while tasks run."""

_UNDO_SECONDS = 30.0
"""How long processes that are interrupted may take to undo their keys before they are killed."""


@dataclass(frozen=True, eq=False)
class Task:
    """
    What a lane is to do.

    Attributes
    ----------
    function : callable
        Takes the maker's token, its parcel or None, a ``number`` that no other task has, and ``arguments``.
        Returns a `Report`, or None for want of the parcel.
    arguments : mapping
        By name.
    keys : tuple of dict
        The keys that it is about, where that is known.
    """

    function: Callable[..., Report | None]
    arguments: Mapping[str, Any]
    keys: tuple[Mapping[str, Any], ...] = ()


class _Broken(NamedTuple):
    """A task that has not reported, and what came instead."""

    lane: int
    task: Task
    error: BaseException


class Source(Protocol):
    """Where tasks come from."""

    def next(self, in_hand: list[Task]) -> Task | None:
        """Return what is to be done next, beside what is in hand; None if there is nothing now."""
        ...

    def look(self, in_hand: list[tuple[int, Task]]) -> None:
        """Look what lanes are at that have not reported yet."""
        ...

    def take(self, task: Task, report: Report) -> None:
        """Take what came of a task."""
        ...

    def lose(self, task: Task, loss: Loss, *, is_known: bool) -> None:
        """Take note that the worker of a task was lost; whether this task was the cause may be known or not."""
        ...


@dataclass(eq=False)
class Foreman:
    """
    Gives out the tasks of one run.

    Attributes
    ----------
    maker : Maker
        Makes the keys, here and elsewhere.
    options : Options
        Say on how many lanes.
    """

    maker: Maker
    options: Options
    _token: str = field(default_factory=lambda: uuid.uuid4().hex)
    _parcel: bytes | None = None
    _numbers: Iterator[int] = field(default_factory=count)
    _running: dict[Future[Report | None], tuple[int, Task]] = field(default_factory=dict)

    def go(self, source: Source, tally: Tally, guard: Guard) -> None:
        """
        Have everything done that the source gives.

        Raises
        ------
        PopulateError
            The maker cannot be sent, or is not understood where it arrives.
        KeyboardInterrupt
            A signal; the keys in hand are undone, or, on an executor of the user's, made.
        """
        introduce(self._token, self.maker)
        try:
            self._loop(source, self._lanes(max(tally.run.total, 1)), tally, guard)
        finally:
            forget(self._token)

    def _lanes(self, keys: int) -> Lanes:
        lanes = min(self.options.at_once, keys)
        if self.options.executor is not None:
            return Borrowed(self.options.executor, lanes)
        self._pack()
        return OwnProcesses(lanes, environment_of(self.maker.connection.address))

    def _pack(self) -> bytes:
        if self._parcel is None:
            from djnb.populate.parcel import pack  # cloudpickle is wanted by few

            self._parcel = pack(self.maker)
        return self._parcel

    def _loop(self, source: Source, lanes: Lanes, tally: Tally, guard: Guard) -> None:
        try:
            while True:
                guard.check()
                if guard.is_stopping:
                    tally.run.stop()
                if not (tally.is_over or tally.run.is_paused):
                    self._give_out(source, lanes, tally)
                if self._running:
                    lanes = self._collect(source, lanes)
                elif tally.run.is_paused:
                    tally.run.wait_while_paused(_LOOK_SECONDS)
                else:
                    return
        except KeyboardInterrupt:
            self._end(source, lanes)
            raise
        finally:
            lanes.close(is_waiting=not self._running)

    def _give_out(self, source: Source, lanes: Lanes, tally: Tally) -> None:
        busy = {lane for lane, _ in self._running.values()}
        for lane in range(lanes.count):
            if lane in busy:
                continue
            task = source.next([task for _, task in self._running.values()])
            if task is None:
                return
            if len(task.keys) == 1:  # of several nobody knows here when each is begun
                tally.start(task.keys[0], worker=str(lane + 1))
            self._submit(lanes, lane, task, None)

    def _submit(self, lanes: Lanes, lane: int, task: Task, parcel: bytes | None) -> None:
        try:
            # Dask takes tasks with equal arguments for one.
            number = next(self._numbers)
            future = lanes.submit(lane, task.function, self._token, parcel, number=number, **task.arguments)
        except BrokenExecutor as error:
            future = Future()
            future.set_exception(error)
        self._running[future] = lane, task

    def _collect(self, source: Source, lanes: Lanes, *, seconds: float = _LOOK_SECONDS) -> Lanes:
        """Take the reports that are there; return the lanes to go on with."""
        done, waiting = wait(self._running, timeout=seconds, return_when=FIRST_COMPLETED)
        if not done:
            source.look([self._running[future] for future in waiting])
        broken: list[_Broken] = []
        for future in done:
            lane, task = self._running.pop(future)
            error = future.exception() if not future.cancelled() else CancelledError()
            if error is not None:
                broken.append(_Broken(lane, task, error))
                continue
            report = future.result()
            if report is None:
                self._submit(lanes, lane, task, self._pack())
            else:
                source.take(task, report)
        return self._mend(broken, source, lanes) if broken else lanes

    def _mend(self, broken: list[_Broken], source: Source, lanes: Lanes) -> Lanes:
        """Tell the source of tasks that were lost; return the lanes to go on with."""
        for each in broken:
            self._check_loss(each.error)
        if isinstance(lanes, Borrowed) and any(isinstance(each.error, BrokenExecutor) for each in broken):
            return self._replace(lanes, broken, source)
        for lane, task, error in broken:
            loss = lanes.mend(lane) or Loss(f"was lost ({describe(error)})")
            source.lose(task, loss, is_known=True)
        return lanes

    def _check_loss(self, error: BaseException) -> None:
        """Raise where a task was not lost with its worker, but refused."""
        if not _is_loss(error):
            raise PopulateError(
                f"The keys of `{self.maker.table.name.class_name}` cannot be made where they were sent: "
                f"{describe(error)}",
                remedy="See the error above for what is missing there.",
            ) from error

    def _replace(self, lanes: Borrowed, broken: list[_Broken], source: Source) -> Lanes:
        """Return processes of our own in the place of an executor that the death of a worker has broken."""
        if not any(isinstance(each.error, BrokenProcessPool) for each in broken):
            error = broken[0].error
            raise PopulateError(
                f"The executor that was given is broken: {describe(error)}", remedy="Give another one."
            ) from error
        # All that it ran is lost with it, and it will run nothing more.
        lost = [each.task for each in broken] + [task for _, task in self._running.values()]
        self._running.clear()
        logger.warning(
            "A worker of the executor has died and broken it; the run goes on with %d processes of its own",
            lanes.count,
        )
        for task in lost:
            source.lose(task, Loss("has died"), is_known=len(lost) == 1)
        self._pack()
        return OwnProcesses(lanes.count, environment_of(self.maker.connection.address))

    def _end(self, source: Source, lanes: Lanes) -> None:
        """End what is running, and take what it reports."""
        for future in list(self._running):
            if future.cancel():
                del self._running[future]
        lanes.interrupt()
        end = time.monotonic() + _UNDO_SECONDS
        while self._running and (isinstance(lanes, Borrowed) or time.monotonic() < end):
            done, _ = wait(self._running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                _, task = self._running.pop(future)
                report = None if future.cancelled() or future.exception() else future.result()
                if report is not None:
                    source.take(task, report)


def _is_loss(error: BaseException) -> bool:
    """Tell whether a task was lost with its worker, rather than refused."""
    is_of_cluster = type(error).__module__.partition(".")[0] == "distributed"
    return is_of_cluster or isinstance(error, BrokenExecutor | CancelledError)

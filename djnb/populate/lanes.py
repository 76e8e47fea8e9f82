"""
Lanes: places where one task at a time is carried out, on processes of our own or on an executor that a user gives.

Each process of our own has an executor to itself. If it is killed, what it was at is known, and no other suffers.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from djnb.backends.base import Address
from djnb.populate.remote import begin_child
from djnb.settings.handover import variables_of_stores

T = TypeVar("T")


class Loss(NamedTuple):
    """A worker that is lost: what it died of, and its process on this machine, as far as that is known."""

    cause: str
    pid: int = 0


class Lanes(Protocol):
    """Where tasks run."""

    @property
    def count(self) -> int:
        """How many tasks at once."""
        ...

    def submit(self, lane: int, task: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        """Give a lane its next task."""
        ...

    def mend(self, lane: int) -> Loss | None:
        """Make a lane usable whose worker died, and return what it died of; None where that is not known."""
        ...

    def interrupt(self) -> None:
        """Have the tasks that are running end as soon as may be."""
        ...

    def close(self, *, is_waiting: bool) -> None:
        """Let go of everything; wait for what is running, or end it."""
        ...


class OwnProcesses:
    """
    Processes that are started for one run.

    Parameters
    ----------
    count : int
        How many.
    environment : dict
        Variables for them, beside those of this process.
    """

    def __init__(self, count: int, environment: dict[str, str]) -> None:
        self.count = count
        self._environment = environment
        self._executors: list[Any] = [None] * count
        self._processes: list[Any] = [None] * count

    def submit(self, lane: int, task: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        """Give a lane its next task; its process is started with the first."""
        if self._executors[lane] is None:
            from loky import ProcessPoolExecutor

            self._executors[lane] = ProcessPoolExecutor(1, initializer=begin_child, env=self._environment)
        future: Future[T] = self._executors[lane].submit(task, *arguments, **named)
        self._processes[lane] = next(iter(list(self._executors[lane]._processes.values())), None)
        return future

    def mend(self, lane: int) -> Loss | None:
        """Forget the process of a lane, which has died; the next task starts another one."""
        process, executor = self._processes[lane], self._executors[lane]
        self._executors[lane] = self._processes[lane] = None
        executor.shutdown(wait=True, kill_workers=True)
        if process is None:
            return Loss(cause_of_death(None))
        return Loss(cause_of_death(process.exitcode), process.pid)

    def interrupt(self) -> None:
        """Send SIGTERM to the processes, which undo their keys and report."""
        for process in self._processes:
            if process is not None and process.is_alive():
                os.kill(process.pid, signal.SIGTERM)

    def close(self, *, is_waiting: bool) -> None:
        """End the processes; kill them if nobody waits for what they do."""
        for executor in self._executors:
            if executor is not None:
                executor.shutdown(wait=True, kill_workers=not is_waiting)


class Borrowed:
    """
    An executor of the user's, which is left open.

    Parameters
    ----------
    executor : Executor
        It.
    count : int
        How many tasks it is given at once.
    """

    def __init__(self, executor: Executor, count: int) -> None:
        self.count = count
        self._executor = executor

    def submit(self, lane: int, task: Callable[..., T], /, *arguments: Any, **named: Any) -> Future[T]:
        """Give the executor a task."""
        return self._executor.submit(task, *arguments, **named)

    def mend(self, lane: int) -> Loss | None:
        """Do nothing: the executor is the user's."""
        return None

    def interrupt(self) -> None:
        """Do nothing: what runs in threads or on other machines hears no signal; it is waited for."""

    def close(self, *, is_waiting: bool) -> None:
        """Do nothing: the executor is the user's."""


def environment_of(address: Address) -> dict[str, str]:
    """Return the variables by which a child of this process reaches a database: nothing of it is pickled."""
    path = f"{address.scheme}:///{Path(address.path).absolute()}" if address.path else str(address)
    password = {} if address.password is None else {"DJNB_DATABASE_PASSWORD": address.password}
    # A notebook has matplotlib show its figures in the notebook, which a process without one cannot.
    drawing = {"MPLBACKEND": "agg"} if os.environ.get("MPLBACKEND", "").startswith("module://") else {}
    return {"DJNB_DATABASE_URL": path, **password, **variables_of_stores(), **drawing}


def cause_of_death(code: int | None) -> str:
    """Return what an exit code says, ``was killed by SIGKILL``."""
    if code is None:
        return "has died"
    if code >= 0:
        return f"has ended with the exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was killed by {name}" + (" (for want of memory, perhaps)" if -code == signal.SIGKILL else "")

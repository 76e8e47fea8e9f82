"""
Processes for tests in which processes die: each is forked from one that has imported djnb already.

They start within milliseconds, do one function of a module, and can be killed, stopped and asked how they ended.
What they say goes to a file. None of them outlives the test.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import djnb

_ROOT = str(Path(__file__).parents[2])

PATIENCE_SECONDS = 60.0
"""How long a test waits for what must come; on a busy machine, much is slow."""


class Member:
    """
    A process.

    Attributes
    ----------
    pid : int
        Its number.
    status : int or None
        How it ended: an exit code, or the negative number of the signal that ended it; None while it lives.
    log : Path
        What it has said.
    """

    def __init__(self, pid: int, log: Path) -> None:
        self.pid = pid
        self.log = log
        self.status: int | None = None
        self._ended = threading.Event()

    def end(self, status: int) -> None:
        """Note how it ended."""
        self.status = status
        self._ended.set()

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.status is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait until it has ended and return how; a test fails that waits for too long."""
        if not self._ended.wait(seconds):
            raise AssertionError(f"The process {self.pid} does not end. It has said:\n{self.said}")
        assert self.status is not None
        return self.status

    @property
    def said(self) -> str:
        """What it has written to its standard output and error."""
        return self.log.read_text(errors="replace")


class Origin:
    """The process that others are forked from; it serves all tests of a run."""

    def __init__(self) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJNB_", "DJ_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.conformance.crew"],
            # A process with threads should not be forked; numpy's algebra would start some.
            env={**kept, "PYTHONPATH": _ROOT, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._living: dict[int, Member] = {}
        self._forked: dict[str, Member] = {}
        self._turn = threading.Condition()
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def fork(self, order: Mapping[str, Any]) -> Member:
        """Start a process, which writes to a log file of its own."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        with self._turn:
            if not self._turn.wait_for(lambda: order["log"] in self._forked, PATIENCE_SECONDS):
                raise AssertionError("No process could be forked.")
            return self._forked.pop(order["log"])

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            with self._turn:
                if "log" in told:
                    self._living[told["pid"]] = self._forked[told["log"]] = Member(told["pid"], Path(told["log"]))
                    self._turn.notify_all()
                else:
                    self._living.pop(told["pid"]).end(told["status"])

    def close(self) -> None:
        """End it, and kill what it has forked and what lives."""
        self._process.communicate()
        self._reader.join()


class Crew:
    """
    The processes of one test.

    Parameters
    ----------
    origin : Origin
        What they are forked from.
    folder : Path
        Where they work and what they say is kept.
    """

    def __init__(self, origin: Origin, folder: Path) -> None:
        self.folder = folder
        self.members: list[Member] = []
        self._origin = origin

    def start(self, function: str, *arguments: Any, environment: Mapping[str, str] | None = None) -> Member:
        """Start a process that does a function, named like ``module:function``; arguments as JSON has them."""
        member = self._origin.fork(
            {
                "function": function,
                "arguments": arguments,
                "environment": environment or {},
                "folder": str(self.folder),
                "log": str(self.folder / f"process-{len(self.members)}.log"),
            }
        )
        self.members.append(member)
        return member

    @property
    def alive(self) -> list[Member]:
        """Those that have not ended."""
        return [member for member in self.members if member.status is None]

    def close(self) -> None:
        """Kill those that live."""
        for member in self.alive:
            member.send(signal.SIGKILL)
            member.wait()


def wait_until(is_so: Callable[[], object], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a function answers yes; a test fails that waits for too long."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError(f"It has not come to this within {seconds:.0f} s: {what}")
        time.sleep(0.02)


# ---- in the process that the others are forked from


def _main() -> None:
    """Fork as the lines of standard input say, tell who was forked and who has ended, and leave nobody behind."""
    # djnb imports most of itself when it is needed; here it is once for all.
    for module in ("djnb.backends.mysql.backend", "djnb.backends.sqlite.backend", "tests.conformance.faulty"):
        importlib.import_module(module)
    for name in djnb.__all__:
        getattr(djnb, name)
    vars(djnb.settings)["_config"] = None  # each reads its own

    woken, waker = os.pipe()
    for end in (woken, waker):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    children: set[int] = set()
    read = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            with suppress(BlockingIOError):
                os.read(woken, 2**12)
            _bury(children)
        if 0 in ready:
            more = os.read(0, 2**16)
            if not more:
                break
            *orders, read = (read + more).split(b"\n")
            for order in map(json.loads, orders):
                pid = os.fork()
                if pid == 0:
                    _do(order)
                children.add(pid)
                print(json.dumps({"pid": pid, "log": order["log"]}), flush=True)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    while children:
        pid, _ = os.wait()
        children.discard(pid)


def _bury(children: set[int]) -> None:
    for pid in list(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            children.discard(pid)
            print(json.dumps({"pid": pid, "status": os.waitstatus_to_exitcode(status)}), flush=True)


def _do(order: Mapping[str, Any]) -> None:
    """Do in a forked process what it is for, and end it."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(os.open(order["log"], os.O_WRONLY | os.O_CREAT, 0o600), 1)
    os.dup2(1, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(order["folder"])
    os.environ.update(order["environment"])
    status = 1
    try:
        module, _, name = order["function"].partition(":")
        getattr(importlib.import_module(module), name)(*order["arguments"])
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 -- whatever it is, the test reads it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        with suppress(Exception):
            atexit._run_exitfuncs()
        os._exit(status)


if __name__ == "__main__":
    _main()

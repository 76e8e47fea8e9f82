"""A process that is a worker of a schema and does what it is told."""

from __future__ import annotations

import os
import signal
from functools import cached_property

SHORT = {"jobs.heartbeat_interval": 0.1, "jobs.grace_period": 0.5, "jobs.lease_time": 60}
"""Patience for tests; the processes that they start have it too."""

PROGRAM = """
import ctypes, os, signal, sys
import djnb as dj
from djnb.jobs.queue import Queue
from djnb.jobs.workers import Worker
from djnb.model.naming import TableName

connection = dj.Connection()
worker = Worker.of(connection, sys.argv[1])
print(worker.id, flush=True)


def fork():
    child = os.fork()
    while not child:
        signal.pause()
    return child


def hold_the_interpreter():  # as compiled code does that computes for long
    signal.signal(signal.SIGUSR1, lambda *_: None)
    ctypes.PyDLL(None).pause()


def present():
    return Worker.of(connection, sys.argv[1]).id


def claim(count=1):
    global queue, jobs
    queue = Queue(connection, connection.catalogue.table(TableName(sys.argv[1], "__result")))
    jobs = queue.claim(Worker.of(connection, sys.argv[1]), count=count)
    return [job.key for job in jobs]


def finish(job):
    with connection.transaction():
        return connection.execute(queue.fence(job, duration=0)).affected


def work(killer):
    while claim(8):
        for job in jobs:
            if job.key["recording_id"] == killer:
                os.kill(os.getpid(), signal.SIGKILL)
            assert finish(job) == 1
    return "all done"


for line in sys.stdin:
    print(eval(line), flush=True)
"""

WARNINGS = (
    "-Werror",
    # What Python 3.12 says of every fork, and Python 3.13 of connections that, as here, nobody closes.
    "-Wignore:This process:DeprecationWarning",
    "-Wignore:unclosed database:ResourceWarning",
)


class Child:
    """A process that is a worker of the schema and evaluates what it is told."""

    def __init__(self, process, complaints):
        self.process = process
        self.pid = process.pid
        self.complaints = complaints

    @cached_property
    def worker(self):
        """The number of the worker, once the process is one."""
        return int(self.answer())

    def begin(self, expression):
        assert self.worker
        self.process.stdin.write(expression + "\n")
        self.process.stdin.flush()

    def ask(self, expression):
        self.begin(expression)
        return self.answer()

    def answer(self):
        return self.process.stdout.readline().strip()

    def send(self, number):
        assert self.worker
        os.kill(self.pid, number)
        if number == signal.SIGKILL:
            self.process.wait()

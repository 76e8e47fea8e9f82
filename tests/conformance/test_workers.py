"""
Workers: who is alive, who is dead, and what becomes of what the dead have left.

The processes are real ones and so are their deaths. They are waited for by what they say and by what the database
holds, never by time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import djnb as dj
from djnb.jobs import registry
from djnb.jobs.workers import Worker
from djnb.sql.statement import Statement
from tests.conformance.recordings import KEYS

SHORT = {"jobs.heartbeat_interval": 0.1, "jobs.grace_period": 0.5, "jobs.lease_time": 60}
"""Patience for tests; the processes that they start have it too."""


@pytest.fixture(autouse=True)
def _short_patience():
    with dj.config.override(SHORT):
        yield


@pytest.fixture
def registered(connection, schema):
    """Give a function that returns the numbers of the workers in the registry."""

    def registered():
        name = connection.dialect.table(registry.registry_of(schema.name))
        rows = connection.execute(Statement(f"SELECT worker FROM {name} ORDER BY started, worker")).rows
        return [worker for (worker,) in rows]

    return registered


@pytest.fixture
def jobs(connection, computed):
    """Give a function that reads the jobs of `Result`, one for each recording, or sets attributes of some."""
    Result = computed()
    Result.jobs.insert([dict(key, status="pending", priority=5) for key in KEYS])
    table = connection.dialect.table(Result.jobs.name)
    names = "recording_id", "status", "_worker", "_token", "_attempts", "_deaths", "error_message"

    def jobs(*numbers, **changes):
        mark = connection.dialect.placeholder
        if changes:
            sets = ", ".join(f"{name} = {mark}" for name in changes)
            for number in numbers:
                sql = f"UPDATE {table} SET {sets} WHERE recording_id = {mark}"
                connection.execute(Statement(sql, (*changes.values(), number)))
        rows = connection.execute(Statement(f"SELECT {', '.join(names)} FROM {table} ORDER BY recording_id")).rows
        return [dict(zip(names, row, strict=True)) for row in rows]

    return jobs


_WORKER = """
import sys
import djnb as dj
from djnb.jobs.workers import Worker

connection = dj.Connection()
print(Worker.of(connection, sys.argv[1]).id, flush=True)
for line in sys.stdin:
    exec(line)
    print("done", flush=True)
"""

_ROOT = str(Path(dj.__file__).parents[1])


@pytest.fixture
def start_worker(database_url, schema):
    """Give a function that starts a process which is a worker of the schema; it does what it is told, line by line."""
    children = []

    def start(**environment):
        short = {f"DJNB_{name.upper().replace('.', '__')}": str(value) for name, value in SHORT.items()}
        child = subprocess.Popen(
            [sys.executable, "-X", "dev", "-c", _WORKER, schema.name],
            env={**os.environ, **short, "DJNB_DATABASE_URL": database_url, "PYTHONPATH": _ROOT, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        child.worker = int(child.stdout.readline())
        return child

    yield start
    for child in children:
        child.kill()
        child.communicate()


def tell(child, line):
    """Have a process do something, and wait until it has."""
    child.stdin.write(line + "\n")
    child.stdin.flush()
    return child.stdout.readline()


def sweep_until(worker, dead):
    """Sweep until a worker is found dead."""
    found = []
    while dead not in found:
        found += worker.sweep()
    return found


class TestRegistration:
    def test_is_one_for_a_process_and_a_schema(self, database_url, connection, schema, registered):
        """All threads of a process are one worker; a second connection is another one."""
        first = Worker.of(connection, schema.name)
        with dj.Connection(database_url) as other:
            second = Worker.of(other, schema.name)

            assert first is Worker.of(connection, schema.name)
            assert {first.id, second.id} == set(registered())
        assert [first.id] == registered()
        assert (False, True) == (first.is_dead, second.is_dead)

    def test_ends_with_the_connection(self, database_url, schema, registered):
        """Closing a connection takes its worker off the registry."""
        with dj.Connection(database_url) as connection:
            worker = Worker.of(connection, schema.name)
            assert [worker.id] == registered()

        assert ([], True) == (registered(), worker.is_dead)

    def test_ends_with_the_process(self, start_worker, registered):
        """A program that ends without closing anything leaves nobody in the registry, and is not kept from ending."""
        child = start_worker()
        assert [child.worker] == registered()

        child.communicate(timeout=60)

        assert (0, []) == (child.returncode, registered())


class TestDeath:
    def test_gives_back_what_the_worker_held(self, connection, schema, jobs, registered, start_worker):
        """A process was killed: its keys are pending again, others' are not touched, and it is not registered."""
        child = start_worker()
        me = Worker.of(connection, schema.name)
        jobs(1, status="reserved", _worker=child.worker, _token=7, _attempts=1)
        jobs(2, status="reserved", _worker=me.id, _token=8, _attempts=1)
        jobs(3, status="reserved")  # by a worker of DataJoint
        before = jobs()

        os.kill(child.pid, signal.SIGKILL)
        sweep_until(me, child.worker)

        given_back = {"status": "pending", "_worker": 0, "_token": 0, "_deaths": 1}
        assert [{**before[0], **given_back, "error_message": jobs()[0]["error_message"]}, *before[1:]] == jobs()
        assert jobs()[0]["error_message"].endswith(f"(pid {child.pid})")
        assert [me.id] == registered()

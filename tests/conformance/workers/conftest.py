"""Workers in processes of their own, and what the database says of them; all have patience for tests."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.jobs import registry
from djnb.sql.statement import Statement
from tests.conformance.programs import start_python
from tests.conformance.recordings import KEYS
from tests.conformance.workers.child import PROGRAM, SHORT, WARNINGS, Child


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


@pytest.fixture
def start_worker(database_url, schema, tmp_path):
    """Give a function that starts a process which is a worker of the schema."""
    children = []

    def start(url=database_url, **environment):
        short = {f"DJNB_{name.upper().replace('.', '__')}": str(value) for name, value in SHORT.items()}
        complaints = tmp_path / f"complaints_{len(children)}"
        with complaints.open("w") as stderr:
            process = start_python(
                *WARNINGS,
                "-c",
                PROGRAM,
                schema.name,
                environment={**short, "DJNB_DATABASE_URL": url, **environment},
                stderr=stderr,
            )
        children.append(process)
        return Child(process, complaints)

    yield start
    for process in children:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest.fixture
def look(connection, schema):
    """Give a function that returns a worker as it looks from here."""
    liveness = connection.liveness(lease=60)
    yield lambda number: {s.worker: s for s in liveness.survey(registry.registry_of(schema.name))}.get(number)
    liveness.close()


@pytest.fixture
def until_found(registered):
    """Give a function that sweeps until the death of a process is found, by this worker or by whoever is sooner."""

    def sweep(worker, child):
        while child.worker in registered():
            worker.sweep()

    return sweep

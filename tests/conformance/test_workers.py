"""
Workers: who is alive, who is dead, and what becomes of what the dead have left.

The processes are real ones and so are their deaths. They are waited for by what they say and by what the database
holds, never by time.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

import pytest

import djnb as dj
from djnb.backends.base import Answer
from djnb.jobs import registry
from djnb.jobs.queue import Queue
from djnb.jobs.roster import HeldJob, WorkerState
from djnb.jobs.workers import Worker
from djnb.model.naming import TableName
from djnb.sql.statement import Statement
from tests import servers
from tests.conformance.programs import start_python
from tests.conformance.recordings import KEYS, server_only
from tests.conformance.wire import wire_to
from tests.conftest import absent

SHORT = {"jobs.heartbeat_interval": 0.1, "jobs.grace_period": 0.5, "jobs.lease_time": 60}
"""Patience for tests; the processes that they start have it too."""

NOON = datetime.fromisoformat("2024-05-01 12:00")


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

_WARNINGS = (
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


@pytest.fixture
def start_worker(database_url, schema, tmp_path):
    """Give a function that starts a process which is a worker of the schema."""
    children = []

    def start(url=database_url, **environment):
        short = {f"DJNB_{name.upper().replace('.', '__')}": str(value) for name, value in SHORT.items()}
        complaints = tmp_path / f"complaints_{len(children)}"
        with complaints.open("w") as stderr:
            process = start_python(
                *_WARNINGS,
                "-c",
                _WORKER,
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

    def test_is_one_for_threads_that_ask_at_once(self, connection, schema, registered):
        """Eight threads begin to work at the same moment, in a schema that has no registry yet."""
        start = threading.Barrier(8)

        def ask(_):
            start.wait(60)
            return Worker.of(connection, schema.name).id

        with ThreadPoolExecutor(8) as pool:
            numbers = set(pool.map(ask, range(8)))

        assert sorted(numbers) == registered()

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

        child.process.stdin.close()
        child.process.wait(60)

        assert (0, "", []) == (child.process.returncode, child.complaints.read_text(), registered())

    @pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")  # of Python 3.13, as it should
    def test_ends_with_a_connection_that_is_forgotten(self, database_url, schema, registered):
        """Nobody keeps a connection alive because it has a worker: without it, the worker leaves by itself."""
        Worker.of(dj.Connection(database_url), schema.name)
        gc.collect()

        while registered():
            pass

    def test_in_order_gives_back_what_is_held_and_charges_nobody(self, database_url, schema, jobs, registered):
        """Jobs that were claimed ahead are as they were before; only one that had ended keeps its state."""
        with dj.Connection(database_url) as connection:
            worker = Worker.of(connection, schema.name)
            jobs(1, 2, status="reserved", _worker=worker.id, _token=7, _attempts=1)
            jobs(3, status="error", _worker=worker.id, _token=7, _attempts=1)
            ended = jobs()[2]

        free = {"status": "pending", "_worker": 0, "_token": 0, "_attempts": 0, "_deaths": 0, "error_message": ""}
        assert [{"recording_id": 1, **free}, {"recording_id": 2, **free}, ended] == jobs()
        assert [] == registered()

    def test_is_made_anew_for_whoever_learns_that_it_was_declared_dead(self, connection, schema, registered):
        """A claim is refused because others have struck the worker off: the process goes on as another one."""
        before = Worker.of(connection, schema.name)
        connection.execute(Statement(f"DELETE FROM {connection.dialect.table(registry.registry_of(schema.name))}"))

        before.is_dead = True
        after = Worker.of(connection, schema.name)

        assert [after.id] == registered()
        assert before.id != after.id

    def test_is_made_anew_with_its_schema(self, connection, schema, registered):
        """A schema is dropped and declared again in one breath, as in a notebook: its workers are others then."""
        before = Worker.of(connection, schema.name)

        connection.drop_schema(schema.name)
        dj.Schema(schema.name, connection=connection)
        after = Worker.of(connection, schema.name)

        assert ([after.id], True, False) == (registered(), before.is_dead, after.is_dead)
        assert ([], after) == (after.sweep(), Worker.of(connection, schema.name))

    def test_of_a_forked_child_is_its_own(self, start_worker, registered):
        """A child is not its parent's worker, and becomes one itself when it asks; both live."""
        child = start_worker()

        grandchild = int(
            child.ask(
                "(lambda r, w: (os.fork() or (os.write(w, b'%d' % present()), os._exit(0)))"
                " and os.read(r, 99).decode())(*os.pipe())"
            )
        )

        assert grandchild != child.worker
        assert child.worker in registered()
        assert str(child.worker) == child.ask("present()")


class TestDeath:
    def test_gives_back_what_the_worker_held(self, connection, schema, jobs, registered, start_worker, until_found):
        """A process was killed: its keys are pending again, others' are not touched, and it is not registered."""
        child = start_worker()
        me = Worker.of(connection, schema.name)
        jobs(1, status="reserved", _worker=child.worker, _token=7, _attempts=1)
        jobs(2, status="reserved", _worker=me.id, _token=8, _attempts=1)
        jobs(3, status="reserved")  # by a worker of DataJoint
        before = jobs()

        child.send(signal.SIGKILL)
        until_found(me, child)

        given_back = {"status": "pending", "_worker": 0, "_token": 0, "_deaths": 1}
        assert [{**before[0], **given_back, "error_message": jobs()[0]["error_message"]}, *before[1:]] == jobs()
        assert jobs()[0]["error_message"].endswith(f"(pid {child.pid})")
        assert [me.id] == registered()

    def test_is_noticed_by_other_workers_without_being_asked(self, start_worker, registered):
        """While one worker computes for hours, it finds those that died meanwhile."""
        first, second = start_worker(), start_worker()

        first.send(signal.SIGKILL)

        while registered() != [second.worker]:
            pass

    def test_is_not_hidden_by_a_forked_child(self, connection, schema, start_worker, until_found):
        """A worker was killed; a process that it had forked lives on, with all that it inherited."""
        child = start_worker()
        grandchild = int(child.ask("fork()"))
        try:
            child.send(signal.SIGKILL)

            until_found(Worker.of(connection, schema.name), child)
        finally:
            os.kill(grandchild, signal.SIGKILL)

    def test_the_third_over_a_job_makes_it_an_error(self, connection, schema, jobs, start_worker, until_found):
        """Three workers died with it: it says so, on which hosts, and what to do. A neighbour is only given back."""
        me = Worker.of(connection, schema.name)
        children = [start_worker() for _ in range(3)]
        for death, child in enumerate(children):
            jobs(1, status="reserved", _worker=child.worker, _token=7)
            if death == 2:
                jobs(2, status="reserved", _worker=child.worker, _token=8)
            child.send(signal.SIGKILL)
            until_found(me, child)

        killer, neighbour, _ = jobs()
        assert ("error", 3, 0, 0) == (killer["status"], killer["_deaths"], killer["_worker"], killer["_token"])
        assert killer["error_message"].startswith("WorkerDied: 3 workers died while they had this job: ")
        assert all(f"{socket.gethostname()} (pid {child.pid})" in killer["error_message"] for child in children)
        assert "for want of memory" in killer["error_message"]
        assert ("pending", 1) == (neighbour["status"], neighbour["_deaths"])

    def test_is_found_once_by_many_sweepers(self, database_url, schema, jobs, start_worker):
        """Four workers look for the dead at the same moment: every death is counted once."""
        dead = [start_worker() for _ in range(3)]
        for number, child in enumerate(dead, start=1):
            jobs(number, status="reserved", _worker=child.worker, _token=number)
        start = threading.Barrier(4)

        def sweep(_):
            with dj.Connection(database_url) as connection:
                worker = Worker.of(connection, schema.name)
                start.wait(60)
                found = worker.sweep()
                while any(job["status"] == "reserved" for job in jobs()):
                    found += worker.sweep()
                return found

        for child in dead:
            child.send(signal.SIGKILL)
        with ThreadPoolExecutor(4) as pool:
            found = [number for numbers in pool.map(sweep, range(4)) for number in numbers]

        assert sorted(found) == sorted(set(found))
        assert [("pending", 1)] * 3 == [(job["status"], job["_deaths"]) for job in jobs()]

    def test_of_the_sweeper_undoes_its_sweep(self, connection, schema, jobs, start_worker, registered):
        """Whoever gives back the jobs of the dead is killed over it: nothing is half given back; the next does it."""
        dead, sweeper = start_worker(), start_worker(DJNB_STOP_AT="in_reap=kill")
        jobs(1, 2, status="reserved", _worker=dead.worker, _token=7)

        dead.send(signal.SIGKILL)
        sweeper.process.wait(60)
        me = Worker.of(connection, schema.name)
        while registered() != [me.id]:
            me.sweep()

        assert [("pending", 1), ("pending", 1), ("pending", 0)] == [(job["status"], job["_deaths"]) for job in jobs()]

    def test_of_somebody_who_is_not_registered_is_one_too(self, connection, schema, jobs):
        """A claim was under way while its worker was declared dead: its job does not stay reserved for ever."""
        jobs(2, status="reserved", _worker=12345, _token=7)

        Worker.of(connection, schema.name)

        assert [("pending", 0), ("pending", 1), ("pending", 0)] == [(job["status"], job["_deaths"]) for job in jobs()]

    def test_of_three_workers_spares_the_neighbours_of_the_job_that_killed_them(
        self, connection, schema, jobs, start_worker, until_found
    ):
        """
        Workers claim eight jobs at a time, and one of them kills whoever tries it: it ends as an error by itself.
        """
        me = Worker.of(connection, schema.name)
        for child in [start_worker() for _ in range(3)]:
            child.begin("work(killer=2)")
            child.process.wait(60)
            until_found(me, child)

        assert "all done" == start_worker().ask("work(killer=2)")
        assert [(2, "error", 3)] == [(job["recording_id"], job["status"], job["_deaths"]) for job in jobs()]


class TestLife:
    def test_is_not_doubted_while_the_process_is_stopped(self, connection, schema, start_worker, look, registered):
        """A process is stopped for longer than the grace, as a debugger or a full machine does: it keeps its jobs."""
        child = start_worker()
        me = Worker.of(connection, schema.name)

        child.send(signal.SIGSTOP)
        while look(child.worker).age < 3 * SHORT["jobs.grace_period"]:
            assert [] == me.sweep()
        child.send(signal.SIGCONT)

        assert str(child.worker) == child.ask("present()")
        assert child.worker in registered()

    def test_is_not_doubted_while_compiled_code_keeps_the_interpreter(self, connection, schema, start_worker, look):
        """No thread of the process runs for longer than the grace, nor gives a sign: it keeps its jobs."""
        child = start_worker()
        me = Worker.of(connection, schema.name)

        child.begin("hold_the_interpreter()")
        while look(child.worker).age < 3 * SHORT["jobs.grace_period"]:
            assert [] == me.sweep()
        child.send(signal.SIGUSR1)

        assert ("None", str(child.worker)) == (child.answer(), child.ask("present()"))

    def test_after_being_declared_dead_is_that_of_another_worker(
        self, connection, schema, start_worker, registered, lose_sign, until_found
    ):
        """A process was out of reach for too long and its jobs were given to others: it holds nothing any more."""
        child = start_worker()
        me = Worker.of(connection, schema.name)

        child.send(signal.SIGSTOP)
        lose_sign(child)
        until_found(me, child)
        child.send(signal.SIGCONT)

        while child.ask("worker.is_dead") != "True":
            pass
        fresh = int(child.ask("present()"))
        assert fresh != child.worker
        assert {me.id, fresh} == set(registered())

    def test_after_being_declared_dead_finishes_nothing(
        self, connection, schema, jobs, computed, start_worker, lose_sign, until_found
    ):
        """Its job was given to another worker while it was out of reach: what it computed is refused."""
        jobs(2, 3, status="ignore")
        child = start_worker()
        me = Worker.of(connection, schema.name)
        assert str([KEYS[0]]) == child.ask("claim()")
        queue = Queue(connection, connection.catalogue.table(TableName(schema.name, "__result")))

        child.send(signal.SIGSTOP)
        lose_sign(child)
        until_found(me, child)
        (again,) = queue.claim(me)
        child.send(signal.SIGCONT)

        assert "0" == child.ask("finish(jobs[0])")
        with connection.transaction():
            assert 1 == connection.execute(queue.fence(again, duration=0)).affected
        assert [2, 3] == [job["recording_id"] for job in jobs()]

    @server_only
    def test_goes_on_when_the_server_ends_the_connection_that_shows_it(self, start_worker, look, mysql_admin):
        """The connection is made again, and the lock is taken again, before anybody else is to notice."""
        child = start_worker()
        first = look(child.worker).connection_id

        mysql_admin(f"KILL {first}")

        while look(child.worker).connection_id == first or not look(child.worker).is_shown:
            pass
        assert str(child.worker) == child.ask("present()")

    @server_only
    def test_out_of_reach_ends_with_the_lease(self, connection, schema, mysql_url, registered):
        """
        The network is gone, and nobody hears of it: the jobs are free after the lease, and the worker learns of it.
        """
        with wire_to(mysql_url) as wire, dj.config.override({"jobs.lease_time": 3}), dj.Connection(wire.url) as far:
            worker = Worker.of(far, schema.name)
            me = Worker.of(connection, schema.name)

            wire.decide = lambda said: "swallow"
            while worker.id in registered():
                me.sweep()
            wire.decide = lambda said: "pass"

            while not worker.is_dead:
                pass
            fresh = Worker.of(far, schema.name)
            assert {me.id, fresh.id} == set(registered())

    @server_only
    def test_that_a_proxy_hides_is_believed_without_a_lock(self, connection, schema):
        """
        Behind a proxy that lends its connections to many, a lock shows nothing: it is tried before it is relied upon.
        """
        Worker.of(connection, schema.name)
        behind = connection.liveness(lease=60)

        assert 0 == behind.hold(5, lambda statement: Answer([(None,)], 1))
        assert [None] == [seen.is_shown for seen in behind.survey(registry.registry_of(schema.name))]
        behind.close()

    @server_only
    def test_of_another_users_worker_is_seen_without_privileges(
        self, connection, schema, start_worker, mysql_admin, mysql_url, registered, until_found
    ):
        """A user who may not see the connections of others sees whether their workers live, and finds their dead."""
        mysql_admin("CREATE OR REPLACE USER 'djnb_guest'@'%' IDENTIFIED BY 'guest'")
        mysql_admin(f"GRANT ALL PRIVILEGES ON `{schema.name}`.* TO 'djnb_guest'@'%'")
        parts = urlsplit(mysql_url)
        child = start_worker()
        try:
            with dj.Connection(f"mysql://djnb_guest:guest@{parts.hostname}:{parts.port}") as guest:
                worker = Worker.of(guest, schema.name)
                child.send(signal.SIGSTOP)
                assert [] == worker.sweep()
                child.send(signal.SIGKILL)

                until_found(worker, child)
        finally:
            mysql_admin("DROP USER 'djnb_guest'@'%'")


@pytest.fixture
def lose_sign(connection, database_url, request, tmp_path, look):
    """Give a function that takes away the sign of life of a process that is stopped."""

    def lose(child):
        if database_url.startswith("sqlite"):  # a clean-up of files went too far
            next(tmp_path.glob("*.workers")).unlink()
        else:  # the server gave up a connection that was silent for too long
            request.getfixturevalue("mysql_admin")(f"KILL {look(child.worker).connection_id}")

    return lose


class TestSweep:
    @server_only
    def test_reads_only_those_who_were_not_heard_of(self, connection, schema):
        """A thousand workers do not read about each other every few seconds."""
        Worker.of(connection, schema.name)
        liveness = connection.liveness(lease=60)
        name = registry.registry_of(schema.name)

        assert (1, 0) == (len(liveness.survey(name)), len(liveness.survey(name, unheard_for=3600)))
        liveness.close()


class TestRoster:
    def test_tells_who_holds_what_and_for_how_long(self, connection, schema, jobs, start_worker, computed):
        """One living worker of djnb with two jobs and one of DataJoint, as values."""
        me = Worker.of(connection, schema.name)
        jobs(1, 2, status="reserved", _worker=me.id, _token=7, reserved_time="2024-05-01 12:00:00.000")
        jobs(3, status="reserved", host="rig", pid=17, user="anna", version="2.3.5")

        mine, foreign = schema.workers

        assert (me.id, "alive", socket.gethostname(), os.getpid()) == (mine.worker, mine.state, mine.host, mine.pid)
        assert [HeldJob("Result", key, NOON) for key in KEYS[:2]] == list(mine.jobs)
        assert (
            WorkerState(0, "unknown", "rig", 17, "anna", "2.3.5", None, None, (HeldJob("Result", KEYS[2], None),))
            == foreign
        )

    def test_shows_itself_as_a_plain_table(self, connection, schema, jobs):
        """Whoever prints it reads it without a notebook."""
        jobs(1, 2, status="reserved", host="rig", pid=17, user="anna")

        assert f"{schema.name}: 1 worker" == repr(schema.workers).splitlines()[0]
        assert "unknown  rig    17  anna" in repr(schema.workers)
        assert "Result recording_id=1; Result recording_id=2" in repr(schema.workers)
        assert "<table>" in schema.workers._repr_mimebundle_()["text/html"]

    def test_of_a_table_has_those_who_hold_its_jobs(self, connection, schema, jobs, computed):
        """`Result.jobs.workers()` leaves out who has nothing to do with it."""
        Worker.of(connection, schema.name)
        jobs(1, status="reserved", host="rig", pid=17)
        Result = schema.jobs[0]

        assert [("rig", 17)] == [(worker.host, worker.pid) for worker in Result.workers()]

    def test_of_nobody_is_empty_and_registers_nobody(self, schema, jobs):
        """To look is not to be a worker."""
        assert ([], []) == (list(schema.workers), list(schema.jobs[0].workers()))

    def test_tells_the_dead_until_their_jobs_are_given_back(self, schema, jobs, start_worker, statements):
        """Nobody else is at work: the roster still says that a worker is dead, and what it left."""
        child = start_worker()
        jobs(1, status="reserved", _worker=child.worker, _token=7)

        child.send(signal.SIGKILL)
        while schema.workers[0].state != "dead":
            pass

        assert [KEYS[0]] == [job.key for job in schema.workers[0].jobs]

    @server_only
    def test_tells_who_is_stalled(self, schema, start_worker):
        """A process that was stopped gives no sign, but it is there: it is neither alive nor dead."""
        child = start_worker()
        assert [(child.worker, "alive")] == [(worker.worker, worker.state) for worker in schema.workers]

        child.send(signal.SIGSTOP)
        while schema.workers[0].state == "alive":
            pass

        assert "stalled" == schema.workers[0].state
        assert schema.workers[0].silent > SHORT["jobs.grace_period"]


class TestRestart:
    def test_of_the_server_is_survived(self):
        """The worker is registered as before, and shows that it lives, as soon as the server is back."""
        missing = servers.missing_programs()
        if missing:
            absent(f"No MariaDB: {' and '.join(missing)} not found", "DJNB_TEST_REQUIRE_MYSQL")
        with servers.private_server() as server, dj.Connection(server.url) as connection:
            schema = dj.Schema("djnb_test_restart", connection=connection)
            worker = Worker.of(connection, schema.name)
            name = registry.registry_of(schema.name)

            server.restart()

            liveness = connection.liveness(lease=60)
            (before,) = liveness.survey(name)
            while (now := liveness.survey(name)[0]).heartbeat == before.heartbeat or not now.is_shown:
                pass
            liveness.close()
            assert (worker.id, False, worker) == (now.worker, worker.is_dead, Worker.of(connection, schema.name))

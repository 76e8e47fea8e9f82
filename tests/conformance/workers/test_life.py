"""A worker that is alive is not taken for dead, and one that was finds out."""

from __future__ import annotations

import signal
from urllib.parse import urlsplit

import pytest

import djnb as dj
from djnb.backends.base import Answer
from djnb.jobs import registry
from djnb.jobs.queue import Queue
from djnb.jobs.workers import Worker
from djnb.model.naming import TableName
from tests.conformance.recordings import KEYS, server_only
from tests.conformance.wire import wire_to
from tests.conformance.workers.child import SHORT


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
        self, connection, schema, jobs, start_worker, lose_sign, until_found
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
        self, connection, schema, start_worker, mysql_admin, mysql_url, until_found
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

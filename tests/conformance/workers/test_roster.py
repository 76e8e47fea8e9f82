"""Who works at a schema, and who holds what."""

from __future__ import annotations

import os
import signal
import socket
from datetime import datetime

from djnb.jobs import registry
from djnb.jobs.roster import HeldJob, WorkerState
from djnb.jobs.workers import Worker
from tests.conformance.recordings import KEYS, server_only
from tests.conformance.workers.child import SHORT

NOON = datetime.fromisoformat("2024-05-01 12:00")


class TestRoster:
    def test_tells_who_holds_what_and_for_how_long(self, connection, schema, jobs):
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

    def test_of_a_table_has_those_who_hold_its_jobs(self, connection, schema, jobs):
        """`Result.jobs.workers()` leaves out who has nothing to do with it."""
        Worker.of(connection, schema.name)
        jobs(1, status="reserved", host="rig", pid=17)
        Result = schema.jobs[0]

        assert [("rig", 17)] == [(worker.host, worker.pid) for worker in Result.workers()]

    def test_of_nobody_is_empty_and_registers_nobody(self, schema, jobs):
        """To look is not to be a worker."""
        assert ([], []) == (list(schema.workers), list(schema.jobs[0].workers()))
        assert registry.registry_of(schema.name).table not in schema.connection.catalogue.schema(schema.name)

    def test_tells_the_dead_until_their_jobs_are_given_back(self, schema, jobs, start_worker):
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

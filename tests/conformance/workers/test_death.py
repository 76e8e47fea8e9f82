"""
Workers die; the others find out, and nothing that the dead have left is lost.

The processes are real ones and so are their deaths. They are waited for by what they say and by what the database
holds, never by time.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import djnb as dj
from djnb.jobs import registry
from djnb.jobs.workers import Worker
from tests.conformance.recordings import server_only


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


class TestSweep:
    @server_only
    def test_reads_only_those_who_were_not_heard_of(self, connection, schema):
        """A thousand workers do not read about each other every few seconds."""
        Worker.of(connection, schema.name)
        liveness = connection.liveness(lease=60)
        name = registry.registry_of(schema.name)

        assert (1, 0) == (len(liveness.survey(name)), len(liveness.survey(name, unheard_for=3600)))
        liveness.close()

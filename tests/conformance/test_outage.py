"""A server that goes away, or forgets: nobody is taken for dead by it, and no job is stuck with the living."""

from __future__ import annotations

import os
import threading

import pytest

import djnb as dj
from djnb.jobs.queue import Queue
from djnb.jobs.reaping import Patience, Reaper
from djnb.jobs.registry import host_name, registry_of
from djnb.jobs.workers import Worker
from djnb.sql.statement import Statement
from tests.conformance.crew import wait_until
from tests.conformance.recordings import server_only


@pytest.fixture
def worker(connection, schema):
    """This process as a worker, whose thread does not beat while a test lasts."""
    with dj.config.override({"jobs.heartbeat_interval": 3600}):
        worker = Worker.of(connection, schema.name)
        yield worker
        connection.close()


@pytest.fixture
def queue(connection, Result):
    """The queue of the table, which has a job for each recording."""
    Result.jobs.refresh()
    return Queue(connection, Result().spec)


def audit(worker):
    """Have the worker look at once for jobs that nobody is at."""
    worker._audit_due = 0.0
    return worker.sweep()


class TestForgottenJob:
    """A job that the database says a living worker has, which knows nothing of it."""

    def test_is_given_back_and_charges_nobody(self, connection, worker, queue, Result):
        """The end of a job could not be noted, or the server has lost the note when it crashed."""
        job, *_ = queue.claim(worker, count=2)
        worker.tokens.clear()

        assert audit(worker) == []
        assert len(Result.jobs.reserved) == 0
        assert [*connection.execute(queue.words.attempts(job.key)).rows] == [(0, 0)]

    def test_is_not_one_that_the_worker_is_at(self, worker, queue, Result):
        """What was claimed stays claimed, and what was reserved by hand too."""
        queue.claim(worker)
        key = Result.jobs.pending.keys()[0]
        assert Result.jobs.reserve(key)

        audit(worker)
        assert len(Result.jobs.reserved) == 2
        Result.jobs.complete(key)

    def test_is_none_after_a_populate(self, worker, Result):
        """A run knows of no job when it has ended, whatever became of its keys."""
        Result.populate(reserve_jobs=True, suppress_errors=True)
        assert worker.tokens == set()


@server_only
class TestClaim:
    def test_under_way_is_waited_for_by_whoever_strikes_its_worker_off(self, database_url, connection, schema, queue):
        """Its jobs are seen then and given back; none is left with somebody who is not registered."""
        table = connection.dialect.table(registry_of(schema.name))
        words, keys = queue.words, [{"recording_id": number} for number in (1, 2, 3)]
        with dj.Connection(database_url) as other:
            worker = Worker.of(other, schema.name)
            with other.transaction():
                claim = words.take([(key, 0) for key in keys], {"_worker": worker.id, "_token": 5}, registry=table)
                assert other.execute(claim).affected == len(keys)
                burial = threading.Thread(target=bury_this_process, args=(connection, schema.name))
                burial.start()
                wait_until(lambda: waits(connection) or not burial.is_alive(), "the burial waits for the claim")
            burial.join()

        assert {rows for key in keys for rows in connection.execute(words.attempts(key)).rows} == {(1, 1)}
        assert not connection.execute(words.taken(worker.id, 5)).rows


@server_only
class TestSilence:
    def test_while_the_server_was_away_makes_nobody_dead(self, connection, schema, worker):
        """Those who live come back to a server that was started again, however long it was away."""
        table = connection.dialect.table(registry_of(schema.name))
        connection.execute(
            Statement(f"UPDATE {table} SET heartbeat = UTC_TIMESTAMP - INTERVAL 1 DAY, connection_id = 0")
        )
        ((_, uptime),) = connection.execute(Statement("SHOW GLOBAL STATUS LIKE 'Uptime'")).rows
        liveness = connection.liveness(lease=60)

        def dead(patience):
            patience = Patience(interval=1, grace=patience, lease=patience)
            return [seen.worker for seen in Reaper(liveness, schema.name).find_dead(patience, own=0)]

        assert dead(float(uptime) + 3600) == []
        assert dead(0.001) == [worker.id]
        liveness.close()


def bury_this_process(connection, schema):
    """Declare all workers of this process dead."""
    liveness = connection.liveness(lease=60)
    Reaper(liveness, schema).bury_process(host_name(), os.getpid(), "as a test says")
    liveness.close()


def waits(connection):
    """Tell whether a transaction waits for another one."""
    ((_, count),) = connection.execute(Statement("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'")).rows
    return int(count)

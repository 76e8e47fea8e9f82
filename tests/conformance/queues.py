"""Workers that tests are, and the hidden half of a job."""

from __future__ import annotations

from djnb.jobs.job import Holder
from djnb.jobs.queue import Queue
from djnb.sql.statement import Statement

ANN, BOB = Holder(1001), Holder(1002)


def queue_of(table):
    """Return the queue of a table, as one worker has it; nothing is sent later for having a first look."""
    queue = Queue(table.connection, table().spec)
    assert queue.words.key
    return queue


def keys_of(jobs):
    """Return the recordings of jobs that were taken, in order."""
    return sorted(job.key["recording_id"] for job in jobs)


def hidden(table, key):
    """Return what DataJoint does not see of a job: worker, token, attempts, deaths, whether it is to be retried."""
    dialect = table.connection.dialect
    where = " AND ".join(f"{dialect.quote(name)} = {dialect.placeholder}" for name in key)
    columns = "_worker, _token, _attempts, _deaths, _retry_time IS NOT NULL"
    asked = Statement(f"SELECT {columns} FROM {dialect.table(table.jobs.name)} WHERE {where}", tuple(key.values()))
    ((worker, token, attempts, deaths, waits),) = table.connection.execute(asked).rows
    return {"worker": worker, "token": token, "attempts": attempts, "deaths": deaths, "waits": bool(waits)}

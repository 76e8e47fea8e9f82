"""A fence as the queue of jobs has one, over a table with a single job."""

from __future__ import annotations

import djnb as dj
from djnb.sql.statement import Statement


def declare_job(schema):
    """Declare a table with one job, which is reserved."""

    @schema
    class Job(dj.Manual):
        definition = "job : int32\n---\nstatus : varchar(16)"

    Job.insert1((1, "reserved"))
    return Job


class Fence:
    """It lets whoever holds the job pass, once."""

    def __init__(self, table):
        self.table = table

    def statement(self, duration):
        name = self.table.connection.dialect.table(self.table.name)
        return Statement(f"UPDATE {name} SET status = 'success' WHERE job = 1 AND status = 'reserved'")

    def was_completed(self):
        return {"success": True, "reserved": False}.get(self.status)

    @property
    def status(self):
        return self.table.fetch1("status")

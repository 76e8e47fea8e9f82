"""One queue, workers of DataJoint 2.3.5 and of djnb: both take its jobs, and read what the other has made of them."""

from __future__ import annotations

import threading
import time

import pytest

import djnb as dj
from djnb.errors import MakeError
from djnb.jobs.fence import JobFence
from djnb.jobs.layout import HIDDEN, ensure_jobs
from djnb.jobs.queue import Queue
from djnb.jobs.retry import error_hash, tell
from djnb.jobs.workers import Worker
from djnb.populate.contract import make_key

pytestmark = pytest.mark.mysql

DEADLINE = 120.0
"""Seconds in which the other world must have begun."""


@pytest.fixture(params=["+05:30", "-08:00"])
def zone(request, statement):
    """The server's own time zone, in which DataJoint's sessions run."""
    statement(f"SET GLOBAL time_zone = '{request.param}'")
    yield request.param
    statement("SET GLOBAL time_zone = DEFAULT")


@pytest.fixture
def Result(own, name):
    """The computed table, under djnb; its modules can be imported by now."""

    def result(bad=()):
        import shared_queue

        return shared_queue.tables(dj, name, bad)[1]

    return result


def drain(Result):
    """Work as a djnb worker until nothing is to be done; return how many keys were made."""
    table, made = Result(), 0
    queue = Queue(table.connection, table.spec)
    while taken := queue.claim(Worker.of(table.connection, table.name.schema)):
        (job,) = taken
        try:
            made += make_key(table, table._stored(), job.key, {}, fence=JobFence(queue, job))
        except (ValueError, MakeError) as error:
            message, stack = tell(error)
            queue.fail(job, message, stack, error_hash=error_hash(message, stack))
    return made


class TestLayout:
    """The job table."""

    def test_one_that_datajoint_declared_gets_what_it_lacks(self, datajoint_2, own, name, Result, statement):
        """Its jobs stay; DataJoint goes on with it."""
        datajoint_2.run("shared_queue.record", name=name, count=3)
        assert datajoint_2.run("shared_queue.refresh", name=name)["added"] == 3

        ensure_jobs(Result().connection, Result()().spec)

        spec = Result().connection.catalogue.table(Result()().name.job_table)
        assert [a.name for a in spec.attributes if a.is_hidden] == [a.name for a in HIDDEN]
        assert datajoint_2.run("shared_queue.work", name=name) == 3
        assert statement(f"SELECT count(*) FROM `{name}`.`~~result`") == [(0,)]

    def test_without_the_privilege_it_says_so(self, datajoint_2, own, name, Result, statement, mysql_url):
        """The message names what is lacking and what is missing."""
        datajoint_2.run("shared_queue.record", name=name, count=1)
        datajoint_2.run("shared_queue.refresh", name=name)
        statement("CREATE OR REPLACE USER 'djnb_reader'@'%' IDENTIFIED BY 'secret'")
        statement(f"GRANT SELECT, INSERT, UPDATE, DELETE ON `{name}`.* TO 'djnb_reader'@'%'")
        place = mysql_url.rpartition("@")[2]
        try:
            with dj.Connection(f"mysql://djnb_reader:secret@{place}") as theirs:
                jobs = dj.VirtualModule("seen", name, connection=theirs).Result
                spec = theirs.catalogue.table(jobs().name)
                with pytest.raises(dj.errors.AccessError, match=r"lacks columns that djnb needs.*ALTER"):
                    ensure_jobs(theirs, spec)
        finally:
            statement("DROP USER 'djnb_reader'@'%'")


class TestDrain:
    """Workers side by side."""

    def test_each_key_is_made_once(self, datajoint_2, own, name, Result, statement):
        """By one world or the other; what fails is noted, and the queue is empty at the end."""
        datajoint_2.run("shared_queue.record", name=name, count=150)
        bad = [7, 77, 144]
        table = Result(bad)
        assert table.jobs.refresh()["added"] == 150
        done = {}
        their_work = threading.Thread(
            target=lambda: done.update(theirs=datajoint_2.run("shared_queue.work", name=name, bad=bad))
        )
        their_work.start()
        end = time.monotonic() + DEADLINE
        while not statement(f"SELECT 1 FROM `{name}`.`__result` LIMIT 1"):
            assert their_work.is_alive()
            assert time.monotonic() < end

        done["ours"] = drain(table)

        their_work.join(DEADLINE)
        assert done["theirs"] + done["ours"] == 147
        assert own.run("shared_queue.results", name=name) == {"datajoint": done["theirs"], "djnb": done["ours"]}
        assert min(done.values()) > 0
        assert own.run("shared_queue.progress", name=name) == {
            "pending": 0, "reserved": 0, "success": 0, "error": 3, "ignore": 0, "total": 3,
        }  # fmt: skip

    def test_what_one_has_reserved_the_other_leaves_alone(self, datajoint_2, own, name, Result):
        """DataJoint's reservation is nobody's whom djnb knows of, and it is not taken away for that."""
        datajoint_2.run("shared_queue.record", name=name, count=4)
        datajoint_2.run("shared_queue.refresh", name=name)
        assert datajoint_2.run("shared_queue.reserve", name=name, number=0)
        assert own.run("shared_queue.reserve", name=name, number=1)

        Worker.of(Result().connection, name).sweep()
        assert not own.run("shared_queue.reserve", name=name, number=0)
        assert not datajoint_2.run("shared_queue.reserve", name=name, number=1)
        assert datajoint_2.run("shared_queue.work", name=name, refresh=True, max_calls=1) == 1
        assert drain(Result()) == 1

        assert [row[:2] for row in own.run("shared_queue.states", name=name)] == [[0, "reserved"], [1, "reserved"]]
        assert own.run("shared_queue.refresh", name=name, orphan_timeout=3600)["orphaned"] == 0


class TestStates:
    """What becomes of jobs."""

    def test_both_read_the_same(self, datajoint_2, own, name):
        """Errors with their tracebacks, successes, what is to be passed over."""
        datajoint_2.run("shared_queue.record", name=name, count=7)
        own.run("shared_queue.refresh", name=name)
        for first, world in ((0, own), (3, datajoint_2)):
            world.run("shared_queue.fail", name=name, number=first, message="ValueError: é", stack="trace\nback")
            world.run("shared_queue.complete", name=name, number=first + 1, keep=True)
            world.run("shared_queue.ignore", name=name, number=first + 2)

        ours, theirs = (world.run("shared_queue.states", name=name) for world in (own, datajoint_2))

        assert ours == theirs
        assert [row[1] for row in ours] == ["error", "success", "ignore"] * 2 + ["pending"]
        assert {tuple(row[2:]) for row in ours if row[1] == "error"} == {("ValueError: é", "trace\nback")}
        assert own.run("shared_queue.progress", name=name) == datajoint_2.run("shared_queue.progress", name=name)

    def test_errors_of_both_are_of_one_kind(self, datajoint_2, own, name, Result):
        """The same `make` fails in both worlds; they are tried again together, and DataJoint makes them."""
        datajoint_2.run("shared_queue.record", name=name, count=4)
        datajoint_2.run("shared_queue.refresh", name=name)
        datajoint_2.run("shared_queue.work", name=name, bad=[0, 1, 2, 3], max_calls=2)
        drain(Result([0, 1, 2, 3]))
        jobs = Result().jobs

        (group,) = jobs.errors_by_signature()
        assert group.count == 4
        assert jobs.retry(signature=group.signature) == 4

        assert datajoint_2.run("shared_queue.work", name=name) == 4

    def test_a_success_whose_row_has_gone_is_made_again(self, datajoint_2, own, name, Result):
        """Whoever kept the job as done."""
        datajoint_2.run("shared_queue.record", name=name, count=2)
        own.run("shared_queue.refresh", name=name)
        datajoint_2.run("shared_queue.complete", name=name, number=0, keep=True)
        own.run("shared_queue.complete", name=name, number=1, keep=True)

        assert own.run("shared_queue.refresh", name=name)["re_pended"] == 2
        assert datajoint_2.run("shared_queue.work", name=name) == 2


class TestTimes:
    """Times are the server's, in its own zone."""

    def test_a_new_job_can_be_begun_at_once_by_the_other(self, datajoint_2, own, name, Result, zone):
        """However far the server's zone is from UTC."""
        datajoint_2.run("shared_queue.record", name=name, count=4)
        assert datajoint_2.run("shared_queue.refresh", name=name)["added"] == 4
        assert drain(Result()) == 4

        Result().delete(prompt=False)
        assert own.run("shared_queue.refresh", name=name)["added"] == 4
        assert datajoint_2.run("shared_queue.work", name=name, refresh=False) == 4

    def test_a_delayed_job_waits_for_both(self, datajoint_2, own, name, Result, zone):
        """It is an hour for both."""
        datajoint_2.run("shared_queue.record", name=name, count=2)
        own.run("shared_queue.refresh", name=name, delay=3600)
        assert datajoint_2.run("shared_queue.work", name=name, refresh=False) == 0

        Result().jobs.delete()
        datajoint_2.run("shared_queue.refresh", name=name, delay=3600)
        assert drain(Result()) == 0

"""Paging through jobs: from a row on, forwards and backwards, wherever in the list that is."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import OperandError, UnknownAttributeError
from djnb.sql.statement import Statement


@pytest.fixture
def Trial(schema):
    """A computed table with 24 jobs whose key is an enum and a number, of four priorities and three times."""

    @schema
    class Side(dj.Manual):
        definition = """
        side : enum('right', 'left', 'both')
        number : int32
        """

    @schema
    class Trial(dj.Computed):
        definition = "-> Side"

        def make(self, key):
            self.insert1(key)

    Side.insert((side, number) for side in ("right", "left", "both") for number in range(8))
    Trial.jobs.refresh()
    for place, key in enumerate(Trial.jobs.keys()):
        time = f"2024-01-01 00:00:0{place % 3}"
        Trial.jobs.update1({**key, "priority": 1 + place % 4, "scheduled_time": time})
    return Trial


def turn(job):
    """Return what decides when a job is begun."""
    side = ("right", "left", "both").index(job["side"])
    return job["priority"], job["scheduled_time"], side, job["number"]


def forwards(jobs, size):
    """Return all jobs, page by page."""
    found = page = jobs.page(size=size)
    while page:
        found = found + (page := jobs.page(size=size, after=page[-1]))
    return found


def backwards(jobs, size):
    """Return all jobs but the last, page by page from there."""
    page = [forwards(jobs, size)[-1]]
    found = []
    while page := jobs.page(size=size, before=page[0]):
        found = page + found
    return found


class TestPage:
    """`jobs.page`."""

    @pytest.mark.parametrize("size", [1, 5, 100])
    def test_pages_follow_each_other(self, Trial, size):
        """Jobs of one state come as they are begun: by priority, time and key. None is left out, none comes twice."""
        expected = sorted(Trial.jobs.to_dicts(), key=turn)

        found = forwards(Trial.jobs.pending, size)

        assert [turn(job) for job in found] == [turn(job) for job in expected]

    @pytest.mark.parametrize("size", [1, 5, 100])
    def test_pages_go_back(self, Trial, size):
        """In the same order."""
        assert backwards(Trial.jobs.pending, size) == forwards(Trial.jobs.pending, size)[:-1]
        assert backwards(Trial.jobs, size) == forwards(Trial.jobs, size)[:-1]

    def test_jobs_of_all_states_come_by_key(self, Trial):
        """The values of an enum in the order in which they are listed."""
        key = {"side": "right", "number": 2}
        Trial.jobs.update1({**key, "status": "error"})

        found = forwards(Trial.jobs, 7)

        assert [(job["side"], job["number"]) for job in found] == [
            (side, number) for side in ("right", "left", "both") for number in range(8)
        ]
        assert [job["number"] for job in Trial.jobs.errors.page()] == [2]

    def test_it_takes_restrictions(self, Trial):
        """As everything does."""
        jobs = Trial.jobs.pending & "side = 'left'" & "number > 2"

        assert len(jobs.page(size=9)) == 5
        assert [turn(job) for job in forwards(jobs, 2)] == sorted(map(turn, jobs.to_dicts()))

    def test_a_job_that_has_gone_still_says_where(self, Trial):
        """Workers take jobs and complete them while somebody looks."""
        first = Trial.jobs.pending.page(size=3)
        Trial.jobs.delete()
        Trial.jobs.refresh()

        assert Trial.jobs.page(size=1, after=first[-1]) != []

    def test_attributes_may_be_chosen(self, Trial):
        """Those that say where the page goes on come anyway; the traceback comes only if it is asked for."""
        (job,) = Trial.jobs.pending.page("host", size=1)
        assert list(job) == ["side", "number", "status", "priority", "scheduled_time", "host"]
        (job,) = Trial.jobs.page(size=1)
        assert set(Trial.jobs.heading.names) - set(job) == {"error_stack"}

        with pytest.raises(UnknownAttributeError, match="hots"):
            Trial.jobs.page("hots")

    def test_what_cannot_be_a_page_is_refused(self, Trial):
        """The message says what is lacking."""
        jobs = Trial.jobs.pending
        (job,) = jobs.page(size=1)

        with pytest.raises(OperandError, match=r"lacks 'priority', 'scheduled_time'.*by: status, priority"):
            jobs.page(after={"side": "left", "number": 1})
        with pytest.raises(OperandError, match="after one row and before another"):
            jobs.page(after=job, before=job)
        with pytest.raises(OperandError, match="A page of 0 jobs"):
            jobs.page(size=0)

    @pytest.mark.parametrize("way", ["after", "before"])
    @pytest.mark.parametrize("state", ["pending", "any"])
    def test_a_page_is_found_from_its_first_row_on(self, Result, Recording, connection, monkeypatch, way, state):
        """By an index, without reading all that come before it: it costs the same wherever it is."""
        Recording.insert({"recording_id": n, "session_date": "2024-01-01", "data": b""} for n in range(4, 3_000))
        Result.jobs.refresh()
        job = (Result.jobs & {"recording_id": 1_500}).fetch1()
        jobs = Result.jobs.pending if state == "pending" else Result.jobs
        sent, execute = [], connection.execute
        monkeypatch.setattr(connection, "execute", lambda statement: sent.append(statement) or execute(statement))

        found = jobs.page(size=100, **{way: job})

        assert [job["recording_id"] for job in found] == list(
            range(1_501, 1_601) if way == "after" else range(1_400, 1_500)
        )
        (asked,) = sent
        is_server = connection.dialect.placeholder == "%s"
        explain = "EXPLAIN " if is_server else "EXPLAIN QUERY PLAN "
        (said,) = execute(Statement(explain + asked.sql, asked.params)).rows
        if is_server:
            index, length = ("status", 13) if state == "pending" else ("PRIMARY", 4)
            assert (said[3], said[5], said[6]) == ("range", index, str(length))
        else:
            assert "SEARCH" in said[3]
            assert "rowid>?" in said[3] or "rowid<?" in said[3]
            assert ("status=? AND priority=?" in said[3]) == (state == "pending")

"""How the database finds jobs: by their key, or in the order of the index, however many there are."""

from __future__ import annotations

import pytest

from djnb.sql import refresh
from djnb.sql.queue import Held
from djnb.sql.statement import Statement
from tests.conformance.queues import queue_of

KEY = {"recording_id": 17}


@pytest.fixture
def plan(Result, Recording, connection):
    """Give a function that returns which tables, and how, the database reads for a statement about 300 jobs."""
    Recording.insert([{"recording_id": n, "session_date": "2024-01-01", "data": b""} for n in range(10, 310)])
    queue = queue_of(Result)
    queue.refresh(Result().wanted_keys())

    def plan(statement):
        is_server = connection.dialect.placeholder == "%s"
        explain = "EXPLAIN " if is_server else "EXPLAIN QUERY PLAN "
        rows = connection.execute(Statement(explain + statement.sql, statement.params)).rows
        # The server names the index in a column of its own, the file in a sentence.
        return [str(row[5] if is_server else row[3]) for row in rows if not is_server or is_named(str(row[2]))]

    def is_named(table):
        return "~~" in table or table in ("j", "t")

    return queue.words, plan


def names(plan, primary="PRIMARY", index="status"):
    """Tell by which index the only table of a plan is read."""
    (said,) = plan
    if said in (primary, index):
        return said
    if "INTEGER PRIMARY KEY" in said:
        return primary
    return index if ".1 (status" in said or "(status=" in said else said


class TestByKey:
    """Statements that change jobs they name."""

    @pytest.mark.parametrize("what", ["take", "complete", "keep", "fail", "release", "look"])
    def test_a_job_is_found_by_its_key(self, plan, what):
        """Not by its state, which a million others may have: a server would lock all that it reads."""
        words, explain = plan
        held = Held(KEY, 5)
        is_held = words.is_held([held])
        said = {
            "take": lambda: words.take([(KEY, 0)], {"_worker": 1, "_token": 5}, registry=None),
            "complete": lambda: words.succeed(is_held, duration=1.0, keeps=False),
            "keep": lambda: words.succeed(is_held, duration=1.0, keeps=True),
            "fail": lambda: words.fail(is_held, {"error_message": "x"}, retry_after=1.0),
            "release": lambda: words.release([held]),
            "look": lambda: words.look_at(KEY),
        }[what]()

        assert names(explain(said)) == "PRIMARY"


class TestInOrder:
    """Looking for candidates."""

    def test_they_come_in_the_order_of_the_index(self, plan):
        """None is sorted, and reading ends with the last one that is wanted."""
        words, explain = plan

        said = words.candidates(among=None, priority=None, is_suspect=False, limit=128)

        assert names(explain(said)) == "status"

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_beside_a_file_the_first_is_found_and_taken(self, plan):
        """In one statement, which is over as soon as one is found; a server gives no rows that it changes."""
        words, explain = plan

        said = words.take_first({"_worker": 1}, registry=None, priority=None, is_suspect=False, limit=1)

        taken, _, found = explain(said)
        assert names([taken]) == "PRIMARY"
        assert names([found]) == "status"


class TestRefresh:
    """Looking at what there is to do for many jobs."""

    def test_jobs_and_rows_are_found_by_their_keys(self, plan, Result):
        """Neither copied, to the disk of a server if there are many, nor read from one end to the other."""
        words, explain = plan

        said = explain(refresh.survey(words, Result().wanted_keys(), Result().node, 10, is_stale_removed=True))

        keyed = [how for how in said if how == "PRIMARY" or "SEARCH j USING" in how or "SEARCH t USING" in how]
        assert len(keyed) == 2
        assert not [how for how in said if "AUTOMATIC" in how]

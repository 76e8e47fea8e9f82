"""The fence of a job: its completion and the rows of its key are one transaction, or neither is."""

from __future__ import annotations

import pytest

from djnb.errors import LostReservationError
from djnb.populate.contract import make_key
from tests.conformance.fences import Fence, declare_job
from tests.conformance.recordings import KEYS, fails_at, insert_mean


@pytest.fixture
def Job(schema):
    """A job that is reserved."""
    return declare_job(schema)


def make_first(Result, fence):
    return make_key(Result(), Result().node, KEYS[0], {}, fence=fence)


class TestFence:
    def test_completes_the_job_with_the_rows(self, computed, Job):
        """The row is there, and the job is done."""
        Result = computed(fails_at(None, None))
        fence = Fence(Job)

        assert make_first(Result, fence)

        assert ("success", [KEYS[0]]) == (fence.status, Result.keys())

    def test_costs_no_statement_of_its_own(self, computed, Recording, Job, statements):
        """It travels with the beginning of the transaction: fetch, beginning, insert, end."""
        Result = computed(insert_mean, recording=Recording)
        fence = Fence(Job)
        statements.clear()

        make_first(Result, fence)

        assert ["SELECT", "UPDATE", "INSERT", "COMMIT"] == [
            next(word for word in ("UPDATE", "SELECT", "INSERT", "COMMIT") if word in sql) for sql in statements
        ]
        assert "BEGIN" in statements[1]

    def test_leaves_the_job_as_it_is_where_make_fails(self, computed, Job):
        """A make that raises after its insert leaves neither its row nor a job that is done."""

        def make(self, key):
            self.insert1(dict(key, value=1))
            raise ValueError("bad spike")

        Result = computed(make)
        fence = Fence(Job)

        with pytest.raises(ValueError, match="bad spike"):
            make_first(Result, fence)

        assert ("reserved", []) == (fence.status, Result.keys())

    def test_keeps_out_a_worker_whose_job_was_taken(self, computed, Job):
        """Whoever was declared dead inserts nothing, and is told why."""
        Result = computed(fails_at(None, None))
        Job.update1({"job": 1, "status": "pending"})
        fence = Fence(Job)

        with pytest.raises(LostReservationError) as caught:
            make_first(Result, fence)

        assert ("Result", KEYS[0]) == (caught.value.table, caught.value.key)
        assert "the key {'recording_id': 1} is not reserved by this worker any more" in str(caught.value)
        assert ("pending", []) == (fence.status, Result.keys())

    def test_completes_the_job_of_a_key_that_is_there(self, computed, Job):
        """Rows that somebody inserted beside the queue stay, and the job is done."""
        Result = computed(fails_at(None, None))
        Result.insert1(dict(KEYS[0], value=99), allow_direct_insert=True)
        fence = Fence(Job)

        assert not make_first(Result, fence)

        assert ("success", 99.0) == (fence.status, Result.fetch1("value"))

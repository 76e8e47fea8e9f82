"""The examples of job queues that users learn from, nearly as they are written."""

from __future__ import annotations

import os
from datetime import datetime

import pytest

import djnb as dj
from djnb.errors import DefinitionError, MakeError
from djnb.migrate import add_job_metadata_columns
from tests.conformance.programs import start_python
from tests.conformance.recordings import KEYS, fails_at, insert_mean


@pytest.fixture
def Analysis(schema, computed, Recording):
    """Three recordings, of which the second one fails until it is mended."""

    def make(self, key):
        if key["recording_id"] == 2 and not self.mended:
            raise ValueError("bad spike")
        insert_mean(self, key)

    return computed(make, recording=Recording, mended=False)


class TestDistributedProcessing:
    """Several workers, each with `populate(reserve_jobs=True)`."""

    WORKER = """
import os
import sys
import djnb as dj

schema = dj.Schema(sys.argv[1], connection=dj.Connection(os.environ["DJNB_WORK_URL"]))


@schema
class Recording(dj.Manual):
    definition = "recording_id : int32"


@schema
class Analysis(dj.Computed):
    definition = '''
    -> Recording
    ---
    worker : int32
    '''

    def make(self, key):
        self.insert1(dict(key, worker=os.getpid()))


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()  # until all of them are there
    result = Analysis.populate(reserve_jobs=True, suppress_errors=True)
    print(result.success_count, len(result.error_list), flush=True)
"""

    def test_each_key_is_made_by_one_worker(self, connection, schema, database_url, tmp_path):
        """Two processes that populate at once make every key, and none twice."""
        script = tmp_path / "worker.py"
        script.write_text(self.WORKER)
        environment = {"DJNB_WORK_URL": database_url}
        workers = [start_python(str(script), schema.name, environment=environment, stderr=None) for _ in range(2)]
        assert ["ready\n"] * 2 == [worker.stdout.readline() for worker in workers]
        lab = dj.VirtualModule("lab", schema.name, connection=connection)
        n_keys = 40
        lab.Recording.insert([(n,) for n in range(n_keys)])
        answers = []
        for worker in workers:
            worker.stdin.write("go\n")
            worker.stdin.flush()
        for worker in workers:
            said, _ = worker.communicate(timeout=120)
            answers.append([int(number) for number in said.split()])

        assert [0, 0] == [worker.returncode for worker in workers]
        assert [n_keys, 0] == [sum(numbers) for numbers in zip(*answers, strict=True)]
        assert n_keys == len(lab.Analysis)
        assert 0 == len(lab.Analysis.jobs & 'status in ("pending", "reserved", "error")')

    def test_keys_that_another_worker_has_are_left_to_it(self, Result):
        """A reserved key is not computed a second time."""
        Result.jobs.refresh()
        assert Result.jobs.reserve(KEYS[1])

        Result.populate(reserve_jobs=True)

        assert [KEYS[0], KEYS[2]] == Result.keys()


class TestOptionsTogether:
    def test_all_of_them(self, Result, capsys):
        """A restriction as text, a bar, limits, a random order and reservation in one call."""
        with pytest.warns(DeprecationWarning, match="order"):
            result = Result.populate(
                restrictions="recording_id < 100",
                display_progress=True,
                max_calls=50,
                order="random",
                suppress_errors=True,
                reserve_jobs=True,
            )

        assert (3, [], 3) == (result.success_count, result.error_list, len(Result))
        assert "3/3" in capsys.readouterr().err


class TestErrors:
    def test_errors_are_iterated(self, Analysis):
        """`suppress_errors` and `reserve_jobs` go on past a key that fails; the errors are keys with messages."""
        errors = Analysis.populate(suppress_errors=True, reserve_jobs=True)

        assert [({"recording_id": 2}, "ValueError: bad spike")] == list(errors)
        assert 2 == len(Analysis)

    def test_failed_jobs_are_viewed_and_retried(self, schema, Analysis):
        """`(schema.jobs & 'status="error"').fetch()` shows them, `.delete()` lets them be tried again."""
        Analysis.populate(suppress_errors=True, reserve_jobs=True)
        schema.jobs

        (failed,) = (schema.jobs & 'status="error"').fetch()
        assert {"recording_id": 2} == failed["key"]
        assert "ValueError: bad spike" == failed["error_message"]
        assert "bad spike" in str(failed["error_stack"])

        # As long as the error is there, the key is not tried again.
        assert 0 == len(Analysis.populate(suppress_errors=True, reserve_jobs=True))

        # Retry failed jobs
        Analysis.mended = True
        (schema.jobs & 'status="error"').delete()
        Analysis.populate(reserve_jobs=True)

        assert KEYS == Analysis.keys()
        assert [] == (schema.jobs & 'status="error"').fetch()

    def test_without_suppression_the_error_is_raised_and_noted(self, Analysis):
        """The job says what went wrong, and the caller is told too."""
        with pytest.raises(MakeError, match="bad spike"):
            Analysis.populate(KEYS[1], reserve_jobs=True)

        assert ["ValueError: bad spike"] == Analysis.jobs.errors.fetch("error_message").tolist()


class TestJobs:
    """`MyTable.jobs`."""

    def test_refresh_adds_what_is_to_be_made(self, Result):
        """One pending job for each key of the key source that the table lacks."""
        Result.populate(KEYS[0])

        assert {"added": 2, "removed": 0, "orphaned": 0, "re_pended": 0} == Result.jobs.refresh()
        assert KEYS[1:] == Result.jobs.pending.keys()
        assert 0 == Result.jobs.refresh()["added"]

    def test_refresh_of_some_keys_with_a_priority_and_a_delay(self, Result, Recording):
        """Restrictions say which; the lower the priority, the sooner; a delayed job waits."""
        Result.jobs.refresh(KEYS[2], priority=1)
        Result.jobs.refresh(Recording & "recording_id = 2", delay=3600)

        assert {3: 1, 2: 5} == {row["recording_id"]: row["priority"] for row in Result.jobs.to_dicts()}
        created, scheduled = (Result.jobs & KEYS[1]).fetch1("created_time", "scheduled_time")
        assert pytest.approx(3600, abs=5) == (scheduled - created).total_seconds()
        assert 1 == Result.populate(reserve_jobs=True, refresh=False).success_count
        assert [KEYS[2]] == Result.keys()

    def test_a_job_is_reserved_completed_and_failed(self, Result):
        """Each state is told by `jobs.progress()`."""
        Result.jobs.refresh()

        assert Result.jobs.reserve(KEYS[0])
        assert not Result.jobs.reserve(KEYS[0])
        assert Result.jobs.reserve(KEYS[1])
        assert {"pending": 1, "reserved": 2, "success": 0, "error": 0, "ignore": 0, "total": 3} == (
            Result.jobs.progress()
        )

        Result.jobs.complete(KEYS[0], duration=1.5)
        Result.jobs.error(KEYS[1], "ValueError: bad", "a traceback")
        Result.jobs.ignore(KEYS[2])

        assert {"pending": 0, "reserved": 0, "success": 0, "error": 1, "ignore": 1, "total": 2} == (
            Result.jobs.progress()
        )
        assert ("ValueError: bad", "a traceback") == Result.jobs.errors.fetch1("error_message", "error_stack")

    def test_states_are_queries(self, Result):
        """`pending`, `reserved`, `errors`, `ignored`, `completed`."""
        with dj.config.override(jobs__keep_completed=True):
            Result.jobs.refresh()
            Result.jobs.reserve(KEYS[0])
            Result.jobs.complete(KEYS[0], duration=1.5)
            Result.jobs.ignore(KEYS[1])

        states = (getattr(Result.jobs, s) for s in ("pending", "reserved", "errors", "ignored", "completed"))
        assert [1, 0, 0, 1, 1] == [len(state) for state in states]
        assert 1.5 == Result.jobs.completed.fetch1("duration")

    def test_a_reserved_job_tells_who_has_it(self, Result):
        """User, host, process and time are noted."""
        Result.jobs.refresh()
        Result.jobs.reserve(KEYS[0])

        user, host, pid, reserved = Result.jobs.reserved.fetch1("user", "host", "pid", "reserved_time")
        assert (bool(user), bool(host), os.getpid()) == (True, True, pid)
        assert isinstance(reserved, datetime)

    def test_ignored_keys_stay_ignored_until_they_are_deleted(self, Result):
        """Neither a refresh nor a populate takes them back."""
        Result.jobs.refresh()
        Result.jobs.ignore(KEYS[1])
        Result.populate(reserve_jobs=True)
        assert [KEYS[0], KEYS[2]] == Result.keys()

        Result.jobs.ignored.delete()
        Result.populate(reserve_jobs=True)

        assert KEYS == Result.keys()

    def test_a_result_that_vanished_is_pending_again(self, Result):
        """With `keep_completed`, a success whose row was deleted is computed again."""
        with dj.config.override(jobs__keep_completed=True):
            Result.populate(reserve_jobs=True)
            assert 3 == len(Result.jobs.completed)
            (Result & KEYS[1]).delete(prompt=False)

            assert 1 == Result.jobs.refresh()["re_pended"]
            Result.populate(reserve_jobs=True)

        assert KEYS == Result.keys()

    def test_a_job_whose_key_is_gone_is_removed(self, Result, Recording):
        """A failed key that nobody wants any more leaves no error behind."""
        Result.jobs.refresh()
        Result.jobs.reserve(KEYS[1])
        Result.jobs.error(KEYS[1], "ValueError: bad")
        (Recording & KEYS[1]).delete(prompt=False)

        assert 1 == Result.jobs.refresh()["removed"]
        assert [KEYS[0], KEYS[2]] == Result.jobs.keys()

    def test_orphans_are_taken_back_where_it_is_asked(self, Result):
        """`orphan_timeout` says after how many seconds a reservation counts for nothing."""
        Result.jobs.refresh()
        Result.jobs.reserve(KEYS[1])

        assert 0 == Result.jobs.refresh(orphan_timeout=3600)["orphaned"]
        assert [KEYS[1]] == Result.jobs.reserved.keys()

    def test_jobs_are_addressed_by_their_keys(self, Result):
        """The job table has the primary key of the table, no hashes."""
        Result.jobs.refresh()

        assert ["recording_id"] == Result.jobs.primary_key
        assert "pending" == (Result.jobs & {"recording_id": 2}).fetch1("status")
        assert "~~result" == Result.jobs.name.table


class TestPopulateWithJobs:
    def test_more_urgent_jobs_come_first(self, computed, heard):
        """The order is that of priorities; `priority=` leaves the less urgent ones."""
        Result = computed(fails_at(None, None))
        for priority, key in zip((7, 1, 3), KEYS, strict=True):
            Result.jobs.refresh(key, priority=priority)

        assert 2 == Result.populate(reserve_jobs=True, refresh=False, priority=5).success_count
        assert [2, 3] == [event.key["recording_id"] for event in heard if type(event).__name__ == "KeyFinished"]
        Result.populate(reserve_jobs=True)

        assert KEYS == Result.keys()

    def test_max_calls_bounds_what_is_made(self, Result):
        """The rest stays pending."""
        Result.populate(reserve_jobs=True, max_calls=2)

        assert 2 == len(Result)
        assert 1 == len(Result.jobs.pending)

    def test_limit_is_deprecated(self, Result):
        """It bounds how many keys are looked at, and says what to use."""
        with pytest.warns(DeprecationWarning, match=r"limit.*max_calls"):
            Result.populate(limit=2)

        assert 2 == len(Result)

    def test_without_reservation_there_are_no_jobs(self, schema, Result):
        """`reserve_jobs=False`, the default, needs no job table, and declares none."""
        Result.populate()

        assert 0 == len(schema.jobs)

    def test_no_target(self, Result):
        """`populate` always fills the table itself."""
        assert not hasattr(Result(), "target")


class TestSettings:
    """`dj.config.jobs`."""

    def test_defaults(self):
        """As they are documented."""
        jobs = dj.config.jobs

        assert (True, False, 3600, 5, False) == (
            jobs.auto_refresh, jobs.keep_completed, jobs.stale_timeout, jobs.default_priority, jobs.add_job_metadata
        )  # fmt: skip

    def test_are_assigned(self, schema, Recording):
        """Each of them has its effect."""
        dj.config.jobs.auto_refresh = False  # Auto-refresh on populate
        dj.config.jobs.keep_completed = True  # Keep success records
        dj.config.jobs.stale_timeout = 0  # Seconds before stale cleanup
        dj.config.jobs.default_priority = 3  # Default job priority
        dj.config.jobs.add_job_metadata = True  # Add hidden metadata columns

        @schema
        class Result(dj.Computed):
            definition = "-> Recording"

            def make(self, key):
                self.insert1(key)

        assert 0 == Result.populate(reserve_jobs=True).success_count
        Result.jobs.refresh()
        assert [3, 3, 3] == Result.jobs.fetch("priority").tolist()
        assert 3 == Result.populate(reserve_jobs=True).success_count
        assert 3 == len(Result.jobs.completed)
        assert "_job_start_time" in [attribute.name for attribute in Result().spec.attributes]


class TestOnlyForeignKeysInTheKey:
    def test_a_new_table_is_refused(self, schema, Recording):
        """One job is one row: a further attribute belongs into a part."""
        with pytest.raises(DefinitionError, match="'trial' in the primary key of `TrialAnalysis`"):

            @schema
            class TrialAnalysis(dj.Computed):
                definition = """
                -> Recording
                trial : int32
                ---
                metric : float64
                """

    def test_an_older_table_goes_on(self, schema, Recording):
        """A table that has such an attribute is populated, one job for all the rows that a parents' key gets."""
        with dj.config.override(jobs__allow_new_pk_fields_in_computed_tables=True):

            @schema
            class TrialAnalysis(dj.Computed):
                definition = """
                -> Recording
                trial : int32
                ---
                metric : float64
                """

                def make(self, key):
                    self.insert(dict(key, trial=trial, metric=0.5) for trial in range(2))

        assert 3 == TrialAnalysis.jobs.refresh()["added"]
        assert 3 == TrialAnalysis.populate(reserve_jobs=True).success_count
        assert (6, (3, 3)) == (len(TrialAnalysis), TrialAnalysis.progress(display=False))
        assert 0 == TrialAnalysis.jobs.refresh()["added"]


class TestHiddenMetadata:
    def test_existing_tables_get_it(self, schema, Result, connection):
        """`add_job_metadata_columns`, looked at first; joins do not meet by hidden attributes."""
        Result.populate(KEYS[0])
        assert 1 == add_job_metadata_columns(schema)["tables_modified"]
        add_job_metadata_columns(schema, dry_run=False)
        Result.populate(reserve_jobs=True)

        cursor = connection.query(f"SELECT _job_duration FROM {connection.dialect.table(Result().name)} ORDER BY 1")
        durations = [duration for (duration,) in cursor.fetchall()]
        assert [True, False, False] == [duration is None for duration in durations]
        assert 3 == len(Result * Result.proj(other="value"))


class TestOfASchema:
    def test_jobs_of_all_tables(self, schema, Result):
        """`schema.jobs` is as long as there are job tables."""
        assert 0 == len(schema.jobs)
        Result.populate(reserve_jobs=True)

        assert ["~~result"] == [jobs.name.table for jobs in schema.jobs]

    def test_lineages(self, schema, Result):
        """`schema.lineage` tells where the attributes of keys come from."""
        assert f"{schema.name}.recording.recording_id" in set(schema.lineage.values())

    def test_part_deletes_may_lie_in_a_transaction(self, schema, connection, Recording):
        """`Part.delete` takes the options of every delete, so that it can be a step of something larger."""

        @schema
        class Spikes(dj.Computed):
            definition = "-> Recording"

            class Unit(dj.Part):
                definition = """
                -> master
                unit : int32
                """

            def make(self, key):
                self.insert1(key)
                self.Unit.insert([dict(key, unit=n) for n in range(2)])

        Spikes.populate()
        with connection.transaction():
            (Spikes.Unit & "unit = 1").delete(transaction=False, safemode=False, force_masters=False, force=True)

        assert (3, 3) == (len(Spikes), len(Spikes.Unit))

"""`populate(executor=…)`: any executor of `concurrent.futures` makes the keys, with job tables or without."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from urllib.parse import unquote, urlsplit

import distributed
import loky
import numpy as np
import pytest

import djnb as dj
from djnb.errors import PopulateError, PopulateInterrupted
from djnb.events import KeyFailed, KeyFinished, KeyStarted
from djnb.populate.result import PopulateResult
from djnb.sql.statement import Statement
from tests.conformance.recordings import fails_at


@pytest.fixture
def table(computed, Recording):
    """A table that fails at key 7 of 24."""
    Recording.insert([(n, "2024-04-04", np.zeros(1)) for n in range(4, 25)])
    return computed(fails_at(7, ValueError("seven")))


@pytest.fixture
def _environment(database_url, monkeypatch):
    """As on a cluster, the workers' environment has the password: nobody sends it."""
    password = urlsplit(database_url).password
    if password is not None:
        monkeypatch.setenv("DJNB_DATABASE_PASSWORD", unquote(password))


@pytest.fixture
def dask():
    """Dask's executor, on two processes of this machine."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client.get_executor(retries=0)


RESERVED = pytest.mark.parametrize("reserve_jobs", [False, True], ids=["direct", "reserved"])


def check(table, result, heard):
    """Every key was made once, key 7 has failed, and it was told."""
    assert PopulateResult("Result", 23, [({"recording_id": 7}, "ValueError: seven")]) == result
    assert [n for n in range(1, 25) if n != 7] == table.to_arrays("recording_id").tolist()
    kinds = [type(event) for event in heard]
    assert (24, 23, 1) == (kinds.count(KeyStarted), kinds.count(KeyFinished), kinds.count(KeyFailed))


class TestExecutor:
    @RESERVED
    def test_of_threads(self, table, heard, reserve_jobs):
        """Threads share the connection, and nothing is sent anywhere."""
        with ThreadPoolExecutor(3) as executor:
            result = table.populate(executor=executor, reserve_jobs=reserve_jobs, suppress_errors=True)

        check(table, result, heard)

    @RESERVED
    @pytest.mark.usefixtures("_environment")
    def test_of_processes_of_loky(self, table, heard, reserve_jobs):
        """Processes that know nothing yet are sent what they need, once."""
        executor = loky.ProcessPoolExecutor(2)
        try:
            result = table.populate(executor=executor, reserve_jobs=reserve_jobs, suppress_errors=True)
        finally:
            executor.shutdown(kill_workers=True)

        check(table, result, heard)

    @pytest.mark.usefixtures("_environment")
    def test_of_processes_that_are_spawned(self, table, heard):
        """Python's own pool, whose processes begin with nothing."""
        import multiprocessing

        with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
            result = table.populate(executor=executor, suppress_errors=True)

        check(table, result, heard)

    @pytest.mark.usefixtures("_environment")
    def test_of_dask(self, table, heard, dask):
        """A cluster of Dask's, by `client.get_executor()`, with job tables."""
        result = table.populate(executor=dask, reserve_jobs=True, suppress_errors=True)

        check(table, result, heard)

    @pytest.mark.usefixtures("_environment")
    def test_of_dask_without_job_tables(self, table, heard, dask):
        """The same without: each task is a key."""
        result = table.populate(executor=dask, suppress_errors=True)

        check(table, result, heard)

    def test_is_left_open(self, table):
        """Whoever made the executor closes it; meanwhile it does other work."""
        with ThreadPoolExecutor(2) as executor:
            table.populate("recording_id < 7", executor=executor)

            assert 5 == executor.submit(lambda: 5).result()

    def test_runs_as_much_at_once_as_it_can(self, computed):
        """Three threads make three keys at the same time."""
        together = threading.Barrier(3)

        def make(self, key):
            together.wait(60)
            self.insert1(dict(key, value=1))

        Result = computed(make)

        with ThreadPoolExecutor(3) as executor:
            assert 3 == Result.populate(executor=executor).success_count

    def test_max_calls_holds(self, table):
        """No more keys are given to the executor than asked for."""
        with ThreadPoolExecutor(3) as executor:
            result = table.populate(executor=executor, max_calls=5)

        assert (5, 19) == (result.success_count, result.remaining)


class TestExecutorThatBreaks:
    @pytest.mark.usefixtures("_environment")
    def test_loses_the_key_that_broke_it_only(self, table, caplog):
        """A process that is killed breaks Python's pools for good; the suspects run alone, and the rest is made."""

        def make(self, key):
            if key["recording_id"] == 5:
                os.kill(os.getpid(), signal.SIGKILL)
            self.insert1(dict(key, value=1))

        table.make = make
        executor = loky.ProcessPoolExecutor(2)
        try:
            result = table.populate(executor=executor, suppress_errors=True)
        finally:
            executor.shutdown(kill_workers=True)

        assert [{"recording_id": 5}] == result.failed_keys
        assert "SIGKILL" in result.error_list[0][1]
        assert [n for n in range(1, 25) if n != 5] == table.to_arrays("recording_id").tolist()
        assert "the run goes on with 2 processes of its own" in caplog.text

    def test_what_the_workers_lack_is_told(self, table, heard):
        """What cannot be understood where it arrives is an error of the call, not of every key."""

        class Elsewhere(ThreadPoolExecutor):
            """Its threads stand for other machines, on which something is missing."""

            def submit(self, function, token, parcel, **arguments):
                return super().submit(function, f"{token}-elsewhere", parcel and b"garbled", **arguments)

        with Elsewhere(1) as executor, pytest.raises(PopulateError, match="cannot be made where they were sent"):
            table.populate(executor=executor, suppress_errors=True)

        assert ([], []) == (table.keys(), [event for event in heard if isinstance(event, KeyFailed)])


def die_once_at(number, marker):
    """Return what kills the process at a key, the first time that any process is at it."""

    def before(self, key):
        if key["recording_id"] == number and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    return before


@pytest.mark.usefixtures("_environment")
class TestWorkerThatNeverReports:
    @pytest.mark.parametrize("is_kept", [False, True], ids=["", "kept"])
    def test_what_it_has_made_is_counted(self, table, heard, dask, tmp_path, is_kept):
        """
        A cluster gives the task of a worker that was killed to another one, and tells nobody.

        What the first one has made and what has failed there is counted, once, as the jobs tell it.
        """
        table.make = fails_at(7, ValueError("seven"), before=die_once_at(9, tmp_path / "died"))

        with dj.config.override({"jobs.keep_completed": is_kept}):
            result = table.populate(executor=dask, reserve_jobs=True, suppress_errors=True)

        made = table.to_arrays("recording_id").tolist()
        assert {*range(1, 7)} <= set(made)  # what it had not committed waits for its turn
        assert len(made) == result.success_count
        assert made == sorted(event.key["recording_id"] for event in heard if isinstance(event, KeyFinished))
        assert [{"recording_id": 7}] == result.failed_keys
        assert result.error_list[0][1].endswith("ValueError: seven")
        assert (len(made) if is_kept else 0) == len(table.jobs.completed)
        assert [] == marked(table)

    def test_no_more_are_tried_than_asked_for(self, table, dask, tmp_path):
        """`max_calls` holds for the first worker and the second one together."""
        table.make = fails_at(7, ValueError("seven"), before=die_once_at(5, tmp_path / "died"))

        result = table.populate(executor=dask, reserve_jobs=True, suppress_errors=True, max_calls=10)

        assert result.success_count == len(table())
        assert result.success_count + len(result.error_list) <= 10

    def test_broken_pool_is_no_loss(self, table, heard, tmp_path):
        """A pool that breaks takes the reports with it; the jobs tell what was done."""
        table.make = fails_at(7, ValueError("seven"), before=die_once_at(9, tmp_path / "died"))
        executor = loky.ProcessPoolExecutor(1)
        try:
            result = table.populate(executor=executor, reserve_jobs=True, suppress_errors=True)
        finally:
            executor.shutdown(kill_workers=True)

        made = table.to_arrays("recording_id").tolist()
        assert {*range(1, 7)} <= set(made)  # what it had not committed waits for its turn
        assert made == sorted(event.key["recording_id"] for event in heard if isinstance(event, KeyFinished))
        assert (len(made), 1) == (result.success_count, len(result.error_list))
        assert [] == marked(table)


def marked(table):
    """Return the jobs that are ended and still say by whom."""
    name = table.connection.dialect.table(table.jobs.name)
    return list(table.connection.execute(Statement(f"SELECT * FROM {name} WHERE _worker < 0")).rows)


@pytest.mark.usefixtures("signals_of_a_terminal")
class TestInterrupt:
    def test_waits_for_what_runs(self, connection, table):
        """Ctrl-C gives out nothing more; what threads are at is made, since nothing can end it."""
        with (
            ThreadPoolExecutor(2) as executor,
            connection.bus.subscribed(lambda event: signal.raise_signal(signal.SIGINT), KeyFinished),
            pytest.raises(PopulateInterrupted) as caught,
        ):
            table.populate("recording_id < 7", executor=executor)

        result = caught.value.result
        assert (len(table()), 6) == (result.success_count, result.success_count + result.remaining)

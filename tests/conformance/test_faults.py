"""
Faults: what goes wrong around a computation costs no result, makes none twice, and leaves no job behind.

Workers are real processes, which are halted at points of a job's life to let the harm be done there.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

import djnb as dj
from djnb.jobs import points, registry
from djnb.sql.statement import Statement
from tests import servers
from tests.conformance import faulty
from tests.conformance.crew import wait_until
from tests.conformance.recordings import server_only
from tests.conftest import absent


@pytest.fixture(autouse=True)
def _short_patience():
    with dj.config.override(faulty.PATIENCE):
        yield


@pytest.fixture
def pipeline(schema, tmp_path):
    """Three samples; the second one is bad."""
    pipeline = faulty.declare(schema, tmp_path)
    faulty.add(pipeline, {1: "good", 2: "bad", 3: "good"})
    return pipeline


@pytest.fixture
def start(database_url, schema, crew):
    """Give a function that starts a worker of the pipeline, which makes what is to be made."""

    def start(doom="", function="work_once"):
        arguments = database_url, schema.name, str(crew.folder), doom
        return crew.start(f"tests.conformance.faulty:{function}", *arguments, environment=faulty.ENVIRONMENT)

    return start


@pytest.fixture
def halted(start, tmp_path):
    """Give a function that starts a worker and waits until it halts at a point; and one that lets it go on."""
    place = tmp_path / "halted"

    def halt(point):
        worker = start(f"{point}=wait:{place}")
        wait_until(lambda: place.exists() or worker.status is not None, f"a worker is at {point}")
        assert worker.status is None, worker.said
        return worker

    def release(worker):
        place.unlink()
        assert worker.wait() == 0, worker.said

    return halt, release


def finish(pipeline):
    """Be another worker, until nothing is left to be done."""

    def is_done():
        faulty.populate(pipeline.Total)
        return not faulty.unfinished(pipeline)

    wait_until(is_done, "no job is pending or reserved")


def errors(pipeline):
    """Return the messages of the jobs that failed, up to the colon."""
    return {n: job.error_message.partition(":")[0] for n, job in faulty.jobs(pipeline).items() if job.status == "error"}


def assert_each_once(pipeline):
    """Both good samples are computed once; the bad one is known as such; nothing is left to be done."""
    assert faulty.once([1, 3]) == faulty.counts(pipeline)
    assert (2, "BadError") in errors(pipeline).items()
    assert list(faulty.jobs(pipeline)) == [2]


class TestDeath:
    """A worker that is killed, anywhere."""

    @pytest.mark.parametrize(
        "point",
        [
            "in_refresh",
            "after_window",
            "after_claim",
            "before_make",
            "in_fetch",
            "in_compute",
            "before_begin",
            "after_verify",
            "after_insert",
            "before_commit",
            "after_commit",
            "in_fail",
            "in_stage",
        ],
    )
    def test_costs_nothing_wherever_it_happens(self, pipeline, start, point):
        """Whoever comes next does what it has not done, and no more."""
        assert start(f"{point}=kill").wait() == -signal.SIGKILL

        finish(pipeline)

        assert_each_once(pipeline)

    @pytest.mark.parametrize(
        "point",
        ["before_make", "in_fetch", "in_compute", "after_insert", "before_commit", "after_verify", "after_commit"],
    )
    def test_costs_nothing_amid_one_transaction_for_all_of_make(self, pipeline, start, point):
        """With `make_in_transaction` too; whatever was inserted goes with it, and nobody waits for its locks."""
        assert start(f"{point}=kill", "work_classically").wait() == -signal.SIGKILL

        finish(pipeline)

        assert_each_once(pipeline)

    def test_costs_nothing_between_signs_of_life(self, pipeline, start):
        """The thread that gives them takes the process with it."""
        assert start("in_beat=kill", "work").wait() == -signal.SIGKILL

        finish(pipeline)

        assert_each_once(pipeline)

    def test_costs_nothing_while_jobs_are_given_back(self, pipeline, halted, tmp_path):
        """It was asked to end, and killed before it had given back what it held."""
        halt, _ = halted
        worker = halt("in_release=kill,in_compute")

        worker.send(signal.SIGTERM)
        assert worker.wait() == -signal.SIGKILL
        finish(pipeline)

        assert_each_once(pipeline)

    def test_costs_nothing_while_the_dead_are_buried(self, pipeline, start):
        """A worker was killed, and so was the one that had begun to give back what that had held."""
        assert start("in_compute=kill").wait() == -signal.SIGKILL
        assert faulty.unfinished(pipeline)
        assert start("in_reap=kill", "work").wait() == -signal.SIGKILL

        finish(pipeline)

        assert_each_once(pipeline)
        assert {job._deaths for job in faulty.jobs(pipeline).values()} <= {0, 1}


@server_only
class TestStopped:
    """A worker of which nothing is heard any more, and whose connections nobody has closed."""

    @pytest.mark.parametrize("point", ["after_verify", "after_insert", "before_commit"])
    def test_within_its_transaction_loses_its_key_to_others(self, pipeline, start, point):
        """The server ends what holds the row of the job, after the lease; when the worker goes on, it keeps nothing."""
        worker = start(f"{point}=stop")
        wait_until(lambda: is_stopped(worker.pid), f"the worker is stopped {point}")

        finish(pipeline)

        assert_each_once(pipeline)
        worker.send(signal.SIGCONT)
        assert worker.wait() == 0, worker.said
        assert_each_once(pipeline)
        assert {os.getpid()} == set(pipeline.Log.to_arrays("by").tolist())

    @pytest.mark.parametrize("point", ["in_compute", "before_commit", "after_verify"])
    def test_amid_one_transaction_for_all_of_make_too(self, pipeline, start, point):
        """Nobody waits for its locks for longer than the lease, be they on its rows or on its job."""
        worker = start(f"{point}=stop", "work_classically")
        wait_until(lambda: is_stopped(worker.pid), f"the worker is stopped {point}")

        finish(pipeline)

        assert_each_once(pipeline)
        worker.send(signal.SIGCONT)
        assert worker.wait() == 0, worker.said
        assert_each_once(pipeline)
        assert {os.getpid()} == set(pipeline.Log.to_arrays("by").tolist())


def is_stopped(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


class TestSameKey:
    """Others who compute what a worker has in hand."""

    def test_made_beside_the_queue_it_is_left_alone(self, pipeline, halted):
        """A populate without jobs made the key while a worker computed it; the worker finds it there and goes on."""
        halt, release = halted
        worker = halt("in_compute")
        assert pipeline.Total.populate(suppress_errors=True).success_count == 2

        release(worker)
        finish(pipeline)

        assert_each_once(pipeline)
        assert {os.getpid()} == set(pipeline.Log.to_arrays("by"))

    def test_made_by_a_worker_it_is_not_made_beside_the_queue(self, pipeline, start):
        """A worker made the keys while a populate without jobs computed one; that finds it there and goes on."""

        def once():
            if not is_run:
                is_run.append(True)
                assert start().wait() == 0

        is_run = []
        with points.at("in_compute", once):
            result = pipeline.Total.populate(suppress_errors=True)

        assert (0, 2) == (result.success_count, result.skipped_count), result
        assert_each_once(pipeline)

    def test_many_may_begin_at_once(self, pipeline, start):
        """As an array of a cluster's jobs does: nobody has declared the job table before, and none of them fails."""
        workers = [start() for _ in range(8)]

        assert [(0, "")] * len(workers) == [(worker.wait(), worker.said) for worker in workers]
        finish(pipeline)
        assert_each_once(pipeline)

    def test_many_may_begin_at_once_on_a_job_table_of_datajoint(self, pipeline, start):
        """None of its columns is djnb's own; the first worker adds them, and nobody fails."""
        pipeline.Total.jobs.refresh()
        faulty.forget_columns(pipeline)
        workers = [start() for _ in range(6)]

        assert [(0, "")] * len(workers) == [(worker.wait(), worker.said) for worker in workers]
        finish(pipeline)
        assert_each_once(pipeline)


class TestVanished:
    """What a worker relies on is taken away while it computes."""

    def test_its_job_is_deleted(self, pipeline, halted):
        """The result of a job that is gone is not kept; the key is computed anew, and the worker goes on."""
        halt, release = halted
        worker = halt("in_compute")
        pipeline.Total.jobs.reserved.delete()

        release(worker)
        finish(pipeline)

        assert_each_once(pipeline)

    def test_its_job_table_is_dropped(self, pipeline, halted):
        """It is declared again when it is needed, and everything in it can be known again."""
        halt, release = halted
        worker = halt("in_compute")
        pipeline.Total.jobs.drop(prompt=False)

        release(worker)
        finish(pipeline)

        assert_each_once(pipeline)

    def test_its_input_is_deleted(self, pipeline, halted):
        """There is nothing to be computed any more: no result, no job, and no error that stays."""
        halt, release = halted
        worker = halt("in_compute")
        (gone,) = (n for n, job in faulty.jobs(pipeline).items() if job.status == "reserved")
        (pipeline.Sample & {"sample": gone}).delete(prompt=False)
        faulty.add(pipeline, {4: "good"})

        release(worker)
        finish(pipeline)

        assert faulty.once([3, 4]) == faulty.counts(pipeline)
        assert {2: "BadError"} == errors(pipeline)

    def test_its_table_of_workers_is_dropped(self, pipeline, halted, connection, schema):
        """Nobody knows who lives: it takes no more jobs with its old number, and loses none."""
        halt, release = halted
        worker = halt("in_compute")
        connection.execute(Statement(f"DROP TABLE {connection.dialect.table(registry.registry_of(schema.name))}"))

        release(worker)
        finish(pipeline)

        assert_each_once(pipeline)


class SpeechlessError(Exception):
    """One cannot be told about it."""

    def __str__(self):
        raise RuntimeError("no words")


class UnsendableError(Exception):
    """It holds what no other process can have."""

    def __init__(self):
        super().__init__("see the lock")
        self.lock = threading.Lock()


class LoopedError(Exception):
    """It is the cause of itself."""

    def __init__(self):
        super().__init__("round and round")
        self.__cause__ = ValueError("round")
        self.__cause__.__context__ = self


class TestUnreadableErrors:
    """Whatever a `make` raises, the job tells about it, and the others are computed."""

    @pytest.mark.parametrize(
        ("error", "told"),
        [
            (UnsendableError(), "UnsendableError: see the lock"),
            (SpeechlessError(), "SpeechlessError"),
            (LoopedError(), "LoopedError: round and round"),
            (ValueError("x" * 10_000_000), "ValueError: xxxxxxxx"),
            (ValueError("a\x00b"), "ValueError: a\\x00b"),
            (ValueError("half \ud83d of it"), "ValueError: half \\ud83d of it"),
            (ValueError("🐭 and `'\"%s {0} \\"), "ValueError: 🐭 and `'\"%s {0} \\"),
            (ValueError(b"\xff", object), "ValueError: (b'\\xff', <class 'object'>)"),
            (ValueError(), "ValueError"),
            (ExceptionGroup("many", [ValueError(n) for n in range(3)]), "ExceptionGroup: many (3 sub-exceptions)"),
        ],
        ids=["unsendable", "speechless", "looped", "10 MB", "zero", "surrogate", "emoji", "objects", "empty", "group"],
    )
    def test_are_readable_in_the_job(self, pipeline, error, told):
        """Its message begins as the error's does, and its traceback names the error."""

        def fail():
            if not is_run:
                is_run.append(True)
                raise error

        is_run = []
        with points.at("in_compute", fail):
            result = faulty.populate(pipeline.Total)

        job = (pipeline.Total.jobs.errors & {"sample": 1}).fetch1()
        assert job["error_message"].startswith(told)
        assert type(error).__name__ in job["error_stack"]
        assert (1, 2) == (result.success_count, len(result.error_list))
        assert faulty.once([3]) == faulty.counts(pipeline)


class TestFullDisk:
    """A file that may not grow."""

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_undoes_the_keys_and_says_why(self, pipeline, connection):
        """The jobs are errors that name the disk; when there is room again, the keys are computed."""

        class Trace(dj.Computed):
            definition = """
            -> Sample
            ---
            data : bytes
            """

            def make(self, key):
                self.insert1(dict(key, data=bytes(10**7)))

        pipeline.schema(Trace, context={"Sample": pipeline.Sample})
        Trace.jobs.refresh()
        ((pages,),) = connection.execute(Statement("PRAGMA page_count")).rows
        connection.execute(Statement(f"PRAGMA max_page_count = {pages + 50}"))
        result = faulty.populate(Trace)
        told = Trace.jobs.errors.to_arrays("error_message")
        connection.execute(Statement("PRAGMA max_page_count = 1000000"))

        assert (0, 0, 3) == (len(Trace), result.success_count, len(told)), result
        assert all("full" in message for message in told)
        assert [("ok",)] == connection.execute(Statement("PRAGMA integrity_check")).rows
        Trace.jobs.errors.delete()
        assert 3 == faulty.populate(Trace).success_count
        assert 3 == len(Trace)


class TestServer:
    """A server that goes away amid the work of others."""

    @pytest.fixture
    def server(self):
        """A server that may be ended."""
        missing = servers.missing_programs()
        if missing:
            absent(f"No MariaDB: {' and '.join(missing)} not found", "DJNB_TEST_REQUIRE_MYSQL")
        # What is kept has reached the kernel, and outlives the server, as with the options that labs run.
        with servers.private_server("--innodb-flush-log-at-trx-commit=2") as server:
            yield server

    @pytest.mark.parametrize("way", ["stop", "crash"])
    def test_that_is_started_again_finds_everybody_at_work(self, server, crew, tmp_path, way):
        """The workers are the same as before, and each key is computed once."""
        numbers = range(60)
        with dj.Connection(server.url) as connection:
            pipeline = faulty.declare(dj.Schema(f"djnb_test_{way}", connection=connection), tmp_path)
            faulty.add(pipeline, dict.fromkeys(numbers, "good"))
            arguments = server.url, pipeline.schema.name, str(tmp_path), "", 0.1
            workers = [
                crew.start("tests.conformance.faulty:work", *arguments, environment=faulty.ENVIRONMENT)
                for _ in range(3)
            ]
            wait_until(lambda: len(pipeline.Total) > 5, "some keys are computed")

            getattr(server, way)()
            assert len(workers) == len(crew.alive)
            server.start()

            wait_until(lambda: len(pipeline.Total) == len(numbers), "all keys are computed")
            wait_until(lambda: not faulty.jobs(pipeline), "no job is left")
            (tmp_path / "done").touch()
            assert [0] * len(workers) == [worker.wait() for worker in workers], "".join(w.said for w in workers)
            assert faulty.once(numbers) == faulty.counts(pipeline)

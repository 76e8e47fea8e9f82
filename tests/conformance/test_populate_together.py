"""Short keys are kept several at a time: by one transaction, with nothing changed for whoever looks at the results."""

from __future__ import annotations

import contextlib
import os
import signal
import threading

import pytest

import djnb as dj
from djnb.errors import DuplicateError, MakeError, PopulateInterrupted
from djnb.events import KeyStarted
from djnb.jobs import points
from djnb.populate import pace
from djnb.sql.statement import Statement
from tests import servers
from tests.conformance.crew import wait_until
from tests.conformance.programs import start_python
from tests.conformance.recordings import fails_at, server_only
from tests.conformance.wire import wire_to


@pytest.fixture(autouse=True)
def _all_are_short(monkeypatch):
    """However slow the machine is, keys are short from the second one on, and wait until nothing is left to do."""
    monkeypatch.setattr(pace, "_SHORT", 60.0)
    with dj.config.override(jobs__keep_interval=60):
        yield


@pytest.fixture
def numbers(Recording):
    """Twelve recordings."""
    Recording.insert([(n, "2024-04-04", n / 2) for n in range(4, 13)])
    return range(1, 13)


@pytest.fixture(params=[False, True], ids=["direct", "with jobs"])
def reserve_jobs(request):
    """Without job tables, and with them."""
    return request.param


@pytest.fixture
def doubled(computed, Recording, numbers):
    """A table of twelve keys, each made of what it fetches."""

    def make(self, key):
        (Recording & key).fetch1("session_date")
        self.insert1(dict(key, value=2 * key["recording_id"]))

    return computed(make)


def made(table):
    return dict(zip(*table.to_arrays("recording_id", "value"), strict=True))


def doubles(numbers):
    return {n: 2.0 * n for n in numbers}


def commits(statements):
    return sum("COMMIT" in sql for sql in statements)


class TestStatements:
    def test_are_those_of_one_transaction(self, doubled, numbers, statements):
        """The first key shows that keys are short; of the others each costs its fetch, and all of them three more."""
        statements.clear()

        result = doubled.populate()

        said = [sql.split()[0].rstrip(";") if "BEGIN" not in sql else "BEGIN" for sql in statements]
        assert said == [
            *["SELECT", "SELECT", "BEGIN", "INSERT", "COMMIT"],
            *["SELECT"] * 11,
            *["BEGIN", "INSERT", "COMMIT"],
        ]
        assert (12, doubles(numbers)) == (result.success_count, made(doubled))

    @server_only
    def test_read_again_what_differs_in_values_only_by_one(self, doubled, statements):
        """Beside a file, which knows that nobody has written, the eleven keys' fetches are asked again as one."""
        doubled.populate()

        (said,) = [sql for sql in statements if "BEGIN" in sql and "UNION ALL" in sql]
        assert said.count("UNION ALL") == 10

    def test_with_two_columns_of_a_name_are_read_again_one_by_one(self, connection, computed, Recording, statements):
        """As no part of a statement may have them; the keys are kept together all the same."""
        name = connection.dialect.table(Recording.name)

        def make(self, key):
            connection.query(
                f"SELECT recording_id, recording_id FROM {name} WHERE recording_id < {key['recording_id']}"
            )
            self.insert1(dict(key, value=1))

        Result = computed(make)
        statements.clear()

        assert (3, 2) == (Result.populate().success_count, commits(statements))

    def test_are_few_with_jobs(self, doubled, numbers, statements):
        """All jobs are completed by one statement, which travels with the beginning."""
        doubled.populate(reserve_jobs=True, max_calls=1)
        statements.clear()

        result = doubled.populate(reserve_jobs=True, refresh=False)

        assert (11, doubles(numbers), 0) == (result.success_count, made(doubled), len(doubled.jobs))
        assert commits(statements) == 2

    def test_of_masters_and_parts_are_one_for_each_table(self, computed, numbers, statements):
        """Rows for the same table are inserted together, masters before their parts."""

        class Half(dj.Part):
            definition = "-> master\nhalf : int32"

        def make(self, key):
            self.insert1(dict(key, value=2 * key["recording_id"]))
            self.Half.insert([dict(key, half=0), dict(key, half=1)])

        Result = computed(make, Half=Half)
        statements.clear()

        Result.populate()

        assert (12, 24) == (len(Result()), len(Result.Half()))
        assert 4 == sum(sql.startswith("INSERT") for sql in statements)

    def test_are_those_of_each_key_if_asked(self, doubled, statements):
        """`jobs.keep_interval = 0` keeps every key by itself."""
        with dj.config.override(jobs__keep_interval=0):
            doubled.populate()

        assert commits(statements) == 12

    def test_of_a_key_are_less_than_two_with_jobs(self, doubled, Recording, statements):
        """Over many keys: its fetch, and its part of claims, transactions and signs of life."""
        Recording.insert([(n, "2024-04-04", 0.0) for n in range(13, 313)])
        doubled.populate(reserve_jobs=True, max_calls=2)
        statements.clear()

        result = doubled.populate(reserve_jobs=True)

        assert result.success_count == 310
        assert len(statements) < 2 * 310

    def test_no_more_than_some_dozens_wait(self, doubled, Recording, statements):
        """What they have read and written is locked for the length of the transaction: so it is short."""
        Recording.insert([(n, "2024-04-04", 0.0) for n in range(13, 73)])
        statements.clear()

        assert doubled.populate().success_count == 72

        assert commits(statements) == 4


class TestJobs:
    def test_that_are_kept_have_their_own_durations(self, doubled):
        """With `jobs.keep_completed`, each is a success of so many seconds."""
        with dj.config.override(jobs__keep_completed=True):
            doubled.populate(reserve_jobs=True)

        jobs = doubled.jobs.to_dicts("status", "duration")
        assert {"success"} == {job["status"] for job in jobs}
        assert all(0 <= job["duration"] < 60 for job in jobs)
        assert len({job["duration"] for job in jobs}) > 1

    def test_that_were_taken_away_are_not_completed(self, connection, doubled, numbers):
        """One of them is somebody else's by now: its row is not kept, and the others are."""
        name = connection.dialect.table(doubled.jobs.name)

        def take_away(event):
            if event.key["recording_id"] == 9:
                connection.execute(Statement(f"UPDATE {name} SET _token = 5 WHERE recording_id = 6"))

        doubled.populate(reserve_jobs=True, max_calls=3)
        with connection.bus.subscribed(take_away, KeyStarted):
            result = doubled.populate(reserve_jobs=True)

        assert {n: 2.0 * n for n in numbers if n != 6} == made(doubled)
        assert (8, 1) == (result.success_count, result.skipped_count)
        assert [("reserved", 6)] == list(zip(*doubled.jobs.to_arrays("status", "recording_id"), strict=True))


class TestWhatChangesMeanwhile:
    def test_is_computed_again(self, connection, database_url, computed, Recording, numbers, reserve_jobs):
        """An input changed before its key was kept: that key is computed again from it, and no other one is."""
        calls = []

        def make(self, key):
            calls.append(key["recording_id"])
            date = (Recording & key).fetch1("session_date")
            if key["recording_id"] == 7 and calls.count(7) == 1:
                with dj.Connection(database_url) as other:
                    name = connection.dialect.table(Recording.name)
                    other.query(f"UPDATE {name} SET session_date = '2030-01-01' WHERE recording_id IN (2, 5)")
            self.insert1(dict(key, value=date.year))

        Result = computed(make)

        result = Result.populate(reserve_jobs=reserve_jobs)

        assert 12 == result.success_count
        assert (2030.0, 2024.0) == (made(Result)[5], made(Result)[4])
        assert {5} <= {n for n in numbers if calls.count(n) > 1} <= {2, 5}

    def test_by_somebody_who_has_made_a_key(self, computed, numbers, connection, reserve_jobs):
        """That key is passed over, and its row stays as it is."""
        Result = computed(fails_at(None, None))

        def overtake(event):
            if event.key["recording_id"] == 9:
                Result.insert1({"recording_id": 5, "value": 99}, allow_direct_insert=True)

        with connection.bus.subscribed(overtake, KeyStarted):
            result = Result.populate(reserve_jobs=reserve_jobs)

        assert {**{n: float(n) for n in numbers}, 5: 99.0} == made(Result)
        assert (11, 1) == (result.success_count, result.skipped_count)


class TestMake:
    def test_that_fails_costs_no_other_key(self, computed, numbers, reserve_jobs):
        """What was computed before is kept, and so is what comes after."""
        Result = computed(fails_at(6, ValueError("bad spike")))

        result = Result.populate(suppress_errors=True, reserve_jobs=reserve_jobs)

        assert (11, ["ValueError: bad spike"]) == (result.success_count, [text for _, text in result])
        assert {float(n) for n in numbers if n != 6} == set(made(Result).values())

    def test_that_fails_after_it_has_inserted_leaves_nothing(self, computed, numbers, reserve_jobs):
        """Neither its rows nor a job; it is called once."""
        calls = []

        def make(self, key):
            calls.append(key["recording_id"])
            self.insert1(dict(key, value=1))
            if key["recording_id"] == 6:
                raise ValueError("bad spike")

        Result = computed(make)

        result = Result.populate(suppress_errors=True, reserve_jobs=reserve_jobs)

        assert (11, 1) == (result.success_count, len(result.error_list))
        assert [n for n in numbers if n != 6] == sorted(made(Result))
        assert list(numbers) == calls

    def test_whose_error_ends_the_run_keeps_those_before(self, computed, numbers, reserve_jobs):
        """And counts them."""
        Result = computed(fails_at(6, ValueError("bad spike")))

        with pytest.raises(MakeError) as caught:
            Result.populate(reserve_jobs=reserve_jobs)

        assert (5, 5) == (caught.value.result.success_count, len(Result()))

    def test_that_asks_for_rows_of_earlier_keys_gets_them(self, computed, numbers, reserve_jobs):
        """A running sum is right, although what it sums up was waiting."""

        def make(self, key):
            before = (type(self)() & f"recording_id < {key['recording_id']}").to_arrays("value")
            self.insert1(dict(key, value=1 + before.sum()))

        Result = computed(make)

        Result.populate(reserve_jobs=reserve_jobs)

        assert {n: 2.0 ** (n - 1) for n in numbers} == made(Result)

    def test_that_catches_a_refusal_hears_of_it(self, computed, numbers):
        """What a make inserts is refused where it stands in the make, not when it is kept."""
        calls = []

        def make(self, key):
            calls.append(key["recording_id"])
            self.insert1(dict(key, value=1))
            with contextlib.suppress(DuplicateError):
                self.insert1(dict(key, value=2))
                raise AssertionError("nothing was refused")

        Result = computed(make)

        result = Result.populate()

        assert (12, dict.fromkeys(numbers, 1.0)) == (result.success_count, made(Result))

    def test_that_undoes_a_part_of_what_it_inserts_keeps_the_rest(self, connection, computed, numbers):
        """`connection.atomic()` holds for rows that are held back."""

        class Half(dj.Part):
            definition = "-> master\nhalf : int32"

        def make(self, key):
            self.insert1(dict(key, value=1))
            with contextlib.suppress(LookupError), connection.atomic():
                self.Half.insert([dict(key, half=0), dict(key, half=1)])
                raise LookupError
            with connection.atomic():
                self.Half.insert([dict(key, half=2), dict(key, half=3)])

        Result = computed(make, Half=Half)

        result = Result.populate()

        assert (12, {2, 3}, 24) == (
            result.success_count,
            set(Result.Half.to_arrays("half").tolist()),
            len(Result.Half()),
        )

    def test_that_reads_after_it_has_inserted_finds_its_rows(self, computed, numbers):
        """Such a key is kept by itself."""
        seen = []

        def make(self, key):
            self.insert1(dict(key, value=1))
            seen.append(len(type(self)() & key))

        Result = computed(make)

        Result.populate()

        assert [1] * 12 == seen

    def test_that_takes_long_keeps_nobody_waiting(self, connection, database_url, computed, numbers):
        """What was computed before it is kept meanwhile, by a thread."""
        seen = []

        def make(self, key):
            if key["recording_id"] == 4:
                rows = Statement(f"SELECT COUNT(*) FROM {connection.dialect.table(Result.name)}")
                wait_until(lambda: other.execute(rows).rows[0][0] == 3, "the keys before are there")
                seen.append(key)
            self.insert1(dict(key, value=1))

        Result = computed(make)
        with dj.Connection(database_url) as other, dj.config.override(jobs__keep_interval=0.05):
            result = Result.populate(max_calls=6)

        assert (6, 1) == (result.success_count, len(seen))

    def test_calls_are_counted_exactly(self, doubled, reserve_jobs):
        """`max_calls` counts those that wait too."""
        assert [5, 5, 2] == [doubled.populate(max_calls=5, reserve_jobs=reserve_jobs).success_count for _ in range(3)]


@pytest.mark.usefixtures("signals_of_a_terminal")
class TestInterrupt:
    def test_keeps_what_was_computed(self, computed, numbers, reserve_jobs):
        """The key in hand is undone, and those before it are there."""

        def make(self, key):
            if key["recording_id"] == 8:
                os.kill(os.getpid(), signal.SIGINT)
                threading.Event().wait(60)
            self.insert1(dict(key, value=1))

        Result = computed(make)

        with pytest.raises(PopulateInterrupted) as caught:
            Result.populate(reserve_jobs=reserve_jobs)

        assert (7, 7) == (caught.value.result.success_count, len(Result()))
        assert set(Result.jobs.to_arrays("status")) <= {"pending"}

    def test_amid_what_must_be_kept_first_waits_for_that(self, connection, computed, numbers, reserve_jobs):
        """A signal while a make's read has others kept interrupts that make afterwards."""

        def make(self, key):
            self.insert1(dict(key, value=len(type(self)() & "recording_id < 5") if key["recording_id"] == 8 else 0))

        Result = computed(make)
        interrupts = [False, True]

        def interrupt():
            if interrupts.pop(0) if interrupts else False:
                os.kill(os.getpid(), signal.SIGINT)

        with points.at("after_verify", interrupt), pytest.raises(PopulateInterrupted) as caught:
            Result.populate(reserve_jobs=reserve_jobs)

        assert (7, list(range(1, 8))) == (caught.value.result.success_count, sorted(made(Result)))

    def test_of_a_thread_keeps_what_was_computed(self, computed, numbers, reserve_jobs):
        """By `run.stop(now=True)`, of a run in the background."""
        is_there = threading.Event()

        def make(self, key):
            if key["recording_id"] == 8:
                is_there.set()
                while True:
                    threading.Event().wait(0.01)
            self.insert1(dict(key, value=1))

        Result = computed(make)
        run = Result.populate(background=True, reserve_jobs=reserve_jobs)
        is_there.wait(60)
        run.stop(now=True)

        assert (7, 7) == (run.result(60).success_count, len(Result()))


WORKER = """
import sys
import djnb as dj
from djnb.jobs import points
from djnb.populate import pace

pace._SHORT = 60.0
dj.config.jobs.keep_interval = 60
connection = dj.Connection(sys.argv[1])
schema = dj.Schema(sys.argv[2], connection=connection, create_tables=False)

@schema
class Recording(dj.Manual):
    pass

@schema
class Result(dj.Computed):
    def make(self, key):
        (Recording & key).fetch1("session_date")
        self.insert1(dict(key, value=2 * key["recording_id"]))

Result.populate(reserve_jobs=True, refresh=False, max_calls=1)
points.ask(sys.argv[3])
Result.populate(reserve_jobs=True, refresh=False)
"""


class TestDeath:
    @pytest.mark.parametrize("point", ["before_make@5", "after_insert@7", "before_begin@2", "after_verify@2"])
    def test_before_they_are_kept_loses_none_for_good(self, database_url, schema, doubled, numbers, point):
        """Nothing of them is there, and whoever comes next makes them."""
        doubled.jobs.refresh()

        self.run(database_url, schema, f"{point}=kill")

        assert 2 == len(doubled())
        self.finish(doubled, numbers)

    def test_after_they_are_kept_makes_none_twice(self, database_url, schema, doubled, numbers):
        """They are all there, and so is the end of their jobs."""
        doubled.jobs.refresh()

        self.run(database_url, schema, "after_commit@2=kill")

        assert 12 == len(doubled())
        self.finish(doubled, numbers)

    def run(self, url, schema, doom):
        worker = start_python("-c", WORKER, url, schema.name, doom)
        _, said = worker.communicate(timeout=120)
        assert worker.returncode == -signal.SIGKILL, said

    def finish(self, doubled, numbers):
        def is_done():
            doubled.populate(reserve_jobs=True)
            return not len(doubled.jobs)

        with dj.config.override(jobs__grace_period=0.4, jobs__lease_time=1.0, jobs__heartbeat_interval=0.1):
            wait_until(is_done, "no job is left")
        assert doubles(numbers) == made(doubled)


@pytest.mark.mysql
class TestLostCommit:
    @pytest.fixture
    def database_url(self, mysql_url):
        """A server behind a wire."""
        with wire_to(mysql_url) as wire:
            self.wire = wire
            yield wire.url
        for (name,) in servers.run_statement(mysql_url, r"SHOW DATABASES LIKE 'djnb\_test\_%'"):
            servers.run_statement(mysql_url, f"DROP DATABASE IF EXISTS `{name}`", before="SET foreign_key_checks = 0")

    @pytest.mark.parametrize("deed", ["cut after", "cut before"])
    def test_is_found_out(self, doubled, numbers, reserve_jobs, deed):
        """The answer was lost, or the question: all keys are there, each once, and nothing is said."""
        cuts = ["pass", deed]

        def decide(said):
            return cuts.pop(0) if cuts and b"COMMIT" in said else "pass"

        self.wire.decide = decide

        result = doubled.populate(reserve_jobs=reserve_jobs)

        assert ([], 12, doubles(numbers)) == (cuts, result.success_count, made(doubled))

    def test_connection_that_breaks_before_costs_nothing(self, doubled, numbers, reserve_jobs):
        """Each is kept by itself then."""
        cuts = ["pass", "cut before"]

        def decide(said):
            return cuts.pop(0) if cuts and b"INSERT INTO" in said and b"_result" in said.lower() else "pass"

        self.wire.decide = decide

        result = doubled.populate(reserve_jobs=reserve_jobs)

        assert (12, doubles(numbers)) == (result.success_count, made(doubled))


def test_points_are_those_of_any_key(doubled):
    """A test of a user's finds its points here too."""
    reached = []

    with points.at("after_verify", lambda: reached.append("verify")):
        doubled.populate()

    assert ["verify"] * 2 == reached

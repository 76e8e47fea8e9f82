"""The transaction in which a make is finished: whatever happens to it, what was computed is kept once or not at all."""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import djnb as dj
from djnb.errors import (
    DatabaseError,
    LockError,
    LongTransactionWarning,
    LostConnectionError,
    MakeError,
    TransactionError,
)
from djnb.events import StatementSent
from djnb.populate.contract import make_key
from tests import servers
from tests.conformance.crew import wait_until
from tests.conformance.fences import Fence, declare_job
from tests.conformance.recordings import KEYS, fails_at, server_only
from tests.conformance.wire import wire_to

file_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def Note(schema):
    """Two notes, for makes to write into besides their own table."""

    @schema
    class Note(dj.Manual):
        definition = "note : int32\n---\ntext : varchar(20)"

    Note.insert([(1, ""), (2, "")])
    return Note


@pytest.fixture
def other(database_url):
    """A connection of another program."""
    with dj.Connection(database_url) as connection:
        yield connection


class TestLocks:
    @server_only
    def test_deadlock_is_not_seen_by_make(self, connection, computed, Note, other, mysql_admin, statements):
        """The server undoes the make to break a deadlock: its rows are written again, nothing is computed again."""
        calls = []
        name = connection.dialect.table(Note.name)
        fillers = ", ".join(f"({number}, 0)" for number in range(10, 200))

        def make(self, key):
            calls.append(key)
            self.insert1(dict(key, value=1))
            Note.update1({"note": 1, "text": "make"})
            if len(calls) == 1:
                thread.submit(other.query, f"UPDATE {name} SET text = 'other' WHERE note = 1")
                thread.submit(other.query, "COMMIT")
                while mysql_admin("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'")[0][1] == "0":
                    pass
            Note.update1({"note": 2, "text": "make"})

        Result = computed(make)
        with ThreadPoolExecutor(1) as thread:  # whose connection to the server is one
            thread.submit(other.query, "START TRANSACTION")
            # The transaction that has changed less is the one that is undone.
            thread.submit(other.query, f"INSERT INTO {name} VALUES {fillers}")
            thread.submit(other.query, f"UPDATE {name} SET text = 'other' WHERE note = 2").result()
            result = Result.populate(KEYS[0])

        assert (1, 1, KEYS[:1]) == (result.success_count, len(calls), Result.keys())
        assert ["make", "make"] == (Note & "note < 3").to_arrays("text").tolist()
        assert 2 == sum("SERIALIZABLE" in sql for sql in statements)

    def test_lock_that_is_not_had_in_time_is_waited_for_again(self, connection, computed, Note, other):
        """A timeout of a lock costs the time, not the computation."""
        calls = []
        is_file = connection.dialect.sqlglot_name == "sqlite"
        name = connection.dialect.table(Note.name)

        def make(self, key):
            calls.append(key)
            connection.query("PRAGMA busy_timeout = 1" if is_file else "SET SESSION innodb_lock_wait_timeout = 1")
            self.insert1(dict(key, value=1))
            Note.update1({"note": 1, "text": "make"})

        def release(event):
            if event.sql.startswith("BEGIN IMMEDIATE" if is_file else "ROLLBACK") and calls:
                with contextlib.suppress(DatabaseError):
                    other.query("COMMIT")

        Result = computed(make)
        other.query("BEGIN IMMEDIATE" if is_file else "START TRANSACTION")
        other.query(f"UPDATE {name} SET text = 'other' WHERE note = 1")

        with connection.bus.subscribed(release, StatementSent):
            result = Result.populate(KEYS[0])

        assert (1, 1, "make") == (result.success_count, len(calls), (Note & "note = 1").fetch1("text"))

    def test_lock_that_is_never_had_is_an_error_of_the_key(self, connection, computed, Note, other, monkeypatch):
        """After so many times it is given up, also where make passes over the error, and nothing is kept."""
        monkeypatch.setattr("djnb.connection.finishing.ATTEMPTS", 1)
        is_file = connection.dialect.sqlglot_name == "sqlite"
        name = connection.dialect.table(Note.name)

        def make(self, key):
            connection.query("PRAGMA busy_timeout = 1" if is_file else "SET SESSION innodb_lock_wait_timeout = 1")
            with contextlib.suppress(LockError):
                self.insert1(dict(key, value=1))
                Note.update1({"note": 1, "text": "make"})
            with contextlib.suppress(LockError):
                self.insert1(dict(key, value=2))

        Result = computed(make)
        other.query("BEGIN IMMEDIATE" if is_file else "START TRANSACTION")
        other.query(f"UPDATE {name} SET text = 'other' WHERE note = 1")

        result = Result.populate(KEYS[0], suppress_errors=True, return_exception_objects=True)
        other.query("ROLLBACK")

        assert ([LockError], []) == ([type(error) for _, error in result], Result.keys())
        assert not connection.in_transaction


@server_only
class TestIdle:
    """How long a server waits for whoever has begun to write."""

    @staticmethod
    def patience(connection):
        return connection.query("SELECT @@SESSION.wait_timeout").fetchone()[0]

    @pytest.mark.parametrize("error", [None, ValueError("no")])
    def test_is_short_in_the_transaction_and_as_before_after_it(self, connection, computed, statements, error):
        """Only while rows are written and not kept; whether they are kept or undone, in no further round trip."""
        seen = []

        def make(self, key):
            seen.append(self_patience(connection))
            self.insert1(dict(key, value=1))
            seen.append(self_patience(connection))
            if error is not None:
                raise error

        self_patience = self.patience
        connection.query("SET SESSION wait_timeout = 12345")
        Result = computed(make)
        Result.heading
        statements.clear()
        with dj.config.override(jobs__lease_time=77):
            Result.populate(suppress_errors=True)

        assert [12345, 77] * 3 == seen
        assert 12345 == self_patience(connection)
        travels = [sql for sql in statements if "@djnb_wait" in sql]
        assert ["SET", "ROLLBACK" if error else "COMMIT"] * 3 == [sql.split(";")[0].split()[0] for sql in travels]
        assert all("BEGIN" in sql for sql in travels[::2])

    def test_pauses_between_two_writes_cost_nothing(self, connection, computed, mysql_admin, monkeypatch):
        """Who computes for longer than that within the transaction finds it undone, and what was written is written."""
        monkeypatch.setattr("djnb.connection.finishing.ATTEMPTS", 1)
        monkeypatch.setattr("djnb.connection.finishing.PATIENCE_SECONDS", 0.5)
        calls, ended = [], set()

        def make(self, key):
            calls.append(key)
            for number in (1, 2, 3):
                self.insert1(dict(key, value=number), replace=True)
                ended.add(connection.connection_id)
                there = f"SELECT 1 FROM information_schema.processlist WHERE id = {connection.connection_id}"
                wait_until(lambda: not mysql_admin(there), "the server has ended the connection")  # noqa: B023

        Result = computed(make)
        with dj.config.override(jobs__lease_time=1):
            result = Result.populate(KEYS[0])

        assert (1, 1, 3) == (result.success_count, len(calls), len(ended))
        assert [3.0] == Result.to_arrays("value").tolist()


@server_only
class TestLostConnection:
    def test_while_it_computes(self, connection, computed, Recording, mysql_admin):
        """Nothing is lost: what was read is in memory, and no transaction was open."""
        calls = []

        def make(self, key):
            calls.append(key)
            data = (Recording & key).fetch1("data")
            mysql_admin(f"KILL {connection.connection_id}")
            self.insert1(dict(key, value=data.mean()))

        Result = computed(make)

        result = Result.populate()

        assert (3, KEYS, [1.0, 2.0, 3.0]) == (result.success_count, calls, Result.to_arrays("value").tolist())

    def test_between_two_inserts(self, connection, computed, mysql_admin):
        """What was inserted is inserted again with the rest; what was undone behind a savepoint is not."""

        class Piece(dj.Part):
            definition = "-> master\npiece : int32"

        calls = []

        def make(self, key):
            calls.append(key)
            self.insert1(dict(key, value=1))
            with contextlib.suppress(dj.DataJointError):
                self.Piece.insert([dict(key, piece=1), dict(key, piece=1)])
            self.Piece.insert([dict(key, piece=2), dict(key, piece=3)])
            mysql_admin(f"KILL {connection.connection_id}")
            self.Piece.insert1(dict(key, piece=4))

        Result = computed(make, Piece=Piece)

        Result.populate(KEYS[0])

        assert (1, 1, [2, 3, 4]) == (len(calls), len(Result()), Result.Piece.to_arrays("piece").tolist())

    def test_while_iterating(self, connection, computed, Recording, mysql_admin):
        """Rows that are read after the first insert are read again, and an iteration goes on."""
        calls = []

        def make(self, key):
            calls.append(key)
            self.insert1(dict(key, value=0))
            total = 0
            for row in Recording():
                if not total:
                    mysql_admin(f"KILL {connection.connection_id}")
                total += row["recording_id"]
            self.update1(dict(key, value=total))

        Result = computed(make)

        Result.populate(KEYS[0])

        assert (1, 6.0) == (len(calls), Result.fetch1("value"))

    def test_with_more_written_than_is_kept(self, connection, computed, mysql_admin, monkeypatch):
        """What is too large to be kept in memory is computed again."""
        monkeypatch.setattr("djnb.connection.deeds.KEPT_BYTES", 10)
        calls = []

        def make(self, key):
            calls.append(key)
            self.insert1(dict(key, value=len(calls)))
            if len(calls) == 1:
                mysql_admin(f"KILL {connection.connection_id}")
            connection.query("SELECT 1")

        Result = computed(make)

        Result.populate(KEYS[0])

        assert (2, 2.0) == (len(calls), Result.fetch1("value"))

    def test_inputs_that_change_meanwhile_are_computed_again(self, connection, computed, Note, mysql_admin):
        """What was read must be unchanged when it is written for the second time, too."""
        calls = []
        name = connection.dialect.table(Note.name)

        def make(self, key):
            calls.append((Note & "note = 1").fetch1("text"))
            self.insert1(dict(key, value=len(calls[-1])))
            if len(calls) == 1:
                mysql_admin(f"KILL {connection.connection_id}")
                mysql_admin(f"UPDATE {name} SET text = 'longer' WHERE note = 1")
            self.update1(dict(key, value=len(calls[-1])))

        Result = computed(make)

        Result.populate(KEYS[0])

        assert (["", "longer"], 6.0) == (calls, Result.fetch1("value"))

    def test_changes_met_by_what_is_written_again_are_computed_again(self, connection, computed, Note, mysql_admin):
        """What came of an insert is part of what make has seen: if it comes differently, make sees that too."""
        calls = []
        name = connection.dialect.table(Note.name)

        def make(self, key):
            self.insert1(dict(key, value=1))
            calls.append(connection.query(f"DELETE FROM {name} WHERE note = 1").rowcount)
            if len(calls) == 1:
                mysql_admin(f"KILL {connection.connection_id}")
                mysql_admin(f"DELETE FROM {name} WHERE note = 1")
            self.update1(dict(key, value=calls[-1]))

        Result = computed(make)

        Result.populate(KEYS[0])

        assert ([1, 0], 0.0) == (calls, Result.fetch1("value"))


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

    @pytest.fixture(params=["direct", "with a job", "in one transaction"])
    def populate(self, request, schema):
        """Populate the first key, and tell whether it was made."""
        fence = Fence(declare_job(schema)) if request.param == "with a job" else None

        def populate(Result):
            Result.make_in_transaction = request.param == "in one transaction"
            return make_key(Result(), Result().node, KEYS[0], {}, fence=fence)

        return populate

    def cut(self, deed):
        """Cut the wire at the next COMMIT."""
        cuts = [deed]

        def decide(said):
            return cuts.pop() if cuts and b"COMMIT" in said else "pass"

        self.wire.decide = decide

    def test_that_the_server_has_heard_is_found_out(self, computed, populate):
        """The answer to COMMIT was lost: the rows are there, once, and nothing is said."""
        calls = []
        Result = computed(fails_at(None, None, before=lambda self, key: calls.append(key)))
        self.cut("cut after")

        assert populate(Result)

        assert (1, KEYS[:1]) == (len(calls), Result.keys())

    def test_that_the_server_has_not_heard_is_sent_again(self, computed, populate):
        """COMMIT itself was lost: the rows are written again, unless one transaction is around all of make."""
        calls = []
        Result = computed(fails_at(None, None, before=lambda self, key: calls.append(key)))
        self.cut("cut before")

        try:
            is_made = populate(Result)
        except LostConnectionError:
            is_made = False

        assert is_made is not Result.make_in_transaction
        assert (1, KEYS[:1] if is_made else []) == (len(calls), Result.keys())


class TestFullDisk:
    @file_only
    def test_costs_its_key_and_nothing_else(self, connection, schema, Recording):
        """Nothing of the key is kept, also where make passes over the error; the file is whole and goes on."""

        @schema
        class Large(dj.Computed):
            definition = "-> Recording\n---\ndata : longblob"

            def make(self, key):
                rng = np.random.default_rng(1)
                self.insert1(dict(key, data=rng.random(10)))
                with contextlib.suppress(DatabaseError):
                    self.update1(dict(key, data=rng.random(10**6)))

        ((pages,),) = connection.query("PRAGMA page_count")
        connection.query(f"PRAGMA max_page_count = {pages + 50}")

        result = Large.populate(suppress_errors=True, return_exception_objects=True)

        assert [DatabaseError] * 3 == [type(error) for _, error in result]
        assert ([], False) == (Large.to_dicts(), connection.in_transaction)
        assert [("ok",)] == list(connection.query("PRAGMA integrity_check"))
        connection.query("PRAGMA max_page_count = 100000")
        assert 3 == Large.populate().success_count


class TestWhatMakeMustNotDo:
    @pytest.mark.parametrize(
        "sql", ["COMMIT", "ROLLBACK", "START TRANSACTION", "begin", "DROP TABLE x", "-- x\nCOMMIT"]
    )
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_end_its_transaction(self, connection, computed, sql, when):
        """A statement that would end the transaction is refused, before the first insert and after."""

        def make(self, key):
            if when == "after":
                self.insert1(dict(key, value=1))
            connection.query(sql)
            self.insert1(dict(key, value=1))

        Result = computed(make)

        with pytest.raises(MakeError, match="would end the transaction of `make`") as caught:
            Result.populate(KEYS[0])

        assert isinstance(caught.value.__cause__, TransactionError)
        assert ([], False) == (Result.keys(), connection.in_transaction)

    def test_start_one(self, connection, computed):
        """A make is in a transaction already, and leaves none open."""

        def make(self, key):
            if key["recording_id"] == 1:
                connection.start_transaction()
            self.insert1(dict(key, value=1))

        Result = computed(make)

        result = Result.populate(suppress_errors=True, return_exception_objects=True)

        assert [TransactionError] == [type(error) for _, error in result]
        assert (KEYS[1:], False) == (Result.keys(), connection.in_transaction)

    @pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
    def test_leave_half_of_it(self, connection, computed, error):
        """Whatever leaves it, nothing of the key is kept."""

        def make(self, key):
            self.insert1(dict(key, value=1))
            raise error

        Result = computed(make)

        with pytest.raises(error):
            Result.populate(suppress_errors=True)

        assert ([], False) == (Result.keys(), connection.in_transaction)

    def test_compute_after_its_first_insert(self, computed, monkeypatch):
        """A transaction that is open for long is warned of, and the warning says what to do instead."""
        monkeypatch.setattr("djnb.connection.deferred.LONG_SECONDS", 0.0)
        Result = computed(fails_at(None, None))

        with pytest.warns(LongTransactionWarning, match="Compute first and insert at the end, or write `make_fetch`"):
            Result.populate(KEYS[0])


class TestFork:
    def test_process_that_computes(self, computed, Recording):
        """A forked process may read, and return what it computes; the parent inserts it."""

        def make(self, key):
            read, write = os.pipe()
            child = os.fork()
            if not child:
                try:
                    os.write(write, str((Recording & key).fetch1("data").mean()).encode())
                finally:
                    os._exit(0)
            os.waitpid(child, 0)
            self.insert1(dict(key, value=float(os.read(read, 100))))

        Result = computed(make)

        Result.populate()

        assert [1.0, 2.0, 3.0] == Result.to_arrays("value").tolist()

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_process_that_comes_out_of_make(self, connection, computed, when):
        """It ends there: it inserts nothing, undoes nothing, and makes no further key."""

        def make(self, key):
            if when == "after":
                self.insert1(dict(key, value=1))
            child = os.fork()
            if not child:
                return  # as one would by mistake
            _, status = os.waitpid(child, 0)
            if when == "before":
                self.insert1(dict(key, value=1))
            self.update1(dict(key, value=os.waitstatus_to_exitcode(status)))

        Result = computed(make)
        parent = os.getpid()

        try:
            result = Result.populate()
        except SystemExit:
            assert os.getpid() != parent
            os._exit(9)

        assert (3, [9.0] * 3) == (result.success_count, Result.to_arrays("value").tolist())

    def test_process_that_inserts_is_refused(self, computed):
        """The error says that the parent is to insert."""

        def make(self, key):
            child = os.fork()
            if not child:
                try:
                    self.insert1(dict(key, value=1))
                except TransactionError as error:
                    os._exit(7 if "A process that was forked within `make` would insert" in str(error) else 8)
                finally:
                    os._exit(1)
            _, status = os.waitpid(child, 0)
            self.insert1(dict(key, value=os.waitstatus_to_exitcode(status)))

        Result = computed(make)

        Result.populate(KEYS[0])

        assert 7.0 == Result.fetch1("value")


class TestFiles:
    def test_go_with_rows_that_are_not_kept(self, schema, Recording, store):
        """Where make raises after its insert, neither the row nor its file is kept."""
        calls = []

        @schema
        class Filed(dj.Computed):
            definition = "-> Recording\n---\ndata : <npy@main>"

            def make(self, key):
                data = (Recording & key).fetch1("data")
                calls.append(key)
                self.insert1(dict(key, data=data))
                if key["recording_id"] == 2:
                    raise ValueError("bad spike")

        Filed.populate(suppress_errors=True)

        files = list(store.rglob("*.npy"))
        assert (2, 3) == (len(files), len(calls))


class TestSavepoints:
    def test_rows_that_are_refused_together_leave_the_others(self, computed):
        """An insert of several rows that fails, and is passed over, is undone alone."""

        class Piece(dj.Part):
            definition = "-> master\npiece : int32"

        def make(self, key):
            with contextlib.suppress(dj.DataJointError):
                self.Piece.insert([dict(key, piece=1), dict(key, piece=2)])  # its master is not there yet
            self.insert1(dict(key, value=1))
            with contextlib.suppress(dj.DataJointError):
                self.Piece.insert([dict(key, piece=3), dict(key, piece=3)])
            self.Piece.insert([dict(key, piece=4), dict(key, piece=5)])

        Result = computed(make, Piece=Piece)

        Result.populate(KEYS[0])

        assert [4, 5] == Result.Piece.to_arrays("piece").tolist()

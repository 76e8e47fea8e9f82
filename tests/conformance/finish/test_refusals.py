"""The database refuses what a make writes, for a while or for good: locks, a full disk, rows that cannot be."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import djnb as dj
from djnb.errors import DatabaseError, LockError
from djnb.events import StatementSent
from tests.conformance.recordings import KEYS, server_only

file_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


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

"""The connection is lost while a make is finished: what was computed is kept once, and mostly not computed again."""

from __future__ import annotations

import contextlib

import pytest

import djnb as dj
from djnb.errors import LostConnectionError
from djnb.populate.contract import make_key
from tests.conformance.fences import Fence, declare_job
from tests.conformance.recordings import KEYS, fails_at, server_only


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
    def database_url(self, wire):
        """The server behind a wire."""
        self.wire = wire
        return wire.url

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

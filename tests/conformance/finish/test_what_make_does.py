"""Whatever a make does with its transaction, its files and its processes: it is kept whole or not at all."""

from __future__ import annotations

import os

import pytest

import djnb as dj
from djnb.errors import LongTransactionWarning, MakeError, TransactionError
from tests.conformance.recordings import KEYS, fails_at


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

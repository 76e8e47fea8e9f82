"""Transactions: all of a block is kept or none, whatever ends it. A lost connection: test_lost_connection.py."""

from __future__ import annotations

import contextlib
import threading

import pytest

import djnb as dj
from djnb.errors import LockError, TransactionError
from djnb.sql.statement import Statement


@pytest.fixture
def mice(Mouse):
    """Give a function that tells which mice are there, as another program sees it."""

    def look():
        with dj.Connection(_url_of(Mouse.connection)) as other:
            table = other.dialect.table(Mouse.name)
            return [number for (number,) in other.execute(Statement(f"SELECT mouse FROM {table} ORDER BY 1")).rows]

    return look


def _url_of(connection):
    address = connection.address
    if address.path:
        return str(address)
    return f"mysql://{address.user}:{address.password}@{address.host}:{address.port}"


server_only = pytest.mark.parametrize("database_url", [pytest.param("mysql", marks=pytest.mark.mysql)], indirect=True)


class TestBlock:
    def test_ends_well_and_is_kept(self, connection, Mouse, mice, statements):
        """What was inserted in the block is there after it, for everybody, for two statements more."""
        with connection.transaction():
            Mouse.insert1((1, "a"))
            Mouse.insert1((2, "b"))

        assert [1, 2] == mice()
        assert ["BEGIN", "INSERT", "INSERT", "COMMIT"] == [sql.split()[0] for sql in statements]

    def test_is_seen_by_nobody_before_its_end(self, connection, Mouse, mice):
        """Others see all of a block or nothing."""
        with connection.transaction():
            Mouse.insert1((1, "a"))
            seen = mice()

        assert ([], [1]) == (seen, mice())

    @pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
    def test_raises_and_nothing_is_kept(self, connection, Mouse, mice, error):
        """An error that leaves the block, or Ctrl-C, undoes all of it and is passed on."""
        with pytest.raises(error), connection.transaction():
            Mouse.insert1((1, "a"))
            raise error

        assert ([], False) == (mice(), connection.in_transaction)

    def test_statement_that_fails_may_be_caught(self, connection, Mouse, mice):
        """A refused row ends a block only if its error leaves it; what came before it stays part of the block."""
        with connection.transaction():
            Mouse.insert1((1, "a"))
            with contextlib.suppress(dj.errors.DuplicateError):
                Mouse.insert1((1, "again"))
            Mouse.insert1((2, "b"))

        assert [1, 2] == mice()

    def test_next_block_starts_clean(self, connection, Mouse, mice):
        """After a block that failed, the next one is as good as the first."""
        with contextlib.suppress(ValueError), connection.transaction():
            Mouse.insert1((1, "a"))
            raise ValueError

        with connection.transaction():
            Mouse.insert1((2, "b"))

        assert [2] == mice()


class TestNesting:
    def test_is_refused_and_the_outer_block_goes_on(self, connection, Mouse, mice):
        """A transaction within a transaction is refused, with a way out, before anything is sent."""
        with connection.transaction():
            Mouse.insert1((1, "a"))
            with pytest.raises(TransactionError, match="transactions do not nest"), connection.transaction():
                Mouse.insert1((2, "never"))
            Mouse.insert1((3, "c"))

        assert [1, 3] == mice()

    def test_atomic_joins_the_block_that_is_open(self, connection, Mouse, mice):
        """Verbs that need a transaction use the user's, so that they are undone with it."""
        with pytest.raises(ValueError, match="enough"), connection.transaction():
            Mouse.insert([(1, "a"), (2, "b")])
            raise ValueError("enough")

        assert [] == mice()


class TestThreads:
    def test_transaction_belongs_to_its_thread(self, connection, Mouse):
        """Another thread is in no transaction and sees what was there before."""
        seen = []

        def look():
            seen.append((connection.in_transaction, len(Mouse())))

        with connection.transaction():
            Mouse.insert1((1, "a"))
            worker = threading.Thread(target=look)
            worker.start()
            worker.join()

        assert [(False, 0)] == seen
        assert [{"mouse": 1, "name": "a"}] == Mouse.to_dicts()


@server_only
class TestDeadlock:
    def test_loser_is_undone_as_a_whole(self, connection, Mouse, mice):
        """
        Two threads wait for each other, and the server undoes one of them.

        The loser's later statements are refused even where it caught the error: otherwise each would be kept by
        itself, and half a block would be there.
        """
        both_began = threading.Barrier(2)
        told = {}

        def insert(first, second, third):
            try:
                with connection.transaction():
                    Mouse.insert1((first, ""))
                    both_began.wait()
                    try:
                        Mouse.insert1((second, ""))
                    except LockError as error:
                        told[first] = error
                    Mouse.insert1((third, ""))
            except LockError as error:
                told[third] = error

        workers = [threading.Thread(target=insert, args=given) for given in [(1, 2, 3), (2, 1, 4)]]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        loser = min(told)
        assert {1: {1, 3}, 2: {2, 4}}[loser] == set(told)
        assert {1: [1, 2, 4], 2: [1, 2, 3]}[loser] == mice()
        assert "The transaction is undone: The server gave up waiting for a lock" in str(told[max(told)])


class TestInterrupt:
    @server_only
    def test_in_the_middle_of_a_statement_leaves_a_connection_that_works(self, connection, Mouse, mice, monkeypatch):
        """Ctrl-C while the server works on an answer: that connection is given up, and the next write is well."""
        (before,) = connection.execute(Statement("SELECT CONNECTION_ID()")).rows[0]
        session = connection._sessions.current()

        def interrupt(*_):
            session.driver._connection._force_close()  # as PyMySQL does when an interrupt breaks its reading
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(session.driver, "execute", interrupt)
            with pytest.raises(KeyboardInterrupt):
                Mouse.to_dicts()

        Mouse.insert1((1, "a"))

        (after,) = connection.execute(Statement("SELECT CONNECTION_ID()")).rows[0]
        assert ([1], True) == (mice(), before != after)

    @pytest.mark.parametrize("verb", ["begin", "commit", "rollback"])
    def test_at_either_end_of_a_block_leaves_no_transaction_open(self, connection, Mouse, mice, monkeypatch, verb):
        """
        Ctrl-C just after the database has begun, or before it has ended, a transaction.

        What is inserted next is kept, and not part of a transaction that nobody ends.
        """
        driver = connection._sessions.current().driver
        original = getattr(driver, verb)

        def interrupted():
            if verb == "begin":
                original()
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(driver, verb, interrupted)
            with pytest.raises(KeyboardInterrupt), connection.transaction():
                Mouse.insert1((1, "a"))
                if verb == "rollback":
                    raise ValueError

        Mouse.insert1((2, "b"))

        assert ([2], False) == (mice(), connection.in_transaction)

"""Transactions: all of a block is kept or none, whatever ends it, a lost connection among the rest."""

# ruff: noqa: PT012 -- what raises is a block, and that is the point
from __future__ import annotations

import contextlib
import threading

import pytest

import djnb as dj
from djnb.errors import LockError, LostConnectionError, TransactionError
from djnb.sql.statement import Statement


@pytest.fixture
def Mouse(schema):
    """An empty table."""

    @schema
    class Mouse(dj.Manual):
        definition = """
        mouse : int32
        ---
        name = "" : varchar(20)
        """

    Mouse.to_dicts()  # what the database holds is known from here on
    return Mouse


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


@pytest.fixture
def kill(connection, mysql_admin):
    """Give a function that makes the server end the connection of the calling thread."""

    def kill():
        (number,) = connection.execute(Statement("SELECT CONNECTION_ID()")).rows[0]
        mysql_admin(f"KILL {number}")

    return kill


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


@server_only
class TestLostConnection:
    def test_within_a_block_undoes_it_with_a_clear_error(self, connection, Mouse, mice, kill):
        """The error says that the connection was lost and that nothing of the block is kept."""
        with (
            pytest.raises(LostConnectionError, match=r"was lost .*What was not committed is undone"),
            connection.transaction(),
        ):
            Mouse.insert1((1, "a"))
            kill()
            Mouse.insert1((2, "b"))

        assert ([], False) == (mice(), connection.in_transaction)

    def test_later_statements_of_the_block_are_refused(self, connection, Mouse, mice, kill):
        """A block that goes on after the loss sends nothing more: it would be kept without what came before."""
        refused = []

        with (
            pytest.raises(LostConnectionError, match=r"The transaction is undone: The connection .* was lost"),
            connection.transaction(),
        ):
            Mouse.insert1((1, "a"))
            kill()
            for number in (2, 3):
                try:
                    Mouse.insert1((number, "b"))
                except LostConnectionError as error:
                    refused.append(error)

        assert (2, []) == (len(refused), mice())

    def test_reading_does_not_reconnect_within_a_block(self, connection, Mouse, mice, kill):
        """A read is repeated only outside of a transaction."""
        with pytest.raises(LostConnectionError), connection.transaction():
            Mouse.insert1((1, "a"))
            kill()
            Mouse.to_dicts()

        assert [] == mice()

    def test_before_the_commit_undoes_the_block(self, connection, Mouse, mice, kill):
        """The end of the block says that it may not have been kept, and the next statements work."""
        with (
            pytest.raises(LostConnectionError, match="while a transaction was being committed"),
            connection.transaction(),
        ):
            Mouse.insert1((1, "a"))
            kill()

        Mouse.insert1((2, "b"))
        with connection.transaction():
            Mouse.insert1((3, "c"))

        assert ([2, 3], False) == (mice(), connection.in_transaction)

    def test_while_the_block_fails_leaves_the_users_error(self, connection, Mouse, mice, kill):
        """The error that ended the block is the one that is seen; the next statements work."""
        with pytest.raises(ValueError, match="mine"), connection.transaction():
            Mouse.insert1((1, "a"))
            kill()
            raise ValueError("mine")

        Mouse.insert1((2, "b"))

        assert [2] == mice()

    def test_block_can_be_done_again(self, connection, Mouse, mice, kill):
        """After the loss the connection connects again by itself."""
        with contextlib.suppress(LostConnectionError), connection.transaction():
            kill()
            Mouse.insert1((1, "a"))

        with connection.transaction():
            Mouse.insert1((1, "a"))

        assert [1] == mice()


@server_only
class TestLostBetweenStatements:
    def test_read_is_sent_again(self, connection, Mouse, kill):
        """A question that the server did not answer is asked again on a fresh connection; nobody notices."""
        Mouse.insert1((1, "a"))
        kill()

        assert [{"mouse": 1, "name": "a"}] == Mouse.to_dicts()

    def test_transaction_begins_on_a_fresh_connection(self, connection, Mouse, mice, kill):
        """Nothing can be lost by opening a transaction again."""
        kill()

        with connection.transaction():
            Mouse.insert1((1, "a"))

        assert [1] == mice()

    def test_write_is_never_sent_twice(self, connection, Mouse, mice, statements, kill):
        """
        A write that met a lost connection may have been done: it is an error, and it is for the user to look.
        """
        kill()
        statements.clear()

        with pytest.raises(LostConnectionError):
            Mouse.insert1((1, "a"))

        assert (["INSERT"], []) == ([sql.split()[0] for sql in statements], mice())

    def test_next_statement_connects_again(self, connection, Mouse, mice, kill):
        """The error said so."""
        kill()
        with pytest.raises(LostConnectionError, match="The next statement connects again"):
            Mouse.insert1((1, "a"))

        Mouse.insert1((1, "a"))

        assert [1] == mice()

    def test_connection_that_was_idle_is_tried_before_a_write(self, connection, Mouse, mice, kill, monkeypatch):
        """A kernel left open over lunch inserts as if nothing had happened."""
        kill()
        monkeypatch.setattr("djnb.connection._IDLE_SECONDS", -1.0)

        Mouse.insert1((1, "a"))

        assert [1] == mice()

    @pytest.mark.parametrize("idle_seconds", [30.0, -1.0], ids=["fresh", "idle"])
    def test_setting_forbids_reconnecting(self, connection, Mouse, mice, kill, monkeypatch, idle_seconds):
        """With `database.reconnect = False` a lost connection is always an error."""
        monkeypatch.setattr(connection, "_reconnects", False)
        monkeypatch.setattr("djnb.connection._IDLE_SECONDS", idle_seconds)
        for lose in (Mouse.to_dicts, lambda: Mouse.insert1((1, "a"))):
            kill()

            with pytest.raises(LostConnectionError):
                lose()

        assert [] == mice()

    def test_error_of_the_statement_sent_again_is_djnbs_too(self, connection, Mouse, kill, mysql_admin):
        """The table went while the connection was away: the error says so, and is none of the driver's."""
        kill()
        mysql_admin(f"DROP TABLE {Mouse.full_table_name}")

        with pytest.raises(dj.errors.MissingTableError, match="Declare it first"):
            Mouse.to_dicts()


class TestInterrupt:
    @server_only
    def test_in_the_middle_of_a_statement_leaves_a_connection_that_works(self, connection, Mouse, mice, monkeypatch):
        """Ctrl-C while the server works on an answer: that connection is given up, and the next write is well."""
        (before,) = connection.execute(Statement("SELECT CONNECTION_ID()")).rows[0]
        session = connection._session()

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
        driver = connection._session().driver
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

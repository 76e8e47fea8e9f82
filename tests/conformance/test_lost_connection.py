"""
A lost connection: what was sent is done once or not at all, and nothing half done stays.

The server really ends the connections here: by KILL, or by being stopped.
"""

from __future__ import annotations

import contextlib
import threading
from urllib.parse import urlsplit

import pytest

import djnb as dj
from djnb.errors import LostConnectionError, UnreachableError
from djnb.sql.statement import Statement
from tests import servers
from tests.conftest import need_own_mariadb

pytestmark = pytest.mark.mysql

MANY = 12_000
"""More rows than one message of an insert has."""


@pytest.fixture
def database_url(mysql_url):
    """A file is not lost: these tests are for servers."""
    yield mysql_url
    for (name,) in servers.run_statement(mysql_url, r"SHOW DATABASES LIKE 'djnb\_test\_%'"):
        servers.run_statement(mysql_url, f"DROP DATABASE IF EXISTS `{name}`", before="SET foreign_key_checks = 0")


@pytest.fixture
def mice(Mouse, mysql_admin):
    """Give a function that tells which mice are there, as another program sees it."""
    return lambda: [number for (number,) in mysql_admin(f"SELECT mouse FROM {Mouse.full_table_name} ORDER BY 1")]


def number_of(connection):
    """The number of the calling thread's connection at the server."""
    ((number,),) = connection.execute(Statement("SELECT CONNECTION_ID()")).rows
    return number


@pytest.fixture
def end(mysql_admin):
    """Give a function that makes the server end a connection, and waits until it has."""

    def end(number):
        mysql_admin(f"KILL {number}")
        while mysql_admin(f"SELECT 1 FROM information_schema.processlist WHERE id = {number}"):
            pass

    return end


@pytest.fixture
def kill(connection, end):
    """Give a function that makes the server end the connection of the calling thread."""
    return lambda: end(number_of(connection))


class TestWithinATransaction:
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


class TestWhileIdle:
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

    def test_write_is_sent_on_a_fresh_connection(self, Mouse, mice, statements, kill):
        """Where the server has said that it ended the connection, a write is sent once, to a fresh one."""
        kill()
        statements.clear()

        Mouse.insert1((1, "a"))

        assert (["INSERT"], [1]) == ([sql.split()[0] for sql in statements], mice())

    def test_table_is_declared_on_a_fresh_connection(self, schema, kill):
        """The first class of a notebook that was left open overnight is declared as if nothing had happened."""
        kill()

        @schema
        class Cage(dj.Lookup):
            definition = "cage : int32"
            contents = ((1,), (2,))

        assert [1, 2] == list(Cage.fetch("cage"))

    def test_rows_are_deleted_and_updated_on_a_fresh_connection(self, Mouse, mice, kill):
        """Every verb that writes goes on."""
        Mouse.insert([(1, "a"), (2, "b")])
        kill()
        Mouse.update1({"mouse": 1, "name": "c"})
        kill()
        (Mouse & "mouse = 2").delete(prompt=False)

        assert [{"mouse": 1, "name": "c"}] == Mouse.to_dicts()
        assert [1] == mice()

    def test_connection_that_was_idle_is_tried_before_a_write(self, Mouse, mice, kill, monkeypatch):
        """After a long time the server is asked, for a network may drop a connection without a word."""
        kill()
        monkeypatch.setattr("djnb.backends.mysql.driver.MySQLDriver.has_been_told", False)
        monkeypatch.setattr("djnb.connection.sending.IDLE_SECONDS", -1.0)

        Mouse.insert1((1, "a"))

        assert [1] == mice()

    @pytest.mark.parametrize("idle_seconds", [30.0, -1.0], ids=["fresh", "idle"])
    def test_setting_forbids_reconnecting(self, connection, Mouse, mice, kill, monkeypatch, idle_seconds):
        """With `database.reconnect = False` a lost connection is always an error."""
        monkeypatch.setattr(connection._sender, "reconnects", False)
        monkeypatch.setattr("djnb.connection.sending.IDLE_SECONDS", idle_seconds)
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


@pytest.fixture
def amid(connection, mysql_url, mysql_admin, end):
    """Give a function that does something which a lock holds up, and ends its connection while it waits."""

    def amid(lock, do, waiting):
        own = number_of(connection)
        asked = f"SELECT 1 FROM information_schema.processlist WHERE id = {own} AND info LIKE '{waiting}%'"

        is_over = threading.Event()

        def cut():
            while not mysql_admin(asked):
                if is_over.is_set():
                    return
            end(own)

        with dj.Connection(mysql_url) as other, other.transaction():
            other.execute(Statement(lock))
            killer = threading.Thread(target=cut)
            killer.start()
            try:
                do()
            finally:
                is_over.set()
                killer.join()

    return amid


class TestAmidAStatement:
    def test_write_is_never_sent_twice(self, Mouse, mice, statements, amid):
        """A write whose answer did not come may have been done: it is an error, and it is for the user to look."""
        lock = f"INSERT INTO {Mouse.full_table_name} VALUES (7, 'other')"

        with pytest.raises(LostConnectionError, match="The next statement connects again"):
            amid(lock, lambda: Mouse.insert1((7, "a")), "INSERT")

        assert ["INSERT"] == [sql.split()[0] for sql in statements if "INSERT" in sql]
        assert [] == mice()
        Mouse.insert1((7, "a"))
        assert [7] == mice()

    def test_definition_is_altered_wholly_or_not(self, Mouse, amid):
        """A table whose change was cut is as it was, and can be changed again."""
        Mouse.definition += "\nweight = 1.5 : float64 # in grams"
        before = Mouse.heading.names

        with pytest.raises(LostConnectionError):
            amid(f"SELECT * FROM {Mouse.full_table_name}", lambda: Mouse.alter(prompt=False), "ALTER")

        assert before == Mouse.heading.names
        Mouse.alter(prompt=False)
        assert [*before, "weight"] == Mouse.heading.names

    def test_table_is_declared_wholly_or_not(self, schema, amid):
        """A class whose table could not be created is declared by doing it again."""

        class Score(dj.Manual):
            definition = "score : int32"

        with pytest.raises(LostConnectionError):
            amid("FLUSH TABLES WITH READ LOCK", lambda: schema(Score), "CREATE TABLE")

        assert [] == schema.list_tables()
        schema(Score)
        assert ["score"] == schema.list_tables()


class TestAmidAnInsert:
    def test_of_many_rows_leaves_nothing(self, Mouse, mice, kill):
        """Rows that come one by one are inserted in several messages: all are there in the end, or none."""

        def rows():
            for number in range(MANY):
                if number == MANY - 1:
                    kill()
                yield (number, "a")

        with pytest.raises(LostConnectionError):
            Mouse.insert(rows())

        assert [] == mice()
        Mouse.insert((number, "a") for number in range(MANY))
        assert list(range(MANY)) == mice()

    def test_whose_error_is_caught_in_a_transaction_leaves_nothing(self, connection, Mouse, mice, kill):
        """A block that catches the error and goes on to its end is told that all of it is undone."""
        with (
            pytest.raises(LostConnectionError, match="The transaction is undone"),
            connection.transaction(),
        ):
            Mouse.insert1((1, "a"))
            kill()
            with contextlib.suppress(LostConnectionError):
                Mouse.insert1((2, "b"))

        assert ([], False) == (mice(), connection.in_transaction)


class TestAmidRows:
    def test_rows_that_did_not_come_are_an_error(self, Mouse, mysql_admin, end):
        """A loop over a query ends with an error rather than too early; each row was given once."""
        Mouse.insert((number, "a" * 20) for number in range(MANY))
        seen = []
        loop = iter(Mouse)
        seen.append(next(loop)["mouse"])
        for (number,) in mysql_admin(
            "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = USER_NAME()".replace(
                "USER_NAME()", "SUBSTRING_INDEX(USER(), '@', 1)"
            )
        ):
            end(number)

        with contextlib.suppress(LostConnectionError):
            seen.extend(row["mouse"] for row in loop)
            # The rest was on its way already.
            assert MANY == len(seen)

        assert list(range(len(seen))) == seen
        assert MANY == len(Mouse())


class TestRestart:
    @pytest.fixture
    def server(self):
        need_own_mariadb()
        with servers.private_server() as server:
            yield server

    def test_of_the_server_is_survived(self, server):
        """Reads and writes go on after it, each done once; a transaction that it cut is undone and says so."""
        with dj.Connection(server.url) as connection:
            schema = dj.Schema("djnb_test_restart", connection=connection)

            @schema
            class Mouse(dj.Manual):
                definition = "mouse : int32"

            Mouse.insert1((1,))
            server.restart()
            Mouse.insert1((2,))
            server.restart()
            assert [1, 2] == list(Mouse.fetch("mouse"))

            with pytest.raises(LostConnectionError), connection.transaction():
                Mouse.insert1((3,))
                server.restart()
                Mouse.insert1((4,))
            assert [1, 2] == list(Mouse.fetch("mouse"))

            server.stop()
            for ask in (Mouse.to_dicts, lambda: Mouse.insert1((5,))):
                with pytest.raises(UnreachableError, match=f":{urlsplit(server.url).port}"):
                    ask()
            server.start()
            Mouse.insert1((5,))
            assert [1, 2, 5] == list(Mouse.fetch("mouse"))

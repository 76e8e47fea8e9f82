"""Connecting: where a database is taken from, what each refusal is called, and that no password is ever said."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import sqlite3
import tempfile
import threading
import traceback
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

import djnb as dj
from djnb.backends.sqlite.driver import SQLiteDriver
from djnb.errors import (
    AccessError,
    AuthenticationError,
    DataJointError,
    LostConnectionError,
    MissingSchemaError,
    SettingsError,
    UnreachableError,
)
from djnb.sql.statement import Statement

PASSWORD = "horse/battery#staple@9"
PARTS = ("horse", "battery", "staple")
"""Of the password; none of them may be said, wherever the address is cut."""


@pytest.fixture(autouse=True)
def _no_default_connection(monkeypatch):
    """No test leaves its connection to the next."""
    monkeypatch.setattr("djnb.connection.default._connection", None)


@pytest.fixture
def set_environment(monkeypatch):
    """Give a function that sets environment variables and has the settings read anew."""

    def set_environment(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr("djnb.settings._config", None)

    return set_environment


@pytest.fixture
def free_port():
    """Give a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def server(mysql_url):
    """Give host and port of the server."""
    return urlsplit(mysql_url).netloc.rpartition("@")[2]


@pytest.fixture
def user(mysql_admin, server):
    """Give an account without privileges, whose password is PASSWORD; it goes away with the test."""
    name = "djnb_test_" + secrets.token_hex(4)
    mysql_admin(f"CREATE USER '{name}'@'%%' IDENTIFIED BY %s", (PASSWORD,))
    yield name
    mysql_admin(f"DROP USER '{name}'@'%'")


@pytest.fixture
def login(server):
    """Give a function that returns the address of the server for a user."""

    def login(name, password=PASSWORD):
        return f"mysql://{name}:{quote(password, safe='')}@{server}"

    return login


def refusal(url):
    """Return the error of connecting."""
    with pytest.raises(DataJointError) as caught:
        dj.Connection(url)
    return caught.value


def all_said(error):
    """Return everything that an error shows to anybody: texts, attributes, the whole traceback with its causes."""
    chain = [error]
    while chain[-1].__cause__ or chain[-1].__context__:
        chain.append(chain[-1].__cause__ or chain[-1].__context__)
    texts = [text for e in chain for text in (str(e), repr(e), repr(vars(e)), repr(e.args))]
    return "\n".join([*texts, *traceback.format_exception(error)])


def leaks(text):
    return [part for part in PARTS if part in text]


server_only = pytest.mark.parametrize("database_url", [pytest.param("mysql", marks=pytest.mark.mysql)], indirect=True)


class TestUnreachableServer:
    def test_nobody_listens(self, free_port):
        """The error names host and port, the reason, and the way to work without a server."""
        error = refusal(f"mysql://me@127.0.0.1:{free_port}")

        assert UnreachableError is type(error)
        assert str(error).startswith(f"No database answers at 127.0.0.1:{free_port} (")
        assert "`sqlite:///pipeline.sqlite` as the address" in error.remedy

    def test_host_has_no_address(self):
        """A misspelt host is said as it was given."""
        error = refusal("mysql://me@no-such-host.invalid")

        assert UnreachableError is type(error)
        assert "No database answers at no-such-host.invalid:3306" in str(error)

    def test_something_else_listens(self):
        """A port where another program closes at once is no database either."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            worker = threading.Thread(target=lambda: other.accept()[0].close())
            worker.start()
            error = refusal(f"mysql://me@127.0.0.1:{other.getsockname()[1]}")
            worker.join()

        assert UnreachableError is type(error)

    def test_default_stays_what_it_was(self, free_port, tmp_path):
        """`dj.connect` that fails leaves the connection that schemas use."""
        before = dj.connect(f"sqlite:///{tmp_path / 'a.sqlite'}")

        with pytest.raises(UnreachableError):
            dj.connect(f"mysql://me@127.0.0.1:{free_port}")

        assert before is dj.conn()
        before.close()


@pytest.mark.mysql
class TestLogin:
    def test_wrong_password(self, user, login):
        """The error names the user and the settings to look at, never the password."""
        error = refusal(login(user, "wrong-" + PASSWORD))

        assert AuthenticationError is type(error)
        assert f"does not let '{user}' in (with a password)" in str(error)
        assert "DJNB_DATABASE_USER and DJNB_DATABASE_PASSWORD" in error.remedy

    def test_no_password(self, user, server):
        """That none was given is said, because it is the usual mistake."""
        error = refusal(f"mysql://{user}@{server}")

        assert AuthenticationError is type(error)
        assert "(without a password)" in str(error)

    def test_unknown_user(self, login):
        """A user that the server does not know is refused in the same words."""
        assert AuthenticationError is type(refusal(login("djnb_test_nobody")))

    def test_password_with_special_characters(self, user, login):
        """A percent-encoded password is decoded before it is used."""
        with dj.Connection(login(user)) as connection:
            assert [(1,)] == list(connection.execute(Statement("SELECT 1")).rows)


class TestFile:
    def test_folder_is_missing(self, tmp_path):
        """The error names the folder that is not there; it is not created."""
        error = refusal(f"sqlite:///{tmp_path}/no/such.sqlite")

        assert UnreachableError is type(error)
        assert f"there is no folder '{tmp_path}/no'. Create the folder, or name another file." in str(error)
        assert not (tmp_path / "no").exists()

    def test_file_is_no_database(self, tmp_path):
        """A text file is refused and left as it is."""
        file = tmp_path / "notes.txt"
        file.write_text("my notes\n" * 1000)

        error = refusal(f"sqlite:///{file}")

        assert UnreachableError is type(error)
        assert f"'{file}' cannot be opened: file is not a database. Check that it is a SQLite file" in str(error)
        assert "my notes\n" * 1000 == file.read_text()

    def test_path_is_a_folder(self, tmp_path):
        """A folder is no file."""
        assert UnreachableError is type(refusal(f"sqlite:///{tmp_path}"))

    @pytest.mark.parametrize("url", ["sqlite:", "sqlite://", "sqlite:///", "sqlite:///:memory:"])
    def test_no_file_is_named(self, url):
        """Every thread opens the file for itself, so there must be one; the error shows how to name it."""
        error = refusal(url)

        assert SettingsError is type(error)
        assert "names no file. Write `sqlite:///pipeline.sqlite`" in str(error)

    def test_file_may_not_be_written(self, protected):
        """Its rows can be read; an insert is refused as a missing privilege, with what to ask for."""
        folder = protected(folder_mode=0o777)
        with dj.Connection(f"sqlite:///{folder / 'pipeline.sqlite'}") as connection:
            again = dj.Schema("lab", connection=connection, create_schema=False, create_tables=False)

            @again
            class Mouse(dj.Manual):
                definition = "mouse : int32"

            assert [{"mouse": 1}] == Mouse.to_dicts()
            with pytest.raises(AccessError, match=r"The file may only be read: .*\. Ask for write access to it"):
                Mouse.insert1((2,))

    def test_file_that_another_program_is_creating(self, tmp_path):
        """Who opens it at this moment shares its write-ahead log, and streams beside others who write."""
        path = tmp_path / "new.sqlite"
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        driver = SQLiteDriver(str(path))
        other.execute("COMMIT")
        other.execute("PRAGMA journal_mode = WAL")

        assert driver.is_isolated
        driver.close()
        other.close()

    @pytest.mark.parametrize("name", ["pipeline.sqlite", "new.sqlite"])
    def test_folder_may_not_be_written(self, protected, name):
        """SQLite writes beside the file even to read it; the error says what to check."""
        folder = protected(folder_mode=0o555)

        error = refusal(f"sqlite:///{folder / name}")

        assert UnreachableError is type(error)
        assert "Check that it is a SQLite file and that you may read it and write in its folder" in str(error)


@pytest.fixture
def protected():
    """Give a function that returns a folder with a database which this process may not write, whoever it runs as."""
    is_root = os.geteuid() == 0
    # Not pytest's folder: others may not enter it.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with dj.Connection(f"sqlite:///{folder / 'pipeline.sqlite'}") as connection:
            schema = dj.Schema("lab", connection=connection)

            @schema
            class Mouse(dj.Manual):
                definition = "mouse : int32"

            Mouse.insert1((1,))
            Mouse.to_dicts()

        def protect(folder_mode):
            (folder / "pipeline.sqlite").chmod(0o444)
            folder.chmod(folder_mode)
            if is_root:
                os.seteuid(65534)  # the superuser may write whatever the mode says
            return folder

        try:
            yield protect
        finally:
            if is_root:
                os.seteuid(0)
            folder.chmod(0o755)


@pytest.mark.mysql
class TestSchemaWithoutAccess:
    def test_schema_of_somebody_else_is_not_created(self, user, login):
        """The error names the user and the schema, and suggests one's own prefix."""
        with dj.Connection(login(user)) as connection, pytest.raises(AccessError) as caught:
            dj.Schema("djnb_test_not_mine", connection=connection)

        assert (
            f"The privilege CREATE is missing on the schema 'djnb_test_not_mine' for '{user}'@'%'."
        ) == caught.value.message
        assert "GRANT CREATE ON `djnb\\_test\\_not\\_mine`.*" in caught.value.remedy

    def test_schema_that_is_not_to_be_created(self, user, login):
        """With `create_schema=False` a schema that cannot be seen is missing."""
        with dj.Connection(login(user)) as connection, pytest.raises(MissingSchemaError, match="Check the name"):
            dj.Schema("djnb_test_not_mine", connection=connection, create_schema=False)


@server_only
class TestPrivileges:
    """A real account of the server, with fewer privileges than it needs."""

    @pytest.fixture
    def Mouse(self, schema):
        """A table with one row, made by the administrator."""

        @schema
        class Mouse(dj.Manual):
            definition = "mouse : int32\n---\nname = '' : varchar(8)"

        Mouse.insert1((1, "a"))
        return Mouse

    @pytest.fixture
    def as_user(self, Mouse, schema, user, login, mysql_admin):
        """Give a function that grants privileges to the user and returns the schema as the user has it."""
        opened = []

        def as_user(privileges, *, create_tables=False):
            mysql_admin(f"GRANT {privileges} ON `{schema.name}`.* TO '{user}'@'%'")
            connection = dj.Connection(login(user))
            opened.append(connection)
            return dj.Schema(schema.name, connection=connection, create_tables=create_tables)

        yield as_user
        for connection in opened:
            connection.close()

    def test_create(self, as_user, schema, user, mysql_admin):
        """A table cannot be declared: the error names the class, the schema and the privilege."""
        mine = as_user("SELECT, INSERT", create_tables=True)

        def declare():
            @mine
            class Rat(dj.Manual):
                definition = "rat : int32"

        with pytest.raises(AccessError) as caught:
            declare()

        assert (
            f"`Rat` cannot be declared in the schema '{schema.name}'. "
            f"The privilege CREATE is missing on the schema '{schema.name}' for '{user}'@'%'."
        ) == caught.value.message
        assert [] == mysql_admin(f"SHOW TABLES FROM `{schema.name}` LIKE 'rat'")

    @pytest.mark.parametrize(
        ("granted", "verb", "missing"),
        [
            ("SELECT", lambda Mouse: Mouse.insert1((2, "b")), "INSERT"),
            ("SELECT, INSERT", lambda Mouse: Mouse.insert1((1, "b"), replace=True), "UPDATE"),
            ("INSERT", lambda Mouse: Mouse.to_dicts(), "SELECT"),
            ("SELECT", lambda Mouse: (Mouse & {"mouse": 1}).delete(prompt=False), "DELETE"),
            ("SELECT", lambda Mouse: Mouse.drop(prompt=False), "DROP"),
        ],
        ids=["insert", "replace", "fetch", "delete", "drop"],
    )
    def test_verb(self, as_user, schema, user, Mouse, granted, verb, missing):
        """What may not be done is refused with the name of the privilege, and the rows stay as they are."""
        mine = as_user(granted)
        theirs = type("Mouse", (dj.Manual,), {"definition": Mouse.definition})
        mine(theirs)

        with pytest.raises(AccessError) as caught:
            verb(theirs)

        assert (
            f"The privilege {missing} is missing on the table `{schema.name}`.`mouse` for '{user}'@'%'. "
            "The server's administrator can grant it: "
            f"`GRANT {missing} ON `{schema.name}`.`mouse` TO '{user}'@'%'`."
        ) == str(caught.value)
        assert [{"mouse": 1, "name": "a"}] == Mouse.to_dicts()


class TestAddress:
    @pytest.mark.parametrize("url", ["postgresql://me@host", "pipeline.sqlite", "localhost", "me:horse@host"])
    def test_unknown_scheme(self, url):
        """The error says how an address begins."""
        error = refusal(url)

        assert SettingsError is type(error)
        assert "An address begins with one of: sqlite://, mysql://, mariadb://." in str(error)
        assert [] == leaks(all_said(error))

    def test_misspelt_scheme_is_corrected(self):
        """The nearest scheme is offered."""
        assert "Did you mean 'mysql'?" in str(refusal("mysqll://me@host"))

    @pytest.mark.parametrize(
        "url",
        [
            "mysql://me@host:port",
            "mysql://me@host:99999",
            "mysql://me@[::1:3306",
            *(f"mysql://me:horse{mark}battery@host" for mark in "/?#["),
            "mysql://me:9#horse@host",
            "mysql://me:9@horse/battery@host",
            "mysql://me@host/horse",
            "mysql:/me:horse@host",
        ],
    )
    def test_that_cannot_be_read(self, url):
        """A port that is none, or a password that tears the address apart: the error shows a whole one."""
        error = refusal(url)

        assert SettingsError is type(error)
        assert "Write `mysql://user@host:3306`" in str(error)
        assert [] == leaks(all_said(error))

    @pytest.mark.parametrize("scheme", ["sqlite", "SQLite"])
    def test_scheme_may_be_written_in_capitals(self, tmp_path, scheme):
        """The kind of database is read without regard to case."""
        with dj.Connection(f"{scheme}:///{tmp_path / 'a.sqlite'}"):
            assert (tmp_path / "a.sqlite").is_file()

    def test_relative_file_stays_when_the_working_directory_changes(self, tmp_path, monkeypatch):
        """A thread that asks after `os.chdir` asks the same file."""
        (tmp_path / "elsewhere").mkdir()
        with dj.Connection("sqlite:///a.sqlite") as connection:
            connection.create_schema("lab")
            monkeypatch.chdir("elsewhere")
            seen = []
            worker = threading.Thread(target=lambda: seen.extend(connection.list_schemas()))
            worker.start()
            worker.join()

        assert ["lab"] == seen


class TestDefaultFile:
    def test_is_created_in_the_working_directory_with_one_log_line(self, tmp_path, caplog):
        """With nothing configured, `djnb.sqlite` is where the notebook is, and a warning says so once."""
        with dj.Connection() as connection:
            assert "Connection('sqlite:///djnb.sqlite')" == repr(connection)

        assert (tmp_path / "djnb.sqlite").is_file()
        expected = "No database is configured: creating 'djnb.sqlite' in the working directory"
        assert [("djnb.settings.address", logging.WARNING, expected)] == caplog.record_tuples

    def test_is_opened_silently_when_it_is_there(self, caplog):
        """The second notebook in the folder is told nothing."""
        dj.Connection().close()
        caplog.clear()

        dj.Connection().close()

        assert [] == caplog.record_tuples


class TestSettings:
    def test_url_from_the_environment(self, set_environment, tmp_path, caplog):
        """`DJNB_DATABASE_URL` says where the database is; nothing needs to be said about it."""
        set_environment(DJNB_DATABASE_URL=f"sqlite:///{tmp_path / 'lab.sqlite'}")

        dj.Connection().close()

        assert (True, []) == ((tmp_path / "lab.sqlite").is_file(), caplog.record_tuples)

    def test_argument_wins_over_the_settings(self, set_environment, tmp_path):
        """An address that is given is the one that counts."""
        set_environment(DJNB_DATABASE_URL=f"sqlite:///{tmp_path / 'lab.sqlite'}")

        dj.Connection(f"sqlite:///{tmp_path / 'mine.sqlite'}").close()

        assert (True, False) == ((tmp_path / "mine.sqlite").is_file(), (tmp_path / "lab.sqlite").is_file())

    @pytest.mark.mysql
    @pytest.mark.parametrize("way", ["url", "url with user", "host"])
    def test_user_and_password_are_merged_into_the_address(self, set_environment, user, server, way):
        """The address may lack user and password; each comes from its own setting, special characters and all."""
        host, _, port = server.partition(":")
        where = {
            "url": {"DJNB_DATABASE_URL": f"mysql://{server}", "DJNB_DATABASE_USER": user},
            "url with user": {"DJNB_DATABASE_URL": f"mysql://{user}@{server}", "DJNB_DATABASE_USER": "somebody-else"},
            "host": {"DJNB_DATABASE_HOST": host, "DJNB_DATABASE_PORT": port, "DJNB_DATABASE_USER": user},
        }[way]
        set_environment(DJNB_DATABASE_PASSWORD=PASSWORD, **where)

        with dj.Connection() as connection:
            (found,) = connection.execute(Statement("SELECT CURRENT_USER()")).rows[0]

        assert (f"{user}@%", f"mysql://{user}@{server}") == (found, str(connection.address))

    @pytest.mark.mysql
    def test_password_in_the_address_wins(self, set_environment, user, login):
        """A password that stands in the address is the one that is used."""
        set_environment(DJNB_DATABASE_PASSWORD="wrong")

        dj.Connection(login(user)).close()

    def test_host_may_be_an_ipv6_address(self, set_environment, free_port):
        """`database.host = "::1"` is a host, not a host and a port."""
        set_environment(DJNB_DATABASE_HOST="::1", DJNB_DATABASE_PORT=str(free_port), DJNB_DATABASE_USER="me")

        error = refusal(None)

        assert f"No database answers at ::1:{free_port}" in str(error)


class TestDefaultConnection:
    def test_conn_connects_once(self):
        """Every schema without a connection of its own uses the same."""
        with dj.conn() as connection:
            assert connection is dj.conn()

    def test_connect_makes_it(self, tmp_path):
        """`dj.connect(url)` decides what `dj.conn()` and new schemas are."""
        with dj.connect(f"sqlite:///{tmp_path / 'a.sqlite'}") as connection:
            schema = dj.Schema("lab")

            assert connection is dj.conn() is schema.connection

    def test_closed_one_is_replaced(self):
        """After `close()`, `dj.conn()` connects again."""
        first = dj.conn()
        first.close()

        with dj.conn() as second:
            assert first is not second
            assert [] == second.list_schemas()

    def test_threads_get_the_same(self):
        """Two threads that ask first do not make two."""
        start = threading.Barrier(4)
        found = []

        def ask():
            start.wait()
            found.append(dj.conn())

        workers = [threading.Thread(target=ask) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert 1 == len(set(found))
        found[0].close()


@pytest.mark.mysql
class TestNoPasswordIsSaid:
    """Neither by what works nor by what fails, to nobody."""

    @pytest.fixture
    def heard(self, caplog):
        """Give a function that returns all that was logged, down to the debug level."""
        caplog.set_level(logging.DEBUG)
        return lambda: caplog.text + "".join(repr(vars(record)) for record in caplog.records)

    @server_only
    def test_by_a_connection_that_works(self, user, login, schema, mysql_admin, heard):
        """Not in its repr, its address, its events or the log."""
        mysql_admin(f"GRANT ALL ON `{schema.name}`.* TO '{user}'@'%'")
        events = []
        with dj.Connection(login(user)) as connection:
            connection.bus.subscribe(events.append)
            mine = dj.Schema(schema.name, connection=connection)

            @mine
            class Mouse(dj.Manual):
                definition = "mouse : int32"

            Mouse.insert1((1,))
            Mouse.to_dicts()
            shown = [connection, connection.address, connection.bus, connection.catalogue, mine, Mouse, Mouse()]
            texts = [text for value in shown for text in (str(value), repr(value))]

        assert events
        assert [] == leaks("\n".join([*texts, repr(events), heard()]))

    @pytest.mark.parametrize("how", ["wrong password", "unreachable", "unresolved", "unknown scheme", "missing schema"])
    def test_by_a_refusal(self, user, login, free_port, heard, how):
        """Not in the message, the repr, the attributes, the causes, the traceback or the log."""
        url = {
            "wrong password": login(user, PASSWORD + "!"),
            "unreachable": f"mysql://me:{quote(PASSWORD, safe='')}@127.0.0.1:{free_port}",
            "unresolved": f"mysql://me:{quote(PASSWORD, safe='')}@no-such-host.invalid",
            "unknown scheme": f"postgresql://me:{quote(PASSWORD, safe='')}@host",
            "missing schema": login(user),
        }[how]

        with pytest.raises(DataJointError) as caught:
            dj.Schema("djnb_test_missing", connection=dj.Connection(url), create_schema=False)

        assert [] == leaks(all_said(caught.value) + heard())

    def test_by_a_lost_connection(self, user, login, mysql_admin, heard):
        """Not when the server ends the connection and it is made anew either."""
        with dj.Connection(login(user)) as connection:
            (number,) = connection.execute(Statement("SELECT CONNECTION_ID()")).rows[0]
            mysql_admin(f"KILL {number}")
            connection.list_schemas()
            (number,) = connection.execute(Statement("SELECT CONNECTION_ID()")).rows[0]
            connection.start_transaction()
            mysql_admin(f"KILL {number}")
            with pytest.raises(LostConnectionError) as caught:
                connection.execute(Statement("DO 1"))
            connection.cancel_transaction()

        assert "connecting again" in heard()
        assert [] == leaks(all_said(caught.value) + heard())

    def test_by_the_settings(self, set_environment, user, server, heard):
        """Not by `dj.config`, nor by a connection that took the password from there."""
        set_environment(
            DJNB_DATABASE_URL=f"mysql://{user}:{quote(PASSWORD, safe='')}@{server}", DJNB_DATABASE_PASSWORD=PASSWORD
        )

        with dj.conn() as connection:
            shown = "\n".join([repr(dj.config), str(dj.config.database), repr(connection), str(connection.address)])

        assert [] == leaks(shown + heard())

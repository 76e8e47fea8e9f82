"""Where a database is taken from: an address, the settings, the connection that is there."""

from __future__ import annotations

import threading

import pytest

import djnb as dj
from djnb.errors import SettingsError
from djnb.sql.statement import Statement
from tests.conformance.connect.said import PASSWORD, all_said, leaks, refusal


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

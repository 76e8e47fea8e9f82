"""Connecting to a server: what each refusal is called, of the server, of an account, of a schema, of a verb."""

from __future__ import annotations

import socket
import threading

import pytest

import djnb as dj
from djnb.errors import AccessError, AuthenticationError, MissingSchemaError, UnreachableError
from djnb.sql.statement import Statement
from tests.conformance.connect.said import PASSWORD, refusal
from tests.conformance.recordings import server_only


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

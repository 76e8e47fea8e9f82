"""No password is ever said, whatever happens to a connection."""

from __future__ import annotations

import logging
from urllib.parse import quote

import pytest

import djnb as dj
from djnb.errors import DataJointError, LostConnectionError
from djnb.sql.statement import Statement
from tests.conformance.connect.said import PASSWORD, all_said, leaks
from tests.conformance.recordings import server_only


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

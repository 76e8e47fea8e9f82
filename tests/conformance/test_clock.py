"""The clock that jobs go by is the database's, never a client's."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest

import djnb
from djnb.sql.statement import Statement
from tests.conformance.recordings import server_only


def now(connection):
    """The hidden and the visible time of one statement."""
    dialect = connection.dialect
    return connection.execute(Statement(f"SELECT {dialect.utc_now}, {dialect.server_now}")).rows[0]


class TestNow:
    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
    def test_of_a_file_is_one_and_in_utc(self, connection):
        """A file has no zone of its own: all times in it are UTC, as texts with milliseconds."""
        utc, local = now(connection)

        assert (utc, 23) == (local, len(utc))

    @server_only
    def test_follows_the_servers_zone(self, connection, mysql_admin):
        """A server in Houston writes the times of jobs as its own clock shows them, and DataJoint reads them so."""
        ((before,),) = mysql_admin("SELECT @@global.time_zone")
        mysql_admin("SET GLOBAL time_zone = '-06:00'")
        try:
            utc, local = now(connection)
        finally:
            mysql_admin("SET GLOBAL time_zone = %s", (before,))

        assert (timedelta(hours=6), 0) == (utc - local, utc.microsecond % 1000)


class TestClocksOfClients:
    def test_move_no_job(self):
        """
        A worker's clock may be a day off: what claims, ends and gives back jobs never asks it for the time of day.

        Only when a row was computed, which is noted with it, is told by whoever computed it, as DataJoint does.
        """
        home = Path(djnb.__file__).parent
        modules = {*home.glob("jobs/*.py"), *home.glob("backends/*/liveness.py"), home / "sql" / "queue.py"}

        asking = [
            f"{path.name}: {ast.unparse(node)}"
            for path in modules - {home / "jobs" / "metadata.py"}
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute)
            and ast.unparse(node) in {"time.time", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
        ]

        assert [] == asking
        assert len(modules) > 10

"""Deletes of many rows, of sliced queries, by users who may not do everything, and over connections that break."""

from __future__ import annotations

import secrets
from contextlib import suppress

import pytest

import djnb as dj
from djnb.algebra.nodes import Slice
from djnb.errors import AccessError, LostConnectionError
from djnb.events import RowsDeleted, StatementSent
from djnb.rows import closure
from djnb.rows.delete import delete
from djnb.sql.statement import Statement
from tests.conformance.recordings import server_only


@pytest.fixture
def Subject(declare):
    """Thirty subjects."""
    return declare("Subject", "subject : int32\n---\nage : int32", rows=[(n, n % 3) for n in range(30)])


@pytest.fixture
def Session(schema, Subject):
    """Two sessions of each subject, with a note."""

    @schema
    class Session(dj.Manual):
        definition = "-> Subject\nsession : int32"

        class Note(dj.Part):
            definition = "-> master"

    Session.insert((n, session) for n in range(30) for session in (1, 2))
    Session.Note.insert(Session.fetch("KEY"))
    return Session


class TestManyRows:
    @pytest.fixture(autouse=True)
    def _few_keys_a_statement(self, monkeypatch):
        monkeypatch.setattr(closure, "CHUNK", 8)
        monkeypatch.setattr("djnb.rows.delete.CHUNK", 8)

    def test_more_than_a_statement_lists_go_in_portions(self, connection, Subject, Session):
        """A restriction by what goes needs the keys; they are sent in portions, and told as one."""
        heard = []

        with connection.bus.subscribed(heard.append, RowsDeleted):
            assert 30 == (Subject & (Session & "session = 1")).delete(prompt=False)

        assert [] == Session.Note.to_dicts() == Subject.to_dicts()
        names = (Session.Note.name.full, Session.name.full, Subject.name.full)
        assert [RowsDeleted(name, n) for name, n in zip(names, (60, 60, 30), strict=True)] == heard

    def test_plan_counts_them_and_parts_are_guarded(self, Subject, Session):
        """What is found by keys is counted and guarded like the rest."""
        plan = (Subject & (Session & "subject < 20")).delete_plan()
        assert {"Subject": 20, "Session": 40, "Session.Note": 40} == plan.counts
        assert 20 == plan.execute()

        with pytest.raises(dj.errors.IntegrityError, match=r"20 rows of the part `Session.Note`"):
            (Session.Note & (Session & Subject)).delete(prompt=False)
        assert 20 == len(Session.Note)

    def test_quick_delete_goes_in_portions_too(self, Session):
        """A table that is restricted by itself."""
        assert 60 == (Session.Note & (Session.Note & "session > 0").proj()).delete_quick(get_count=True)


class TestSlices:
    def test_of_the_first_rows_takes_exactly_these(self, connection, Subject, Session):
        """A limit and an order choose the rows; what depends on them goes, and nothing else."""
        first = Slice(Subject().node, 5, 0, (("age", True), ("subject", False)))

        assert 5 == delete(connection, Subject()._stored(), first)

        gone = sorted(set(range(30)) - set(Subject.fetch("subject").tolist()))
        assert [2, 5, 8, 11, 14] == gone
        assert 50 == len(Session)


@server_only  # a file has no users
class TestSessionsOfOthers:
    """Tables of another schema depend on the rows, and the user may not do there what is needed."""

    @pytest.fixture
    def restricted(self, mysql_admin, database_url, schema, connection, Subject):
        """Give a user's connection who may do in the other schema only what the test says."""
        other = dj.Schema(schema.name + "_b", connection=connection)

        @other
        class Scan(dj.Manual):
            definition = "-> Subject"

        Scan.insert1((1,))
        user, password = "djnb_" + secrets.token_hex(4), secrets.token_hex(8)
        mysql_admin(f"CREATE USER '{user}'@'%' IDENTIFIED BY '{password}'")
        mysql_admin(f"GRANT ALL ON `{schema.name}`.* TO '{user}'@'%'")
        made = []

        def connect(privilege):
            if privilege:
                mysql_admin(f"GRANT {privilege} ON `{other.name}`.* TO '{user}'@'%'")
            host = database_url.rpartition("@")[2]
            made.append(dj.Connection(f"mysql://{user}:{password}@{host}"))
            theirs = dj.Schema(schema.name, connection=made[-1], create_tables=False)

            @theirs
            class Subject(dj.Manual):
                definition = """
                subject : int32
                ---
                age : int32
                """

            return Subject, Scan

        yield connect
        for each in made:
            each.close()
        mysql_admin(f"DROP USER '{user}'@'%'")

    @pytest.mark.parametrize("prompt", [False, True])
    def test_missing_privilege_is_named_and_nothing_goes(self, restricted, prompt, monkeypatch):
        """Who may only read there is told what is missing, and of which table."""
        Subject, Scan = restricted("SELECT")
        monkeypatch.setattr("djnb.tables.consent._ask", lambda question: True)

        with pytest.raises(AccessError, match=r"DELETE is missing on .*scan"):
            Subject.delete(prompt=prompt)

        assert (30, 1) == (len(Subject), len(Scan))

    def test_rows_on_which_none_of_those_tables_depends_go(self, restricted):
        """A privilege that no row needs is not missed."""
        Subject, Scan = restricted("SELECT")

        assert 28 == (Subject & "subject > 1").delete(prompt=False)
        assert (2, 1) == (len(Subject), len(Scan))

    def test_tables_that_are_not_even_seen_are_told_of(self, restricted):
        """A server tells the user nothing of them but that they are there; nothing goes."""
        Subject, Scan = restricted("")

        with pytest.raises(AccessError, match="may not see"):
            Subject.delete(prompt=False)

        assert (30, 1) == (len(Subject), len(Scan))


@server_only  # a file is not lost
class TestLostConnection:
    def test_midway_leaves_everything(self, mysql_admin, connection, Subject, Session):
        """The connection breaks between two tables of a delete: all rows are there."""
        (own,) = connection.execute(Statement("SELECT connection_id()")).rows[0]

        def cut(event):
            if event.sql.startswith("DELETE"):
                with suppress(Exception):
                    mysql_admin(f"KILL {own}")

        with connection.bus.subscribed(cut, StatementSent), pytest.raises(LostConnectionError):
            Subject.delete(prompt=False)

        assert (30, 60, 60) == (len(Subject), len(Session), len(Session.Note))

"""Tables go, with all tables that depend on them."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import ConsentError, MissingTableError, OperandError, ReferencedError, TransactionError
from djnb.tables import consent


@pytest.fixture
def Subject(schema):
    """A table with a row."""

    @schema
    class Subject(dj.Manual):
        definition = """
        subject : int32
        """

    Subject.insert([[1], [2]])
    return Subject


@pytest.fixture
def Session(schema, Subject):
    """A table that depends on it, with a part."""

    @schema
    class Session(dj.Manual):
        definition = """
        -> Subject
        session : int32
        """

        class Probe(dj.Part):
            definition = """
            -> master
            probe : int32
            """

    Session.insert1((1, 1))
    Session.Probe.insert([(1, 1, 1), (1, 1, 2)])
    return Session


class TestDrop:
    def test_takes_dependent_tables(self, schema, Subject, Session):
        """A table goes with all that depends on it, parts among them."""
        Subject.drop(prompt=False)

        assert [] == schema.list_tables()
        assert [False] * 3 == [table.is_declared for table in (Subject, Session, Session.Probe)]

    def test_leaves_what_it_depends_on(self, schema, Subject, Session):
        """Nothing above the table goes."""
        Session.drop(prompt=False)

        assert ["subject"] == schema.list_tables()
        assert 2 == len(Subject)

    def test_table_in_another_schema(self, schema, connection, Subject):
        """A dependent table goes in whatever schema it is."""
        other = dj.Schema(schema.name + "_b", connection=connection)

        @other
        class Scan(dj.Manual):
            definition = """
            -> Subject
            """

        Subject.drop(prompt=False)

        assert ([], []) == (schema.list_tables(), other.list_tables())
        assert not Scan.is_declared

    def test_dropped_table_can_be_declared_again(self, schema, Subject, Session):
        """After a drop the class may be decorated anew, with another definition."""
        Subject.drop(prompt=False)

        @schema
        class Subject(dj.Manual):
            definition = """
            name : varchar(8)
            """

        Subject.insert1(["ann"])
        assert [{"name": "ann"}] == Subject.to_dicts()

    def test_dropped_table_says_so(self, Subject):
        """What is asked of a table that is gone is an error that says how to have it again."""
        Subject.drop(prompt=False)

        with pytest.raises(MissingTableError, match=r"not in the database.*Decorate the class again"):
            len(Subject)


class TestDropRefused:
    def test_of_a_schema_that_another_one_refers_to(self, schema, connection, Subject):
        """Nothing is dropped of a schema on which tables of another one depend."""
        other = dj.Schema(schema.name + "_b", connection=connection)

        @schema
        class Free(dj.Manual):
            definition = "free : int32"

        @other
        class Scan(dj.Manual):
            definition = "-> Subject"

        with pytest.raises(ReferencedError, match="tables of other schemas refer to it"):
            schema.drop(prompt=False)

        assert ["free", "subject"] == sorted(schema.list_tables())
        assert 2 == len(Subject)
        Scan.insert1((1,))

    def test_within_a_transaction(self, schema, connection, Session):
        """A server would end the transaction with the first table; nothing is dropped, and the transaction stands."""
        with connection.transaction():
            with pytest.raises(TransactionError, match="Tables cannot be dropped while a transaction is open"):
                Session.drop(prompt=False)
            with pytest.raises(TransactionError, match="cannot be dropped while a transaction is open"):
                schema.drop(prompt=False)
            Session.Probe.insert1((1, 1, 3))

        assert 3 == len(Session.Probe)

    def test_of_a_part_alone(self, Session):
        """A part does not go without its master."""
        with pytest.raises(ReferencedError, match=r"`Session.Probe` would be dropped while its master stays"):
            Session.Probe.drop(prompt=False)

        assert 2 == len(Session.Probe)

    def test_of_a_table_on_which_only_a_part_depends(self, schema, Subject):
        """A drop that reaches a part, and not its master, is refused."""

        @schema
        class Result(dj.Manual):
            definition = """
            result : int32
            """

            class Item(dj.Part):
                definition = """
                -> master
                -> Subject
                """

        with pytest.raises(ReferencedError, match="Drop the master `Result`"):
            Subject.drop(prompt=False)

        assert (2, True, True) == (len(Subject), Result.is_declared, Result.Item.is_declared)

    def test_of_a_restricted_table(self, Subject):
        """A restriction means rows, not the table."""
        with pytest.raises(OperandError, match="A restricted table cannot be dropped"):
            (Subject & "subject = 1").drop(prompt=False)

        assert 2 == len(Subject)


class TestConsent:
    def test_shows_what_would_go(self, Subject, Session, monkeypatch):
        """Whoever is asked sees the tables and their rows; a no leaves everything."""
        plans = []
        monkeypatch.setattr(consent, "_ask", lambda plan: plans.append(plan))

        Subject.drop()

        (question,) = plans
        shown = [" ".join(line.split()) for line in question.text.splitlines()]
        assert ["Drop Subject: 3 tables with 5 rows", "Subject 2", "Session 1", "Session.Probe 2", "in all 5"] == (
            shown[:1] + shown[3:]
        )
        assert ("Drop 3 tables with 5 rows", "Keep all 3 tables with 5 rows") == (question.do, question.leave)
        assert (2, 1, 2) == (len(Subject), len(Session), len(Session.Probe))

    def test_where_nobody_can_be_asked(self, Subject, monkeypatch):
        """Nothing is dropped."""
        monkeypatch.setattr("sys.stdin", None)

        with pytest.raises(ConsentError):
            Subject.drop()
        assert Subject.is_declared

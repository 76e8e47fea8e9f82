"""Tables go, with all tables that depend on them."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import (
    ConsentError,
    MissingTableError,
    OperandError,
    PlanChangedError,
    ReferencedError,
    SharedJobsWarning,
    TransactionError,
)
from djnb.model.naming import CLASSIC_JOBS, TableName
from djnb.sql.statement import Statement
from djnb.tables import consent


@pytest.fixture
def Subject(declare):
    """A table with two rows."""
    return declare("Subject", "subject : int32", rows=[(1,), (2,)])


@pytest.fixture
def Session(schema, Subject):
    """A table that depends on it, with a part."""

    @schema
    class Session(dj.Manual):
        definition = "-> Subject\nsession : int32"

        class Probe(dj.Part):
            definition = "-> master\nprobe : int32"

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


@pytest.fixture
def hidden(schema, connection):
    """Give the names of the schema's hidden tables as the database has them now."""

    def hidden():
        connection.catalogue.forget(schema.name)
        return sorted(name for name in connection.catalogue.schema(schema.name) if name.startswith("~"))

    return hidden


class TestWhatIsNotedOfATable:
    @pytest.fixture
    def Rate(self, schema, Subject):
        """Two tables that are filled, with jobs."""

        @schema
        class Rate(dj.Computed):
            definition = "-> Subject"

        @schema
        class Trace(dj.Imported):
            definition = "-> Subject"

        for table in (Rate, Trace):
            table.jobs.insert1({"subject": 1, "status": "pending", "priority": 5})
        return Rate

    @pytest.fixture
    def classic_jobs(self, schema, connection):
        """The one job table of a schema that DataJoint 0.14 keeps, with jobs of two tables."""
        jobs = connection.dialect.table(TableName(schema.name, CLASSIC_JOBS))
        mark = connection.dialect.placeholder
        connection.execute(
            Statement(f"CREATE TABLE {jobs} (table_name varchar(255), key_hash char(32), "
                      "PRIMARY KEY (table_name, key_hash))")
        )  # fmt: skip
        for row in (("__rate", "a"), ("__rate", "b"), ("_trace", "a")):
            connection.execute(Statement(f"INSERT INTO {jobs} VALUES ({mark}, {mark})", row))
        return lambda: connection.execute(Statement(f"SELECT table_name, key_hash FROM {jobs}")).rows

    def test_job_table_goes_with_its_table(self, hidden, Rate):
        """Its jobs are for nothing any more; those of other tables stay."""
        Rate.drop(prompt=False)

        assert ["~lineage", "~~trace"] == hidden()

    def test_job_table_goes_with_a_table_above(self, hidden, Subject, Rate):
        """Every table that goes along takes its own jobs."""
        Subject.drop(prompt=False)

        assert ["~lineage"] == hidden()

    def test_new_table_of_that_name_has_no_old_jobs(self, schema, Subject, Rate):
        """A table with another key can have jobs again."""
        Rate.drop(prompt=False)

        @schema
        class Rate(dj.Computed):
            definition = """
            -> Subject.proj(animal='subject')
            """

        assert (["animal"], 0) == (Rate.jobs.primary_key, len(Rate.jobs))

    def test_classic_jobs_of_the_table_go(self, schema, classic_jobs, Rate):
        """In the one job table of the schema, other tables' jobs stay."""
        schema.connection.catalogue.forget(schema.name)

        Rate.drop(prompt=False)

        assert [("_trace", "a")] == [tuple(row) for row in classic_jobs()]

    def test_lineage_of_the_table_goes(self, schema, Subject, Session):
        """No row of `~lineage` tells of a table that is gone."""
        assert {"subject", "session", "session__probe"} == {key.split(".")[1] for key in schema.lineage}

        Session.drop(prompt=False)

        assert schema.lineage_table_exists
        assert {"subject"} == {key.split(".")[1] for key in schema.lineage}

    def declare_pair(self, schema, Subject):
        """Declare two tables of one name, and a job that was there before the second."""
        pair = {
            tier.__name__: type("Rate", (tier,), {"definition": "-> Subject"}) for tier in (dj.Imported, dj.Computed)
        }
        schema(pair["Imported"], context={"Subject": Subject})
        pair["Imported"].jobs.insert1({"subject": 1, "status": "pending", "priority": 5})
        with pytest.warns(SharedJobsWarning):
            schema(pair["Computed"], context={"Subject": Subject})
        return pair

    @pytest.mark.parametrize("first", ["Imported", "Computed"])
    def test_shared_job_table_stays_until_the_second_goes(self, schema, hidden, Subject, first):
        """An Imported and a Computed table of one name have one job table, which the one that stays still needs."""
        pair = self.declare_pair(schema, Subject)

        pair.pop(first).drop(prompt=False)
        (other,) = pair.values()

        assert ["~lineage", "~~rate"] == hidden()
        assert 1 == len(other.jobs)
        other.drop(prompt=False)
        assert ["~lineage"] == hidden()

    def test_shared_job_table_goes_with_both(self, schema, hidden, Subject):
        """Where both go at once, it goes once."""
        self.declare_pair(schema, Subject)

        Subject.drop(prompt=False)

        assert ["~lineage"] == hidden()


class TestDropSchema:
    @pytest.fixture
    def Rate(self, schema, Session):
        """A table with a job."""

        @schema
        class Rate(dj.Computed):
            definition = "-> Session"

        Rate.jobs.insert1({"subject": 1, "session": 1, "status": "pending", "priority": 5})
        return Rate

    def test_takes_everything(self, schema, connection, Rate, hidden):
        """Tables, job tables and the lineage go; the schema can be made anew and is empty."""
        assert ["~lineage", "~~rate"] == hidden()

        schema.drop(prompt=False)

        assert not schema.exists
        again = dj.Schema(schema.name, connection=connection)
        assert ([], 0) == (again.list_tables(), len(again.jobs))
        assert [] == hidden()

    def test_shows_what_would_go(self, schema, Subject, Rate, monkeypatch):
        """Whoever is asked sees every table and its rows; a no leaves everything."""
        plans = []
        monkeypatch.setattr(consent, "_ask", lambda plan: plans.append(plan))

        schema.drop()

        (question,) = plans
        shown = [" ".join(line.split()) for line in question.text.splitlines()]
        assert f"Drop the schema '{schema.name}': 4 tables with 5 rows" == shown[0]
        assert ["Subject 2", "Session 1"] == shown[3:5]
        assert {"Session.Probe 2", "Rate 0", "in all 5"} == set(shown[5:])
        assert ("Drop 4 tables with 5 rows", "Keep all 4 tables with 5 rows") == (question.do, question.leave)
        assert (2, True) == (len(Subject), Rate.is_declared)

    def test_after_a_yes_is_done(self, schema, Rate, monkeypatch):
        """The plan that was shown is carried out."""
        monkeypatch.setattr(consent, "_ask", lambda _: True)

        schema.drop()

        assert not schema.exists

    def test_plan_costs_three_statements(self, schema, Rate, statements):
        """The tables as they are now, their dependencies, and all counts at once."""
        statements.clear()

        plan = schema.drop_plan()

        assert 3 == len(statements)
        assert {"Subject": 2, "Session": 1, "Session.Probe": 2, "Rate": 0} == plan.counts
        assert f"<DropPlan of the schema '{schema.name}': 4 tables with 5 rows>" == repr(plan)

    def test_plan_of_a_schema_that_has_changed(self, schema, declare, Subject, Session):
        """A table that came since is not dropped unseen."""
        plan = schema.drop_plan()
        Late = declare("Late", "late : int32")

        with pytest.raises(PlanChangedError, match="other tables than were planned to be dropped: Late"):
            plan.execute()
        assert (2, True) == (len(Subject), Late.is_declared)

    def test_nobody_is_asked_in_vain(self, schema, connection, Subject, monkeypatch):
        """A schema to which another one refers is refused before the question."""
        other = dj.Schema(schema.name + "_b", connection=connection)
        monkeypatch.setattr(consent, "_ask", lambda _: pytest.fail("asked"))

        @other
        class Scan(dj.Manual):
            definition = "-> Subject"

        with pytest.raises(ReferencedError, match="tables of other schemas refer to it"):
            schema.drop()
        assert Scan.is_declared

    def test_of_an_empty_schema(self, schema):
        """There is nothing to count, and the schema goes."""
        plan = schema.drop_plan()

        assert (0, "0 tables with 0 rows") == (plan.total, plan.extent)
        plan.execute()
        assert not schema.exists


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

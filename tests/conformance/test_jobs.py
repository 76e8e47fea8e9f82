"""Job tables: one beside each computed table, and all of a schema as one collection."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import OperandError, TransactionError, UnknownAttributeError


@pytest.fixture
def pipeline(schema):
    """Two computed tables of different keys."""

    @schema
    class Subject(dj.Manual):
        definition = """
        subject_id : int32
        """

    @schema
    class Method(dj.Lookup):
        definition = """
        method : varchar(8)
        """
        contents = (("fast",), ("slow",))

    @schema
    class Trace(dj.Imported):
        definition = """
        -> Subject
        """

    @schema
    class Score(dj.Computed):
        definition = """
        -> Trace
        -> Method
        ---
        score : float64
        """

    Trace.jobs.insert(
        [
            {"subject_id": 1, "status": "pending", "priority": 5},
            {"subject_id": 2, "status": "error", "priority": 5, "error_message": "ValueError: bad"},
        ]
    )
    Score.jobs.insert1({"subject_id": 1, "method": "fast", "status": "error", "priority": 1, "user": "mia"})
    return Subject, Trace, Score


class TestOfATable:
    """`Score.jobs`."""

    def test_it_has_the_keys_to_be_made_and_their_state(self, pipeline):
        """The primary key is that of the table, as far as parents give it; the state follows."""
        _, _, Score = pipeline

        assert Score.jobs.primary_key == ["subject_id", "method"]
        assert Score.jobs.heading.names[2:5] == ["status", "priority", "created_time"]
        assert Score.jobs.name == Score().name.job_table
        assert Score.jobs.name.table == "~~score"

    def test_it_is_shown_under_the_name_by_which_it_is_asked(self, pipeline):
        """A display of jobs is not taken for one of the results; a slip is told of the job table."""
        _, Trace, _ = pipeline

        assert Trace.jobs.proj("status").preview().text.startswith("Trace.jobs: 2 rows\n")
        with pytest.raises(UnknownAttributeError, match=r"`Trace.jobs` has no attribute 'stats'"):
            Trace.jobs & "stats = 'error'"

    @pytest.mark.parametrize("restriction", ["_attempts > 1", {"_attempts": 1}])
    def test_what_is_hidden_is_not_asked_for(self, pipeline, restriction):
        """Neither by text nor by a dict, which would keep every job; it is said where it can be seen."""
        _, Trace, _ = pipeline

        with pytest.raises(UnknownAttributeError, match="no attribute '_attempts' that queries see") as caught:
            Trace.jobs & restriction
        assert "`Table.jobs.workers()`" in caught.value.remedy
        assert "`connection.query(sql)` reads any column" in caught.value.remedy

    def test_each_state_is_a_query(self, pipeline):
        """Pending, reserved, failed, ignored and completed jobs are tables to restrict and fetch."""
        _, Trace, _ = pipeline

        assert Trace.jobs.pending.keys() == [{"subject_id": 1}]
        assert Trace.jobs.errors.fetch("error_message").tolist() == ["ValueError: bad"]
        assert [len(q) for q in (Trace.jobs.reserved, Trace.jobs.ignored, Trace.jobs.completed)] == [0, 0, 0]

    def test_jobs_are_deleted_without_asking(self, pipeline):
        """A deleted job comes again, so nobody is asked."""
        _, Trace, _ = pipeline

        assert Trace.jobs.errors.delete() == 1

        assert Trace.jobs.keys() == [{"subject_id": 1}]

    def test_the_job_table_is_no_table_of_the_pipeline(self, schema, pipeline):
        """Lists of tables pass it over."""
        assert [name for name in schema.list_tables() if name.startswith("~")] == []

    def test_it_is_declared_once_and_never_within_a_transaction(self, schema, pipeline, connection, statements):
        """The first question declares it; a server would end the transaction by that."""

        @schema
        class Late(dj.Computed):
            definition = """
            -> Subject
            """

        with connection.transaction(), pytest.raises(TransactionError, match="job table of `Late`"):
            len(Late.jobs)
        assert len(Late.jobs) == 0

        statements.clear()
        assert len(Late.jobs) == 0
        assert len(statements) == 1

    def test_a_table_without_parents_in_its_key_has_no_jobs(self, schema):
        """There are no keys to be made."""

        @schema
        class Alone(dj.Computed):
            definition = """
            alone : int32
            """
            allow_new_pk_fields = True

        with pytest.raises(OperandError, match="`Alone` can have no jobs"):
            len(Alone.jobs)


class TestOfASchema:
    """`schema.jobs`."""

    def test_it_holds_the_job_tables(self, schema, pipeline):
        """It is as long as there are job tables, and iterates over them."""
        assert [jobs.name.table for jobs in schema.jobs] == ["~~score", "~~trace"]
        assert len(schema.jobs) == 2

    def test_it_is_restricted_and_fetched_as_one(self, schema, pipeline):
        """Jobs of different keys stand in one list, each with its table and its key."""
        failed = schema.jobs & "status='error'"

        assert failed.fetch("table_name", "key", "error_message") == [
            {"table_name": "__score", "key": {"subject_id": 1, "method": "fast"}, "error_message": ""},
            {"table_name": "_trace", "key": {"subject_id": 2}, "error_message": "ValueError: bad"},
        ]
        assert len((schema.jobs & {"table_name": "_trace"}).fetch()) == 2

    def test_it_is_deleted_as_one(self, schema, pipeline):
        """The classic retry: the errors go, the rest stays."""
        assert (schema.jobs & "status='error'").delete() == 2

        assert schema.jobs.fetch("table_name", "status") == [{"table_name": "_trace", "status": "pending"}]

    def test_arrays_are_refused(self, schema, pipeline):
        """Different keys fit no array."""
        with pytest.raises(OperandError, match="different keys"):
            schema.jobs.fetch(as_dict=False)

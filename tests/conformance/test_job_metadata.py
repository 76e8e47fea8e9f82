"""Hidden metadata of computed rows: when each was computed, how long it took, and by which code."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

import djnb as dj
from djnb.errors import MissingTableError, OperandError, TransactionError
from djnb.jobs import version
from djnb.migrate import add_job_metadata_columns

COLUMNS = ["_job_start_time", "_job_duration", "_job_version"]


def declare(schema):
    """A table of each tier, the computed one with a part."""

    @schema
    class Subject(dj.Lookup):
        definition = "subject : int32"
        contents = ((1,), (2,))

    @schema
    class Note(dj.Manual):
        definition = "-> Subject"

    @schema
    class Trace(dj.Imported):
        definition = "-> Subject"

        def make(self, key):
            self.insert1(key)

    @schema
    class Score(dj.Computed):
        definition = """
        -> Trace
        ---
        score : float64
        """

        class Step(dj.Part):
            definition = """
            -> master
            step : int32
            """

        def make(self, key):
            self.insert1(dict(key, score=0.5))
            self.Step.insert(dict(key, step=step) for step in range(2))

    return SimpleNamespace(Subject=Subject, Note=Note, Trace=Trace, Score=Score)


@pytest.fixture
def pipeline(schema):
    """The tables, declared with metadata."""
    with dj.config.override(jobs__add_job_metadata=True):
        return declare(schema)


@pytest.fixture
def plain(schema):
    """The tables, declared without metadata."""
    return declare(schema)


def columns(table):
    return [attribute.name for attribute in table.spec.attributes if attribute.is_hidden]


def metadata(connection, table):
    """Return the hidden values of all rows by their first key attribute."""
    sql = f"SELECT * FROM {connection.dialect.table(table.name)} ORDER BY 1"
    cursor = connection.query(sql)
    names = [column[0] for column in cursor.description]
    return [{name: row[names.index(name)] for name in COLUMNS} for row in cursor.fetchall()]


def as_time(value):
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)


class TestDeclaring:
    """`dj.config.jobs.add_job_metadata`."""

    def test_imported_and_computed_tables_have_the_attributes(self, pipeline):
        """The three columns come last, in tables that `make` fills; parts and others have none."""
        assert columns(pipeline.Trace) == columns(pipeline.Score) == COLUMNS
        assert columns(pipeline.Score.Step) == columns(pipeline.Note) == columns(pipeline.Subject) == []

    def test_nothing_is_declared_unasked(self, plain):
        """Without the setting, tables are as they were."""
        assert columns(plain.Score) == []

    def test_they_are_hidden(self, pipeline):
        """Headings, definitions, fetches and joins do not have them."""
        pipeline.Trace.populate()
        pipeline.Score.populate()

        assert pipeline.Score.heading.names == ["subject", "score"]
        assert "_job" not in pipeline.Score.describe()
        assert (pipeline.Trace * pipeline.Score).to_dicts() == [
            {"subject": 1, "score": 0.5},
            {"subject": 2, "score": 0.5},
        ]

    def test_a_definition_that_is_altered_keeps_them(self, pipeline, schema):
        """`alter` changes what a definition says, and no more."""
        pipeline.Score.populate()
        pipeline.Score.definition = "-> Trace\n---\nscore : float64\nnote = '' : varchar(8)"

        pipeline.Score.alter(prompt=False)

        assert columns(pipeline.Score) == COLUMNS


class TestPopulating:
    """What a row has after its `make`."""

    def test_time_duration_and_version_are_those_of_the_computation(self, pipeline, connection):
        """Start is UTC, duration in seconds; the version is empty where none is asked for."""
        before = datetime.now(UTC).replace(tzinfo=None) - timedelta(milliseconds=1)
        pipeline.Trace.populate()
        after = datetime.now(UTC).replace(tzinfo=None)

        first, second = metadata(connection, pipeline.Trace)
        assert before <= as_time(first["_job_start_time"]) <= as_time(second["_job_start_time"]) <= after
        assert 0 <= first["_job_duration"] <= (after - before).total_seconds()
        assert first["_job_version"] == ""

    def test_they_cost_no_further_statement(self, pipeline, statements):
        """The values travel in the INSERT of the rows."""
        pipeline.Trace.populate()
        pipeline.Score.populate(max_calls=1)
        statements.clear()
        pipeline.Score.populate()

        assert [s for s in statements if "UPDATE" in s] == []
        (insert,) = [s for s in statements if s.startswith("INSERT") and "score" in s and "step" not in s]
        assert all(name in insert for name in COLUMNS)

    def test_every_way_to_give_rows_has_them(self, pipeline, connection):
        """Dicts, generators, replaced rows and queries are all of the computation."""

        def make(self, key):
            self.insert([key])
            self.insert(iter([key]), replace=True)
            self.insert(pipeline.Subject & key, skip_duplicates=True)

        pipeline.Trace.make = make
        pipeline.Trace.populate()

        assert len(found := metadata(connection, pipeline.Trace)) == 2
        assert all(row["_job_duration"] is not None for row in found)

    def test_upserted_rows_have_them_where_they_are_new(self, pipeline, connection):
        """A row that is only changed keeps what was noted when it was inserted."""

        def make(self, key):
            self.upsert([dict(key, score=1.0)])
            self.upsert([dict(key, score=2.0), {"subject": 7, "score": 2.0}])

        pipeline.Subject.insert1((7,))
        pipeline.Trace.populate()
        pipeline.Score.insert1({"subject": 7, "score": 0.0}, allow_direct_insert=True)
        pipeline.Score.make = make
        pipeline.Score.populate()

        assert [2.0, 2.0, 2.0] == pipeline.Score.to_arrays("score").tolist()
        first, second, by_hand = metadata(connection, pipeline.Score)
        assert None not in {*first.values(), *second.values()}
        assert by_hand["_job_start_time"] is None

    def test_rows_inserted_by_hand_have_none(self, pipeline, connection):
        """A repair is no computation."""
        pipeline.Trace.insert1({"subject": 1}, allow_direct_insert=True)

        assert metadata(connection, pipeline.Trace) == [
            {"_job_start_time": None, "_job_duration": None, "_job_version": ""}
        ]

    def test_the_rows_of_a_failed_make_leave_none(self, pipeline, connection):
        """They are of one transaction with the rows."""

        def make(self, key):
            self.insert1(key)
            raise ValueError("bad")

        pipeline.Trace.make = make
        pipeline.Trace.populate(suppress_errors=True)

        assert metadata(connection, pipeline.Trace) == []

    def test_tables_without_the_attributes_are_filled_as_ever(self, plain, connection):
        """The setting alone changes no table that is there."""
        with dj.config.override(jobs__add_job_metadata=True):
            plain.Trace.populate()

        assert len(plain.Trace) == 2


class TestLookingAtThem:
    """`Table.job_metadata`."""

    def test_they_are_a_query_by_the_key(self, pipeline):
        """Restricted, joined and fetched as any other."""
        pipeline.Trace.populate()

        found = pipeline.Trace.job_metadata
        assert found.heading.names == ["subject", "job_start_time", "job_duration", "job_version"]
        assert len(found & "job_duration < 3600") == 2
        assert (pipeline.Trace * found & {"subject": 2}).fetch1("job_version") == ""
        assert isinstance((found & {"subject": 1}).fetch1("job_start_time"), datetime)

    def test_of_some_rows(self, pipeline):
        """A restricted table has those of its rows."""
        pipeline.Trace.populate()

        assert (pipeline.Trace & {"subject": 2}).job_metadata.keys() == [{"subject": 2}]

    def test_a_table_without_them_says_how_to_add_them(self, plain):
        """The error names the function."""
        with pytest.raises(OperandError, match=r"add_job_metadata_columns\(Score, dry_run=False\)"):
            plain.Score.job_metadata


class TestVersion:
    """`dj.config.jobs.version_method`."""

    @pytest.fixture
    def repository(self, tmp_path, monkeypatch):
        """A git repository with one commit, in the working directory."""
        for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
            monkeypatch.delenv(name, raising=False)

        def git(*words):
            identity = ["-c", "user.name=me", "-c", "user.email=me@lab", "-c", "commit.gpgsign=false"]
            return subprocess.run(
                ["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True, text=True
            ).stdout.strip()

        git("init", "--quiet")
        (tmp_path / "code.py").write_text("x = 1\n")
        git("add", "code.py")
        git("commit", "--quiet", "-m", "begin")
        version._of_git.cache_clear()
        yield SimpleNamespace(commit=git("rev-parse", "--short", "HEAD"), file=tmp_path / "code.py")
        version._of_git.cache_clear()

    def test_git_notes_the_commit_of_the_working_directory(self, pipeline, connection, repository):
        """The short hash stands beside each row."""
        with dj.config.override(jobs__version_method="git"):
            pipeline.Trace.populate()

        assert [row["_job_version"] for row in metadata(connection, pipeline.Trace)] == [repository.commit] * 2

    def test_changed_files_are_told(self, repository):
        """A commit that is not what ran is not said to be."""
        repository.file.write_text("x = 2\n")
        with dj.config.override(jobs__version_method="git"):
            assert version.code_version() == f"{repository.commit}-dirty"

    def test_git_is_asked_once(self, repository, monkeypatch):
        """A process has one version; git is not started for each row."""
        with dj.config.override(jobs__version_method="git"):
            first = version.code_version()
            monkeypatch.setenv("PATH", "")
            assert version.code_version() == first == repository.commit

    def test_without_a_repository_or_git_there_is_none(self, monkeypatch):
        """Neither is an error."""
        version._of_git.cache_clear()
        monkeypatch.setenv("PATH", "")
        with dj.config.override(jobs__version_method="git"):
            assert version.code_version() == ""
        version._of_git.cache_clear()

    @pytest.mark.parametrize("method", [None, "none"])
    def test_nothing_is_asked_without_the_setting(self, method, repository):
        """`none` and None note nothing."""
        with dj.config.override(jobs__version_method=method):
            assert version.code_version() == ""


class TestAddingThem:
    """`dj.migrate.add_job_metadata_columns`."""

    def test_a_dry_run_tells_and_changes_nothing(self, plain):
        """Without `dry_run=False`, the result says what would be done."""
        result = dj.migrate.add_job_metadata_columns(plain.Score)

        assert columns(plain.Score) == []
        (detail,) = result.pop("details")
        assert result == {"tables_analyzed": 1, "tables_modified": 1, "columns_added": 3}
        assert (detail["table"], detail["status"], detail["columns_added"]) == (
            f"{plain.Score.name.schema}.__score",
            "pending",
            3,
        )
        assert all(name in " ".join(detail["sql_statements"]) for name in COLUMNS)

    def test_a_table_gets_them_and_keeps_its_rows(self, plain, connection):
        """Rows that are there have no time; what is computed afterwards has."""
        plain.Trace.populate()
        plain.Score.populate(max_calls=1)
        result = add_job_metadata_columns(plain.Score(), dry_run=False)
        plain.Score.populate()

        assert result["details"][0]["status"] == "migrated"
        old, new = metadata(connection, plain.Score)
        assert (old["_job_start_time"], old["_job_duration"], old["_job_version"]) == (None, None, "")
        assert new["_job_duration"] is not None
        assert [len(plain.Score), len(plain.Score.Step)] == [2, 4]
        assert columns(plain.Trace) == []

    def test_a_schema_means_all_its_computed_tables(self, plain, schema):
        """Imported and Computed ones; those of the other tiers and parts are passed over."""
        result = add_job_metadata_columns(schema, dry_run=False)

        assert (result["tables_analyzed"], result["tables_modified"], result["columns_added"]) == (2, 2, 6)
        assert columns(plain.Trace) == columns(plain.Score) == COLUMNS
        assert columns(plain.Score.Step) == columns(plain.Note) == []

    def test_a_second_time_nothing_is_to_be_done(self, plain, schema):
        """Tables that have the attributes are left alone."""
        add_job_metadata_columns(schema, dry_run=False)
        result = add_job_metadata_columns(schema, dry_run=False)

        assert [result["tables_modified"], *(d["status"] for d in result["details"])] == [0, *["already_migrated"] * 2]

    def test_columns_are_as_a_declaration_makes_them(self, plain, schema):
        """Types, defaults, comments and order are those of tables declared with the setting."""
        add_job_metadata_columns(schema, dry_run=False)
        altered = [replace_table(a) for a in plain.Score.spec.attributes]
        schema.drop(prompt=False)
        with dj.config.override(jobs__add_job_metadata=True):
            declared = declare(dj.Schema(schema.name, connection=schema.connection))

        assert altered == [replace_table(a) for a in declared.Score.spec.attributes]

    def test_a_table_without_make_is_told_to_be_none(self, plain):
        """A Manual table is looked at, and left."""
        result = add_job_metadata_columns(plain.Note, dry_run=False)

        assert [result["tables_modified"], result["details"][0]["status"]] == [0, "not_computed"]
        assert columns(plain.Note) == []

    def test_what_is_no_table_is_refused(self):
        """A name, say."""
        with pytest.raises(OperandError, match="neither a table nor a schema"):
            add_job_metadata_columns("lab")

    def test_a_table_that_is_gone_is_told(self, plain):
        """It says which."""
        plain.Score.drop(prompt=False)
        with pytest.raises(MissingTableError, match="`Score`"):
            add_job_metadata_columns(plain.Score)

    def test_an_open_transaction_is_refused(self, plain, connection):
        """A server would end it."""
        with connection.transaction(), pytest.raises(TransactionError):
            add_job_metadata_columns(plain.Score, dry_run=False)


def replace_table(attribute):
    """Return an attribute as it is told, without where it is."""
    return (attribute.name, attribute.type.text, attribute.nullable, attribute.default, attribute.comment)

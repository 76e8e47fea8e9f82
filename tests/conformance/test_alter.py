"""Altering: a table in the database becomes what its class's definition says."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

import djnb as dj
from djnb.errors import (
    ConsentError,
    DefinitionError,
    DuplicateError,
    InvalidValueError,
    MissingAttributeError,
    MissingParentError,
    TransactionError,
)
from djnb.events import TableAltered
from djnb.sql.statement import Statement

HIDDEN_OF_DATAJOINT = [
    ("_job_start_time", "datetime(3) NULL DEFAULT NULL", ":datetime(3):when computation began"),
    ("_job_duration", "float NULL DEFAULT NULL", ":float32:computation duration in seconds"),
    ("_job_version", "varchar(64) NOT NULL DEFAULT ''", ":varchar(64):code version"),
    ("_prov", "json NULL DEFAULT NULL", ":json:extrinsic provenance for a row that entered from outside"),
]
HEAD = "# animals\nsubject_id : int32  # the id\n---\n"


@pytest.fixture
def Lab(declare):
    Lab = declare("Lab", "lab : varchar(8)  # short name", dj.Lookup)
    Lab.insert([("a",), ("b",)])
    return Lab


@pytest.fixture
def Subject(declare, Lab):
    Subject = declare(
        "Subject", "# animals\nsubject_id : int32  # the id\n---\nborn : date  # day\nx = null : int32", Lab=Lab
    )
    Subject.insert([(1, "2020-01-01", 7), (2, "2020-01-02", None)])
    return Subject


@pytest.fixture
def altered(database_url, Lab):
    """Give a class a new definition, alter its table, and return what another program finds of it."""

    def altered(cls, definition, **options):
        cls.definition = definition
        cls.alter(context={"Lab": Lab}, **options)
        assert not cls.alter_plan(context={"Lab": Lab})  # it is what the definition says
        with dj.Connection(database_url) as other:
            spec = other.catalogue.table(cls().name)
            return spec, other.catalogue.heading(cls().name)

    return altered


class TestAttributes:
    def test_are_added_dropped_changed_and_moved(self, Subject, altered):
        """Rows stay, and what is new has its default."""
        _, heading = altered(Subject, HEAD + "n = 5 : int16  # new\nx = null : int64  # wide\nborn : date  # day")

        assert ["subject_id", "n", "x", "born"] == heading.names
        assert [("int16", "new"), ("int64", "wide")] == [(heading[n].type.text, heading[n].comment) for n in "nx"]
        born = [dt.date(2020, 1, 1), dt.date(2020, 1, 2)]
        assert [
            {"subject_id": 1, "n": 5, "x": 7, "born": born[0]},
            {"subject_id": 2, "n": 5, "x": None, "born": born[1]},
        ] == Subject.to_dicts()

    def test_are_renamed_by_a_mark_in_the_comment(self, Subject, altered):
        """`{old_name}` at the head of the comment keeps the values; the mark does not stay in the comment."""
        _, heading = altered(Subject, HEAD + "birthday : date  # {born} of birth\nx = null : int32")

        assert ("of birth", ["subject_id", "birthday", "x"]) == (heading["birthday"].comment, heading.names)
        assert [dt.date(2020, 1, 1), dt.date(2020, 1, 2)] == list(Subject.to_arrays("birthday"))

    def test_that_is_to_be_renamed_must_be_there(self, Subject):
        """A misspelt name is not taken for a new attribute beside a dropped one."""
        Subject.definition = HEAD + "birthday : date  # {bron}\nx = null : int32"

        with pytest.raises(DefinitionError, match="no attribute 'bron' to rename"):
            Subject.alter()

    def test_are_converted(self, Subject, altered):
        """Values take the form of their new type, on every database."""
        _, heading = altered(Subject, HEAD + "born : datetime(3)  # day\nx = null : varchar(4)")

        assert ("datetime(3)", "varchar(4)") == (heading["born"].type.text, heading["x"].type.text)
        assert [("2020-01-01T00:00:00", "7"), ("2020-01-02T00:00:00", None)] == [
            (row["born"].isoformat(), row["x"]) for row in Subject.to_dicts()
        ]
        assert 1 == len(Subject & "born = '2020-01-01 00:00:00.000'")

    def test_comments_of_table_and_key_change(self, Subject, altered):
        """A comment may hold what means something to SQL and to drivers."""
        spec, heading = altered(
            Subject, "# 100 % of 'them'\nsubject_id : int32  # \"it\" %s\n---\nborn : date\nx = null : int32"
        )

        assert ("100 % of 'them'", '"it" %s', "") == (
            spec.comment,
            heading["subject_id"].comment,
            heading["born"].comment,
        )

    def test_hidden_ones_stay(self, declare, altered):
        """The hidden key of a table of one row is nothing that a definition says."""
        Setting = declare("Setting", "---\nvalue : int32", dj.Lookup)
        Setting.insert1({"value": 7})

        spec, _ = altered(Setting, "---\nvalue : int32\nunit = 's' : varchar(4)")

        assert ("_singleton",) == spec.primary_key
        assert {"value": 7, "unit": "s"} == Setting.fetch1()

    def test_hidden_ones_of_datajoint_stay_with_their_values(self, connection, schema, Subject, altered):
        """What DataJoint notes of the making and the origin of rows is there afterwards as it was."""
        dialect, table = connection.dialect, Subject().name
        place = dialect.table(table)
        for name, kind, comment in HIDDEN_OF_DATAJOINT:
            said = f" COMMENT '{comment}'" if dialect.says_comments_in_columns else ""
            connection.execute(Statement(f"ALTER TABLE {place} ADD COLUMN {dialect.quote(name)} {kind}{said}"))
            if not said:
                note = (f"{table.schema}.{table.table}", name, comment)
                connection.execute(Statement('INSERT INTO "~comments" VALUES (?, ?, ?)', note))
        connection.execute(Statement(f"UPDATE {place} SET _job_version = 'v1', _job_duration = 1.5, _prov = '[1]'"))
        connection.catalogue.forget(schema.name)
        assert not Subject.alter_plan()
        before = connection.catalogue.table(table)

        spec, _ = altered(Subject, HEAD + "n = 5 : int16\nx = null : int64\nborn : date  # day")

        # A file calls its columns by their affinities, however they were called when they were added.
        was, now = ([replace(a, sql_type="") for a in t.attributes if a.is_hidden] for t in (before, spec))
        assert was == now
        kept = connection.execute(Statement(f"SELECT _job_version, _job_duration, _prov FROM {place}")).rows
        assert [("v1", 1.5, "[1]")] * 2 == list(kept)


class TestKeysAndIndexes:
    def test_foreign_key_comes_and_goes(self, Subject, Lab, altered):
        """It is enforced as long as it is there, and its lineage is written."""
        spec, heading = altered(Subject, HEAD + "-> [nullable] Lab\nborn : date  # day\nx = null : int32")

        assert [("lab", "lab")] == [pair for key in spec.foreign_keys for pair in key.attributes]
        assert heading["lab"].lineage.endswith(".#lab.lab")
        with pytest.raises(dj.errors.IntegrityError):
            Subject.insert1((3, "c", "2020-01-01", 1))

        spec, heading = altered(Subject, HEAD + "born : date  # day\nx = null : int32")

        assert ((), (), "lab" in heading) == (spec.foreign_keys, spec.indexes, False)

    def test_attribute_becomes_a_foreign_key(self, declare, Lab, altered):
        """An attribute of the parent's name and type is tied to it, if all rows have their parent."""
        Desk = declare("Desk", "desk : int16\n---\nlab : varchar(8)")
        Desk.insert([(1, "a"), (2, "z")])
        Desk.definition = "desk : int16\n---\n-> Lab"

        with pytest.raises(MissingParentError, match="1 row of `Desk`"):
            Desk.alter(context={"Lab": Lab})
        Lab.insert1(("z",))
        spec, _ = altered(Desk, Desk.definition)

        assert 1 == len(spec.foreign_keys)

    def test_indexes_come_and_go(self, Subject, altered):
        """Unique ones only where the values are."""
        spec, _ = altered(Subject, HEAD + "born : date  # day\nx = null : int32\nindex(x, born)\nunique index(born)")
        assert {(("x", "born"), False), (("born",), True)} == {(i.attributes, i.is_unique) for i in spec.indexes}

        spec, _ = altered(Subject, HEAD + "born : date  # day\nx = null : int32\nindex(born)")
        assert {(("born",), False)} == {(i.attributes, i.is_unique) for i in spec.indexes}

        Subject.insert1((3, "2020-01-01", 1))
        with pytest.raises(DuplicateError, match=r"same \(born\)"):
            altered(Subject, HEAD + "born : date  # day\nx = null : int32\nunique index(born)")

    def test_tables_that_refer_to_it_keep_doing_so(self, declare, Subject, altered):
        """Children keep their rows and their foreign keys while the parent is altered."""
        Session = declare("Session", "-> Subject\nn : int8", Subject=Subject)
        Session.insert1((1, 1))

        altered(Subject, HEAD + "x = null : int16\nborn : date  # day")

        assert [{"subject_id": 1, "n": 1}] == Session.to_dicts()
        with pytest.raises(dj.errors.IntegrityError):
            Session.insert1((9, 1))
        (Subject & "subject_id = 1").delete(prompt=False)
        assert 0 == len(Session)


class TestUnchanged:
    def test_definition_sends_no_alter(self, declare, Lab, statements):
        """Defaults and types that the server spells in its own way are no changes."""
        definition = """
        a : int32
        ---
        t = CURRENT_TIMESTAMP : timestamp
        u = current_timestamp : datetime(3)
        d = 5 : decimal(8,2)
        b = true : bool
        e = 'x:y' : enum('x:y', '%')
        f = 1 : float
        -> [nullable, unique] Lab
        n = 3 : int
        v = '' : varchar(9)  # it's
        j = null : json
        g : <blob>
        index(d, b)
        h = '-01:02:03' : time
        y = 1999 : year
        """
        Odd = declare("Odd", definition, Lab=Lab)
        del statements[:]

        plan = Odd.alter()

        assert not plan
        assert "nothing to change" in str(plan)
        assert [] == [sql for sql in statements if not sql.lstrip().startswith("SELECT")]

    def test_renaming_is_done_once(self, Subject, altered):
        """The mark may stay in the class's definition."""
        definition = HEAD + "birthday : date  # {born} day\nx = null : int32"
        altered(Subject, definition)

        assert not Subject.alter()


class TestRefused:
    def untouched(self, Subject, before):
        assert (before, 2) == (Subject.describe(), len(Subject))

    @pytest.mark.parametrize(
        ("definition", "error", "message"),
        [
            ("subject_id : int64  # the id\n---\nborn : date\nx = null : int32", DefinitionError, "primary key"),
            ("subject_id : int32\nborn : date\n---\nx = null : int32", DefinitionError, "primary key"),
            (HEAD + "born : date\nx : int32", MissingAttributeError, "null in 1 row"),
            (HEAD + "born : date\nx = null : int32\ny : int32", MissingAttributeError, "2 rows, which .* no 'y'"),
            (HEAD + "born : date\nx = null : enum('1', '2')", InvalidValueError, "cannot be converted"),
            (HEAD + "born : date\nx = null : bool", InvalidValueError, "1 row would not fit; .* 7 is"),
            (HEAD + "born : uuid\nx = null : int32", InvalidValueError, "cannot be converted"),
        ],
    )  # fmt: skip
    def test_definition_that_the_rows_do_not_suit(self, Subject, definition, error, message):
        """It is found out before anything is changed."""
        before = Subject.describe()
        Subject.definition = definition

        with pytest.raises(error, match=message):
            Subject.alter(prompt=False)

        self.untouched(Subject, before)

    def test_within_a_transaction(self, Subject, connection):
        """A server would end the transaction."""
        Subject.definition = HEAD + "born : date"

        with pytest.raises(TransactionError), connection.transaction():
            Subject.alter(prompt=False)

    def test_failure_leaves_everything(self, Subject, connection, monkeypatch):
        """What fails in the middle leaves no trace, and foreign keys are enforced again."""
        before = Subject.describe()
        Subject.definition = HEAD + "born : date\nx = null : int32\nlong = 'a' : varchar(9)"
        plan = Subject.alter_plan()
        monkeypatch.setattr(type(connection.dialect), "alter_table", lambda *_: [Statement("ALTER nonsense")])

        with pytest.raises(dj.DataJointError):
            plan.execute()

        self.untouched(Subject, before)


class TestConsent:
    def test_is_asked_where_values_are_lost(self, Subject, altered):
        """The plan says what; `prompt=False` is consent."""
        Subject.definition = HEAD + "x = null : int32"

        with pytest.raises(ConsentError, match="the values of 2 rows"):
            Subject.alter(prompt=True)
        assert ["'born' is dropped"] == [change.text for change in Subject.alter_plan().losses]
        _, heading = altered(Subject, Subject.definition, prompt=False)

        assert ["subject_id", "x"] == heading.names

    def test_is_not_asked_where_nothing_is(self, Subject, altered):
        """A narrower type that all values fit loses nothing."""
        _, heading = altered(Subject, HEAD + "born : date  # day\nx = null : int8", prompt=True)

        assert "int8" == heading["x"].type.text

    def test_plan_can_be_looked_at(self, Subject):
        """In words and as SQL; as text and as HTML, escaped."""
        Subject.definition = HEAD + "born : date  # <b>day</b>\nx = null : int32"
        plan = Subject.alter_plan()

        assert "the comment of 'born' becomes '<b>day</b>'" in str(plan)
        assert "&lt;b&gt;" in plan.preview().html
        assert "<b>day" not in plan.preview().html
        assert "<AlterPlan of Subject: 1 change, 2 rows>" == repr(plan)
        assert plan.sql

    def test_event_says_what_was_altered(self, Subject, connection, altered):
        """Whoever listens learns the changes in words."""
        heard = []
        with connection.bus.subscribed(heard.append, TableAltered):
            altered(Subject, HEAD + "born : date\nx = null : int32")

        assert [TableAltered(Subject().name.full, ("the comment of 'born' becomes ''",))] == heard

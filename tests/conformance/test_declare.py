"""Declaring: from classes to tables in the database, on every backend."""

from __future__ import annotations

import threading
import types
import warnings

import pytest

import djnb as dj
from djnb.declaration.compare import DefinitionChangedWarning
from djnb.errors import (
    AccessError,
    DefinitionError,
    DuplicateError,
    IntegrityError,
    MissingSchemaError,
    MissingTableError,
    NotDeclaredError,
    TransactionError,
    UnknownParentError,
    UnknownTypeError,
)
from djnb.events import TableDeclared
from djnb.model.attribute import NULL, Default
from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey, Index


def make_table(name, definition, tier=dj.Manual, **body):
    """Return a table class that no schema has decorated."""
    return type(name, (tier,), {"definition": definition, **body})


@pytest.fixture
def declare(schema):
    """Declare a class with this definition; the names after `->` are keywords."""

    def declare(name, definition, tier=dj.Manual, *, body=None, **names):
        return schema(make_table(name, definition, tier, **(body or {})), context=names)

    return declare


@pytest.fixture
def stored(database_url, schema):
    """Return what another program finds of a table: a fresh connection reads it."""

    def stored(table, *, schema_name=schema.name):
        with dj.Connection(database_url) as other:
            return other.catalogue.table(TableName(schema_name, table))

    return stored


@pytest.fixture
def tables(database_url, schema):
    """Return the names of all tables of the schema, as another program finds them."""

    def tables():
        with dj.Connection(database_url) as other:
            return {name for name in other.catalogue.schema(schema.name) if not name.startswith("~")}

    return tables


@pytest.fixture
def Subject(declare):
    return declare("Subject", "# animals\nsubject_id : int32  # the id\n---\nborn : date")


def parents(spec):
    """Return the foreign keys as (parent's table, {own name: name there})."""
    return [(key.parent.table, dict(key.attributes)) for key in spec.foreign_keys]


class TestTiers:
    @pytest.mark.parametrize(
        ("tier", "table"),
        [
            (dj.Manual, "spike_sort2_d"),
            (dj.Lookup, "#spike_sort2_d"),
            (dj.Imported, "_spike_sort2_d"),
            (dj.Computed, "__spike_sort2_d"),
        ],
    )
    def test_name_in_the_database_tells_the_tier(self, declare, stored, Subject, tier, table):
        """A class of every tier becomes a table with the tier's prefix."""
        found = declare("SpikeSort2D", "-> Subject\n---\nn : int64", tier, Subject=Subject)

        assert (table, True) == (found.name.table, found.is_declared)
        assert (["subject_id"], ["n"]) == (
            stored(table).heading.primary_key,
            stored(table).heading.secondary_attributes,
        )

    def test_parts_are_declared_with_their_master(self, schema, Subject, stored):
        """A part is a class within its master's, `-> master` refers to it, and the class knows its master."""

        @schema
        class Scan(dj.Imported):
            definition = "-> Subject\nscan : int16"

            class Roi(dj.Part):
                definition = "-> master\nroi : int16\n---\nmask : <blob>"

            class Pair(dj.Part):
                definition = "-> master.Roi\n-> master.Roi.proj(other='roi')"

            allow_new_pk_fields = True

        key = {"subject_id": "subject_id", "scan": "scan"}
        assert Scan is Scan.Roi().master
        assert [("_scan", key)] == parents(stored("_scan__roi"))
        assert [
            ("_scan__roi", {**key, "roi": "roi"}),
            ("_scan__roi", {**key, "other": "roi"}),
        ] == parents(stored("_scan__pair"))

    def test_event_says_that_a_table_was_declared(self, connection, declare, schema):
        """Whoever listens learns the table's full name, and only when it is created."""
        heard = []
        with connection.bus.subscribed(heard.append, TableDeclared):
            declare("A", "a : int32")
            declare("A", "a : int32")

        assert [TableDeclared(f"`{schema.name}`.`a`")] == heard

    def test_table_without_a_key_holds_one_row(self, declare, stored):
        """A definition that begins with `---` declares a table of one row at most, with a hidden key."""
        Setting = declare("Setting", "---\nvalue : int32", dj.Lookup)
        Setting.insert1({"value": 7})

        assert ([], ["value"], 7) == (Setting.primary_key, Setting.heading.names, Setting.fetch1("value"))
        assert ("_singleton",) == stored("#setting").primary_key
        with pytest.raises(DuplicateError):
            Setting.insert1({"value": 8})

    def test_lowercase_schema_is_the_same(self, connection, schema):
        """`dj.schema` is how DataJoint 0.12 to 0.14 spell it."""
        lower = dj.schema(schema.name, connection=connection)
        lower(make_table("A", "a : int32"))

        assert ["a"] == schema.list_tables()


class TestForeignKeys:
    def test_child_has_the_key_of_its_parent(self, declare, stored, Subject):
        """Attributes come with type and comment, where the line stands, without a default."""
        declare("Session", "-> Subject\nsession : int16\n---\n-> Subject.proj(sire='subject_id')", Subject=Subject)

        found = stored("session")
        assert ["subject_id", "session", "sire"] == found.heading.names
        assert ["subject_id", "session"] == found.heading.primary_key
        assert [("subject", {"subject_id": "subject_id"}), ("subject", {"sire": "subject_id"})] == parents(found)
        assert ("the id", None, False) == (
            found.heading["sire"].comment,
            found.heading["sire"].default,
            found.heading["sire"].nullable,
        )

    def test_child_has_the_type_and_the_origin_of_the_first_ancestor(self, declare, connection, Subject):
        """However many tables lie between, an attribute is of its origin's type and lineage."""
        B = declare("B", "-> Subject", Subject=Subject)
        C = declare("C", "-> B.proj(x='subject_id')", B=B)

        x = C.heading["x"]
        assert ("int32", f"{Subject.name.schema}.subject.subject_id") == (x.type.text, x.lineage)

    def test_row_without_its_parent_is_refused_by_the_database(self, declare, connection, Subject):
        """The foreign key is in the database, not only in the classes."""
        Session = declare("Session", "-> Subject\nsession : int16", Subject=Subject)

        with pytest.raises(IntegrityError):
            Session.insert1({"subject_id": 1, "session": 1})

        assert 0 == len(Session)

    @pytest.mark.parametrize("options", ["[nullable]", "[nullable, unique]"])
    def test_nullable_foreign_key_may_be_absent(self, declare, stored, Subject, options):
        """A row may have no parent, and then does not say one."""
        Cage = declare("Cage", f"cage : int32\n---\n-> {options} Subject", Subject=Subject)
        Cage.insert([{"cage": 1}, {"cage": 2}])

        assert [None, None] == list(Cage.fetch("subject_id"))
        assert (True, NULL) == (
            stored("cage").heading["subject_id"].nullable,
            stored("cage").heading["subject_id"].default,
        )

    def test_unique_foreign_key_makes_the_relation_one_to_one(self, declare, stored, Subject):
        """A parent's row has one child at most."""
        Cage = declare("Cage", "cage : int32\n---\n-> [unique] Subject", Subject=Subject)
        Subject.insert1((1, "2020-01-01"))
        Cage.insert1((1, 1))

        assert (Index(("subject_id",), is_unique=True),) == stored("cage").indexes
        with pytest.raises(DuplicateError):
            Cage.insert1((2, 1))

    def test_several_foreign_keys_to_one_parent_are_told_apart_by_renaming(self, declare, stored, Subject):
        """In the key and outside of it."""
        declare(
            "Pair",
            "-> Subject.proj(a='subject_id')\n-> Subject.proj(b=\"subject_id\")\n---\n-> [nullable] Subject",
            Subject=Subject,
        )

        assert [
            ("subject", {"a": "subject_id"}),
            ("subject", {"b": "subject_id"}),
            ("subject", {"subject_id": "subject_id"}),
        ] == parents(stored("pair"))
        assert ["a", "b"] == stored("pair").heading.primary_key

    def test_foreign_keys_share_attributes_of_one_name(self, declare, stored, Subject):
        """Two parents with a common ancestor agree on it: the attribute is there once."""
        Session = declare("Session", "-> Subject\nsession : int16", Subject=Subject)
        Probe = declare("Probe", "-> Subject\nprobe : int16", Subject=Subject)

        declare("Recording", "-> Session\n-> Probe", Session=Session, Probe=Probe)

        assert ["subject_id", "session", "probe"] == stored("recording").heading.names
        assert ["session", "probe"] == [parent for parent, _ in parents(stored("recording"))]

    def test_one_attribute_of_a_key_can_be_renamed(self, declare, stored, Subject):
        """What is not named keeps its name."""
        Session = declare("Session", "-> Subject\nsession : int16", Subject=Subject)
        declare("Next", "-> Session\n-> Session.proj(after='session')", Session=Session)

        assert [
            ("session", {"subject_id": "subject_id", "session": "session"}),
            ("session", {"subject_id": "subject_id", "after": "session"}),
        ] == parents(stored("next"))

    @pytest.fixture
    def common(self, connection, schema):
        """Give a second schema, to which the first may refer."""
        yield dj.Schema(schema.name + "_common", connection=connection)
        connection.drop_schema(schema.name)  # a server drops no database that another one refers to

    def test_foreign_key_crosses_schemas_by_a_module(self, declare, common, stored):
        """`-> module.Table` refers to a table of another schema, and the database guards it."""
        module = types.ModuleType("common")
        module.Rig = common(make_table("Rig", "rig : varchar(8)", dj.Lookup, contents=[("a",)]))

        Use = declare("Use", "-> common.Rig\nday : date", common=module)

        assert (ForeignKey(Use.name, module.Rig.name, (("rig", "rig"),)),) == stored("use").foreign_keys
        with pytest.raises(IntegrityError):
            Use.insert1({"rig": "b", "day": "2020-01-01"})

    def test_names_are_those_at_the_place_of_the_decoration(self, schema):
        """Classes of the notebook, of the function and of the schema are found without being told."""

        @schema
        class Animal(dj.Manual):
            definition = "animal : int32"

        def elsewhere():
            @schema
            class Visit(dj.Manual):
                definition = "-> Animal\nvisit : int16"

            return Visit

        assert ["animal", "visit"] == elsewhere().primary_key

    def test_objects_given_to_the_schema_are_found(self, connection, schema, Subject):
        """`context` and `add_objects` add names."""
        with_objects = dj.Schema(schema.name, connection=connection, add_objects={"Animal": Subject})
        with_context = dj.Schema(schema.name, {"Beast": Subject}, connection=connection)

        a = with_objects(make_table("A", "-> Animal"))
        b = with_context(make_table("B", "-> Beast"))

        assert [["subject_id"], ["subject_id"]] == [a.primary_key, b.primary_key]

    def test_numbered_key_is_inherited_without_its_numbering(self, declare, stored):
        """A child of an `auto_increment` table points at numbers that are there."""
        A = declare("A", "a : int unsigned auto_increment\n---\nx : int32")
        B = declare("B", "-> A", A=A)
        A.insert1({"x": 5})
        B.insert1({"a": 1})

        assert (1, False) == (A.fetch1("a"), B.heading["a"].autoincrement)
        assert stored("a").heading["a"].autoincrement

    def test_numbers_of_deleted_rows_do_not_come_again(self, declare):
        """What refers to a row by its number, in a notebook or a file's name, never means another one later."""
        A = declare("A", "a : int auto_increment\n---\nx : int32")
        A.insert([{"x": 1}, {"x": 2}])
        (A & "a = 2").delete(prompt=False)
        A.insert1({"x": 3})
        A.delete(prompt=False)
        A.definition += "\ny = 0 : int32"
        A.alter()
        A.insert1({"x": 4})

        assert {"a": 4, "x": 4, "y": 0} == A.fetch1()

    @pytest.mark.parametrize("lines", ["b : int32\na : int auto_increment", "a : serial\nb : int auto_increment"])
    def test_numbered_attribute_is_the_only_one_and_the_first(self, declare, tables, lines):
        """Servers number nothing else; the caret stands under the type."""
        with pytest.raises(DefinitionError, match="numbered by the database") as caught:
            declare("A", lines)

        assert (2, 4) == (caught.value.line, caught.value.column)
        assert set() == tables()

    def test_numbered_attribute_of_a_key_of_several_is_numbered_or_refused(self, declare, connection, tables):
        """A server numbers it; a file cannot, and says what to declare in place of it."""
        definition = "a : int auto_increment\nb : int32"
        if connection.dialect.numbers_within_keys:
            A = declare("A", definition)
            A.insert([{"b": 7}, {"b": 7}])
            assert [1, 2] == list(A.to_arrays("a"))
            return

        with pytest.raises(DefinitionError, match="the whole primary key"):
            declare("A", definition)

        assert set() == tables()

    def test_uuid_key_is_inherited(self, declare):
        """A child's UUID is a UUID."""
        A = declare("A", "a : uuid")
        B = declare("B", "-> A", A=A)

        assert "uuid" == B.heading["a"].type.text


class TestWrongParents:
    def refused(self, declare, line, **names):
        with pytest.raises(UnknownParentError) as caught:
            declare("Child", f"k : int32\n---\n{line}", **names)
        return caught.value

    def test_misspelt_parent_gets_the_nearest_name_offered(self, declare, Subject, tables):
        """The message shows the line with a caret, and nothing is declared."""
        error = self.refused(declare, "-> [nullable] Subjct", Subject=Subject)

        assert str(error) == (
            "In the definition of `Child`, line 3:\n"
            "    -> [nullable] Subjct\n"
            "                  ^\n"
            "'Subjct' is not found.\n"
            "Did you mean 'Subject'? Declare the parent before this table, in the same place "
            "or in a module imported here."
        )
        assert {"subject"} == tables()

    def test_restricted_table_is_no_parent(self, declare, Subject, tables):
        """A foreign key refers to a table, not to some of its rows."""
        error = self.refused(declare, "-> Young", Young=Subject & "born > '2020-01-01'")

        assert "not to some of its rows" in error.message
        assert {"subject"} == tables()

    def test_restriction_in_the_line_is_not_run(self, declare, Subject):
        """Only names and `.proj` are read; nothing else in a definition is evaluated."""
        for line in ("-> Subject & 'a=1'", "-> Subject()", "-> __import__('os')", "-> Subject.proj(*[])"):
            error = self.refused(declare, line, Subject=Subject)

            assert "cannot be read as the name of a table" in error.message

    def test_join_is_no_parent(self, declare, Subject):
        """Two tables are two foreign keys."""
        other = declare("Other", "other : int32")

        assert "whole table" in self.refused(declare, "-> Both", Both=Subject * other).message

    @pytest.mark.parametrize("thing", [None, 5, "Subject", types, int])
    def test_name_of_something_else_is_refused(self, declare, thing):
        """The message says what the name stands for."""
        error = self.refused(declare, "-> Thing", Thing=thing)

        assert f"'Thing' is of type {type(thing).__name__}, which is not a table." == error.message

    def test_class_that_no_schema_has_decorated_is_refused(self, declare):
        """The remedy is the decorator."""
        error = self.refused(declare, "-> Other", Other=make_table("Other", "other : int32"))

        assert "`Other` is not declared" in error.message
        assert "`@schema`" in error.remedy

    def test_parent_that_was_dropped_is_refused(self, declare, Subject):
        """The class is there, the table is not."""
        Subject.drop(prompt=False)

        assert "not in the database" in self.refused(declare, "-> Subject", Subject=Subject).message

    @pytest.mark.parametrize("line", ["-> Child", "-> Child.proj(up='k')", "-> self"])
    def test_table_that_refers_to_itself_is_told_how(self, declare, line):
        """No row could be the first one: the foreign key has to be nullable and renamed."""
        assert "-> [nullable] Child.proj(parent_k='k')" in self.refused(declare, line).remedy

    def test_tables_cannot_refer_to_each_other(self, declare, tables):
        """The first of two that want each other finds no parent; the second is declared when the first is mended."""
        with pytest.raises(UnknownParentError):
            declare("Hen", "-> Egg")
        Hen = declare("Hen", "hen : int32")
        declare("Egg", "-> Hen", Hen=Hen)

        assert {"hen", "egg"} == tables()

    def test_renaming_an_unknown_attribute_is_refused(self, declare, Subject):
        """The heading of the parent is shown."""
        error = self.refused(declare, "-> Subject.proj(a='subject')", Subject=Subject)

        assert "no attribute 'subject'" in error.message
        assert "Did you mean 'subject_id'?" in error.remedy

    @pytest.mark.parametrize("projection", ["a='born'", "'born'", "a='subject_id', b='born'"])
    def test_attribute_outside_of_the_key_is_not_referred_to(self, declare, Subject, projection):
        """A foreign key is the parent's primary key; asking for more is a mistake."""
        error = self.refused(declare, f"-> Subject.proj({projection})", Subject=Subject)

        assert "'born' is not in the primary key of the parent" in error.message
        assert "Its primary key is: subject_id." == error.remedy

    def test_table_of_one_row_is_no_parent(self, declare):
        """It has no key that a child could have."""
        Setting = declare("Setting", "---\nvalue : int32", dj.Lookup)

        assert "it holds one row" in self.refused(declare, "-> Setting", Setting=Setting).message


class TestAttributes:
    @pytest.mark.parametrize(
        ("line", "default", "value"),
        [
            ("x = 5 : int32", Default("5"), 5),
            ("x = 5 : varchar(8)", Default("5"), "5"),
            ("x = 'm' : varchar(8)", Default("m"), "m"),
            ('x = "" : varchar(8)', Default(""), ""),
            ("x = 'it''s' : varchar(8)", Default("it's"), "it's"),
            ('x = "it\'s" : varchar(8)', Default("it's"), "it's"),
            (r"x = 'a\b' : varchar(8)", Default(r"a\b"), r"a\b"),
            ("x = '%s:#{}' : varchar(8)", Default("%s:#{}"), "%s:#{}"),
            ("x = '日本' : varchar(8)", Default("日本"), "日本"),
            ("x = 'NULL' : varchar(8)", Default("NULL"), "NULL"),
            ("x = 'b' : enum('a', 'b')", Default("b"), "b"),
            ("x = true : bool", Default("1"), True),
            ("x = 1.5 : float64", Default("1.5"), 1.5),
            ("x = null : float32", NULL, None),
            ("x = NULL : <blob>", NULL, None),
            ("x = null : uuid", NULL, None),
        ],
    )
    def test_default_is_what_a_row_has_that_does_not_say(self, declare, stored, line, default, value):
        """Quoted or bare, of whatever type, a default is kept as it is and comes back as the type's value."""
        A = declare("A", f"k : int32\n---\n{line}\nlast : int32")
        A.insert1({"k": 1, "last": 2})

        assert (default, value) == (stored("a").heading["x"].default, A.fetch1("x"))

    @pytest.mark.parametrize("kind", ["datetime", "datetime(2)", "datetime(3)", "datetime(6)", "timestamp"])
    def test_present_time_is_a_default(self, declare, stored, kind):
        """`CURRENT_TIMESTAMP` is the time of the insert, in UTC, with the digits of the type."""
        A = declare("A", f"k : int32\n---\nt = CURRENT_TIMESTAMP : {kind}")
        A.insert1({"k": 1})

        now = A.fetch1("t")
        assert Default("CURRENT_TIMESTAMP", is_keyword=True) == stored("a").heading["t"].default
        assert 2026 <= now.year

    @pytest.mark.parametrize(
        "comment",
        [
            "100 % sure, %s %(x)s %%",
            '"quoted", it\'s',
            "at 12:30: so",
            "{x} {} {{y}}",
            "体重、ß, ﷺ, 한",
            r"back\slash \n \\",
            "a -- b /* c */ ; DROP",
            "`tick` ? # twice",
        ],
    )
    def test_comments_are_kept_as_they_are_written(self, declare, stored, comment):
        """Of the table and of an attribute, with or without a recorded type."""
        declare("A", f"# {comment}\nk : int32  # {comment}\n---\nx : int unsigned  # {comment}")

        found = stored("a")
        assert [comment] * 3 == [found.comment, found.heading["k"].comment, found.heading["x"].comment]

    @pytest.mark.parametrize(
        "value", ["a:b", "a,b", "it's", 'say "x"', "50 %", "(a)", "#1", r"a\b", "日本", "a  b", ""]
    )
    def test_enum_values_may_hold_any_character(self, declare, value):
        """Colons, commas, quotes and the rest are values like others, also for whoever opens the table later."""
        quoted = "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
        A = declare("A", f"k : int32\n---\nx = 'other' : enum({quoted}, 'other')  # a: choice")
        A.insert([{"k": 1, "x": value}, {"k": 2}])

        assert ((value, "other"), "a: choice") == (A.heading["x"].type.values, A.heading["x"].comment)
        assert [value, "other"] == list(A.fetch("x", order_by="k"))

    @pytest.mark.parametrize("line", ["x : int32  # 🐭", "x = '🐭' : varchar(8)", "x : enum('🐭')"])
    def test_character_that_a_server_cannot_keep_in_a_definition_is_refused(self, declare, tables, line):
        """Four-byte characters would become question marks; the caret stands under the first."""
        with pytest.raises(DefinitionError, match="cannot hold '🐭'") as caught:
            declare("A", f"k : int32\n---\n{line}")

        assert (3, line.index("🐭")) == (caught.value.line, caught.value.column)
        assert set() == tables()

    @pytest.mark.parametrize("kind", ["int8", "bool"])
    def test_default_of_the_only_key_is_used(self, declare, kind):
        """A key of one integer is not numbered where it has a default."""
        A = declare("A", f"k = 1 : {kind}\n---\nx : int32")
        A.insert1({"x": 5})

        assert {"k": 1, "x": 5} == A.fetch1()
        with pytest.raises(DuplicateError):
            A.insert1({"x": 6})

    def test_attribute_may_be_named_like_a_word_of_sql(self, declare):
        """Names are always quoted."""
        A = declare("A", "select : int32\n---\nfrom : int32\norder = 3 : int32\nindex (`from`, order)")
        A.insert1({"select": 1, "from": 2})

        assert {"select": 1, "from": 2, "order": 3} == A.fetch1()

    @pytest.mark.parametrize(
        ("line", "place", "problem"),
        [
            ("x = 300 : int8", "300", "outside the range of `int8`"),
            ("x = 1.5 : int32", "1.5", "not a whole number"),
            ("x = 'c' : enum('a:b')", "'c'", "not among the values"),
            ("x = 'toolong' : varchar(3)", "'toolong'", "has 7 characters"),
            ("x = now : datetime", "now", "not a time"),
            ("x = : int32", ": int32", "not a whole number"),
        ],
    )
    def test_default_that_does_not_fit_is_refused(self, declare, tables, line, place, problem):
        """A default is checked like a value of a row, before any SQL is sent."""
        with pytest.raises(DefinitionError, match=problem) as caught:
            declare("A", f"k : int32\n---\n{line}")

        assert (3, line.index(place)) == (caught.value.line, caught.value.column)
        assert set() == tables()

    def test_attribute_declared_twice_is_refused(self, declare, Subject):
        """One of the lines would mean nothing."""
        with pytest.raises(DefinitionError, match="'a' is declared already") as first:
            declare("A", "a : int32\n---\na : int16")
        with pytest.raises(DefinitionError, match="'subject_id' is declared already") as second:
            declare("A", "-> Subject\n---\nb : int8\nsubject_id : int16", Subject=Subject)

        assert (3, 4) == (first.value.line, second.value.line)

    def test_unknown_codec_is_refused_in_its_line(self, declare):
        """The codecs that there are get listed."""
        with pytest.raises(UnknownTypeError, match="no codec 'blub'") as caught:
            declare("A", "k : int32\n---\nx = null : <blub>")

        assert (3, 11) == (caught.value.line, caught.value.column)
        assert "blob" in caught.value.remedy

    def test_definition_without_attributes_is_refused(self, declare):
        """An empty table is no table."""
        with pytest.raises(DefinitionError, match="declares no attribute"):
            declare("A", "# nothing\n---\n")

    def test_class_without_a_definition_is_refused(self, schema):
        """The remedy names what is missing."""
        with pytest.raises(DefinitionError, match="has no definition"):
            schema(type("A", (dj.Manual,), {}))


class TestIndexes:
    def test_indexes_are_in_the_database(self, declare, stored):
        """Plain and unique, over one attribute or several, in their order."""
        A = declare("A", "a : int32\n---\nb : int16\nc : varchar(8)\nindex(c, b)\nunique index (b)")
        A.insert1((1, 1, "x"))

        assert {Index(("c", "b")), Index(("b",), is_unique=True)} == set(stored("a").indexes)
        with pytest.raises(DuplicateError):
            A.insert1((2, 1, "y"))

    def test_index_over_an_inherited_attribute_may_stand_before_it(self, declare, stored, Subject):
        """Indexes are read when all attributes are known."""
        declare("A", "a : int32\n---\nunique index (subject_id, x)\nx : int16\n-> Subject", Subject=Subject)

        assert (Index(("subject_id", "x"), is_unique=True),) == tuple(i for i in stored("a").indexes if i.is_unique)

    def test_index_over_an_unknown_attribute_is_refused(self, declare, tables):
        """The caret stands under it, and the attributes are listed."""
        with pytest.raises(DefinitionError, match="no attribute 'bb'") as caught:
            declare("A", "a : int32\n---\nb : int32\nindex(a, bb)")

        assert (4, 9, "The attributes are: a, b.") == (
            caught.value.line,
            caught.value.column,
            caught.value.remedy,
        )
        assert set() == tables()

    @pytest.mark.parametrize("indexed", ["(upper(b))", "doc.name:varchar(8)", "b, doc.x", "b(4)"])
    def test_index_over_an_expression_is_refused(self, declare, tables, indexed):
        """MariaDB has none, so a pipeline that had one could not move there; the message says what to do instead."""
        with pytest.raises(DefinitionError, match="not every database can index expressions") as caught:
            declare("A", f"a : int32\n---\nb : varchar(8)\ndoc : json\nunique index({indexed})")

        assert "Declare an attribute that holds the value" in caught.value.remedy
        assert set() == tables()


class TestContents:
    @pytest.mark.parametrize(
        "contents",
        [
            [("mouse", 2), ("rat", 3)],
            [{"species": "rat", "n": 3}, {"n": 2, "species": "mouse"}],
            (("mouse", 2), ("rat", 3)),
            property(lambda self: ([name, n] for name, n in zip(["mouse", "rat"], [2, 3], strict=True))),
        ],
        ids=["tuples", "dicts", "tuple of tuples", "property"],
    )
    def test_contents_are_inserted_when_the_table_is_declared(self, declare, contents):
        """A list of tuples or of dicts, or a property: what `insert` takes."""
        Species = declare("Species", "species : varchar(8)\n---\nn : int32", dj.Lookup, body={"contents": contents})

        assert [("mouse", 2), ("rat", 3)] == [(row["species"], row["n"]) for row in Species.to_dicts()]

    def test_contents_may_come_from_a_generator(self, declare):
        """It is walked once."""
        contents = ((n, n * n) for n in range(3))
        Square = declare("Square", "n : int32\n---\nsquare : int32", dj.Lookup, body={"contents": contents})

        assert [0, 1, 4] == list(Square.fetch("square"))

    def test_contents_that_are_new_are_added_and_old_rows_stay(self, declare):
        """A longer list adds its rows; a row that was changed in the table is not changed back."""
        declare("Species", "species : varchar(8)\n---\nn : int32", dj.Lookup, body={"contents": [("mouse", 2)]})
        Species = declare(
            "Species",
            "species : varchar(8)\n---\nn : int32",
            dj.Lookup,
            body={"contents": [("mouse", 9), ("rat", 3)]},
        )

        assert [{"species": "mouse", "n": 2}, {"species": "rat", "n": 3}] == Species.to_dicts()

    def test_contents_may_refer_to_another_lookup(self, declare):
        """Parents are declared and filled before."""
        A = declare("A", "a : int32", dj.Lookup, body={"contents": [(1,)]})
        B = declare("B", "-> A\nb : int32", dj.Lookup, body={"contents": [(1, 2)]}, A=A)

        assert {"a": 1, "b": 2} == B.fetch1()

    def test_contents_that_do_not_fit_undo_the_declaration(self, declare, tables):
        """A table without its contents is not left behind, and the mended class is declared."""
        with pytest.raises(dj.DataJointError, match="rattus"):
            declare("Species", "species : varchar(5)", dj.Lookup, body={"contents": [("mouse",), ("rattus",)]})
        before = tables()
        Species = declare("Species", "species : varchar(6)", dj.Lookup, body={"contents": [("mouse",), ("rattus",)]})

        assert (set(), ["mouse", "rattus"]) == (before, list(Species.fetch("species")))


class TestKeysOfComputedTables:
    DEFINITION = "-> Subject\nmethod : int16\n---\nn : int32"

    @pytest.mark.parametrize("tier", [dj.Imported, dj.Computed])
    def test_own_attribute_in_the_key_is_refused(self, declare, tables, Subject, tier):
        """A key to be made would not be one row; the message offers a part, the class attribute and the setting."""
        with pytest.raises(DefinitionError) as caught:
            declare("Stat", self.DEFINITION, tier, Subject=Subject)

        assert "'method' in the primary key of `Stat` comes by no foreign key" in caught.value.message
        for offer in ("Part table", "allow_new_pk_fields = True", "allow_new_pk_fields_in_computed_tables"):
            assert offer in caught.value.remedy
        assert {"subject"} == tables()

    def test_class_may_allow_it(self, declare, Subject):
        """`allow_new_pk_fields = True` in the class."""
        Stat = declare("Stat", self.DEFINITION, dj.Computed, body={"allow_new_pk_fields": True}, Subject=Subject)

        assert ["subject_id", "method"] == Stat.primary_key

    def test_setting_may_allow_it(self, declare, Subject):
        """`jobs.allow_new_pk_fields_in_computed_tables`, for old pipelines as a whole."""
        with dj.config.override(jobs__allow_new_pk_fields_in_computed_tables=True):
            Stat = declare("Stat", self.DEFINITION, dj.Computed, Subject=Subject)

        assert ["subject_id", "method"] == Stat.primary_key

    def test_table_that_is_there_goes_on_working(self, declare, Subject):
        """A table of an old pipeline opens without any setting."""
        declare("Stat", self.DEFINITION, dj.Computed, body={"allow_new_pk_fields": True}, Subject=Subject)

        Stat = declare("Stat", self.DEFINITION, dj.Computed, Subject=Subject)

        assert ["subject_id", "method"] == Stat.primary_key

    def test_renamed_foreign_key_and_tables_of_one_row_are_allowed(self, declare, Subject):
        """A key that foreign keys bring under other names is theirs; no key at all is nobody's."""
        A = declare("A", "-> Subject.proj(who='subject_id')\n---\nn : int32", dj.Computed, Subject=Subject)
        B = declare("B", "---\nn : int32", dj.Computed)

        assert (["who"], []) == (A.primary_key, B.primary_key)

    def test_part_may_have_attributes_of_its_own(self, schema, Subject):
        """Parts are where such attributes belong."""

        @schema
        class Stat(dj.Computed):
            definition = "-> Subject"

            class Method(dj.Part):
                definition = "-> master\nmethod : int16"

        assert ["subject_id", "method"] == Stat.Method.primary_key


class TestWhatIsNoTable:
    @pytest.mark.parametrize("thing", [5, "Subject", int, object(), dj.Manual()], ids=range(5))
    def test_thing_that_is_no_table_class_is_refused(self, schema, thing):
        """The decorator says what to subclass."""
        with pytest.raises(DefinitionError, match="is no table class"):
            schema(thing)

    def test_part_by_itself_is_refused(self, schema):
        """A part belongs into the class of its master."""
        with pytest.raises(DefinitionError, match="decorated by itself") as caught:
            schema(make_table("Roi", "-> master", dj.Part))

        assert "inside its master's class" in caught.value.remedy

    @pytest.mark.parametrize(
        "definition", ["roi : int16", "-> Subject\nroi : int16", "roi : int16\n---\n-> master"], ids=repr
    )
    def test_part_that_does_not_belong_to_its_master_is_refused(self, schema, tables, Subject, definition):
        """The master must be in the part's key; else nothing is declared, the master neither."""
        master = make_table("Scan", "scan : int32", Roi=make_table("Roi", definition, dj.Part))

        with pytest.raises(DefinitionError, match=r"The part `Scan\.Roi` does not refer to its master"):
            schema(master, context={"Subject": Subject})

        assert {"subject"} == tables()

    @pytest.mark.parametrize("name", ["Spike_Sort", "spike", "_Spike"])
    def test_class_name_that_is_not_in_camel_case_is_refused(self, declare, name):
        """The table's name could not be told from it."""
        with pytest.raises(DefinitionError, match="CamelCase"):
            declare(name, "a : int32")

    def test_name_that_the_database_cannot_hold_is_refused(self, declare, tables, Subject):
        """64 characters, with foreign keys or without; at the limit it works."""
        for definition in ("a : int32", "-> Subject"):
            with pytest.raises(DefinitionError, match="Give the class a shorter name"):
                declare("A" + "a" * 64, definition, Subject=Subject)
        declare("A" + "a" * 63, "a : int32")
        two = "-> Subject\n-> Subject.proj(b='subject_id')"
        long = [declare(letter + "a" * 63, two, Subject=Subject) for letter in "BC"]

        assert {"subject", *(letter + "a" * 63 for letter in "abc")} == tables()
        assert [2, 2] == [len(cls.spec.foreign_keys) for cls in long]
        long[0].definition = two + "\n---\n-> [nullable] Subject.proj(c='subject_id')"
        long[0].alter(context={"Subject": Subject})
        assert 3 == len(long[0].spec.foreign_keys)

    def test_class_that_is_not_declared_says_so(self):
        """Using a class before it is decorated names the remedy."""
        with pytest.raises(NotDeclaredError, match="Write `@schema` on the line above `class A`"):
            make_table("A", "a : int32").fetch()


class TestFailure:
    """A declaration happens as a whole or not at all."""

    def test_failed_part_undoes_its_master(self, schema, tables, stored):
        """The master is not left without its part, nothing of it is noted, and the mended class is declared."""

        def scan(kind):
            first = make_table("First", "-> master\nfirst : int16", dj.Part)
            return make_table(
                "Scan",
                "scan : int32",
                First=first,
                Second=make_table("Second", f"-> master\nx : {kind}", dj.Part),
            )

        broken = scan("int33")
        with pytest.raises(UnknownTypeError):
            schema(broken)

        assert set() == tables()
        assert [] == lineage(schema)
        for cls in (broken, broken.First, broken.Second):
            with pytest.raises(NotDeclaredError):
                cls().fetch()
        schema(scan("int32"))
        assert {"scan", "scan__first", "scan__second"} == tables()

    def test_part_that_is_added_later_does_not_endanger_its_master(self, schema, tables):
        """A master that was there stays, with its rows, when a new part cannot be declared."""
        Scan = schema(make_table("Scan", "scan : int32"))
        Scan.insert1({"scan": 1})

        with pytest.raises(DefinitionError):
            schema(make_table("Scan", "scan : int32", Roi=make_table("Roi", "-> master\nx int32", dj.Part)))

        assert ({"scan"}, [{"scan": 1}]) == (tables(), Scan.to_dicts())

    def test_failed_class_can_be_mended_and_decorated_again(self, schema, tables):
        """As one does in a notebook: run the cell, read the error, mend, run it again."""
        A = make_table("A", "a : integr")
        with pytest.raises(UnknownTypeError):
            schema(A)
        with pytest.raises(NotDeclaredError):
            len(A)

        A.definition = "a : int32"
        schema(A)

        assert (0, {"a"}) == (len(A), tables())

    @pytest.mark.parametrize("database_url", ["mysql"], indirect=True)
    def test_refusal_of_the_server_is_an_error_in_the_definition(self, declare, tables):
        """What only a server can tell, such as a row that is too long, names the class and leaves nothing."""
        with pytest.raises(DefinitionError, match="`A` cannot be declared in the schema") as caught:
            declare("A", "a : int32\n---\n" + "\n".join(f"x{n} : varchar(16000)" for n in range(9)))

        assert "Row size too large" in caught.value.message
        assert caught.value.__cause__ is not None
        assert set() == tables()

    @pytest.mark.parametrize("database_url", ["mysql"], indirect=True)
    def test_missing_privilege_is_named_with_the_class(self, database_url, mysql_admin, schema, tables):
        """A reader of a shared schema learns what may not be done, and that the class is not declared."""
        mysql_admin("CREATE USER djnb_reader IDENTIFIED BY 'secret'")
        try:
            mysql_admin(f"GRANT SELECT ON `{schema.name}`.* TO djnb_reader")
            host = database_url.rpartition("@")[2]
            with dj.Connection(f"mysql://djnb_reader:secret@{host}") as connection:
                A = make_table("A", "a : int32")
                with pytest.raises(AccessError, match="`A` cannot be declared in the schema") as caught:
                    dj.Schema(schema.name, connection=connection)(A)
        finally:
            mysql_admin("DROP USER djnb_reader")

        assert "The privilege CREATE is missing" in caught.value.message
        assert "secret" not in str(caught.value)
        assert set() == tables()

    def test_lineage_that_cannot_be_written_undoes_the_table(self, connection, declare, tables, monkeypatch):
        """On a server a table stays where its transaction is undone; it is removed."""

        def fail(*_):
            raise MissingTableError("no lineage")

        monkeypatch.setattr("djnb.declaration.lineage_table.record", fail)
        with pytest.raises(MissingTableError):
            declare("A", "a : int32")

        assert set() == tables()

    def test_declaration_within_a_transaction_is_refused(self, connection, declare, Subject, tables):
        """On a server it would end the transaction half-way; the rows before it are undone as asked."""

        def half_way():
            with connection.transaction():
                Subject.insert1((1, "2020-01-01"))
                declare("A", "a : int32")

        with pytest.raises(TransactionError, match="`A` cannot be declared while"):
            half_way()

        assert ({"subject"}, 0) == (tables(), len(Subject))


def lineage(schema):
    """Return the rows of the schema's ``~lineage``, sorted."""
    from djnb.sql.statement import Statement

    connection = schema.connection
    table = connection.dialect.table(TableName(schema.name, "~lineage"))
    return sorted(connection.execute(Statement(f"SELECT * FROM {table}")).rows)


class TestAgain:
    """Decorating classes whose tables are there."""

    DEFINITIONS = tuple((f"T{n}", f"-> T{n - 1}\nk{n} : int32" if n else "k0 : int32") for n in range(20))

    def declare_all(self, schema):
        names = {}
        for name, definition in self.DEFINITIONS:
            names[name] = schema(make_table(name, definition), context=dict(names))
        return names

    def test_declared_table_costs_no_statement(self, schema, statements, Subject):
        """The connection knows its tables already, once it has read the schema."""
        assert Subject.is_declared
        statements.clear()

        again = schema(make_table("Subject", "subject_id : int32\n---\nborn : date"))

        assert ([], ["subject_id"]) == (statements, again.primary_key)

    def test_whole_pipeline_is_opened_with_one_statement(self, schema, database_url):
        """A module with many tables, imported by another program: their headings come in one query."""
        from djnb.events import StatementSent

        self.declare_all(schema)
        sent = []
        with dj.Connection(database_url) as fresh, fresh.bus.subscribed(lambda e: sent.append(e.sql), StatementSent):
            names = self.declare_all(dj.Schema(schema.name, connection=fresh))
            last = names["T19"].heading.names

        assert ([f"k{n}" for n in range(20)], 1) == (last, len(sent))

    def test_rows_stay(self, schema, Subject):
        """Decorating again is no harm."""
        Subject.insert1((1, "2020-01-01"))

        again = schema(make_table("Subject", "subject_id : int32\n---\nborn : date"))

        assert [1] == list(again.fetch("subject_id"))

    def test_definition_that_has_changed_is_warned_of(self, schema, Subject):
        """The table stays as it is, and the warning says how to have it anew."""
        with pytest.warns(DefinitionChangedWarning, match="'weight' is not in the table"):
            again = schema(make_table("Subject", "subject_id : int32\n---\nborn : date\nweight : float64"))

        assert ["subject_id", "born"] == again.heading.names

    @pytest.mark.parametrize(
        ("definition", "said"),
        [
            ("a : int32\n---\n-> B\nx = 3 : int32\ny : varchar(8)", "'x' 3 by default"),
            ("a : int32\n---\n-> B\nx = 2 : int32\ny = null : varchar(8)", "'y' may be null"),
            ("a : int32\n---\n-> B\nx = 2 : int32\ny : varchar(8)\nindex (x)", r"the index \(x\) is added"),
            (
                "a : int32\n---\n-> B\nx = 2 : int32\ny : varchar(8)\nunique index (x)",
                r"the unique index \(x\) is added",
            ),
            ("a : int32\n---\n-> [nullable] B\nx = 2 : int32\ny : varchar(8)", "'b' may be null"),
            ("a : int32\n---\nb : int32\nx = 2 : int32\ny : varchar(8)", r"the foreign key \(b\) to `B` is dropped"),
            ("a : int32\n---\nx = 2 : int32\ny : varchar(8)", "'b' is in the table only"),
            ("a : int32\n---\n-> B\n-> B.proj(c='b')\nx = 2 : int32\ny : varchar(8)", "'c' is added, `int32`"),
        ],
    )
    def test_change_beyond_names_and_types_is_warned_of(self, schema, declare, definition, said):
        """Defaults, what may be null, foreign keys and indexes: what `alter()` would do is said, and not done."""
        B = declare("B", "b : int32")
        A = declare("A", "a : int32\n---\n-> B\nx = 2 : int32\ny : varchar(8)", B=B)
        before = A.describe()
        with pytest.warns(DefinitionChangedWarning, match=said):
            again = declare("A", definition, B=B)

        assert before == again.describe()

    def test_comments_and_order_are_no_change_worth_a_warning(self, declare):
        """Nothing in a row depends on them; `alter()` changes them all the same."""
        declare("A", "# one\na : int32 # two\n---\nx : int32\ny : int32 # three")

        again = declare("A", "a : int32\n---\ny : int32\nx : int32 # four")

        assert ["a", "x", "y"] == again.heading.names

    def test_definition_that_cannot_be_read_does_not_hide_a_table(self, schema, Subject):
        """A type of another program in the class is warned of, and the table can be used."""
        with pytest.warns(DefinitionChangedWarning, match="cannot be read"):
            again = schema(make_table("Subject", "subject_id : int32\n---\nborn : set('a')"))

        assert ["subject_id", "born"] == again.heading.names

    def test_other_spelling_of_a_type_is_no_change(self, schema, declare):
        """Blanks and quotes do not make another type."""
        declare("A", "a : int32\n---\nx : enum('a','b')\ny : decimal(8,2)")

        with warnings.catch_warnings():
            warnings.simplefilter("error")
            schema(make_table("A", 'a : int32\n---\nx : enum( "a", "b" )\ny : decimal(8, 2)'))

    def test_table_that_another_program_has_declared_meanwhile_is_compared(self, schema, database_url, stored):
        """Who comes second with another definition is warned, also if the connection has not seen the table yet."""
        assert "A" not in schema
        with dj.Connection(database_url) as other:
            dj.Schema(schema.name, connection=other)(make_table("A", "a : int32"))

        with pytest.warns(DefinitionChangedWarning, match="'b' is not in the table"):
            schema(make_table("A", "a : int32\nb : int32"))

        assert ["a"] == stored("a").heading.names

    def test_rows_that_another_program_has_inserted_meanwhile_are_never_dropped(self, schema, database_url, stored):
        """A table that was declared with a part that cannot be is undone, unless it is in use already."""

        def use(event):
            with dj.Connection(database_url) as other:
                dj.FreeTable(other, TableName(schema.name, "session")).insert1((1,))

        body = {"Trial": make_table("Trial", "-> master\ntrial : nonsense", dj.Part)}
        with pytest.raises(UnknownTypeError), schema.connection.bus.subscribed(use, TableDeclared):
            schema(make_table("Session", "session : int32", **body))

        assert [{"session": 1}] == schema["session"].to_dicts()
        assert stored("session__trial") is None


class TestAtOnce:
    """Workers that import a new pipeline at the same moment."""

    @pytest.fixture
    def declare_at_once(self, schema, database_url):
        """Declare classes in four programs, each class at the same moment in all of them."""

        def declare_at_once(make_classes):
            start, errors = threading.Barrier(4), []

            def work():
                try:
                    with dj.Connection(database_url) as connection:
                        own = dj.Schema(schema.name, connection=connection)
                        for cls in make_classes():
                            start.wait()
                            own(cls)
                            if issubclass(cls, dj.Computed):
                                assert len(cls.jobs) == 0  # the first look declares the job table
                except dj.DataJointError as error:
                    errors.append(error)
                    start.abort()
                except threading.BrokenBarrierError:
                    pass

            threads = [threading.Thread(target=work) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            schema.connection.catalogue.forget(schema.name)
            return errors

        return declare_at_once

    def test_all_find_the_same_tables(self, schema, tables, declare_at_once):
        """Each is declared once, with its contents and its lineage."""

        def make_classes():
            return [make_table(f"T{n}", "k : int32", dj.Lookup, contents=[(1,), (2,)]) for n in range(6)]

        errors = declare_at_once(make_classes)

        assert [] == errors
        assert {f"#t{n}" for n in range(6)} == tables()
        assert [(f"#t{n}", "k", f"{schema.name}.#t{n}.k") for n in range(6)] == lineage(schema)
        assert [[1, 2]] * 6 == [list(table.to_arrays("k")) for table in schema]

    def test_all_find_a_whole_pipeline(self, schema, tables, declare_at_once):
        """Unique contents, foreign keys, parts and jobs are there once, too."""

        def make_classes():
            Colour = make_table("Colour", "code : char(1)\n---\nname : varchar(9)\nunique index (name)", dj.Lookup)
            Colour.contents = [("r", "red"), ("b", "blue")]
            Trial = make_table("Trial", "-> master\ntrial : int32", dj.Part)
            Session = make_table("Session", "session : int32\n---\n-> Colour\n-> Colour.proj(back='code')", Trial=Trial)
            return [Colour, Session, make_table("Analysis", "-> Session", dj.Computed)]

        errors = declare_at_once(make_classes)

        noted = lineage(schema)
        schema.rebuild_lineage()
        assert [] == errors
        assert {"#colour", "session", "session__trial", "__analysis"} == tables()
        assert [("b", "blue"), ("r", "red")] == [tuple(row.values()) for row in schema["Colour"].to_dicts()]
        assert ("~~analysis", noted) == (schema.jobs[0].name.table, lineage(schema))


class TestActivation:
    def test_classes_wait_for_their_schema(self, connection, schema, tables):
        """`Schema()` without a name collects classes; `activate` declares them in their order."""
        later = dj.Schema()

        @later
        class A(dj.Lookup):
            definition = "a : int32"
            contents = ((1,),)

        @later
        class B(dj.Manual):
            definition = "-> A\nb : int32"

            class C(dj.Part):
                definition = "-> master\nc : int32"

        before = (later.is_activated(), tables())
        later.activate(schema.name, connection=connection)

        assert (False, set()) == before
        assert (True, {"#a", "b", "b__c"}, 1) == (later.is_activated(), tables(), len(A))

    def test_class_that_waits_says_so(self):
        """Neither the class nor the schema can be asked yet."""
        later = dj.Schema()
        A = later(make_table("A", "a : int32"))

        with pytest.raises(NotDeclaredError, match=r"`A` is not declared.*not activated. Call `schema\.activate"):
            A.fetch()
        with pytest.raises(NotDeclaredError, match=r"Call `schema\.activate"):
            later.list_tables()

    def test_objects_may_come_with_the_activation(self, connection, schema, Subject):
        """As modules that link pipelines together do."""
        later = dj.Schema()
        A = later(make_table("A", "-> Animal"))

        later.activate(schema.name, connection=connection, add_objects={"Animal": Subject})

        assert ["subject_id"] == A.primary_key

    def test_schema_that_is_not_there_is_not_made_unasked(self, connection, schema):
        """`create_schema=False` opens what is there, and nothing else."""
        with pytest.raises(MissingSchemaError, match="no schema 'djnb_test_absent'"):
            dj.Schema("djnb_test_absent", connection=connection, create_schema=False)

        assert "djnb_test_absent" not in connection.list_schemas()
        assert dj.Schema(schema.name, connection=connection, create_schema=False).exists

    def test_table_that_is_not_there_is_not_made_unasked(self, connection, schema, tables):
        """`create_tables=False` opens what is there, and a class whose table is not stays undeclared."""
        reader = dj.Schema(schema.name, connection=connection, create_tables=False)
        A = make_table("A", "a : int32")

        with pytest.raises(MissingTableError, match="`A` is not in the schema"):
            reader(A)
        with pytest.raises(NotDeclaredError):
            A.fetch()

        assert set() == tables()

    @pytest.mark.parametrize("name", ["", "a.b", "a`b"])
    def test_name_that_cannot_be_a_schema_is_refused(self, connection, name):
        """Before anything is sent."""
        with pytest.raises(DefinitionError, match="cannot be the name of a schema"):
            dj.Schema(name, connection=connection)

    def test_tables_are_listed_parents_first(self, declare, schema, Subject):
        """Hidden tables are left out."""
        Zoo = declare("Zoo", "zoo : int32")
        declare("Animal", "-> Zoo\n-> Subject", Zoo=Zoo, Subject=Subject)

        assert ["subject", "zoo", "animal"] == schema.list_tables()

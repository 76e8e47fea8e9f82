"""Foreign keys: a child has the key of its parent, by whatever name, and what cannot be a parent is refused."""

from __future__ import annotations

import types

import pytest

import djnb as dj
from djnb.errors import DefinitionError, DuplicateError, IntegrityError, UnknownParentError
from djnb.model.attribute import NULL
from djnb.model.spec import ForeignKey, Index
from tests.conformance.classes import make_table
from tests.conformance.declare.found import parents


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

    def test_tables_are_listed_parents_first(self, declare, schema, Subject):
        """Hidden tables are left out."""
        Zoo = declare("Zoo", "zoo : int32")
        declare("Animal", "-> Zoo\n-> Subject", Zoo=Zoo, Subject=Subject)

        assert ["subject", "zoo", "animal"] == schema.list_tables()


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

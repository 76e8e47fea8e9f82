"""Classes become tables: their names tell the tier, lookups get their contents, and what is no table is refused."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import DefinitionError, DuplicateError, NotDeclaredError
from djnb.events import TableDeclared
from tests.conformance.classes import make_table
from tests.conformance.declare.found import parents


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

    @pytest.mark.parametrize("name", ["", "a.b", "a`b"])
    def test_name_that_cannot_be_a_schema_is_refused(self, connection, name):
        """Before anything is sent."""
        with pytest.raises(DefinitionError, match="cannot be the name of a schema"):
            dj.Schema(name, connection=connection)

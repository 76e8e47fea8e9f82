"""`self.upstream[T]` within make: the rows of a table on which the key depends."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import djnb as dj
from djnb.errors import MakeError, OperandError, PopulateError


@pytest.fixture
def lab(schema):
    """Subjects, sessions, and recordings by two rigs."""

    @schema
    class Subject(dj.Manual):
        definition = "subject : varchar(8)\n---\nspecies : varchar(8)"

    @schema
    class Room(dj.Lookup):
        definition = "room : int32"
        contents = ((1,), (2,))

    @schema
    class Rig(dj.Lookup):
        definition = "rig : int32\n---\n-> Room"
        contents = ((1, 1), (2, 2))

    @schema
    class Session(dj.Manual):
        definition = "-> Subject\nsession : int32\n---\ndate : date\n-> Rig"

    @schema
    class Unrelated(dj.Manual):
        definition = "-> Subject\nnumber : int32"

    Subject.insert([("ann", "mouse"), ("bob", "rat")])
    Session.insert([("ann", 1, "2024-01-01", 1), ("ann", 2, "2024-01-02", 2), ("bob", 1, "2024-01-03", 1)])
    return SimpleNamespace(Subject=Subject, Session=Session, Rig=Rig, Room=Room, Unrelated=Unrelated)


@pytest.fixture
def seen(schema, lab):
    """Give a function that populates a table over sessions and returns what its make has seen."""

    def populate(look, definition="-> Session\n---\nvalue : varchar(60)"):
        def make(self, key):
            self.insert1(dict(key, value=str(look(self))[:60]))

        context = {name: getattr(lab, name) for name in vars(lab)}
        Seen = schema(type("Seen", (dj.Computed,), {"definition": definition, "make": make}), context=context)
        Seen.populate()
        return Seen.to_arrays("value").tolist()

    return populate


class TestUpstream:
    def test_parent_has_the_row_of_the_key(self, lab, seen):
        """The parent is restricted to the one row that the key names."""
        assert ["1", "1", "1"] == seen(lambda self: len(self.upstream[lab.Session]))

    def test_grandparent_has_the_row_that_the_parent_follows_from(self, lab, seen):
        """Rows are found along the foreign keys, through the primary key."""
        assert ["mouse", "mouse", "rat"] == seen(lambda self: self.upstream[lab.Subject].fetch1("species"))

    def test_foreign_keys_outside_of_a_key_lead_on(self, lab, seen):
        """What a parent refers to by other attributes is upstream too."""
        assert ["1", "2", "1"] == seen(lambda self: self.upstream[lab.Room].fetch1("room"))

    def test_is_restricted_further_as_any_table(self, lab, seen):
        """The result is the table, restricted."""
        assert ["0", "1", "0"] == seen(lambda self: len(self.upstream[lab.Session] & "date = '2024-01-02'"))

    @pytest.mark.parametrize("name", ["Subject", "{schema}.Subject", "{schema}.subject"])
    def test_by_name(self, lab, schema, seen, name):
        """Where the class is not at hand, its name will do, or the schema's and the table's."""
        wanted = name.format(schema=schema.name)

        assert ["mouse", "mouse", "rat"] == seen(lambda self: self.upstream[wanted].fetch1("species"))

    def test_renamed_attributes(self, lab, seen):
        """A foreign key that renames leads to the right row."""
        definition = "-> Session.proj(who='subject', which='session')\n---\nvalue : varchar(60)"

        found = seen(lambda self: self.upstream[lab.Session].fetch1("date"), definition)

        assert ["2024-01-01", "2024-01-02", "2024-01-03"] == found

    def test_two_ways_to_one_table(self, lab, seen):
        """Rows that are reached by any foreign key are upstream."""
        definition = """
        -> Subject.proj(left="subject")
        -> Subject.proj(right="subject")
        ---
        value : varchar(60)
        """

        assert ["1", "2", "2", "1"] == seen(lambda self: len(self.upstream[lab.Subject]), definition)

    def test_asks_nothing_by_itself(self, lab, seen, connection, statements):
        """It costs the fetch, and no questions about the tables that the connection knows."""
        sent = []

        def look(self):
            before = len(statements)
            self.upstream[lab.Subject].fetch1("species")
            sent.append(len(statements) - before)

        seen(look)

        assert [1, 1] == sent[1:]

    def test_table_that_is_not_upstream_is_refused(self, lab, seen):
        """The error says so, and which tables are."""
        with pytest.raises(MakeError) as caught:
            seen(lambda self: self.upstream[lab.Unrelated])

        assert isinstance(caught.value.__cause__, OperandError)
        assert "`Unrelated` is not upstream of `Seen`" in str(caught.value)
        assert "`Session`" in str(caught.value)

    def test_rows_that_do_not_follow_from_the_key_are_refused(self, lab, seen):
        """What the row itself will refer to, outside of its key, is for make to choose."""
        definition = "-> Subject\n---\n-> [nullable] Rig\nvalue : varchar(60)"

        with pytest.raises(MakeError, match="Which rows of `Rig` are upstream of the key does not follow from it"):
            seen(lambda self: self.upstream[lab.Rig], definition)

    def test_unknown_name_is_refused(self, lab, seen):
        """A misspelt name is told, with those that there are."""
        with pytest.raises(MakeError, match="'Subjekt' names no table upstream of `Seen`"):
            seen(lambda self: self.upstream["Subjekt"])

    def test_outside_of_make_is_refused(self, schema, lab):
        """Without a key there is nothing upstream of it."""

        @schema
        class Seen(dj.Computed):
            definition = "-> Subject"

            def make(self, key):
                self.insert1(key)

        with pytest.raises(PopulateError, match=r"`Seen\.upstream` was asked for outside of `make`"):
            Seen().upstream

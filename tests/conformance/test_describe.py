"""Describing: from tables in the database back to definitions."""

from __future__ import annotations

import secrets
import types
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings

import djnb as dj
from tests.definitions import definitions


@pytest.fixture
def other_schema(schema):
    """Give a second schema of the same database."""
    return dj.Schema(schema.name + "_b", connection=schema.connection)


@pytest.fixture
def Lab(declare):
    return declare("Lab", "# laboratories\nlab : varchar(8)  # short name\nroom : int16  # number")


class TestText:
    def test_is_the_definition_that_was_given(self, declare, Lab):
        """Comments, defaults, types, foreign keys and indexes stand as in a definition, in the table's order."""
        definition = """
# animals, "all" of 'them'
-> Lab
subject_id : int32               # the id
---
sex = "U" : enum('M', 'F', 'U')  # sex
-> [nullable, unique] Lab.proj(home="lab", home_room="room")
weight = null : float64          # g
n = 5 : int16
at = CURRENT_TIMESTAMP : datetime
note = "" : varchar(255)
data : <blob>
index(weight, n)
unique index(at)
""".strip()

        assert definition == declare("Subject", definition, Lab=Lab).describe(context={"Lab": Lab})

    def test_is_shown_as_it_is_written(self, Lab):
        """Alone at the end of a cell, it is lines of text, without quotes."""
        assert Lab.describe() == repr(Lab.describe()) == repr(Lab().describe())
        assert "# laboratories\nlab : varchar(8)  # short name\nroom : int16      # number" == Lab.describe()

    def test_hidden_attributes_are_left_out(self, declare):
        """A table of one row is declared by a definition without a key."""
        assert "---\nvalue : int32" == declare("Setting", "---\nvalue : int32").describe()


class TestParents:
    def test_are_named_as_where_the_class_was_decorated(self, schema):
        """A class that stands beside the table is called by its name."""

        @schema
        class Room(dj.Lookup):
            definition = "room : int16"

        @schema
        class Desk(dj.Manual):
            definition = "-> Room"

        assert "-> Room" == Desk.describe()

    def test_of_modules_are_named_with_them(self, declare, Lab):
        """A module that the namespace names is looked into, and the parts of its classes are found."""
        lab = types.ModuleType("lab")
        lab.Lab = Lab
        Desk = declare("Desk", "-> lab.Lab", lab=lab)

        assert "-> lab.Lab" == Desk.describe(context={"lab": lab})
        assert "-> Lab" == Desk.describe(context={"lab": lab, "Lab": Lab, "Alias": Lab})

    def test_of_parts_are_named_by_their_master(self, schema):
        """Within a master's class, `master` is the master; elsewhere a part is called by both names."""

        @schema
        class Scan(dj.Manual):
            definition = "scan : int16"

            class Roi(dj.Part):
                definition = "-> master\nroi : int16"

            class Pair(dj.Part):
                definition = "-> master.Roi\n-> master.Roi.proj(other='roi')"

        @schema
        class Mask(dj.Manual):
            definition = "-> Scan.Roi"

        assert "-> master\nroi : int16" == Scan.Roi.describe()
        assert '-> master.Roi\n-> master.Roi.proj(other="roi")' == Scan.Pair.describe()
        assert "-> Scan.Roi" == Mask.describe()

    def test_without_a_name_stand_in_back_quotes(self, declare, schema, Lab):
        """A table whose parents have no name there can still be declared by what is described."""
        Desk = declare("Desk", "-> Lab.proj(place='lab')\ndesk : int16", Lab=Lab)

        text = Desk.describe(context={})
        again = declare("Again", text)

        assert f'-> `{schema.name}`.`lab`.proj(place="lab")\ndesk : int16' == text
        assert Desk.spec.foreign_keys[0].attributes == again.spec.foreign_keys[0].attributes
        assert ["place", "room", "desk"] == again.primary_key

    def test_in_other_schemas(self, declare, other_schema):
        """A parent of another schema is found there, a Lookup's `#` among its name."""
        Species = declare("Species", "species : varchar(32)", dj.Lookup, schema=other_schema)
        Animal = declare("Animal", "-> Species  # what it is", Species=Species)

        assert f"-> `{other_schema.name}`.`#species`" == Animal.describe(context={})
        assert "-> Species" == Animal.describe(context={"Species": Species})
        assert ["species"] == declare("Plant", Animal.describe(context={})).primary_key


PARENTS = {"Lab": ["lab", "room"], "Tag": ["tag"]}


@pytest.fixture(scope="module")
def home(shared_schema):
    """A schema with parents."""
    for name, definition in (("Lab", "lab : varchar(8)\nroom : int16  # number"), ("Tag", "tag : uuid  # chip")):
        shared_schema(type(name, (dj.Lookup,), {"definition": definition}))
    return shared_schema


class TestAnyDefinition:
    """Whatever is declared is described by a definition that declares the same table."""

    @settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
    @given(definition=definitions(PARENTS))
    @example("a : int32\n-> Tag\n---\n-> [nullable] Lab\nindex(room, lab)")
    @example("lab : varchar(8)  # mine\n---\n-> Lab\n-> [unique] Lab.proj(other='lab')")
    def test_is_declared_again_by_what_describes_it(self, home, definition):
        """The second table has the same attributes, keys and indexes, and its description is the same."""
        first, second = (f"T{secrets.token_hex(4)}" for _ in range(2))
        parents = {cls.__name__: cls for cls in home.tables[:2]}
        try:
            one = home(type(first, (dj.Manual,), {"definition": definition}), context=parents)
            text = one.describe(context=parents)
            two = home(type(second, (dj.Manual,), {"definition": text}), context=parents)

            assert text == two.describe(context=parents)
            assert comparable(one.spec) == comparable(two.spec)
            assert [a.type.text for a in one.heading.visible] == [a.type.text for a in two.heading.visible]
        finally:
            for cls in home.tables[2:]:
                cls.drop(prompt=False)
            del home._decorated[2:]


def comparable(spec):
    """
    Return what is the same of two tables that one definition declares.

    The order of foreign keys means nothing; native types that a core type equals are declared as that, with a mark.
    """
    return (
        spec.comment,
        [replace(a, is_marked=False, type=replace(a.type, is_core=False)) for a in spec.attributes],
        spec.primary_key,
        {(key.parent, key.attributes) for key in spec.foreign_keys},
        set(spec.indexes),
    )

"""Classes for tables that are there already, declared by a program whose code is not at hand."""

from __future__ import annotations

import pickle
import types
from urllib.parse import unquote, urlsplit

import cloudpickle
import pytest

import djnb as dj
from djnb.errors import DirectInsertError, MissingSchemaError, MissingTableError, OperandError, SharedJobsWarning
from djnb.schemas.classes import NameTakenWarning
from tests.conformance.pipelines import declare_lab, fill_lab


@pytest.fixture
def filled(schema):
    fill_lab(declare_lab(schema))


@pytest.fixture
def lab(database_url, schema, filled):
    """The schema as another program meets it."""
    with dj.Connection(database_url) as other:
        yield dj.VirtualModule("lab", schema.name, connection=other)


class TestModule:
    def test_has_a_class_of_the_right_tier_for_each_table(self, lab):
        """Parts are within their masters."""
        tiers = {
            "Species": dj.Lookup,
            "Subject": dj.Manual,
            "Session": dj.Manual,
            "Scan": dj.Imported,
            "SpikeRate": dj.Computed,
        }

        assert tiers == {name: vars(lab)[name].__base__ for name in tiers}
        assert issubclass(lab.Scan.Roi, dj.Part)
        assert lab.Scan is lab.Scan.Roi().master
        assert "Roi" not in vars(lab)

    def test_classes_answer_queries(self, lab):
        """With joins, restrictions and parts."""
        assert [{"subject_id": 2, "session": 1}] == (lab.Session & (lab.Subject & {"species": "rat"})).keys()
        assert ["subject_id", "session", "roi"] == lab.Scan.Roi.primary_key
        assert "the animals" == lab.Subject.__doc__

    def test_classes_are_parents(self, lab, schema):
        """`-> lab.Subject` in a definition of one's own."""

        @schema
        class Weight(dj.Manual):
            definition = """
            -> lab.Subject
            ---
            weight : float64
            """

        assert [f"`{schema.name}`.`subject`"] == Weight.parents()
        assert f"{schema.name}.subject.subject_id" == Weight.heading["subject_id"].lineage

    def test_rows_of_computed_tables_are_still_made(self, lab):
        """A class without its `make` does not let anybody insert by hand unasked."""
        with pytest.raises(DirectInsertError):
            lab.Scan.insert1((2, 1))

    def test_is_a_module(self, lab, schema):
        """It has a name, its schema, and shows the tables in a notebook."""
        assert isinstance(lab, types.ModuleType)
        assert "lab" == lab.__name__ == lab.Subject.__module__
        assert schema.name == lab.schema.name
        assert schema.name in repr(lab)
        assert "Scan.Roi" in lab._repr_mimebundle_()["text/html"]

    def test_tables_are_not_created_unasked(self, lab):
        """Its schema decorates classes of tables that are there."""
        with pytest.raises(MissingTableError, match="`Other` is not in the schema"):
            lab.schema(type("Other", (dj.Manual,), {"definition": "a : int32"}))

    def test_schema_that_is_not_there_is_refused(self, connection):
        """Nothing is created."""
        with pytest.raises(MissingSchemaError, match="djnb_test_absent"):
            dj.VirtualModule("lab", "djnb_test_absent", connection=connection)

        assert "djnb_test_absent" not in connection.list_schemas()

    def test_may_be_called_as_its_schema(self, connection, schema, filled):
        """`dj.virtual_schema`; and `dj.create_virtual_module` is the name of old."""
        lab = dj.virtual_schema(schema.name, connection=connection)
        old = dj.create_virtual_module("lab", schema.name, connection=connection)

        assert (schema.name, 2) == (lab.__name__, len(lab.Subject))
        assert 2 == len(old.Subject)

    def test_classes_have_definitions(self, lab):
        """They describe the tables as they are, and declare them again after a drop."""
        before = lab.SpikeRate.spec

        assert lab.SpikeRate.definition == lab.SpikeRate().definition == lab.SpikeRate.describe()
        assert "-> master\nroi : int16" == lab.Scan.Roi.definition
        lab.SpikeRate.drop(prompt=False)
        lab.SpikeRate.declare()
        assert before == lab.SpikeRate.spec

    def test_definitions_follow_the_tables(self, lab):
        """A table that was altered is described as it is now."""
        assert not lab.SpikeRate.alter(prompt=False)

        editor = dj.VirtualModule("editor", lab.schema.name, connection=lab.schema.connection)
        editor.SpikeRate.definition += "\nnote = '' : varchar(8)"
        editor.SpikeRate.alter(prompt=False)

        assert "note" in lab.SpikeRate.definition
        assert lab.SpikeRate.definition == lab.SpikeRate.describe()

    def test_can_be_sent_to_another_process(self, lab, schema, database_url):
        """Which makes the classes anew; those that came from elsewhere come with it."""
        mine = dj.VirtualModule(
            "mine", schema.name, connection=lab.schema.connection, add_objects={"Subject": lab.Subject}
        )

        password = unquote(urlsplit(database_url).password or "") or None  # it is not sent
        with dj.config.override({"database.password": password}):
            again = pickle.loads(cloudpickle.dumps(mine))
            with again.schema.connection:
                assert ("mine", schema.name) == (again.__name__, again.schema.name)
                assert mine.Session().keys() == again.Session().keys()
                assert "lab" == again.Subject.__module__

    def test_costs_one_statement(self, connection, schema, filled, statements):
        """However many tables there are."""
        connection.catalogue.forget(schema.name)
        dj.VirtualModule("lab", schema.name, connection=connection)

        assert 1 == len(statements)


class TestMakeClasses:
    def test_go_where_they_are_asked(self, schema, filled, connection):
        """Into a dict, and they are returned."""
        names = {}
        made = dj.Schema(schema.name, connection=connection).make_classes(into=names)

        assert {"Species", "Subject", "Session", "Scan", "SpikeRate"} == set(names)
        assert {*names, "Scan.Roi"} == set(made)

    def test_names_that_are_taken_are_left_alone(self, connection, schema):
        """A class of one's own stays, and gets the parts that it lacks."""
        own = declare_lab(schema)
        del own["Scan"].Roi
        names = {"Scan": own["Scan"], "Subject": "something else"}

        made = schema.make_classes(into=names)

        assert {"Species", "Session", "SpikeRate", "Scan.Roi"} == set(made)
        assert "something else" == names["Subject"]
        assert own["Scan"] is names["Scan"]
        assert own["Scan"].Roi is made["Scan.Roi"]

    def test_go_to_the_module_that_calls(self, schema, filled, connection):
        """A cell of a notebook says `schema.spawn_missing_classes()` and has the classes."""
        for verb in ("spawn_missing_classes", "make_classes"):
            module = {"__name__": "notebook", "schema": dj.Schema(schema.name, connection=connection)}
            exec(f"schema.{verb}()\nfound = len(Subject())", module)

            assert 2 == module["found"]

    def test_cannot_go_to_a_function(self, schema, filled):
        """Python does not let anybody add names there."""
        with pytest.raises(OperandError, match="into=globals"):
            schema.make_classes()

    def test_two_tables_of_one_name_are_told(self, schema):
        """A computed and an imported table may both be called `Foo`; one of them has no class."""
        A = schema(type("A", (dj.Manual,), {"definition": "a : int32"}))
        imported, computed = (type("Foo", (tier,), {"definition": "-> A"}) for tier in (dj.Imported, dj.Computed))
        schema(imported, context={"A": A})
        with pytest.warns(SharedJobsWarning):
            schema(computed, context={"A": A})

        with pytest.warns(NameTakenWarning, match="has no class of its own"):
            made = schema.make_classes(into={})

        assert {"A", "Foo"} == set(made)

"""Activating: schemas that get their name after their classes are written, as pipelines of linked modules do."""

from __future__ import annotations

import secrets
import sys
import types

import pytest

import djnb as dj
from djnb.errors import (
    ActivationError,
    DefinitionError,
    MissingSchemaError,
    MissingTableError,
    NotDeclaredError,
    OperandError,
    UnknownParentError,
)
from tests.conformance.classes import make_table
from tests.conftest import SCHEMA_PREFIX


@pytest.fixture
def module(monkeypatch, schema):
    """A module that links others: its names are the tables that their definitions refer to."""
    linking = types.ModuleType("linking_module_of_the_lab")
    linking.Animal = schema(make_table("Subject", "subject_id : int32"))
    monkeypatch.setitem(sys.modules, linking.__name__, linking)
    return linking


@pytest.fixture
def name():
    return SCHEMA_PREFIX + secrets.token_hex(4)


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


class TestOnce:
    def test_same_name_again_changes_nothing(self, connection, schema, statements):
        """Every module of a pipeline may activate what it needs; the second time costs nothing."""
        schema(make_table("A", "a : int32"))
        schema.activate(schema.name)
        schema.list_tables()
        statements.clear()

        schema.activate(schema.name)
        schema.activate()

        assert ([], ["a"]) == (statements, schema.list_tables())

    def test_another_name_is_refused(self, connection, schema, name):
        """A schema is in one place; the message has both names."""
        with pytest.raises(ActivationError, match=f"'{schema.name}' and cannot become '{name}'"):
            schema.activate(name)

        assert name not in dj.list_schemas(connection)
        assert schema.is_activated()

    def test_name_is_needed_the_first_time(self):
        """`activate()` without a name has nothing to go by."""
        with pytest.raises(ActivationError, match="No name is given"):
            dj.Schema().activate()

    def test_schema_that_was_dropped_is_activated_anew(self, schema):
        """With all its tables."""
        schema(make_table("A", "a : int32"))
        schema.drop(prompt=False)

        schema.activate(schema.name)

        assert ["a"] == schema.list_tables()

    def test_failure_leaves_it_to_be_activated_again(self, connection, name):
        """A parent was missing; with it, the activation goes on from where it was."""
        later = dj.Schema(connection=connection)
        A = later(make_table("A", "a : int32"))
        B = later(make_table("B", "-> Missing"))

        with pytest.raises(UnknownParentError, match="'Missing' is not found"):
            later.activate(name)
        is_activated = later.is_activated()
        later.activate(name, add_objects={"Missing": A})

        assert not is_activated
        assert ["a"] == B.primary_key
        assert ["a", "b"] == later.list_tables()

    def test_what_was_said_at_the_beginning_holds(self, connection, name):
        """`create_schema=False` for the class needs not be said again."""
        later = dj.Schema(connection=connection, create_schema=False)

        with pytest.raises(MissingSchemaError, match=name):
            later.activate(name)

        assert not later.is_activated()
        assert not later.exists


class TestCreatingTables:
    def test_setting_says_whether_unless_the_schema_does(self, schema, name, connection):
        """`database.create_tables = False` keeps a program from creating tables by mistake."""
        asks, says = dj.Schema(schema.name, connection=connection), dj.Schema(name, connection=connection)
        says_so = dj.Schema(schema.name, connection=connection, create_tables=True)
        with dj.config.override(database__create_tables=False):
            with pytest.raises(MissingTableError, match="create_tables=True"):
                asks(make_table("A", "a : int32"))
            says_so(make_table("B", "b : int32"))
        says(make_table("C", "c : int32"))

        assert (["b"], ["c"]) == (schema.list_tables(), says.list_tables())


class TestLinkingModules:
    @pytest.mark.parametrize("given", ["module", "name", "mapping"])
    def test_names_come_from_the_module(self, connection, name, module, given):
        """`add_objects` takes the module, its name, or its names."""
        later = dj.Schema()
        A = later(make_table("A", "-> Animal"))
        objects = {"module": module, "name": module.__name__, "mapping": vars(module)}[given]

        later.activate(name, connection=connection, create_schema=True, create_tables=True, add_objects=objects)

        assert ["subject_id"] == A.primary_key
        assert [f"`{module.Animal.database}`.`subject`"] == A.parents()

    def test_names_of_the_module_go_before_those_of_the_place(self, connection, name, module):
        """A pipeline says which table stands for the one that a published module only names."""
        Animal = "a placeholder"
        later = dj.Schema()
        A = later(make_table("A", "-> Animal"))

        later.activate(name, connection=connection, add_objects=module)

        assert isinstance(Animal, str)
        assert ["subject_id"] == A.primary_key

    def test_parts_see_them_too(self, connection, name, module):
        """A part may refer to a table of the linking module."""
        later = dj.Schema()
        Part = make_table("Cage", "-> master\n-> Animal", dj.Part)
        A = later(make_table("A", "a : int32", Cage=Part))

        later.activate(name, connection=connection, add_objects=module)

        assert ["a", "subject_id"] == A.Cage.primary_key

    def test_anything_else_is_refused(self, connection, name):
        """A list has no names."""
        with pytest.raises(OperandError, match="has no names"):
            dj.Schema(connection=connection).activate(name, add_objects=[1])


class TestClassic:
    def test_context_may_be_the_second_argument(self, connection, schema):
        """`schema = dj.schema("name", locals())`, as pipelines from 0.12 on have it."""
        A = schema(make_table("A", "a : int32"))
        classic = dj.schema(schema.name, {"Elsewhere": A}, connection=connection)

        B = classic(make_table("B", "-> Elsewhere"))

        assert ["a"] == B.primary_key

    def test_name_is_called_as_there(self, connection, schema):
        """`schema_name` may be given by name, and `schema.database` is the name."""
        again = dj.schema(schema_name=schema.name, connection=connection)

        assert schema.name == again.database
        assert dj.schema().database is None

    def test_bad_name_is_refused_before_anything_is_kept(self, connection):
        """The schema stays as it was."""
        later = dj.Schema(connection=connection)

        with pytest.raises(DefinitionError):
            later.activate("a.b")

        assert not later.is_activated()

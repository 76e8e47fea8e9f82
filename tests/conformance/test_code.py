"""The code of a schema: from the tables of a database back to the module that declares them."""

from __future__ import annotations

from dataclasses import replace

import pytest

import djnb as dj
from djnb.errors import OperandError
from djnb.model.naming import TableName
from djnb.schemas.code import CodeLeftOutWarning
from djnb.sql.statement import Statement
from tests.conformance.pipelines import declare_lab


@pytest.fixture
def declare_again(connection, monkeypatch):
    """Execute the code of a schema with another name in the place of the schema's; return the other schema."""
    monkeypatch.setattr("djnb.connection.default._connection", connection)

    def declare_again(schema, name):
        code = schema.code.replace(f"dj.Schema({schema.name!r})", f"dj.Schema({name!r})")
        assert f"`{schema.name}`" not in code
        module = {"__name__": "written"}
        exec(compile(code, "written", "exec"), module)
        return module["schema"], module

    return declare_again


def specs(schema):
    """Return the tables of a schema as if it had no name."""

    def moved(name):
        return TableName("", name.table) if name.schema == schema.name else name

    def unnamed(spec):
        keys = tuple(replace(k, child=moved(k.child), parent=moved(k.parent)) for k in spec.foreign_keys)
        return replace(spec, name=moved(spec.name), foreign_keys=keys)

    known = schema.connection.catalogue.schema(schema.name)
    return {name: unnamed(spec) for name, spec in known.items() if not name.startswith("~")}


class TestCode:
    def test_declares_the_same_tables(self, schema, declare_again):
        """Every tier, parts within their masters, parents before children."""
        declare_lab(schema)

        again, module = declare_again(schema, schema.name + "_b")

        assert specs(schema) == specs(again)
        assert issubclass(module["Scan"].Roi, dj.Part)
        assert dj.Computed is module["SpikeRate"].__base__
        assert schema.code.replace(schema.name, again.name) == again.code

    def test_takes_parents_of_other_schemas_from_modules(self, schema, connection, declare_again):
        """They are referred to as `module.Class`, parts too, whatever the schema is called."""
        lab = dj.Schema(schema.name + "-of two", connection=connection)
        classes = declare_lab(lab)
        schema(type("Mask", (dj.Manual,), {"definition": "-> Scan.Roi\n---\n-> [unique] Session"}), context=classes)

        again, _ = declare_again(schema, schema.name + "_b")

        assert specs(schema) == specs(again)
        assert f"{schema.name}_of_two = dj.VirtualModule('{schema.name}_of_two', '{lab.name}')" in schema.code

    def test_holds_whatever_a_comment_holds(self, schema, declare_again):
        """Quotes and backslashes are the same when they are read."""
        texts = ['"quoted"', '\\d+ "', "it's \"\"\" and '''", "\\"]
        for number, text in enumerate(texts):
            definition = f"# {text}\na : int32  # {text}\n---\nb : enum('x','y\"')"
            schema(type(f"A{number}", (dj.Manual,), {"definition": definition}))

        again, _ = declare_again(schema, schema.name + "_b")

        assert texts == [spec.comment for spec in specs(again).values()]
        assert specs(schema) == specs(again)

    def test_refers_to_its_own_tables_in_every_way(self, schema, declare_again):
        """A table to itself, a part to another part and to the part of another master."""

        @schema
        class Node(dj.Manual):
            definition = "node : int32\n---\n-> [nullable] Node.proj(up='node')"

            class Leaf(dj.Part):
                definition = "-> master\nleaf : int16"

            class Pair(dj.Part):
                definition = "-> master.Leaf\n-> master.Leaf.proj(other='leaf')"

        @schema
        class Apple(dj.Manual):
            definition = "apple : int32"

            class Hangs(dj.Part):
                definition = "-> master\n-> Node.Leaf"

        again, _ = declare_again(schema, schema.name + "_b")

        assert specs(schema) == specs(again)

    def test_leaves_out_what_no_class_can_declare(self, schema, connection):
        """A warning names the tables; the rest is there."""
        schema(type("A", (dj.Manual,), {"definition": "a : int32"}))
        name = connection.dialect.table(TableName(schema.name, "old_2"))
        connection.execute(Statement(f"CREATE TABLE {name} (a INTEGER NOT NULL PRIMARY KEY)"))
        connection.catalogue.forget(schema.name)

        with pytest.warns(CodeLeftOutWarning, match="old_2"):
            code = schema.code

        assert "class A(dj.Manual)" in code
        assert "old_2" not in code

    def test_of_an_empty_schema_makes_it(self, schema, declare_again):
        """It imports djnb and names the schema."""
        assert f"import djnb as dj\n\nschema = dj.Schema('{schema.name}')\n" == schema.code == repr(schema.code)


class TestSave:
    def test_writes_the_code(self, schema, tmp_path):
        """And returns it, without a file too."""
        declare_lab(schema)
        path = tmp_path / "lab.py"

        assert schema.code == schema.save(path) == schema.save() == path.read_text(encoding="utf-8")

    def test_leaves_a_file_alone(self, schema, tmp_path):
        """It may hold what somebody has written since; `overwrite=True` replaces it."""
        path = tmp_path / "lab.py"
        path.write_text("mine")

        with pytest.raises(OperandError, match="overwrite=True"):
            schema.save(path)
        assert "mine" == path.read_text()

        assert schema.save(str(path), overwrite=True) == path.read_text()

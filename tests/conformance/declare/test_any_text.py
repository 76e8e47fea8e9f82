"""Text that would be SQL: in a definition it is text, wherever it stands, and comes back as it was written."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import DataJointError, DefinitionError
from djnb.model.naming import TableName
from djnb.sql.statement import Statement

INJECTIONS = [
    "'); DROP TABLE witness; --",
    '"); DROP TABLE witness; --',
    "`); DROP TABLE witness; -- ",
    "\\'; DROP TABLE witness; --",
    "x' COMMENT 'y', z int DEFAULT '",
    "' OR '1'='1' /*",
    "*/ ; DELETE FROM witness; #",
    "%s %(a)s ? :a @@version ${x} {0}",
    "\\",
    "\\\\' \\n \\0",
]


@pytest.fixture
def witness(schema):
    """A table that every injection is after; it is as it was when the test is over."""
    Witness = schema(type("Witness", (dj.Manual,), {"definition": "w : int32\n---\nx = 'safe' : varchar(8)"}))
    Witness.insert([(1, "safe"), (2, "safe")])
    yield Witness
    assert [{"w": 1, "x": "safe"}, {"w": 2, "x": "safe"}] == Witness.to_dicts(order_by="w")
    assert {"witness", "a"} >= {name for name in schema.connection.catalogue.schema(schema.name) if name[0] != "~"}


def quoted(text):
    """Return a text as a definition quotes it."""
    return "'" + text.replace("'", "''") + "'"


def declared(schema, definition, name="A"):
    return schema(type(name, (dj.Manual,), {"definition": definition}))


def found(database_url, table):
    """Return table and heading as another program finds them."""
    with dj.Connection(database_url) as other:
        return other.catalogue.table(table.name), other.catalogue.heading(table.name)


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.usefixtures("witness")
class TestTextOfADefinition:
    def test_comments_defaults_and_enum_values_come_back(self, schema, database_url, text):
        """Declared, described, declared anew and altered, a text stays what it was, and nothing else happens."""
        value = text.strip()  # a server takes blanks from the ends of an enum's values
        enum = quoted(value.replace("\\", "\\\\"))
        definition = f"# {text}\na : int32  # {text}\n---\nb = {quoted(text)} : varchar(60)  # {text}\n"
        definition += f"c = {quoted(value)} : enum({enum},'other')  # {text}"
        A = declared(schema, definition)
        A.insert1({"a": 1})

        expected = {"a": 1, "b": text, "c": value}
        spec, heading = found(database_url, A())
        text = text.strip()
        assert expected == A.fetch1()
        assert [text] * 4 == [spec.comment, *(heading[name].comment for name in "abc")]
        assert (heading["b"].default.text, heading["c"].type.values) == (expected["b"], (value, "other"))
        assert not A.alter_plan()

        A.definition = A.describe(context={}) + f"\nd = {quoted(expected['b'])} : varchar(70)  # {text}"
        A.alter()
        _, heading = found(database_url, A())
        assert {**expected, "d": expected["b"]} == A.fetch1()
        assert (text, expected["b"]) == (heading["d"].comment, heading["d"].default.text)
        A.definition = A.definition.replace(f"# {text}", "# plain")
        A.alter()
        _, heading = found(database_url, A())
        assert {"plain"} == {heading[name].comment for name in heading.names}

    def test_is_no_name_of_attributes_indexes_options_or_types(self, schema, text):
        """Where a name or a type is wanted, it is refused before the database is asked."""
        for line in (f"{text} : int32", f"b : {text}", f"b : int32 {text}", f"index({text})", f"-> [{text}] A",
                     f"-> {text}", f"b : <blob@{text}>", f"b : varchar(3{text})", f"b = 1{text} : int32"):  # fmt: skip
            with pytest.raises(DefinitionError):
                declared(schema, f"a : int32\n---\n{line}")

    def test_is_no_name_of_a_class_and_harmless_as_one_of_tables_and_schemas(self, schema, connection, text):
        """A name that nothing has is not found, however it is asked for."""
        with pytest.raises(DefinitionError, match="CamelCase"):
            declared(schema, "a : int32", name="A" + text)
        assert connection.catalogue.table(TableName(schema.name, text)) is None
        assert connection.catalogue.schema(text) is None
        for ask in (
            lambda: dj.FreeTable(connection, f"{schema.name}.{text}").to_dicts(),
            lambda: declared(schema, f"a : int32\n-> `{schema.name}`.`{text.replace('`', '')}`"),
        ):
            with pytest.raises(DataJointError):
                ask()


@pytest.mark.usefixtures("witness")
class TestTablesOfOthers:
    @pytest.mark.parametrize("text", INJECTIONS)
    def test_are_read_described_altered_and_dropped_under_any_name(self, schema, connection, text):
        """Another program may call table and column what it likes."""
        name = TableName(schema.name, text.strip() + "x")
        quote = connection.dialect.quote
        column = quote(text.strip())
        connection.execute(
            Statement(f"CREATE TABLE {connection.dialect.table(name)} ({column} int NOT NULL, PRIMARY KEY ({column}))")
        )
        connection.catalogue.forget(schema.name)
        table = dj.FreeTable(connection, connection.catalogue.table(name).name.full) if "`" not in text else None

        heading = connection.catalogue.heading(name)
        assert [text.strip()] == heading.names
        if table is not None:
            assert text.strip() in table.describe()
            assert table.to_dicts() == []
        connection.execute(Statement(f"DROP TABLE {connection.dialect.table(name)}"))
        connection.catalogue.forget(schema.name)

"""Tables without a class: any table of the database, by its name."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import DefinitionError, MissingTableError, OperandError, UnknownAttributeError
from djnb.model.naming import TableName
from djnb.sql.statement import Statement


@pytest.fixture
def A(schema):
    @schema
    class A(dj.Manual):
        definition = "a : int32\n---\nb = null : varchar(8)"

    A.insert([(1, "x"), (2, None)])
    return A


class TestName:
    def test_with_and_without_quotes(self, connection, schema, A):
        """`schema.table`, or as DataJoint writes full names."""
        for name in (f"{schema.name}.a", A.full_table_name, f"{schema.name}.`a`"):
            assert 2 == len(dj.FreeTable(connection, name))

    def test_alone_is_on_the_default_connection(self, database_url, schema, A):
        """`dj.FreeTable("schema.table")`."""
        with dj.connect(database_url):
            assert 2 == len(dj.FreeTable(f"{schema.name}.a"))

    def test_that_is_none_is_refused(self, connection):
        """Before anything is sent."""
        with pytest.raises(DefinitionError, match=r"Write `schema\.table`"):
            dj.FreeTable(connection, "a")
        with pytest.raises(OperandError, match="needs the name"):
            dj.FreeTable(connection)

    def test_of_no_table_is_refused_when_it_is_asked(self, connection, schema):
        """The error names it."""
        with pytest.raises(MissingTableError, match="absent"):
            dj.FreeTable(connection, f"{schema.name}.absent").to_dicts()


class TestUse:
    def test_is_read_and_restricted(self, connection, A):
        """As any query; a misspelt attribute is refused."""
        free = dj.FreeTable(connection, A.full_table_name)

        assert [{"a": 1, "b": "x"}] == (free & "b = 'x'").to_dicts()
        assert (free.proj() * A).to_dicts() == A.to_dicts()
        with pytest.raises(UnknownAttributeError):
            free & "c = 1"

    def test_is_written(self, connection, A):
        """Inserted into, deleted from, dropped."""
        free = dj.FreeTable(connection, A.full_table_name)
        free.insert1({"a": 3, "b": "z"})
        (free & "a < 3").delete(prompt=False)

        assert [{"a": 3, "b": "z"}] == A.to_dicts()

        free.drop(prompt=False)
        assert not free.is_declared

    def test_shows_itself(self, connection, A):
        """With the name of the class it might have."""
        free = dj.FreeTable(connection, A.full_table_name)

        assert str(A()) == str(free)
        assert f"<FreeTable {A.full_table_name}, restricted>" == repr(free & "a = 1")
        assert free.connection is connection

    def test_name_needs_to_follow_no_rule(self, connection, schema):
        """A table that another program has made, with capitals, dots and blanks in its name."""
        name = TableName(schema.name, "Öther-Table 2")
        connection.execute(Statement(f"CREATE TABLE {connection.dialect.table(name)} (id int NOT NULL PRIMARY KEY)"))
        connection.catalogue.forget(schema.name)

        free = dj.FreeTable(connection, name.full)
        free.insert([{"id": 1}, {"id": 2}])
        (free & {"id": 1}).delete(prompt=False)

        assert [{"id": 2}] == free.to_dicts()
        assert 1 == len(schema["Öther-Table 2"])

    def test_table_made_since_is_found(self, database_url, connection, schema):
        """Somebody else's, after this connection had looked."""
        free = dj.FreeTable(connection, f"{schema.name}.late")
        assert not free.is_declared
        with dj.Connection(database_url) as other:
            dj.Schema(schema.name, connection=other)(type("Late", (dj.Manual,), {"definition": "a : int32"}))

        assert 0 == len(free)

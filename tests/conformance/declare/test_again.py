"""Declaring what is there: nothing is lost, nothing is sent, and what has changed is warned of."""

from __future__ import annotations

import warnings

import pytest

import djnb as dj
from djnb.declaration.compare import DefinitionChangedWarning
from djnb.errors import UnknownTypeError
from djnb.events import TableDeclared
from djnb.model.naming import TableName
from tests.conformance.classes import make_table


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

"""A declaration that fails leaves nothing half done, and says what to mend."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import (
    AccessError,
    DefinitionError,
    MissingTableError,
    NotDeclaredError,
    TransactionError,
    UnknownTypeError,
)
from tests.conformance.classes import make_table
from tests.conformance.declare.found import lineage


class TestFailure:
    """A declaration happens as a whole or not at all."""

    def test_failed_part_undoes_its_master(self, schema, tables):
        """The master is not left without its part, nothing of it is noted, and the mended class is declared."""

        def scan(kind):
            first = make_table("First", "-> master\nfirst : int16", dj.Part)
            return make_table(
                "Scan",
                "scan : int32",
                First=first,
                Second=make_table("Second", f"-> master\nx : {kind}", dj.Part),
            )

        broken = scan("int33")
        with pytest.raises(UnknownTypeError):
            schema(broken)

        assert set() == tables()
        assert [] == lineage(schema)
        for cls in (broken, broken.First, broken.Second):
            with pytest.raises(NotDeclaredError):
                cls().fetch()
        schema(scan("int32"))
        assert {"scan", "scan__first", "scan__second"} == tables()

    def test_part_that_is_added_later_does_not_endanger_its_master(self, schema, tables):
        """A master that was there stays, with its rows, when a new part cannot be declared."""
        Scan = schema(make_table("Scan", "scan : int32"))
        Scan.insert1({"scan": 1})

        with pytest.raises(DefinitionError):
            schema(make_table("Scan", "scan : int32", Roi=make_table("Roi", "-> master\nx int32", dj.Part)))

        assert ({"scan"}, [{"scan": 1}]) == (tables(), Scan.to_dicts())

    def test_failed_class_can_be_mended_and_decorated_again(self, schema, tables):
        """As one does in a notebook: run the cell, read the error, mend, run it again."""
        A = make_table("A", "a : integr")
        with pytest.raises(UnknownTypeError):
            schema(A)
        with pytest.raises(NotDeclaredError):
            len(A)

        A.definition = "a : int32"
        schema(A)

        assert (0, {"a"}) == (len(A), tables())

    @pytest.mark.parametrize("database_url", ["mysql"], indirect=True)
    def test_refusal_of_the_server_is_an_error_in_the_definition(self, declare, tables):
        """What only a server can tell, such as a row that is too long, names the class and leaves nothing."""
        with pytest.raises(DefinitionError, match="`A` cannot be declared in the schema") as caught:
            declare("A", "a : int32\n---\n" + "\n".join(f"x{n} : varchar(16000)" for n in range(9)))

        assert "Row size too large" in caught.value.message
        assert caught.value.__cause__ is not None
        assert set() == tables()

    @pytest.mark.parametrize("database_url", ["mysql"], indirect=True)
    def test_missing_privilege_is_named_with_the_class(self, database_url, mysql_admin, schema, tables):
        """A reader of a shared schema learns what may not be done, and that the class is not declared."""
        mysql_admin("CREATE USER djnb_reader IDENTIFIED BY 'secret'")
        try:
            mysql_admin(f"GRANT SELECT ON `{schema.name}`.* TO djnb_reader")
            host = database_url.rpartition("@")[2]
            with dj.Connection(f"mysql://djnb_reader:secret@{host}") as connection:
                A = make_table("A", "a : int32")
                with pytest.raises(AccessError, match="`A` cannot be declared in the schema") as caught:
                    dj.Schema(schema.name, connection=connection)(A)
        finally:
            mysql_admin("DROP USER djnb_reader")

        assert "The privilege CREATE is missing" in caught.value.message
        assert "secret" not in str(caught.value)
        assert set() == tables()

    def test_lineage_that_cannot_be_written_undoes_the_table(self, connection, declare, tables, monkeypatch):
        """On a server a table stays where its transaction is undone; it is removed."""

        def fail(*_):
            raise MissingTableError("no lineage")

        monkeypatch.setattr("djnb.declaration.lineage_table.record", fail)
        with pytest.raises(MissingTableError):
            declare("A", "a : int32")

        assert set() == tables()

    def test_declaration_within_a_transaction_is_refused(self, connection, declare, Subject, tables):
        """On a server it would end the transaction half-way; the rows before it are undone as asked."""

        def half_way():
            with connection.transaction():
                Subject.insert1((1, "2020-01-01"))
                declare("A", "a : int32")

        with pytest.raises(TransactionError, match="`A` cannot be declared while"):
            half_way()

        assert ({"subject"}, 0) == (tables(), len(Subject))

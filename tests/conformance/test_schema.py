"""Schemas: what is in one, how large it is, how far it is, and how it goes."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest

import djnb as dj
from djnb.errors import ConsentError, MissingSchemaError, MissingTableError, QuerySyntaxError
from djnb.events import StatementSent
from djnb.populate.result import Progress
from djnb.sql.statement import Statement
from tests.conformance.pipelines import declare_lab, fill_lab
from tests.conformance.recordings import server_only

LAB = ["#species", "subject", "session", "_scan", "__spike_rate", "_scan__roi"]


@pytest.fixture
def lab(schema):
    return declare_lab(schema)


class TestTables:
    def test_are_listed_by_module_functions_too(self, connection, schema, lab):
        """`dj.list_schemas()` and `dj.list_tables()` need no schema object."""
        assert schema.name in dj.list_schemas(connection)
        assert LAB == dj.list_tables(schema.name, connection) == schema.list_tables()

    def test_of_a_schema_that_is_not_there(self, connection):
        """An error, rather than a list of nothing."""
        with pytest.raises(MissingSchemaError, match="no schema 'djnb_test_absent'"):
            dj.list_tables("djnb_test_absent", connection)

    @pytest.mark.parametrize("name", ["Species", "#species"])
    def test_are_had_by_name(self, schema, lab, name):
        """By that of the class or that of the table."""
        assert [{"species": "mouse"}, {"species": "rat"}] == schema[name].to_dicts()
        assert name in schema

    def test_part_is_had_by_name(self, schema, lab):
        """`Master.Part`."""
        assert ["subject_id", "session", "roi"] == schema.get_table("Scan.Roi").primary_key

    def test_misspelt_name_is_refused_with_a_suggestion(self, schema, lab):
        """The nearest name is offered, and all are listed."""
        with pytest.raises(MissingTableError, match="Did you mean 'Session'"):
            schema["Sesion"]

        assert "Sesion" not in schema

    def test_are_iterated_parents_first(self, schema, lab):
        """Each as a table without a class."""
        assert LAB == [table.table_name for table in schema]


class TestRelatives:
    def test_parents_come_in_the_order_of_the_definition(self, schema, lab):
        """One for each foreign key."""
        subject = f"`{schema.name}`.`subject`"

        assert [subject, subject] == lab["Session"].parents()
        assert [subject] == lab["Session"].parents(primary=True)
        assert [subject] == lab["Session"].parents(primary=False)

    def test_parents_come_with_facts(self, schema, lab):
        """As DataJoint names them."""
        _, (table, facts) = lab["Session"].parents(as_objects=True, foreign_key_info=True)

        assert ("Subject", ["subject_id"]) == (table.class_name, table.primary_key)
        assert {
            "primary": False,
            "attr_map": {"partner": "subject_id"},
            "aliased": True,
            "multi": True,
        } == facts

    def test_children_come_with_facts(self, schema, lab):
        """A child that refers twice is there twice."""
        found = lab["Subject"].children(foreign_key_info=True)

        session = f"`{schema.name}`.`session`"
        assert [(session, True), (session, False)] == [(table, facts["primary"]) for table, facts in found]

    def test_ancestors_and_descendants_have_the_table_itself(self, schema, lab):
        """Each way from near to far."""
        scan = lab["Scan"]

        assert ["Scan", "Session", "Subject", "Species"] == [t.class_name for t in scan.ancestors(as_objects=True)]
        assert ["Scan", "SpikeRate", "Scan.Roi"] == [t.class_name for t in scan.descendants(as_objects=True)]
        assert scan.full_table_name == scan.descendants()[0]

    def test_parts(self, schema, lab):
        """Of a master; other tables have none."""
        assert [f"`{schema.name}`.`_scan__roi`"] == lab["Scan"].parts()
        assert [] == lab["Session"].parts()

    def test_names(self, schema, lab):
        """As DataJoint calls them, on the class."""
        Roi = lab["Scan"].Roi

        assert (schema.name, "_scan__roi", "Scan.Roi") == (Roi.database, Roi.table_name, Roi.class_name)

    def test_asking_costs_one_statement_at_most(self, schema, lab, statements):
        """What the connection knows is not asked again."""
        lab["Scan"].parents()
        lab["Scan"].parts()
        known = len(statements)
        for verb in (lab["Scan"].children, lab["Scan"].ancestors, lab["Scan"].descendants):
            verb()

        assert known <= 1
        assert 3 == len(statements) - known


class TestDeclaringAgain:
    def test_table_that_was_dropped_is_declared_again(self, schema, lab):
        """`Table.declare()` needs no new class."""
        lab["SpikeRate"].drop(prompt=False)
        assert not lab["SpikeRate"].is_declared

        lab["SpikeRate"].declare()
        lab["SpikeRate"].declare()

        assert lab["SpikeRate"].is_declared
        assert lab["Scan"] is lab["SpikeRate"]().declaration_context["Scan"]

    def test_importing_fifty_tables_takes_few_statements(self, database_url, schema):
        """A module whose tables are there already is imported in about one statement for each Lookup table."""

        def module(schema):
            for number in range(50):
                parent = f"-> T{number - 1}\n" if number % 10 else ""
                tier = dj.Lookup if number % 10 == 0 else dj.Manual
                body = {"definition": f"{parent}a{number} : int32", "contents": [(1,), (2,)]}
                names[f"T{number}"] = schema(type(f"T{number}", (tier,), body), context=names)

        names: dict[str, type] = {}
        module(schema)
        with dj.Connection(database_url) as other:
            sent: list[str] = []
            with other.bus.subscribed(lambda event: sent.append(event.sql), StatementSent):
                module(dj.Schema(schema.name, connection=other))
                imported = len(sent)
                module(dj.Schema(schema.name, connection=other))

        assert imported <= 60
        assert imported == 1 + 5  # the schema, and how many rows each Lookup table has
        assert len(sent) - imported == 5


class TestSize:
    def test_grows_with_what_is_in_it(self, connection, schema):
        """Bytes of tables and indexes, as far as the database knows."""
        schema(type("A", (dj.Manual,), {"definition": "a : int32\n---\nb : longblob"}))
        empty = schema.size_on_disk
        schema["A"].insert((a, os.urandom(200_000)) for a in range(3))
        with suppress(QuerySyntaxError):  # a server updates its estimates when it likes to, or is told to
            connection.execute(Statement(f"ANALYZE TABLE {schema['A'].full_table_name}"))

        assert 0 < empty < schema.size_on_disk

    def test_of_one_schema_only(self, connection, schema):
        """Others in the same database do not count."""
        assert 0 == schema.size_on_disk


class TestProgress:
    def test_of_all_tables_in_one_statement(self, schema, lab, statements):
        """Imported and computed tables, parents first."""
        fill_lab(lab)
        statements.clear()

        progress = schema.progress()

        assert {"Scan": Progress(1, 3), "SpikeRate": Progress(0, 2)} == dict(progress)
        assert 4 == progress.remaining
        assert 1 == len(statements)

    def test_shows_itself(self, schema, lab):
        """As text, and as HTML in a notebook."""
        fill_lab(lab)
        progress = schema.progress()

        assert repr(progress).splitlines() == [
            f"Progress of {schema.name}: 2 tables, 4 keys to make",
            "*table     done  keys  percent",
            "---------  ----  ----  -------",
            "Scan          1     3     33.3",
            "SpikeRate     0     2      0.0",
        ]
        assert "<td class" in progress._repr_mimebundle_()["text/html"]

    def test_key_source_of_a_class_counts(self, schema, lab):
        """A class says which keys its table should have; without its class, the foreign keys do."""
        fill_lab(lab)
        Session = lab["Session"]

        @schema
        class Mean(dj.Computed):
            definition = "-> Session"
            key_source = Session & "session = 1"

        other = dj.Schema(schema.name, connection=schema.connection)

        assert Progress(0, 2) == schema.progress()["Mean"]
        assert Progress(0, 3) == other.progress()["Mean"]

    def test_table_without_a_parent_is_unknown(self, schema):
        """Nobody knows which keys it should have."""

        @schema
        class Free(dj.Imported):
            definition = "a : int32"
            allow_new_pk_fields = True

        assert {} == dict(schema.progress())
        assert ("Free",) == schema.progress().unknown
        assert "unknown" in repr(schema.progress())


class TestDrop:
    def test_force_is_the_contrary_of_prompt(self, schema, lab):
        """As DataJoint up to 0.14 has it."""
        with pytest.raises(ConsentError):
            schema.drop(force=False)
        schema.drop(force=True)

        assert not schema.exists


class TestLog:
    def test_of_old_schemas_only(self, schema):
        """DataJoint 2 and djnb keep none."""
        with pytest.raises(MissingTableError, match="has no log"):
            schema.log

    @server_only
    def test_that_datajoint_0_14_has_kept_is_asked_like_any_table(self, connection, schema, lab):
        """It is laid out as 0.14.9 lays it out, is read and restricted, and is no table of the pipeline."""
        place = f"`{schema.name}`.`~log`"
        connection.execute(
            Statement(
                f"""
                CREATE TABLE {place} (
                    id int unsigned NOT NULL AUTO_INCREMENT COMMENT 'event order id',
                    timestamp timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP COMMENT 'event timestamp',
                    version varchar(12) NOT NULL COMMENT 'datajoint version',
                    user varchar(255) NOT NULL COMMENT 'user@host',
                    host varchar(255) NOT NULL DEFAULT '' COMMENT 'system hostname',
                    event varchar(255) NOT NULL DEFAULT '' COMMENT 'event message',
                    PRIMARY KEY (id)
                ) ENGINE=InnoDB COMMENT 'event logging table for `{schema.name}`'
                """
            )
        )
        events = ["created", f"Declared `{schema.name}`.`subject`", f"DROP TABLE `{schema.name}`.`subject`"]
        for second, event in enumerate(events):
            connection.execute(
                Statement(
                    f"INSERT INTO {place} (timestamp, version, user, host, event) VALUES (%s, %s, %s, %s, %s)",
                    (f"2023-05-01 12:00:0{second}", "0.14.9py", "alice@10.0.0.5", "rig", event),
                )
            )
        schema.connection.catalogue.forget(schema.name)

        assert schema.log.primary_key == ["id"]
        assert events[::-1] == list(schema.log.to_arrays("event", order_by="id DESC"))
        assert "2023-05-01 12:00:02" == str((schema.log & "event LIKE 'DROP%'").fetch1("timestamp"))
        assert "event logging table" in str(schema.log)
        assert LAB == schema.list_tables()
        assert "~log" not in schema.code

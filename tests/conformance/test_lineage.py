"""Lineage: where the attributes of keys were first declared, as stored for DataJoint 2 and as shown."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.model.naming import TableName
from djnb.sql.statement import Statement
from tests.conformance.pipelines import declare_lab


@pytest.fixture
def lab(schema):
    return declare_lab(schema)


@pytest.fixture
def forget(connection, schema):
    """Return a function that leaves the schema as DataJoint 0.14 would: without the table of lineages."""

    def forget():
        connection.execute(Statement(f"DROP TABLE {connection.dialect.table(TableName(schema.name, '~lineage'))}"))
        connection.catalogue.forget(schema.name)

    return forget


class TestLineage:
    def test_leads_to_the_first_table(self, schema, lab):
        """Through parents, renames and parts; other attributes have none."""
        s = schema.name

        assert {
            f"{s}.#species.species": f"{s}.#species.species",
            f"{s}.subject.subject_id": f"{s}.subject.subject_id",
            f"{s}.subject.species": f"{s}.#species.species",
            f"{s}.session.subject_id": f"{s}.subject.subject_id",
            f"{s}.session.session": f"{s}.session.session",
            f"{s}.session.partner": f"{s}.subject.subject_id",
            f"{s}._scan.subject_id": f"{s}.subject.subject_id",
            f"{s}._scan.session": f"{s}.session.session",
            f"{s}._scan__roi.subject_id": f"{s}.subject.subject_id",
            f"{s}._scan__roi.session": f"{s}.session.session",
            f"{s}._scan__roi.roi": f"{s}._scan__roi.roi",
            f"{s}.__spike_rate.subject_id": f"{s}.subject.subject_id",
            f"{s}.__spike_rate.session": f"{s}.session.session",
            f"{s}.__spike_rate.species": f"{s}.#species.species",
        } == dict(schema.lineage)

    def test_is_what_the_headings_say(self, schema, lab):
        """The stored record and the foreign keys agree."""
        for table in schema:
            for attribute in table.heading.visible:
                assert attribute.lineage == schema.lineage.get(f"{schema.name}.{table.table_name}.{attribute.name}")

    def test_shows_itself(self, schema, lab):
        """Each attribute with its origin, as text and as HTML."""
        lines = repr(schema.lineage).splitlines()

        assert f"Lineage in {schema.name}: 14 attributes" == lines[0]
        assert any(line.split() == ["Session", "partner", f"{schema.name}.subject.subject_id"] for line in lines)
        assert "Scan.Roi" in schema.lineage._repr_mimebundle_()["text/html"]

    def test_without_a_record_the_foreign_keys_say(self, schema, lab, forget):
        """A schema that DataJoint 0.14 has made."""
        stored = dict(schema.lineage)
        forget()

        assert not schema.lineage_table_exists
        assert stored == dict(schema.lineage)
        assert "not stored" in repr(schema.lineage)


class TestRebuild:
    def test_writes_the_table_that_was_missing(self, schema, lab, forget):
        """For DataJoint 2, which looks there before it joins."""
        stored = dict(schema.lineage)
        forget()

        schema.rebuild_lineage()

        assert schema.lineage_table_exists
        assert schema.lineage.is_stored
        assert stored == dict(schema.lineage)

    def test_a_new_table_brings_the_lineage_of_all_others(self, schema, lab, forget):
        """DataJoint 2 refuses joins of tables of which an existing record says nothing."""
        stored = dict(schema.lineage)
        forget()

        schema(type("Weight", (dj.Manual,), {"definition": "-> Subject"}), context=lab)

        weight = {f"{schema.name}.weight.subject_id": f"{schema.name}.subject.subject_id"}
        assert {**stored, **weight} == dict(schema.lineage)

    def test_mends_what_is_wrong_and_leaves_hidden_tables_alone(self, connection, schema, lab):
        """Rows of tables that were dropped go; those of job tables are not djnb's to judge here."""
        s, right = schema.name, dict(schema.lineage)
        lineage = dj.FreeTable(connection, TableName(s, "~lineage"))
        lineage.insert([("gone", "a", "x.y.z"), ("~~scan", "subject_id", f"{s}.~~scan.subject_id")])
        lineage.insert([("session", "session", "wrong.wrong.wrong")], replace=True)

        schema.rebuild_lineage()

        assert {**right, f"{s}.~~scan.subject_id": f"{s}.~~scan.subject_id"} == dict(schema.lineage)

    def test_leaves_what_other_programs_have_declared_meanwhile(self, schema, lab, database_url):
        """Their tables are not forgotten because this connection has not seen them yet."""
        assert "Weight" not in schema
        with dj.Connection(database_url) as other:
            dj.Schema(schema.name, connection=other)(type("Weight", (dj.Manual,), {"definition": "weight_id : int32"}))

        schema.rebuild_lineage()

        weight = f"{schema.name}.weight.weight_id"
        assert weight == schema.lineage[weight]

    def test_leads_into_other_schemas(self, connection, schema, lab):
        """Their record is not needed."""
        other = dj.Schema(schema.name + "_other", connection=connection)

        Weight = other(type("Weight", (dj.Manual,), {"definition": "-> Subject"}), context=lab)

        other.rebuild_lineage()

        assert {f"{other.name}.weight.subject_id": f"{schema.name}.subject.subject_id"} == dict(other.lineage)
        assert Weight.is_declared
        other.drop(prompt=False)

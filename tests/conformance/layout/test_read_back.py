"""What another program reads of tables is what their definitions say."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.model.naming import TableName
from tests.conformance.layout.pipeline import MAIN, OTHER, declare_pipeline


class TestWhatIsReadBack:
    @pytest.fixture
    def pipeline(self, connection, database_url):
        """Give both schemas as another program finds them."""
        declare_pipeline(dj.Schema(MAIN, connection=connection), dj.Schema(OTHER, connection=connection))
        with dj.Connection(database_url) as other:
            yield other.catalogue
        connection.drop_schema(MAIN)  # a server drops no database that another one refers to

    def test_heading_reads_like_the_definition(self, pipeline):
        """Types of foreign keys are those of their origins, on every backend."""
        assert str(pipeline.heading(TableName(MAIN, "subject"))).split("\n") == [
            "subject_id : int32              # the id",
            "---",
            "species : varchar(32)           # Latin name",
            "lab = null : varchar(24)        # short name",
            "sex = \"U\" : enum('M', 'F', 'U') # sex",
            "weight = null : float64         # g",
            "born : date",
            'is_wild = "0" : bool',
            "tag = null : uuid               # chip",
            'note = "" : varchar(255)',
        ]

    def test_types_follow_foreign_keys_through_names_and_schemas(self, pipeline):
        """An attribute that came by two renamings is of its origin's type."""
        grand = pipeline.heading(TableName(MAIN, "grand"))

        assert [
            ("nn", "int unsigned", f"{MAIN}.native.a"),
            ("k", "varchar(8)", f"{MAIN}.of_native.k"),
            ("a", "int32", f"{MAIN}.subject.subject_id"),
            ("b", "int32", f"{MAIN}.subject.subject_id"),
        ] == [(a.name, a.type.text, a.lineage) for a in grand.visible]

    def test_all_foreign_keys_are_known_in_one_statement(self, pipeline):
        """Whatever depends on a table is found, in whichever schema."""
        dependencies = pipeline.dependencies()

        lab = TableName(OTHER, "#lab")
        assert {(TableName(MAIN, "subject"), (("lab", "lab"),)), (TableName(MAIN, "session"), (("home", "lab"),))} == {
            (key.child, key.attributes) for key in dependencies.children(lab)
        }
        assert {"grand", "__spike_sort2_d__e_e_g_unit"} <= {name.table for name in dependencies.descendants(lab)}

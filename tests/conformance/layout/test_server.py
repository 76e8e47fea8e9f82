"""What is written to a server is what DataJoint 2.x writes."""

from __future__ import annotations

import pytest

import djnb as dj
from tests import servers
from tests.conformance.layout.datajoint import LAYOUT
from tests.conformance.layout.pipeline import MAIN, OTHER, declare_pipeline
from tests.conformance.layout.server import COLUMNS, RULES, Server, column_line
from tests.conftest import SCHEMA_PREFIX


@pytest.fixture(scope="module")
def server(mysql_url):
    """Give a server on which the tables have been declared."""
    with dj.Connection(mysql_url) as connection:
        declare_pipeline(dj.Schema(MAIN, connection=connection), dj.Schema(OTHER, connection=connection))
    yield Server(mysql_url)
    for name in (MAIN, OTHER):
        servers.run_statement(mysql_url, f"DROP DATABASE IF EXISTS `{name}`")


@pytest.mark.mysql
class TestServer:
    def test_the_same_tables_are_there(self, server):
        """Names with their prefixes, as DataJoint makes them of the classes."""
        assert set(LAYOUT) == server.tables()

    @pytest.mark.parametrize("table", LAYOUT)
    def test_table_is_laid_out_as_datajoint_lays_it_out(self, server, table):
        """Columns, types, defaults, comments with recorded types, keys, foreign keys and lineage are the same."""
        assert LAYOUT[table] == server.layout(table)

    def test_foreign_keys_follow_changed_keys_and_hold_parents(self, server):
        """A changed key changes in the children; a parent with children cannot be deleted."""
        rules = {("CASCADE", delete) for _, delete in server.ask(RULES, MAIN)}

        assert rules == set(server.ask(RULES, MAIN))
        assert rules <= {("CASCADE", "RESTRICT"), ("CASCADE", "NO ACTION")}

    def test_lineage_table_is_laid_out_as_datajoint_lays_it_out(self, server):
        """DataJoint 2.x finds in ``~lineage`` what it looks for."""
        assert [
            "table_name varchar(64) # table name within the schema",
            "attribute_name varchar(64) # attribute name",
            "lineage varchar(255) # origin: schema.table.attribute",
        ] == [column_line(*row) for row in server.ask(COLUMNS, MAIN, "~lineage")]
        assert ["PRIMARY KEY (table_name, attribute_name)"] == server.indexes(MAIN, "~lineage")

    def test_new_schema_holds_any_text_and_compares_it_byte_by_byte(self, server):
        """A database that djnb creates does not depend on the server's default characters."""
        found = server.ask(
            "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata "
            "WHERE schema_name = %s",
            MAIN,
        )

        assert [("utf8mb4", "utf8mb4_bin")] == found

    def test_schema_of_another_making_takes_any_text(self, mysql_url, server):
        """In a database of other characters, new tables hold any; a foreign key's text has those of its parent."""
        name = SCHEMA_PREFIX + "layout_latin"
        server.ask(f"CREATE DATABASE `{name}` CHARACTER SET latin1")
        server.ask(f"CREATE TABLE `{name}`.`old` (old varchar(8) PRIMARY KEY) ENGINE=InnoDB")
        try:
            with dj.Connection(mysql_url) as connection:
                latin, main = dj.Schema(name, connection=connection), dj.Schema(MAIN, connection=connection)
                Species = main(type("Species", (dj.Lookup,), {"definition": "species : varchar(32)"}))
                Old = latin(type("Old", (dj.Manual,), {"definition": "old : varchar(8)"}))
                latin(
                    type("Both", (dj.Manual,), {"definition": "-> Species\n-> Old\n---\nnote : varchar(8)"}),
                    context={"Species": Species, "Old": Old},
                )
            found = server.ask(
                "SELECT column_name, character_set_name FROM information_schema.columns "
                "WHERE table_schema = %s AND table_name = 'both' ORDER BY ordinal_position",
                name,
            )
        finally:
            server.ask(f"DROP DATABASE `{name}`")

        assert [("species", "utf8mb4"), ("old", "latin1"), ("note", "utf8mb4")] == found

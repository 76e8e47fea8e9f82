"""Tables that DataJoint made: djnb describes them, declares the same elsewhere, and alters them."""

from __future__ import annotations

import pytest

import djnb
from djnb.declaration.alter import plan_alter
from djnb.declaration.declare import declare

pytestmark = [pytest.mark.mysql, pytest.mark.filterwarnings("ignore::djnb.query.SemanticWarning")]

ADDABLE = {"analysis", "subject__weight", "__result"}
"""Tables whose rows DataJoint's check reads by the names that it knows."""


@pytest.fixture(params=["datajoint_2", "datajoint_0_14"])
def made(request, name):
    """Let one of the two fill a schema, and return how it reads it afterwards, as a function."""
    peer = request.getfixturevalue(request.param)
    module = "current" if request.param == "datajoint_2" else "classic"
    peer.run(f"{module}.fill", name=name)
    return lambda: peer.run(f"{module}.check", name=name)


def pipeline(connection, name):
    """Return the tables of the pipeline, parents first."""
    specs = connection.catalogue.schema(name).values()
    found = [spec for spec in specs if not spec.name.is_hidden]
    ordered = []
    while found:
        ready = [s for s in found if not {k.parent for k in s.foreign_keys} - {o.name for o in ordered} - {s.name}]
        ordered += ready
        found = [spec for spec in found if spec not in ready]
    return ordered


def shown(statement, schema, table):
    """Return how the server shows a table; djnb's text compares byte by byte, and its blobs are all long."""
    columns = statement(
        "SELECT column_name, IF(column_type = 'blob', 'longblob', column_type), is_nullable, column_default, extra, "
        f"column_key FROM information_schema.columns WHERE table_schema = '{schema}' AND table_name = '{table}' "
        "ORDER BY ordinal_position"
    )
    indexes = statement(
        "SELECT GROUP_CONCAT(column_name ORDER BY seq_in_index), non_unique FROM information_schema.statistics "
        f"WHERE table_schema = '{schema}' AND table_name = '{table}' GROUP BY index_name, non_unique"
    )
    return columns, sorted(indexes)


def names_for(connection, spec, schema):
    """Return what `master` stands for in a part's definition."""
    master = spec.name.master
    return {"master": djnb.FreeTable(connection, master._replace(schema=schema).full)} if master else {}


class TestTablesOfDataJoint:
    def test_declared_by_their_descriptions_are_the_same(self, made, own, name, other_name, statement):
        """The server shows the second table like the first: columns, defaults, keys and indexes."""
        connection = djnb.conn()
        djnb.Schema(other_name)
        for spec in pipeline(connection, name):
            text = djnb.FreeTable(connection, spec.name.full).describe().replace(f"`{name}`", f"`{other_name}`")
            other = spec.name._replace(schema=other_name)
            declare(connection, other, text, names_for(connection, spec, other_name), label=spec.name.table)

            assert shown(statement, name, spec.name.table) == shown(statement, other_name, spec.name.table), text

    def test_are_altered_only_where_the_definition_differs(self, made, own, name):
        """Their own description alters nothing; one attribute more is added, and DataJoint reads the rows as before."""
        connection = djnb.conn()
        for spec in pipeline(connection, name):
            text = djnb.FreeTable(connection, spec.name.full).describe()
            names = names_for(connection, spec, name)
            assert not plan_alter(connection, spec.name, text, names, label=spec.name.table).statements, text

            more = text + ("" if "\n---" in text or text.startswith("---") else "\n---") + "\nadded = null : smallint"
            plan = plan_alter(connection, spec.name, more, names, label=spec.name.table)
            assert ["'added' is added, `smallint`, null by default"] == [change.text for change in plan.changes]
            if spec.name.table in ADDABLE:
                plan.carry_out()

        assert made() == []

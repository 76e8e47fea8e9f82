"""The graph of foreign keys: who depends on whom, and in which order."""

from __future__ import annotations

from djnb.graph.dependencies import Dependencies
from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey


def table(name):
    schema, _, rest = name.rpartition(".")
    return TableName(schema or "lab", rest)


def key(child, parent, **names):
    return ForeignKey(table(child), table(parent), tuple(names.items()) or (("id", "id"),))


def named(tables):
    return [name.table for name in tables]


#      subject
#      /     \
#  session   surgery
#      \     /
#      _scan       #method
#         \         /
#         __analysis
DIAMOND = Dependencies(
    [
        key("__analysis", "_scan"),
        key("__analysis", "#method", method="method"),
        key("_scan", "session"),
        key("_scan", "surgery"),
        key("surgery", "subject"),
        key("session", "subject"),
    ]
)


class TestNeighbours:
    def test_parents_are_the_foreign_keys_of_a_table(self):
        """In the order of the definition."""
        assert ["_scan", "#method"] == [k.parent.table for k in DIAMOND.parents(table("__analysis"))]

    def test_children_are_the_foreign_keys_that_point_at_a_table(self):
        """All of them, two to one table among them."""
        pair = Dependencies([key("pair", "subject", a="id"), key("pair", "subject", b="id")])

        assert [(("a", "id"),), (("b", "id"),)] == [k.attributes for k in pair.children(table("subject"))]

    def test_table_without_neighbours_has_none(self):
        """A table that no foreign key mentions is no error."""
        alone = table("alone")

        assert ([], [], [alone]) == (DIAMOND.parents(alone), DIAMOND.children(alone), DIAMOND.descendants(alone))


class TestOrder:
    def test_descendants_come_after_what_they_depend_on(self):
        """The table itself is first, and names decide where the graph does not."""
        assert ["subject", "session", "surgery", "_scan", "__analysis"] == named(DIAMOND.descendants(table("subject")))

    def test_what_is_beside_is_no_descendant(self):
        """A method's descendants are its analyses and not the scans."""
        assert ["#method", "__analysis"] == named(DIAMOND.descendants(table("#method")))

    def test_order_puts_parents_first_by_way_of_tables_that_are_not_asked_for(self):
        """Two tables may depend on each other through a third."""
        wanted = [table("__analysis"), table("subject"), table("alone")]

        assert ["alone", "subject", "__analysis"] == named(DIAMOND.order(wanted))

    def test_schemas_are_crossed(self):
        """A foreign key into another schema is one like others."""
        crossing = Dependencies([key("b.child", "a.parent"), key("a.grandchild", "b.child")])

        assert [table("a.parent"), table("b.child"), table("a.grandchild")] == crossing.descendants(table("a.parent"))

    def test_reference_to_itself_does_not_count(self):
        """A table that refers to itself, made by other hands, can still be ordered."""
        tree = Dependencies([key("node", "node", upper="node"), key("leaf", "node")])

        assert (
            ["node", "leaf"]
            == named(tree.descendants(table("node")))
            == named(tree.order([table("leaf"), table("node")]))
        )


class TestRings:
    RING = Dependencies([key("b", "a"), key("a", "b", back="id"), key("c", "b"), key("t", "t", up="id"), key("d", "c")])

    def test_tables_of_a_ring_stand_together(self):
        """Tables that depend on each other are ordered by name, between what is above and what is below."""
        assert ["a", "b", "c", "d"] == named(self.RING.descendants(table("b")))
        assert ["a", "b", "c"] == named(self.RING.ancestors(table("c")))

    def test_are_found_where_all_of_them_are_asked_for(self):
        """Two tables that refer to each other, and one that refers to itself; half a ring is none."""
        everything = [table(name) for name in "abcdt"]

        assert [{table("a"), table("b")}, {table("t")}] == self.RING.rings(everything)
        assert [] == self.RING.rings([table("b"), table("c")])


class TestTie:
    def test_is_the_foreign_key_to_the_master_or_to_another_part(self):
        """A part of a part belongs to the master by way of that; other foreign keys are no tie."""
        unit, spike = "__sort__unit", "__sort__spike"
        parts = Dependencies([key(unit, "probe"), key(unit, "__sort"), key(spike, unit)])

        assert table("__sort") == parts.tie(table(unit)).parent
        assert table(unit) == parts.tie(table(spike)).parent
        assert (None, None) == (parts.tie(table("__sort")), parts.tie(table("alone__part")))

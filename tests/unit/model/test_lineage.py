"""Lineage: where an attribute was first declared."""

from __future__ import annotations

from djnb.model.attribute import Attribute
from djnb.model.core_types import parse_type
from djnb.model.lineage import trace
from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey, TableSpec


def spec(table, key, others=(), *, schema="lab", parents=()):
    """Return a table; parents are (schema, table, {own name: name there})."""
    name = TableName(schema, table)
    attributes = tuple(Attribute(n, parse_type("int32"), in_key=n in key) for n in (*key, *others))
    keys = tuple(ForeignKey(name, TableName(s, t), tuple(names.items())) for s, t, names in parents)
    return TableSpec(name, "", attributes, tuple(key), keys)


def lineage_of(wanted, *tables):
    found = {table.name: table for table in (wanted, *tables)}
    return trace(wanted, found.get)


SUBJECT = spec("subject", ["subject_id"], ["born"])
SESSION = spec("session", ["subject_id", "session"], parents=[("lab", "subject", {"subject_id": "subject_id"})])


class TestTrace:
    def test_own_key_begins_here_and_other_attributes_have_none(self):
        """Only attributes of keys and foreign keys have a lineage."""
        assert {"subject_id": "lab.subject.subject_id"} == lineage_of(SUBJECT)

    def test_foreign_key_is_followed_to_its_end(self):
        """A grandchild's attribute comes from the first table of the line."""
        scan = spec(
            "_scan",
            ["subject_id", "session"],
            parents=[("lab", "session", {"subject_id": "subject_id", "session": "session"})],
        )

        assert {"subject_id": "lab.subject.subject_id", "session": "lab.session.session"} == lineage_of(
            scan, SESSION, SUBJECT
        )

    def test_renamed_and_secondary_attributes_keep_their_origin(self):
        """A new name does not change where an attribute comes from, in the key or outside of it."""
        pair = spec(
            "pair",
            ["a"],
            ["b"],
            parents=[("lab", "subject", {"a": "subject_id"}), ("lab", "subject", {"b": "subject_id"})],
        )

        assert {"a": "lab.subject.subject_id", "b": "lab.subject.subject_id"} == lineage_of(pair, SUBJECT)

    def test_lineage_crosses_schemas(self):
        """The origin names its own schema."""
        rig = spec("#rig", ["rig"], schema="common")
        use = spec("use", ["rig"], parents=[("common", "#rig", {"rig": "rig"})])

        assert {"rig": "common.#rig.rig"} == lineage_of(use, rig)

    def test_trace_ends_at_a_parent_that_cannot_be_seen(self):
        """Where a schema is closed to the user, the parent's own attribute is the origin."""
        assert {"subject_id": "lab.subject.subject_id", "session": "lab.session.session"} == lineage_of(SESSION)

    def test_hidden_key_of_a_single_row_has_a_lineage(self):
        """As DataJoint 2.x records it."""
        assert {"_singleton": "lab.#setting._singleton"} == lineage_of(spec("#setting", ["_singleton"], ["value"]))

    def test_ring_of_foreign_keys_ends(self):
        """A table that refers to itself, made by other hands, is no endless way."""
        node = spec("node", ["node"], ["parent"], parents=[("lab", "node", {"parent": "node"})])
        ring = spec("ring", ["a"], ["b"], parents=[("lab", "ring", {"a": "b"}), ("lab", "ring", {"b": "a"})])

        assert {"node": "lab.node.node", "parent": "lab.node.node"} == lineage_of(node)
        assert {"a", "b"} == set(lineage_of(ring))

"""Which rows follow from which, in pipelines of awkward shapes: down, as a delete takes them, and up."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

import djnb as dj
from djnb.algebra.nodes import Restrict
from djnb.errors import IntegrityError
from djnb.graph.cascade import cascade
from djnb.rows.fetch import fetch_columns

Rows = dict[str, list[tuple[Any, ...]]]
"""Keys of rows by the class of their table."""


@dataclass(frozen=True)
class Pipeline:
    """Definitions by class, parts as ``Master.Part``, and their rows."""

    definitions: dict[str, str]
    rows: Rows


@dataclass(frozen=True)
class Step:
    """Rows of one table, and those that follow from them, these themselves among them."""

    table: str
    where: Any
    follow: Rows
    part_integrity: str = "enforce"


LABS = Pipeline(
    {
        "Lab": "lab : int32",
        "Person": "person : int32\n---\n-> Lab",
        "Rig": "rig : int32\n---\n-> Lab",
        "Session": "session : int32\n---\n-> Person\n-> Rig",
        "Room": "room : int32\n---\n-> Lab",
    },
    {
        "Lab": [(1,), (2,), (3,), (4,)],
        "Person": [(10, 1), (11, 2), (12, 4)],
        "Rig": [(20, 3), (21, 2), (22, 4)],
        "Session": [(100, 10, 20), (101, 11, 21), (102, 12, 22)],
        "Room": [(1, 1), (2, 2)],
    },
)
ALIGNED = Pipeline(
    {
        "Session": "subject : int32\nsession : int32",
        "Ephys": "-> Session\nprobe : int32",
        "Video": "-> Session\ncamera : int32",
        "Aligned": "-> Ephys\n-> Video",
    },
    {
        "Session": [(1, 1), (1, 2), (2, 1)],
        "Ephys": [(1, 1, 0), (1, 1, 1), (1, 2, 0), (2, 1, 0)],
        "Video": [(1, 1, 7), (1, 1, 8), (1, 2, 7), (2, 1, 7)],
        "Aligned": [(1, 1, 0, 7), (1, 1, 1, 8), (1, 2, 0, 7), (2, 1, 0, 7)],
    },
)
NOTES = Pipeline(
    {"Item": "id : int32", "Note": "id : int32\n---\n-> Item.proj(item_id='id')"},
    {"Item": [(1,), (2,), (3,), (4,)], "Note": [(1, 3), (2, 3), (3, 1), (4, 2)]},
)
SYNAPSES = Pipeline(
    {
        "Neuron": "neuron : int32",
        "Synapse": "synapse : int32\n---\n-> Neuron.proj(pre='neuron')\n-> Neuron.proj(post='neuron')",
    },
    {"Neuron": [(1,), (2,), (3,), (4,), (5,)], "Synapse": [(10, 1, 2), (11, 3, 3), (12, 4, 5)]},
)
RUNS = Pipeline(
    {
        "Operator": "operator : int32",
        "Station": "building : int32\nroom : int32",
        "Run": "run : int32\n---\n-> [nullable] Operator\n-> [nullable] Station",
    },
    {
        "Operator": [(1,), (2,), (3,)],
        "Station": [(1, 1), (1, 2), (2, 1)],
        "Run": [(10, 1, 1, 1), (11, None, 1, 2), (12, 2, 2, None), (13, None, None, None), (14, 3, 2, 1)],
    },
)
COURSES = Pipeline(
    {
        "Student": "student : int32",
        "Course": "course : varchar(8)",
        "Enrolment": "-> Student\n-> Course\n---\ngrade = null : int32",
    },
    {
        "Student": [(1,), (2,), (3,)],
        "Course": [("alg",), ("geo",), ("cell",)],
        "Enrolment": [(1, "alg", 5), (1, "cell", 2), (2, "alg", 4), (2, "geo", None)],
    },
)
STAFF = Pipeline(
    {
        "Employee": "employee : int32\n---\n-> [nullable] Employee.proj(boss='employee')",
        "Expense": "expense : int32\n---\n-> Employee",
    },
    {
        "Employee": [(1, None), (2, 1), (3, 2), (4, 3), (5, 1), (6, 5)],
        "Expense": [(100, 4), (101, 6), (102, 2)],
    },
)
NODES = Pipeline(
    {"Node": "project : int32\nnode : int32\n---\n-> [nullable] Node.proj(next='node')"},
    # 1 to 2 to 3 to 1, and 4 to 1.
    {"Node": [(1, 1, None), (1, 2, None), (1, 3, None), (1, 4, None), (2, 1, None), (2, 2, None)]},
)
NEXT = {(1, 1): 2, (1, 2): 3, (1, 3): 1, (1, 4): 1, (2, 1): 2}
CURATIONS = Pipeline(
    {
        "Electrode": "electrode : int32",
        "Metric": "metric : varchar(8)",
        "Curation": "curation : int32",
        "Curation.Unit": "-> master\nunit : int32\n---\n-> Electrode",
        "Curation.Score": "-> master\n-> Metric",
    },
    {
        "Electrode": [(1,), (2,), (3,)],
        "Metric": [("isi",), ("snr",)],
        "Curation": [(1,), (2,)],
        "Curation.Unit": [(1, 0, 1), (1, 1, 2), (2, 0, 3)],
        "Curation.Score": [(1, "isi"), (1, "snr"), (2, "snr")],
    },
)
GROUPS = Pipeline(
    {
        "Session": "session : int32",
        "Unit": "-> Session\nunit : int32",
        "Group": "group : varchar(8)",
        "Group.Member": "-> master\n-> Unit",
        "Decoding": "-> Group\nparam : int32",
    },
    {
        "Session": [(1,), (2,), (3,)],
        "Unit": [(1, 0), (1, 1), (2, 0), (3, 0)],
        "Group": [("A",), ("B",)],
        "Group.Member": [("A", 1, 0), ("A", 2, 0), ("B", 3, 0)],
        "Decoding": [("A", 1), ("B", 1), ("B", 2)],
    },
)

DOWN = {
    "two ways that reach different rows, each of which counts": (
        LABS,
        Step("Lab", "lab = 1", {"Lab": [(1,)], "Person": [(10,)], "Session": [(100,)], "Room": [(1,)]}),
        Step("Lab", "lab = 3", {"Lab": [(3,)], "Rig": [(20,)], "Session": [(100,)]}),
    ),
    "two ways that share a part of the key": (
        ALIGNED,
        Step("Ephys", {"session": 1, "probe": 0}, {"Ephys": [(1, 1, 0), (2, 1, 0)],
                                                   "Aligned": [(1, 1, 0, 7), (2, 1, 0, 7)]}),
        Step("Video", "camera = 8", {"Video": [(1, 1, 8)], "Aligned": [(1, 1, 1, 8)]}),
    ),
    "an attribute of the child that is named like the parent's key and is something else": (
        NOTES,
        Step("Item", "id = 3", {"Item": [(3,)], "Note": [(1,), (2,)]}),
        Step("Item", "id = 4", {"Item": [(4,)]}),
    ),
    "two foreign keys to one parent, either of which is enough": (
        SYNAPSES,
        Step("Neuron", "neuron IN (2, 3)", {"Neuron": [(2,), (3,)], "Synapse": [(10,), (11,)]}),
    ),
    "references that are absent, in part or whole": (
        RUNS,
        Step("Station", "building = 2", {"Station": [(2, 1)], "Run": [(14,)]}),
        Step("Operator", "operator < 3", {"Operator": [(1,), (2,)], "Run": [(10,), (12,)]}),
    ),
    "a table between two others, of which the other one stays": (
        COURSES,
        Step("Student", "student = 1", {"Student": [(1,)], "Enrolment": [(1, "alg"), (1, "cell")]}),
        Step("Course", "course = 'geo'", {"Course": [("geo",)], "Enrolment": [(2, "geo")]}),
    ),
    "nothing": (
        COURSES,
        Step("Student", "student > 7", {}),
        Step("Student", [], {}),
    ),
    "generations of a table that refers to itself, and what depends on them": (
        STAFF,
        Step("Employee", "employee = 2", {"Employee": [(2,), (3,), (4,)], "Expense": [(100,), (102,)]}),
        Step("Employee", "employee = 6", {"Employee": [(6,)], "Expense": [(101,)]}),
    ),
    "rows that refer to each other in a ring": (
        NODES,
        Step("Node", {"project": 1, "node": 2}, {"Node": [(1, 1), (1, 2), (1, 3), (1, 4)]}),
        Step("Node", {"project": 1, "node": 4}, {"Node": [(1, 4)]}),
        Step("Node", {"project": 2, "node": 2}, {"Node": [(2, 1), (2, 2)]}),
    ),
    "a part alone, or its master with its other parts": (
        CURATIONS,
        Step("Electrode", "electrode = 1", {"Electrode": [(1,)], "Curation.Unit": [(1, 0)]}, "ignore"),
        Step("Electrode", "electrode = 1", {"Electrode": [(1,)], "Curation": [(1,)],
                                            "Curation.Unit": [(1, 0), (1, 1)],
                                            "Curation.Score": [(1, "isi"), (1, "snr")]}, "cascade"),
        Step("Metric", "metric = 'isi'", {"Metric": [("isi",)], "Curation": [(1,)],
                                          "Curation.Unit": [(1, 0), (1, 1)],
                                          "Curation.Score": [(1, "isi"), (1, "snr")]}, "cascade"),
        Step("Curation", "curation = 2", {"Curation": [(2,)], "Curation.Unit": [(2, 0)],
                                          "Curation.Score": [(2, "snr")]}),
    ),
    "members of groups, and what is computed of the groups": (
        GROUPS,
        Step("Session", "session = 3", {"Session": [(3,)], "Unit": [(3, 0)], "Group": [("B",)],
                                        "Group.Member": [("B", 3, 0)], "Decoding": [("B", 1), ("B", 2)]}, "cascade"),
        Step("Unit", "session = 1", {"Unit": [(1, 0), (1, 1)], "Group.Member": [("A", 1, 0)]}, "ignore"),
        Step("Unit", {"session": 1, "unit": 1}, {"Unit": [(1, 1)]}),
    ),
}  # fmt: skip

UP = {
    "two ways that lead to different rows of one table": (
        LABS,
        Step("Session", "session < 102", {"Session": [(100,), (101,)], "Person": [(10,), (11,)],
                                          "Rig": [(20,), (21,)], "Lab": [(1,), (2,), (3,)]}),
    ),
    "two ways that share a part of the key": (
        ALIGNED,
        Step("Aligned", "camera = 7 AND subject = 1", {"Aligned": [(1, 1, 0, 7), (1, 2, 0, 7)],
                                                       "Ephys": [(1, 1, 0), (1, 2, 0)],
                                                       "Video": [(1, 1, 7), (1, 2, 7)], "Session": [(1, 1), (1, 2)]}),
    ),
    "an attribute that is named like the parent's key and is something else": (
        NOTES,
        Step("Note", "id IN (1, 2)", {"Note": [(1,), (2,)], "Item": [(3,)]}),
    ),
    "two foreign keys to one parent": (
        SYNAPSES,
        Step("Synapse", "synapse < 12", {"Synapse": [(10,), (11,)], "Neuron": [(1,), (2,), (3,)]}),
    ),
    "references that are absent, in part or whole": (
        RUNS,
        Step("Run", "run < 14", {"Run": [(10,), (11,), (12,), (13,)], "Operator": [(1,), (2,)],
                                 "Station": [(1, 1), (1, 2)]}),
    ),
    "parents only, not what else depends on them": (
        COURSES,
        Step("Enrolment", "grade <> 5", {"Enrolment": [(1, "cell"), (2, "alg")], "Student": [(1,), (2,)],
                                         "Course": [("alg",), ("cell",)]}),
    ),
}  # fmt: skip


def declare(schema, pipeline):
    """Declare the classes, insert the rows, and return the classes by name."""
    found = {}
    for name, definition in pipeline.definitions.items():
        if "." not in name:
            parts = {
                part.partition(".")[2]: type(part.partition(".")[2], (dj.Part,), {"definition": text})
                for part, text in pipeline.definitions.items()
                if part.startswith(f"{name}.")
            }
            found[name] = schema(type(name, (dj.Manual,), {"definition": definition, **parts}), context=dict(found))
            found |= {f"{name}.{part}": cls for part, cls in parts.items()}
    for name, rows in pipeline.rows.items():
        found[name].insert(rows)
    if pipeline is NODES:  # no order of such rows can be inserted
        for (project, node), following in NEXT.items():
            found["Node"].update1({"project": project, "node": node, "next": following})
    return found


def keys(classes):
    """Return the keys of all rows by table."""
    return {name: {tuple(key.values()) for key in cls.fetch("KEY")} for name, cls in classes.items()}


class _UndoneError(Exception):
    """Nothing is to stay."""


class TestDown:
    """A delete takes every row that depends on what is deleted, and no other."""

    @pytest.mark.parametrize("case", DOWN.values(), ids=DOWN)
    def test_delete_follows(self, schema, connection, case):
        """What the plan counts is what goes."""
        pipeline, *steps = case
        classes = declare(schema, pipeline)
        before = keys(classes)

        for step in steps:
            asked = classes[step.table] & step.where
            counts = asked.delete_plan(part_integrity=step.part_integrity).counts
            with suppress(_UndoneError), connection.transaction():
                asked.delete(prompt=False, part_integrity=step.part_integrity)
                after = keys(classes)
                raise _UndoneError

            gone = {name: rows - after[name] for name, rows in before.items() if rows - after[name]}
            assert {name: set(rows) for name, rows in step.follow.items()} == gone
            assert {name: len(rows) for name, rows in step.follow.items()} == {n: c for n, c in counts.items() if c}
        assert before == keys(classes)

    @pytest.mark.parametrize(
        ("pipeline", "table", "where", "part"),
        [
            (CURATIONS, "Electrode", "electrode = 1", "Curation.Unit"),
            (CURATIONS, "Metric", "metric = 'isi'", "Curation.Score"),
            (GROUPS, "Session", "session = 1", "Group.Member"),
        ],
        ids=["electrode", "metric", "session"],
    )
    def test_master_is_kept_whole(self, schema, pipeline, table, where, part):
        """A delete that would take a part from its master is refused, and names the part."""
        classes = declare(schema, pipeline)
        before = keys(classes)

        with pytest.raises(IntegrityError, match=f"the part `{part}` would go while"):
            (classes[table] & where).delete(prompt=False)

        assert before == keys(classes)

    def test_tables_of_one_name_in_several_schemas(self, schema, connection):
        """Each is a table of its own."""
        other = dj.Schema(schema.name + "_b", connection=connection)

        first = schema(type("Session", (dj.Manual,), {"definition": "session : int32"}))
        second = other(
            type("Session", (dj.Manual,), {"definition": "recording : int32\n---\n-> First"}), context={"First": first}
        )
        unit = schema(type("Unit", (dj.Manual,), {"definition": "-> Second\nunit : int32"}), context={"Second": second})
        first.insert([(1,), (2,)])
        second.insert([(1, 2), (2, 1)])
        unit.insert([(1, 1), (2, 1), (2, 2)])

        (first & "session = 2").delete(prompt=False)

        assert [[1], [2], [2, 2]] == [
            first.fetch("session").tolist(), second.fetch("recording").tolist(), unit.fetch("recording").tolist()
        ]  # fmt: skip


class TestUp:
    """What rows depend on, by any foreign key, and nothing else."""

    @pytest.mark.parametrize("case", UP.values(), ids=UP)
    def test_rows_need(self, schema, connection, case):
        """The condition of each table gives these rows."""
        pipeline, step = case
        classes = declare(schema, pipeline)
        node = (classes[step.table] & step.where).node
        assert isinstance(node, Restrict)

        found = cascade([node], connection.catalogue.dependencies(), connection.catalogue.stored, direction="up")

        needed = {}
        for name, rows in found.items():
            columns = fetch_columns(connection, rows, rows.heading.primary_key, purpose="internal")
            needed[name.class_name] = set(zip(*columns.values(), strict=True))
        assert {name: set(rows) for name, rows in step.follow.items()} == needed

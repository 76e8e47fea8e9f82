"""An Imported and a Computed table of one name: their jobs would be in one table, so it is said, and none are kept."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import OperandError, SharedJobsWarning
from djnb.jobs.layout import job_spec


@pytest.fixture
def namesakes(schema):
    """`Foo`, imported and computed."""

    @schema
    class Subject(dj.Lookup):
        definition = "subject : int32"
        contents = ((1,), (2,))

    def declare(tier):
        class Foo(tier):
            definition = "-> Subject"

            def make(self, key):
                self.insert1(key)

        return schema(Foo, context={"Subject": Subject})

    imported = declare(dj.Imported)
    said = (
        r"`Foo` cannot be populated with `reserve_jobs`: .* an Imported and a Computed table of this name "
        r"\(`_foo`, `__foo`\), and ~~foo would hold the jobs of both. Give one of them another name"
    )
    with pytest.warns(SharedJobsWarning, match=said):
        computed = declare(dj.Computed)
    return imported, computed


def test_both_are_populated_without_reservations(namesakes):
    """Neither takes the keys of the other for its own."""
    imported, computed = namesakes
    imported.populate()

    assert (2, 0) == (len(imported), len(computed))
    assert (0, 2) == (imported.progress(display=False).remaining, computed.progress(display=False).remaining)


@pytest.mark.parametrize("which", [0, 1])
def test_their_jobs_are_refused(namesakes, which):
    """The error says which tables they are, and what to do."""
    with pytest.raises(OperandError, match=r"(?s)`Foo` can have no jobs: .*another name, or populate without"):
        len(namesakes[which].jobs)


def test_jobs_that_were_mixed_by_others_can_be_seen_and_deleted(namesakes, schema, connection):
    """A job table that DataJoint made for both is listed, by the name that they share."""
    from djnb.declaration.declare import create

    spec = job_spec(namesakes[1]().spec, connection.dialect)
    create(connection, spec, "jobs")
    dj.FreeTable(connection, spec.name.full).insert1({"subject": 1, "status": "error", "priority": 5})

    failed = schema.jobs & "status='error'"
    assert failed.fetch("table_name", "key") == [{"table_name": "foo", "key": {"subject": 1}}]
    assert failed.delete() == 1


def test_without_its_namesake_a_table_has_jobs(namesakes):
    """Once one of the two is gone, nothing is mixed."""
    imported, computed = namesakes
    imported.drop(prompt=False)

    assert len(computed.jobs) == 0


def test_others_are_not_warned_of(schema):
    """A Manual table, or one of another schema, is no namesake."""

    @schema
    class Foo(dj.Manual):
        definition = "subject : int32"

    @schema
    class Bar(dj.Computed):
        definition = "-> Foo"

    assert len(Bar.jobs) == 0

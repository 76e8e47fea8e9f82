"""A row depends on another one in several ways, under other names, in other schemas: it goes by each of them."""

from __future__ import annotations

import pytest

import djnb as dj
from tests.conformance.delete.left import rows


@pytest.fixture
def Pair(declare, Subject):
    """An empty table of pairs of subjects."""
    return declare("Pair", "-> Subject\n-> Subject.proj(partner='subject')", Subject=Subject)


class TestDeleteWithSeveralWays:
    def test_diamond(self, declare, Subject):
        """A row that is reached by two ways goes once, and one that is reached by either goes."""
        rows_of_each = [(1, 1), (2, 1), (3, 1)]
        Left = declare("Left", "-> Subject\nleft : int32", rows=rows_of_each, Subject=Subject)
        Right = declare("Right", "-> Subject\nright : int32", rows=rows_of_each, Subject=Subject)
        Both = declare("Both", "-> Left\n-> Right.proj(other='subject')", Left=Left, Right=Right)
        Both.insert({"subject": a, "left": 1, "other": b, "right": 1} for a in (1, 2, 3) for b in (1, 2, 3))

        (Subject & "subject = 1").delete(prompt=False)

        assert ([(2, 1), (3, 1)], [(2, 1), (3, 1)]) == (rows(Left), rows(Right))
        assert [(2, 2), (2, 3), (3, 2), (3, 3)] == rows(Both, "subject", "other")

    def test_condition_on_an_attribute_that_is_not_handed_down(self, declare, Subject):
        """A namesake in a child that does not come by the foreign key is another thing."""
        Cage = declare("Cage", "cage : int32\n---\n-> Subject\nspecies : varchar(8)", Subject=Subject)
        Cage.insert([(1, 1, "rat"), (2, 2, "mouse"), (3, 3, "rat")])

        (Subject & "species = 'mouse'").delete(prompt=False)

        assert [(2,), (3,)] == rows(Subject)
        assert [(2, 2), (3, 3)] == rows(Cage, "cage", "subject")

    def test_renamed_foreign_key(self, declare, Subject, Pair):
        """The condition follows the attribute to its new name; its namesake is another subject."""
        Litter = declare("Litter", "-> Pair.proj(mother='subject', father='partner')\n---\nsize : int32", Pair=Pair)
        Pair.insert([(1, 2), (2, 3), (3, 1), (3, 2)])
        Litter.insert([(1, 2, 5), (2, 3, 6), (3, 1, 7), (3, 2, 8)])

        (Subject & {"subject": 1}).delete(prompt=False)

        assert [(2, 3), (3, 2)] == rows(Pair)
        assert [(2, 3), (3, 2)] == rows(Litter)

    def test_exchanged_names(self, declare, Pair):
        """Two attributes that change places in a child keep their meaning."""
        Mirrored = declare("Mirrored", "-> Pair.proj(subject='partner', partner='subject')", Pair=Pair)
        Pair.insert([(1, 2), (2, 1)])
        Mirrored.insert([{"partner": 1, "subject": 2}, {"partner": 2, "subject": 1}])

        (Pair & {"subject": 1, "partner": 2}).delete(prompt=False)

        assert [(2, 1)] == rows(Pair, "subject", "partner")
        assert [(2, 1)] == rows(Mirrored, "partner", "subject")

    @pytest.mark.parametrize(
        "condition", ["subject = 1", {"subject": 1}, dj.Not("subject > 1"), dj.Not({"subject": 2})]
    )
    def test_nullable_foreign_key(self, declare, Subject, condition):
        """Rows without a parent depend on none, whatever the condition says of NULL."""
        Sample = declare("Sample", "sample : int32\n---\n-> [nullable] Subject", Subject=Subject)
        Sample.insert([(1, 1), (2, 2), (3, None)])

        (Subject & condition).delete(prompt=False)

        left = {key["subject"] for key in Subject.fetch("KEY")}
        assert [row for row in [(1, 1), (2, 2), (3, None)] if row[1] in left | {None}] == rows(
            Sample, "sample", "subject"
        )

    def test_other_schemas(self, schema, connection, declare, Subject):
        """Dependent rows go in whatever schema they are."""
        other = dj.Schema(schema.name + "_b", connection=connection)
        Scan = declare("Scan", "-> Subject\nscan : int32", schema=other, rows=[(1, 1), (2, 1)], Subject=Subject)

        (Subject & {"subject": 1}).delete(prompt=False)

        assert [(2, 1)] == rows(Scan)

"""A row depends on another one in several ways, under other names, in other schemas: it goes by each of them."""

from __future__ import annotations

import pytest

import djnb as dj
from tests.conformance.delete.left import rows


class TestDeleteWithSeveralWays:
    def test_diamond(self, schema, Subject):
        """A row that is reached by two ways goes once, and one that is reached by either goes."""

        @schema
        class Left(dj.Manual):
            definition = """
            -> Subject
            left : int32
            """

        @schema
        class Right(dj.Manual):
            definition = """
            -> Subject
            right : int32
            """

        @schema
        class Both(dj.Manual):
            definition = """
            -> Left
            -> Right.proj(other='subject')
            """

        Left.insert([(1, 1), (2, 1), (3, 1)])
        Right.insert([(1, 1), (2, 1), (3, 1)])
        Both.insert({"subject": a, "left": 1, "other": b, "right": 1} for a in (1, 2, 3) for b in (1, 2, 3))

        (Subject & "subject = 1").delete(prompt=False)

        assert ([(2, 1), (3, 1)], [(2, 1), (3, 1)]) == (rows(Left), rows(Right))
        assert [(2, 2), (2, 3), (3, 2), (3, 3)] == rows(Both, "subject", "other")

    def test_condition_on_an_attribute_that_is_not_handed_down(self, schema, Subject):
        """A namesake in a child that does not come by the foreign key is another thing."""

        @schema
        class Cage(dj.Manual):
            definition = """
            cage : int32
            ---
            -> Subject
            species : varchar(8)
            """

        Cage.insert([(1, 1, "rat"), (2, 2, "mouse"), (3, 3, "rat")])

        (Subject & "species = 'mouse'").delete(prompt=False)

        assert [(2,), (3,)] == rows(Subject)
        assert [(2, 2), (3, 3)] == rows(Cage, "cage", "subject")

    def test_renamed_foreign_key(self, schema, Subject):
        """The condition follows the attribute to its new name; its namesake is another subject."""

        @schema
        class Pair(dj.Manual):
            definition = """
            -> Subject
            -> Subject.proj(partner='subject')
            """

        @schema
        class Litter(dj.Manual):
            definition = """
            -> Pair.proj(mother='subject', father='partner')
            ---
            size : int32
            """

        Pair.insert([(1, 2), (2, 3), (3, 1), (3, 2)])
        Litter.insert([(1, 2, 5), (2, 3, 6), (3, 1, 7), (3, 2, 8)])

        (Subject & {"subject": 1}).delete(prompt=False)

        assert [(2, 3), (3, 2)] == rows(Pair)
        assert [(2, 3), (3, 2)] == rows(Litter)

    def test_exchanged_names(self, schema, Subject):
        """Two attributes that change places in a child keep their meaning."""

        @schema
        class Pair(dj.Manual):
            definition = """
            -> Subject
            -> Subject.proj(partner='subject')
            """

        @schema
        class Mirrored(dj.Manual):
            definition = """
            -> Pair.proj(subject='partner', partner='subject')
            """

        Pair.insert([(1, 2), (2, 1)])
        Mirrored.insert([{"partner": 1, "subject": 2}, {"partner": 2, "subject": 1}])

        (Pair & {"subject": 1, "partner": 2}).delete(prompt=False)

        assert [(2, 1)] == rows(Pair, "subject", "partner")
        assert [(2, 1)] == rows(Mirrored, "partner", "subject")

    @pytest.mark.parametrize(
        "condition", ["subject = 1", {"subject": 1}, dj.Not("subject > 1"), dj.Not({"subject": 2})]
    )
    def test_nullable_foreign_key(self, schema, Subject, condition):
        """Rows without a parent depend on none, whatever the condition says of NULL."""

        @schema
        class Sample(dj.Manual):
            definition = """
            sample : int32
            ---
            -> [nullable] Subject
            """

        Sample.insert([(1, 1), (2, 2), (3, None)])

        (Subject & condition).delete(prompt=False)

        left = {key["subject"] for key in Subject.fetch("KEY")}
        assert [row for row in [(1, 1), (2, 2), (3, None)] if row[1] in left | {None}] == rows(
            Sample, "sample", "subject"
        )

    def test_other_schemas(self, schema, connection, Subject):
        """Dependent rows go in whatever schema they are."""
        other = dj.Schema(schema.name + "_b", connection=connection)

        @other
        class Scan(dj.Manual):
            definition = """
            -> Subject
            scan : int32
            """

        Scan.insert([(1, 1), (2, 1)])

        (Subject & {"subject": 1}).delete(prompt=False)

        assert [(2, 1)] == rows(Scan)

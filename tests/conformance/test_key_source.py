"""Key sources that cannot be, and tables whose key has more than parents give."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import OperandError, PopulateError
from tests.conformance.classes import declare_table


@pytest.fixture
def lab(schema):
    """Two sessions with trials."""
    Session = declare_table(schema, "Session", "session : int32", rows=[(1,), (2,)])
    definition, rows = "-> Session\ntrial : int32\n---\nscore : float64", [(1, 1, 0.5), (1, 2, 1.5), (2, 1, 2.5)]
    return Session, declare_table(schema, "Trial", definition, rows=rows, Session=Session)


@pytest.fixture
def declare(schema, lab):
    """Give a function that declares a table of results, maybe with a key source."""

    def declare(definition, make=None, **body):
        cls = type("Result", (dj.Computed,), {"definition": definition, **body})
        cls.make = make or (lambda self, key: self.insert1(key))
        return schema(cls, context={"Session": lab[0], "Trial": lab[1]})

    return declare


class TestThatCannotBe:
    """What is wrong is said before anything is sent, whoever asks for the keys."""

    @pytest.mark.parametrize("ask", ["populate", "progress"])
    def test_without_a_primary_key(self, declare, lab, statements, ask):
        """One row of totals names no key to be made."""
        Result = declare("-> Session", key_source=dj.U().aggr(lab[1], n="count(*)"))
        Result.heading
        statements.clear()
        with pytest.raises(PopulateError, match=r"key source of `Result` has no primary key. Its key is: empty"):
            getattr(Result, ask)()

        assert statements == []

    @pytest.mark.parametrize("ask", ["populate", "progress"])
    def test_with_attributes_that_the_table_lacks(self, declare, lab, statements, ask):
        """Trials are no keys of a table of sessions; the error names what is too much, and what to do."""
        Result = declare("-> Session", key_source=lab[1])
        Result.heading
        statements.clear()
        with pytest.raises(PopulateError, match="`Result` has the attribute 'trial', which the table lacks") as caught:
            getattr(Result, ask)()

        assert "Project or aggregate `key_source`" in caught.value.remedy
        assert statements == []

    def test_of_the_whole_schema_it_is_told_as_unknown(self, schema, declare, lab):
        """One bad key source does not keep the progress of the others from being seen."""
        declare("-> Session", key_source=lab[1])

        assert schema.progress().unknown == ("Result",)


class TestMoreThanParentsGive:
    """A table of an older pipeline whose `make` thinks up a part of its key: a key is what the parents give."""

    DEFINITION = "-> Session\ntrial : int32\n---\nmetric : float64"

    @pytest.fixture
    def Result(self, declare, lab):
        def make(self, key):
            for trial in (lab[1] & key).to_dicts():
                self.insert1(dict(key, trial=trial["trial"], metric=trial["score"] * 2))

        return declare(self.DEFINITION, make, allow_new_pk_fields=True)

    def test_one_make_for_a_key_of_the_parents(self, Result):
        """`make` is given the session, and inserts several rows; a session with any of them is done."""
        assert Result.populate(max_calls=1).success_count == 1
        assert (1, 2) == Result.progress(display=False)
        assert Result.populate().success_count == 1

        assert [(1, 1), (1, 2), (2, 1)] == [tuple(key.values()) for key in Result.proj().to_dicts()]
        assert Result.populate().success_count == 0

    def test_one_job_for_a_key_of_the_parents(self, Result):
        """The job table is keyed by what the parents give."""
        assert Result.jobs.primary_key == ["session"]

    def test_a_table_that_is_there_needs_no_leave(self, schema, declare, Result, lab):
        """A class without `allow_new_pk_fields` opens a table that was declared with it."""
        Again = declare(self.DEFINITION, type(Result()).make)

        assert Again.populate().success_count == 2

    def test_a_finer_key_source_makes_each_of_its_keys(self, declare, lab):
        """Where the key source gives the whole key, every row is a key."""
        Result = declare(
            "-> Session\ntrial : int32", key_source=lab[1], allow_new_pk_fields=True
        )  # trials are rows of their own

        assert Result.populate().success_count == 3
        assert (3, 3) == Result.progress(display=False)

    def test_a_table_without_parents_says_so(self, declare):
        """Nothing gives keys; the error offers a parent or a key source."""
        Result = declare("own : int32", allow_new_pk_fields=True)

        with pytest.raises(PopulateError, match="no foreign key in its primary key"):
            Result.populate()
        with pytest.raises(OperandError, match="can have no jobs"):
            len(Result.jobs)

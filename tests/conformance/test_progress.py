"""Progress: how many of its keys a table has, in one statement."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import UnknownAttributeError
from djnb.populate.result import Progress


@pytest.fixture
def Recording(schema):
    """Two hundred recordings of twenty subjects."""

    @schema
    class Recording(dj.Manual):
        definition = """
        subject_id : int32
        rec : int32
        ---
        session_date : date
        """

    Recording.insert([(n // 10, n % 10, f"20{10 + n // 10}-01-01") for n in range(200)])
    return Recording


@pytest.fixture
def Analysis(schema, Recording):
    """A table that has 150 of its 200 keys."""

    @schema
    class Analysis(dj.Computed):
        definition = "-> Recording"

        def make(self, key):
            self.insert1(key)

    Analysis.insert((Recording & "subject_id < 15").proj(), allow_direct_insert=True)
    Analysis.heading  # what the database holds is known from here on
    return Analysis


class TestProgress:
    def test_prints_done_of_total_and_per_cent(self, Analysis, capsys):
        """The line is the documented one, on standard output."""
        Analysis.progress()

        assert ("Analysis: 150/200 (75.0%)\n", "") == capsys.readouterr()

    def test_returns_done_and_total(self, Analysis, capsys):
        """`done, total = Analysis.progress(display=False)` prints nothing."""
        done, total = Analysis.progress(display=False)

        assert (150, 200, "") == (done, total, capsys.readouterr().out)

    def test_costs_one_statement(self, Analysis, statements):
        """Both numbers come in one answer."""
        Analysis.progress(display=False)

        assert 1 == len(statements)

    @pytest.mark.parametrize(
        ("restrictions", "expected"),
        [
            (["subject_id < 10"], (100, 100)),
            (["subject_id >= 10"], (50, 100)),
            ([{"subject_id": 15}], (0, 10)),
            (["subject_id >= 10", {"rec": 3}], (5, 10)),
            (["subject_id > 1000"], (0, 0)),
        ],
    )
    def test_of_a_part_of_the_keys(self, Analysis, restrictions, expected):
        """Restrictions are those of `populate`, and all must hold."""
        assert expected == Analysis.progress(*restrictions, display=False)

    def test_restricted_by_a_query(self, Analysis, Recording):
        """A query may use attributes that the key does not have."""
        assert (50, 100) == Analysis.progress(Recording & 'session_date >= "2020-01-01"', display=False)

    def test_misspelt_attribute_is_refused_before_any_sql(self, Analysis, statements):
        """A slip is an error with a suggestion."""
        with pytest.raises(UnknownAttributeError, match="Did you mean 'subject_id'"):
            Analysis.progress("subject < 10")

        assert [] == statements

    def test_follows_populate(self, Analysis):
        """What populate has made is done."""
        Analysis.populate(max_calls=20)

        assert Progress(170, 200) == Analysis.progress(display=False)


class TestSeveralRowsForAKey:
    def test_a_key_counts_once(self, schema, Recording):
        """A table with ten rows for each subject has done ten subjects, not a hundred."""

        @schema
        class Subject(dj.Manual):
            definition = "subject_id : int32"

        @schema
        class Trace(dj.Computed):
            allow_new_pk_fields = True
            definition = """
            -> Subject
            n : int32
            """

            def make(self, key):
                self.insert([dict(key, n=n) for n in range(10)])

        Subject.insert([(n,) for n in range(20)])
        Trace.populate("subject_id < 10")

        assert (100, (10, 20)) == (len(Trace()), Trace.progress(display=False))


class TestNothingToDo:
    def test_table_without_keys_is_complete(self, schema, capsys):
        """Nothing of nothing is all of it, not a division by zero."""

        @schema
        class Subject(dj.Manual):
            definition = "subject_id : int32"

        @schema
        class Trace(dj.Computed):
            definition = "-> Subject"

        Trace.progress()

        assert "Trace: 0/0 (100.0%)\n" == capsys.readouterr().out


class TestValue:
    def test_names_what_is_left(self):
        """The pair has names, and says what remains."""
        progress = Progress(150, 200)

        assert (150, 200, 50, 75.0) == (progress.done, progress.total, progress.remaining, progress.percent)

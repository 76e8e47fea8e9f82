"""Rows go, with all rows of other tables that depend on them, or nothing goes."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import ReferencedError
from djnb.events import RowsDeleted
from tests.conformance.delete.left import rows


class TestDelete:
    def test_takes_dependent_rows_of_all_levels(self, Subject, Session, Trial):
        """What depends on a deleted row, and on that, goes with it; the rest stays."""
        deleted = (Subject & "species = 'mouse'").delete(prompt=False)

        assert 1 == deleted
        assert [(2,), (3,)] == rows(Subject)
        assert [(2, 1)] == rows(Session)
        assert [(2, 1, 1), (2, 1, 2)] == rows(Trial)

    def test_leaves_parents_alone(self, Subject, Session, Trial):
        """Nothing above the deleted rows goes."""
        deleted = (Trial & "trial = 1").delete(prompt=False)

        assert 3 == deleted
        assert (3, 3, 3) == (len(Subject), len(Session), len(Trial))

    def test_of_a_whole_table(self, Subject, Session, Trial):
        """A class without a restriction loses all its rows."""
        assert 3 == Session.delete(prompt=False)
        assert (3, 0, 0) == (len(Subject), len(Session), len(Trial))

    def test_of_no_rows(self, Subject, Session, Trial):
        """A restriction that nothing meets deletes nothing."""
        for nothing in ([], False, {"subject": 9}, "subject > 9"):
            assert 0 == (Subject & nothing).delete(prompt=False)
        assert (3, 3, 6) == (len(Subject), len(Session), len(Trial))

    @pytest.mark.parametrize(
        ("condition", "left"),
        [
            ("note = 'good'", [(1, 2), (2, 1)]),
            ("note LIKE '%oo%' OR session = 2", [(2, 1)]),
            ("note IS NULL", [(1, 1), (2, 1)]),
            (dj.Not("note = 'good'"), [(1, 1)]),
            (dj.Not("subject = 1"), [(1, 1), (1, 2)]),
            ({"note": None}, [(1, 1), (2, 1)]),
            ([{"subject": 1, "session": 2}, {"subject": 2, "session": 1}], [(1, 1)]),
            ([{"note": "good"}, {"subject": 2}], [(1, 2)]),
            ({"subject": 1}, [(2, 1)]),
            (dj.AndList(["subject = 1", "note = 'good'"]), [(1, 2), (2, 1)]),
        ],
    )
    def test_meets_every_kind_of_restriction(self, Session, Trial, condition, left):
        """The rows that go are those that the restriction shows, and their dependents go with them."""
        shown = len(Session & condition)

        assert shown == (Session & condition).delete(prompt=False)
        assert left == rows(Session)
        assert left == list(dict.fromkeys(row[:2] for row in rows(Trial)))

    def test_restricted_by_another_table(self, Subject, Session, Trial):
        """Queries restrict a delete too."""
        assert 2 == (Session & (Subject & "species = 'mouse'").proj()).delete(prompt=False)
        assert [(2, 1)] == rows(Session)

    def test_emits_what_went(self, connection, Subject, Session, Trial):
        """Whoever listens hears of each table that lost rows, children first."""
        heard = []

        with connection.bus.subscribed(heard.append, RowsDeleted):
            (Subject & {"subject": 2}).delete(prompt=False)

        assert [
            RowsDeleted(Trial.name.full, 2),
            RowsDeleted(Session.name.full, 1),
            RowsDeleted(Subject.name.full, 1),
        ] == heard


class TestDeleteOfTheFirstRows:
    """`(Trial & dj.Top(...)).delete()`"""

    @pytest.fixture
    def Score(self, schema):
        """Scores, two of them equal, and what depends on them."""

        @schema
        class Score(dj.Manual):
            definition = "score_id : int32\n---\nscore = null : int32"

        @schema
        class Remark(dj.Manual):
            definition = "-> Score"

        Score.insert([(1, 20), (2, 40), (3, 10), (4, 40), (5, None)])
        Remark.insert([(n,) for n in range(1, 6)])
        self.Remark = Remark
        return Score

    @pytest.mark.parametrize(
        ("first", "left"),
        [
            (dj.Top(2, "score DESC"), [1, 3, 5]),
            (dj.Top(1, ["score DESC", "score_id DESC"]), [1, 2, 3, 5]),
            (dj.Top(2, "score DESC", offset=1), [2, 3, 5]),
            (dj.Top(2), [3, 4, 5]),
            (dj.Top(9), []),
            (dj.Top(0), [1, 2, 3, 4, 5]),
        ],
    )
    def test_takes_those_that_are_shown(self, Score, first, left):
        """The first rows in this order go, with what depends on them, as the plan says; others stay."""
        asked = Score & first
        plan = asked.delete_plan()

        assert 5 - len(left) == len(asked) == plan.counts["Score"] == plan.counts["Remark"]
        assert 5 - len(left) == asked.delete(prompt=False)
        assert left == Score.fetch("score_id").tolist() == self.Remark.fetch("score_id").tolist()

    def test_restricted_before_and_after(self, Score):
        """A restriction after the Top chooses among the first rows, one before it decides which are first."""
        assert 1 == (Score & dj.Top(3, "score DESC") & "score < 40").delete(prompt=False)
        assert 1 == (Score & "score < 40" & dj.Top(3, "score DESC")).delete(prompt=False)
        assert [2, 4, 5] == Score.fetch("score_id").tolist()

    def test_of_another_table_restricts(self, Score):
        """What depends on the first rows of another table goes; these stay."""
        assert 2 == (self.Remark & (Score & dj.Top(2, "score DESC"))).delete(prompt=False)
        assert (5, [1, 3, 5]) == (len(Score), self.Remark.fetch("score_id").tolist())

    def test_keeps_to_the_rows_of_the_plan(self, Score):
        """Other rows that are first by then are not those that were looked at."""
        plan = (Score & dj.Top(1, "score DESC")).delete_plan()
        Score.insert1((6, 99))

        plan.execute()

        assert [1, 3, 4, 5, 6] == Score.fetch("score_id").tolist()

    def test_quickly(self, Score):
        """Without a look at other tables it is the same rows."""
        assert 2 == (self.Remark & dj.Top(2, "score_id DESC")).delete_quick(get_count=True)
        assert [1, 2, 3] == self.Remark.fetch("score_id").tolist()


class TestDeleteRestrictedByWhatGoes:
    def test_by_a_dependent_table(self, Subject, Session, Trial):
        """Sessions that have trials: they go although their trials, which told them, go first."""
        Session.insert1((3, 1, None))

        assert 3 == (Session & Trial).delete(prompt=False)
        assert [(3, 1)] == rows(Session)
        assert [] == rows(Trial)

    def test_by_an_aggregate_of_a_dependent_table(self, Session, Trial):
        """Sessions with a total score; the totals are those of before the delete."""
        (Trial & {"subject": 1, "session": 2, "trial": 2}).delete(prompt=False)

        totals = Session.proj().aggr(Trial, total="sum(score)")

        assert 2 == (Session & (totals & "total > 10")).delete(prompt=False)
        assert [(1, 2)] == rows(Session)
        assert [(1, 2, 1)] == rows(Trial)

    def test_by_the_lack_of_dependents_that_go_another_way(self, schema, Subject):
        """Subjects without an offspring go; those that lose theirs by it stay."""

        @schema
        class Birth(dj.Manual):
            definition = """
            -> Subject
            -> Subject.proj(mother='subject')
            """

        Birth.insert([(2, 1), (1, 3)])  # children 2 and 1; 3 is not born here

        assert 1 == (Subject - Birth).delete(prompt=False)
        assert [(1,), (2,)] == rows(Subject)
        assert [(2, 1)] == rows(Birth)

    def test_by_the_table_itself(self, Session, Trial):
        """A table may be restricted by a part of itself."""
        assert 3 == (Trial & (Trial & "score > 10").proj()).delete(prompt=False)
        assert [(1, 1, 1), (1, 2, 1), (2, 1, 1)] == rows(Trial)

    def test_by_a_text_with_a_query(self, Session, Trial):
        """A subquery in a text is answered before anything goes."""
        text = f"session IN (SELECT session FROM {Trial.full_table_name} WHERE session = 2)"

        assert 1 == (Session & text).delete(prompt=False)
        assert [(1, 1), (2, 1)] == rows(Session)


class TestDeleteFails:
    def test_midway_and_everything_stays(self, connection, Subject, Session, Trial, monkeypatch):
        """The database refuses the second of three deletes: what the first one took is back."""
        execute = connection.execute

        def refuse(statement):
            if statement.sql.startswith("DELETE") and connection.dialect.table(Session.name) in statement.sql[:60]:
                raise ReferencedError("Rows of other tables refer to this row.")
            return execute(statement)

        monkeypatch.setattr(connection, "execute", refuse)
        with pytest.raises(ReferencedError):
            (Subject & {"subject": 1}).delete(prompt=False)

        assert (3, 3, 6) == (len(Subject), len(Session), len(Trial))
        assert not connection.in_transaction


class TestDeleteWithinATransaction:
    def test_belongs_to_it(self, connection, Subject, Session, Trial):
        """A delete within a transaction is undone with it, and kept with it."""
        with pytest.raises(ZeroDivisionError), connection.transaction():
            (Subject & {"subject": 1}).delete(prompt=False)
            1 / 0
        assert (3, 3, 6) == (len(Subject), len(Session), len(Trial))

        with connection.transaction():
            (Subject & {"subject": 1}).delete(prompt=False)
        assert (2, 1, 2) == (len(Subject), len(Session), len(Trial))


class TestStatementsOfADelete:
    @pytest.mark.parametrize("condition", [{"subject": 1}, "species = 'mouse'", True, [{"subject": 1}, {"subject": 2}]])
    def test_are_no_more_than_three_above_the_number_of_tables(self, Subject, Session, Trial, statements, condition):
        """One to see the dependencies, one a table, and two for the transaction."""
        restricted = Subject & condition
        statements.clear()

        restricted.delete(prompt=False)

        assert len(statements) <= 3 + 3

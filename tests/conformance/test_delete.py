"""Rows go, with all rows of other tables that depend on them, or nothing goes."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import ConsentError, IntegrityError, ReferencedError
from djnb.events import RowsDeleted
from djnb.tables import consent


@pytest.fixture
def Subject(schema):
    """Three subjects."""

    @schema
    class Subject(dj.Manual):
        definition = """
        subject : int32
        ---
        species = "mouse" : varchar(8)
        """

    Subject.insert([(1, "mouse"), (2, "rat"), (3, "rat")])
    return Subject


@pytest.fixture
def Session(schema, Subject):
    """Two sessions of the first subject, one of the second."""

    @schema
    class Session(dj.Manual):
        definition = """
        -> Subject
        session : int32
        ---
        note = null : varchar(20)
        """

    Session.insert([(1, 1, "good"), (1, 2, None), (2, 1, "bad")])
    return Session


@pytest.fixture
def Trial(schema, Session):
    """Two trials of each session."""

    @schema
    class Trial(dj.Manual):
        definition = """
        -> Session
        trial : int32
        ---
        score = null : int32
        """

    Trial.insert((*key.values(), trial, 10 * trial) for key in Session.fetch("KEY") for trial in (1, 2))
    return Trial


def rows(table, *names):
    """Return the keys, or the named attributes, as tuples."""
    return [tuple(row.values()) for row in table.to_dicts(*(names or table.primary_key))]


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


class TestDeleteOfParts:
    @pytest.fixture
    def Result(self, schema, Session):
        """Two results with two parts each."""

        @schema
        class Result(dj.Manual):
            definition = """
            -> Session
            """

            class Item(dj.Part):
                definition = """
                -> master
                item : int32
                ---
                -> [nullable] Session.proj(from_subject='subject', from_session='session')
                """

        Result.insert([(1, 1), (2, 1)])
        Result.Item.insert([(1, 1, 1, None, None), (1, 1, 2, 1, 2), (2, 1, 1, 2, 1), (2, 1, 2, None, None)])
        return Result

    def test_go_with_their_master(self, Result):
        """Deleting a master deletes its parts."""
        assert 1 == (Result & {"subject": 1}).delete(prompt=False)
        assert [(2, 1, 1), (2, 1, 2)] == rows(Result.Item)

    def test_go_with_what_is_above_their_master(self, Session, Result):
        """A cascade that takes the master takes the parts."""
        (Session & {"subject": 2}).delete(prompt=False)

        assert [(1, 1)] == rows(Result)
        assert [(1, 1, 1), (1, 1, 2)] == rows(Result.Item)

    def test_do_not_go_without_their_master(self, Result):
        """Deleting rows of a part alone would leave half a result; it is refused and nothing goes."""
        with pytest.raises(IntegrityError, match=r"1 row of the part `Result.Item` would go while.*master `Result`"):
            (Result.Item & {"subject": 1, "item": 1}).delete(prompt=False)

        assert 4 == len(Result.Item)

    def test_do_not_go_by_another_way_without_their_master(self, Session, Result):
        """A cascade that reaches a part by another foreign key, and not its master, is refused; nothing goes."""
        with pytest.raises(IntegrityError, match=r"1 row of the part `Result.Item` would go"):
            (Session & {"subject": 1, "session": 2}).delete(prompt=False)

        assert (3, 2, 4) == (len(Session), len(Result), len(Result.Item))

    def test_go_alone_if_that_is_wanted(self, Session, Result):
        """`part_integrity='ignore'` deletes rows of parts alone."""
        assert 1 == (Result.Item & {"subject": 1, "item": 1}).delete(prompt=False, part_integrity="ignore")
        (Session & {"subject": 1, "session": 2}).delete(prompt=False, part_integrity="ignore")

        assert [(2, 1, 1), (2, 1, 2)] == rows(Result.Item)
        assert [(1, 1), (2, 1)] == rows(Result)

    def test_of_no_rows_is_no_offence(self, Result):
        """Where no row of a part would go, nothing is refused."""
        assert 0 == (Result.Item & {"subject": 9}).delete(prompt=False)

    def test_with_the_master_under_another_name(self, schema, Subject):
        """A part may rename what it has of its master."""

        @schema
        class Group(dj.Manual):
            definition = """
            group : int32
            """

            class Member(dj.Part):
                definition = """
                -> master.proj(belongs='group')
                -> Subject
                """

        Group.insert([[1], [2]])
        Group.Member.insert([(1, 1), (2, 2)])

        with pytest.raises(IntegrityError, match="1 row of the part"):
            (Subject & {"subject": 2}).delete(prompt=False)
        assert 1 == (Group & {"group": 1}).delete(prompt=False)
        assert [(2, 2)] == rows(Group.Member)


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


class TestConsent:
    @pytest.fixture
    def asked(self, monkeypatch):
        """Be asked, and answer as the list's first item says."""
        answers, plans = [False], []

        def ask(plan):
            plans.append(plan)
            return answers[0]

        monkeypatch.setattr(consent, "_ask", ask)
        return answers, plans

    def test_shows_what_would_go(self, Subject, Session, Trial, asked):
        """Whoever is asked sees how many rows of which tables would go; a no leaves everything."""
        _, plans = asked

        assert 0 == (Subject & {"subject": 1}).delete(prompt=True)
        assert (3, 3, 6) == (len(Subject), len(Session), len(Trial))
        (question,) = plans
        shown = [" ".join(line.split()) for line in question.text.splitlines()]
        assert ["Delete Subject: 7 rows of 3 tables", "Subject 1", "Session 2", "Trial 4", "in all 7"] == (
            shown[:1] + shown[3:]
        )
        assert ("Delete 7 rows", "Keep all 7 rows") == (question.do, question.leave)

    def test_yes_deletes(self, Subject, Session, Trial, asked):
        """A yes does what was shown."""
        asked[0][0] = True

        assert 1 == (Subject & {"subject": 1}).delete(prompt=True)
        assert (2, 1, 2) == (len(Subject), len(Session), len(Trial))

    def test_is_asked_for_by_default(self, Subject, asked):
        """`safemode` is on unless it is switched off."""
        Subject.delete()
        with dj.config.override(safemode=False):
            (Subject & {"subject": 1}).delete()

        assert (1, 2) == (len(asked[1]), len(Subject))

    def test_where_nobody_can_be_asked(self, Subject, Session, Trial, monkeypatch):
        """Without a terminal and without a notebook nothing goes, and the message says what to write."""
        monkeypatch.setattr("sys.stdin", None)

        with pytest.raises(ConsentError, match=r"Subject +3\n(.|\n)*`prompt=False`"):
            Subject.delete()
        assert (3, 3, 6) == (len(Subject), len(Session), len(Trial))

"""What would go can be looked at before it goes, and what goes is what was planned."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import IntegrityError, OperandError, PlanChangedError, ReferencedError


@pytest.fixture
def Result(schema, Session):
    """A result with two items for each session."""

    @schema
    class Result(dj.Manual):
        definition = "-> Session"

        class Item(dj.Part):
            definition = "-> master\nitem : int32"

    Result.insert(Session.fetch("KEY"))
    Result.Item.insert(dict(key, item=i) for key in Session.fetch("KEY") for i in (1, 2))
    return Result


class TestPlan:
    def test_tells_rows_by_table_and_deletes_nothing(self, Subject, Session, Result):
        """Parents before children, the numbers of the rows that would go; all of them stay."""
        plan = (Subject & {"subject": 1}).delete_plan()

        assert {"Subject": 1, "Session": 2, "Result": 2, "Result.Item": 4} == plan.counts
        assert [Subject.name, Session.name, Result.name, Result.Item.name] == list(plan.rows)
        assert (9, (3, 3, 3, 6)) == (plan.total, tuple(map(len, (Subject, Session, Result, Result.Item))))

    def test_is_carried_out_when_it_is_wanted(self, Subject, Session, Result):
        """`execute()` deletes what the plan says and returns how many rows of the table itself went."""
        plan = (Subject & "species = 'mouse'").delete_plan()

        assert 1 == plan.execute()
        assert (2, 1, 1, 2) == tuple(map(len, (Subject, Session, Result, Result.Item)))

    def test_is_shown_as_text_and_as_a_table(self, Subject, Session, Result):
        """A plan alone in a cell is a table of tables, without those of which no row would go."""
        plan = (Subject & "subject = 3").delete_plan()

        assert "<DeletePlan of Subject: 1 row of 1 table>" == repr(plan)
        shown = plan._repr_mimebundle_()
        assert ["Delete Subject: 1 row of 1 table", "*table rows", "Subject 1"] == [
            " ".join(line.split()) for line in shown["text/plain"].splitlines() if "---" not in line
        ]
        assert "<table>" in shown["text/html"]

    def test_of_a_table_in_another_schema_has_its_name(self, schema, connection, Subject):
        """Classes of other schemas are told apart from those of one's own."""
        other = dj.Schema(schema.name + "_b", connection=connection)

        @other
        class Session(dj.Manual):
            definition = "-> Subject"

        Session.insert([(1,)])

        assert {"Subject": 3, f"{other.name}.Session": 1} == Subject.delete_plan().counts

    @pytest.mark.parametrize("change", ["insert", "delete"])
    def test_that_has_changed_is_not_carried_out(self, Session, Result, change):
        """Rows that came or went since make a plan void; nothing is deleted."""
        plan = (Session & {"subject": 1}).delete_plan()
        if change == "insert":
            Result.Item.insert1((1, 1, 3))
        else:
            (Result.Item & {"subject": 1, "session": 1, "item": 1}).delete_quick()
        before = [len(table) for table in (Session, Result, Result.Item)]

        with pytest.raises(PlanChangedError, match="Make the plan again"):
            plan.execute()

        assert before == [len(table) for table in (Session, Result, Result.Item)]

    def test_that_has_changed_in_a_table_of_which_nothing_was_to_go(self, Subject, Session):
        """A first row that depends on what would go makes a plan void too."""
        plan = (Subject & {"subject": 3}).delete_plan()
        Session.insert1({"subject": 3, "session": 1})

        with pytest.raises(PlanChangedError, match="Rows that the plan does not have"):
            plan.execute()

        assert (3, 4) == (len(Subject), len(Session))

    def test_costs_two_statements_and_its_execution_one_for_each_table_and_two(
        self, Subject, Session, Result, statements
    ):
        """The dependencies and the counts; then the rows, in a transaction."""
        restricted = Subject & "species = 'mouse'"
        len(Result.Item)
        statements.clear()

        plan = restricted.delete_plan()

        assert 2 == len(statements)
        plan.execute()
        assert 2 + 4 + 2 == len(statements)

    def test_of_a_drop(self, Subject, Session, Result):
        """What a drop would take, with all rows that the tables hold."""
        plan = Session.drop_plan()

        assert {"Session": 3, "Result": 3, "Result.Item": 6} == plan.counts
        assert "<DropPlan of Session: 3 tables with 12 rows>" == repr(plan)
        plan.execute()
        assert (True, False, False) == tuple(table.is_declared for table in (Subject, Session, Result))

    def test_of_a_drop_that_has_changed(self, declare, Session, Result):
        """A table that came since is not dropped unseen."""
        plan = Session.drop_plan()
        Late = declare("Late", "-> Session", Session=Session)

        with pytest.raises(PlanChangedError, match="Late"):
            plan.execute()
        assert Result.is_declared
        assert Late.is_declared


class TestPartIntegrity:
    @pytest.fixture
    def Group(self, schema, Subject):
        """Two groups of subjects; the first has a report, and subject 2 is in both."""

        @schema
        class Group(dj.Manual):
            definition = "group : int32"

            class Member(dj.Part):
                definition = """
                -> master
                -> Subject
                """

            class Note(dj.Part):
                definition = """
                -> Group.Member
                note : int32
                """

        Group.insert([(1,), (2,), (3,)])
        Group.Member.insert([(1, 1), (1, 2), (2, 2), (3, 3)])
        Group.Note.insert([(1, 1, 1), (2, 2, 1), (3, 3, 1)])

        @schema
        class Report(dj.Manual):
            definition = "-> Group"

        Report.insert([(1,), (3,)])
        self.Report = Report
        return Group

    def left(self, Group):
        return [Group.fetch("group").tolist(), sorted(map(tuple, Group.Member.fetch())), len(Group.Note)]

    def test_cascade_takes_masters_with_all_their_parts_and_what_depends_on_them(self, Subject, Group):
        """Both groups of subject 2 go whole, a report of one of them too; the third group stays."""
        plan = (Subject & {"subject": 2}).delete_plan(part_integrity="cascade")

        assert {"Subject": 1, "Group": 2, "Report": 1, "Group.Member": 3, "Group.Note": 2} == plan.counts
        assert 1 == plan.execute()
        assert [[3], [(3, 3)], 1] == self.left(Group)
        assert [3] == self.Report.fetch("group").tolist()

    def test_enforce_refuses_and_counts_what_would_be_masterless(self, Subject, Group):
        """By default nothing goes, and the message says what can be said."""
        for refused in (Subject & {"subject": 2}).delete_plan, lambda: (Subject & "subject = 2").delete(prompt=False):
            with pytest.raises(IntegrityError, match=r"2 rows of the part `Group.Member`.*part_integrity='cascade'"):
                refused()

        assert [[1, 2, 3], [(1, 1), (1, 2), (2, 2), (3, 3)], 3] == self.left(Group)

    def test_ignore_leaves_masters_without_these_parts(self, Subject, Group):
        """The members go with their notes, the groups stay."""
        assert 1 == (Subject & {"subject": 2}).delete(prompt=False, part_integrity="ignore")
        assert [[1, 2, 3], [(1, 1), (3, 3)], 2] == self.left(Group)

    def test_of_a_part_takes_its_master(self, Group):
        """A part is deleted with the master it belongs to, directly or by another part."""
        assert 1 == (Group.Note & {"group": 3}).delete(prompt=False, part_integrity="cascade")
        assert [[1, 2], [(1, 1), (1, 2), (2, 2)], 2] == self.left(Group)

    @pytest.mark.parametrize(
        ("classic", "left"),
        [
            ({"force": True}, [[1, 2, 3], [(1, 1), (1, 2), (2, 2)], 2]),
            ({"force_parts": True}, [[1, 2, 3], [(1, 1), (1, 2), (2, 2)], 2]),
            ({"force_masters": True}, [[1, 2], [(1, 1), (1, 2), (2, 2)], 2]),
        ],
    )
    def test_classic_keywords_pass_through_a_part(self, connection, Group, classic, left):
        """`safemode`, `transaction`, `force_parts` and `force_masters` mean what they always meant."""
        with connection.transaction():
            (Group.Member & {"group": 3}).delete(safemode=False, transaction=False, **classic)

        assert left == self.left(Group)

    def test_contradiction_is_refused(self, Subject, Group):
        """Two keywords that say different things are no consent to either."""
        with pytest.raises(OperandError, match="contradict each other"):
            Subject.delete(prompt=False, part_integrity="ignore", force_masters=True)
        with pytest.raises(OperandError, match="Say 'enforce', 'ignore' or 'cascade'"):
            Subject.delete(prompt=False, part_integrity="all")

        assert 3 == len(Subject)

    def test_delete_that_takes_parts_with_their_master_costs_no_more(self, Subject, Group, statements):
        """N + 3 statements also where parts have to be looked after."""
        (Subject & "species = 'rat' AND subject = 3").delete_plan(part_integrity="ignore")
        (Group & "group > 1").delete(prompt=False)
        statements.clear()

        (Subject & "species = 'rat'").delete(prompt=False, part_integrity="ignore")

        assert len(statements) <= 5 + 3


class TestQuick:
    def test_deletes_rows_alone(self, Subject, Session):
        """No rows of other tables are looked for: one statement within a transaction; `get_count` tells how many."""
        assert None is (Session & {"subject": 1}).delete_quick()
        assert 1 == (Session & {"subject": 2}).delete_quick(get_count=True)
        assert (3, 0) == (len(Subject), len(Session))

    def test_refuses_rows_that_are_referred_to(self, schema, Subject, Session):
        """Nothing goes where anything else would have to."""
        with pytest.raises(ReferencedError, match=rf"Rows of {schema.name}\.session refer .*`delete\(\)` takes those"):
            Subject.delete_quick()

        assert 3 == len(Subject)

    def test_drop_takes_a_table_alone(self, Subject, Session):
        """A table on which another one depends stays; one that is gone already is no error."""
        with pytest.raises(ReferencedError, match="refer to it"):
            Subject.drop_quick()

        Session.drop_quick()
        Session.drop_quick()
        assert (True, False) == (Subject.is_declared, Session.is_declared)


class TestStatements:
    def test_say_as_much_for_a_ladder_of_diamonds_as_for_a_few(self, schema, statements):
        """Twelve diamonds upon each other double the ways twelve times, and the statements do not grow with that."""
        tables = {}

        def table(name, *lines):
            members = {"definition": "\n".join([f"{name.lower()} : int32", "---", *lines])}
            tables[name] = schema(type(name, (dj.Manual,), members), context=dict(tables))

        table("T0", "age : int32")
        tables["T0"].insert([(1, 5), (2, 6)])
        for n in range(1, 13):
            table(f"L{n}", f"-> T{n - 1}")
            table(f"R{n}", f"-> T{n - 1}")
            table(f"T{n}", f"-> L{n}", f"-> R{n}")
            for name in (f"L{n}", f"R{n}"):
                tables[name].insert([(1, 1), (2, 2)])
            tables[f"T{n}"].insert([(1, 1, 1), (2, 2, 2)])
        root = tables["T0"] & "age = 5"
        statements.clear()

        assert 1 == root.delete(prompt=False)

        assert {1} == {len(each) for each in tables.values()}
        assert len(statements) < 4 * len(tables)
        assert max(map(len, statements)) < 5_000

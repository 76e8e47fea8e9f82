"""Diagrams of rows: how far tables are, what a delete takes, on what rows depend."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import djnb as dj
from djnb.errors import IntegrityError, OperandError
from tests.conformance.reading import connection, schema

__all__ = ["connection", "schema"]


@pytest.fixture(scope="module")
def lab(schema):
    """A pipeline of four sessions, of which the third cannot be analysed; two methods."""

    @schema
    class Session(dj.Manual):
        definition = """
        session : int32
        ---
        day : int32
        """

    @schema
    class Method(dj.Lookup):
        definition = "method : int32"
        contents = ((1,), (2,))

    @schema
    class Recording(dj.Imported):
        definition = "-> Session"

        def make(self, key):
            self.insert1(key)

    @schema
    class Analysis(dj.Computed):
        definition = """
        -> Recording
        -> Method.proj(by="method")
        """

        class Unit(dj.Part):
            definition = """
            -> master
            unit : int32
            """

        def make(self, key):
            if key["session"] == 3:
                raise ValueError("bad spike")
            self.insert1(key)
            self.Unit.insert(dict(key, unit=unit) for unit in range(3))

    @schema
    class Summary(dj.Computed):
        definition = "-> Session"

        @property
        def key_source(self):
            return Session & "session < 3"

        def make(self, key):
            self.insert1(key)

    Session.insert((session, 10 * session) for session in range(1, 5))
    Recording.populate()
    Analysis.populate(reserve_jobs=True, suppress_errors=True, max_calls=6)
    return SimpleNamespace(
        schema=schema, Session=Session, Method=Method, Recording=Recording, Analysis=Analysis, Summary=Summary
    )


def marks(diagram):
    """Return what is written in each node."""
    return {
        node.label: (node.mark.text.replace("\N{NO-BREAK SPACE}", " "), node.mark.alarm, str(node.mark.emphasis))
        for node in diagram.picture().nodes
    }


class TestProgress:
    def test_tables_tell_how_far_they_are(self, lab):
        """Tables that are filled by `make` have how many keys are done, and how many jobs have failed."""
        assert {
            "Session": ("", "", "plain"),
            "Method": ("", "", "plain"),
            "Recording": ("4 / 4", "", "plain"),
            "Analysis": ("4 / 8", "2 errors", "plain"),
            "Summary": ("0 / 2", "", "plain"),
        } == marks(dj.Diagram(lab.schema).progress())

    def test_two_statements_count_everything(self, lab, statements):
        """All keys are counted in one statement, all jobs in another."""
        diagram = dj.Diagram(lab.schema)
        str(diagram.progress())
        statements.clear()

        str(diagram.progress())

        assert 2 == len(statements)

    def test_numbers_are_a_table_too(self, lab):
        """`preview` has the same numbers, in text and HTML."""
        text = dj.Diagram(lab.schema).progress().preview().text

        assert "Progress: 3 tables, 6 keys to make" == text.splitlines()[0]
        assert ["4", "8", "0", "2"] == next(line.split()[1:] for line in text.splitlines() if ".Analysis" in line)

    def test_collapsed_schema_has_the_sums(self, lab):
        """The node of a schema has the sums over its tables."""
        assert {lab.schema.name: ("8 / 14", "2 errors", "plain")} == marks(dj.Diagram(lab.schema).collapse().progress())

    def test_plain_diagram_has_no_numbers(self, lab):
        """A diagram without numbers says how to get some."""
        with pytest.raises(OperandError, match=r"no numbers.*progress\(\)"):
            dj.Diagram(lab.schema).preview()


class TestCascade:
    def test_every_table_tells_how_many_rows_would_go(self, lab):
        """Of each table, the rows that would go and those that there are; bold where it ends, grey where none go."""
        cascade = dj.Diagram.cascade(lab.Session & "session = 1")

        assert {
            "Session": ("1 / 4", "", "plain"),
            "Recording": ("1 / 4", "", "plain"),
            "Analysis": ("2 / 4", "", "strong"),
            "Summary": ("0 / 0", "", "faint"),
        } == marks(cascade)
        assert "+ Unit 6 / 12" in str(cascade)
        assert 4 == len(lab.Session)

    def test_is_made_from_a_plan_too(self, lab):
        """A plan that is there already is drawn with its numbers."""
        plan = (lab.Session & "session = 1").delete_plan()

        assert marks(dj.Diagram(plan)) == marks(dj.Diagram.cascade(lab.Session & "session = 1"))

    def test_lines_tell_the_rule(self, lab):
        """A line says how the restriction went along it: copied, said of other names, or by the rows that match."""

        def rules(rows):
            return {(e.parent.class_name, e.child.class_name): e.rule for e in dj.Diagram.cascade(rows).picture().edges}

        copied = rules(lab.Session & "session = 1")
        aliased = rules(lab.Method & {"method": 1})
        projected = rules(lab.Session & "day < 20")

        assert ("copy", "copy") == (copied["Session", "Recording"], copied["Recording", "Analysis"])
        assert {("Method", "Analysis"): "alias"} == aliased
        assert "project" == projected["Session", "Recording"]

    def test_tables_around_it_are_grey(self, lab):
        """Tables that are added have nothing to do with it."""
        around = dj.Diagram.cascade(lab.Session & "session = 1") + dj.Diagram(lab.schema)

        assert ("", "", "faint") == marks(around)["Method"]

    def test_table_stands_beside_the_picture(self, lab):
        """In a notebook the same numbers are a table beside the picture, which says so to those who cannot see it."""
        bundle = dj.Diagram.cascade(lab.Session & "session = 1")._repr_mimebundle_()

        assert {"text/plain", "text/html"} == set(bundle)
        assert '<img alt="The tables, as listed beside it" src="data:image/svg+xml;base64,' in bundle["text/html"]
        assert "<b>Delete Session</b> · 10 rows of 4 tables" in bundle["text/html"]

    def test_delete_that_is_refused_is_not_drawn(self, lab):
        """Where rows of a part would go without their master's, it says so as `delete` does."""
        with pytest.raises(IntegrityError, match=r"part `Analysis\.Unit`"):
            dj.Diagram.cascade(lab.Analysis.Unit & "unit = 1")

        assert {"Analysis.Unit": ("4 / 12", "", "strong")} == marks(
            dj.Diagram.cascade(lab.Analysis.Unit & "unit = 1", part_integrity="ignore")
        )

    def test_counts_are_those_of_the_plan(self, lab):
        """`counts` has the numbers by full table names."""
        cascade = dj.Diagram.cascade(lab.Session & "session = 1")
        plan = (lab.Session & "session = 1").delete_plan()

        assert {name.full: count for name, count in plan.rows.items()} == cascade.counts()

    def test_statements(self, lab, statements):
        """The plan takes two statements; one more tells how many rows there are, one the foreign keys."""
        rows = lab.Session & "session = 1"
        str(dj.Diagram.cascade(rows))
        statements.clear()

        str(dj.Diagram.cascade(rows))

        assert 4 == len(statements)


class TestTrace:
    def test_every_table_tells_on_how_many_rows_others_depend(self, lab):
        """Upstream of some rows: of each table, those on which they depend."""
        assert {
            "Session": ("2 / 4", "", "plain"),
            "Recording": ("2 / 4", "", "plain"),
            "Method": ("1 / 2", "", "plain"),
            "Analysis": ("2 / 4", "", "strong"),
        } == marks(dj.Diagram.trace(lab.Analysis & "`by` = 1"))

    def test_tables_are_restricted_to_these_rows(self, lab):
        """`trace[Session]` are the rows; tables are named by class or in full."""
        trace = dj.Diagram.trace(lab.Analysis & "session = 2")

        assert [{"session": 2, "day": 20}] == trace[lab.Session].to_dicts()
        assert [{"session": 2, "day": 20}] == trace[lab.Session.full_table_name].to_dicts()
        with pytest.raises(OperandError, match="does not say which rows"):
            trace[lab.Summary]

    def test_loop_over_it_gives_the_rows(self, lab):
        """A loop over the diagram gives its tables, parents before children, with the rows that are reached."""
        trace = dj.Diagram.trace(lab.Analysis & "session = 2")

        assert {"Session": 1, "Recording": 1, "Method": 2, "Analysis": 2} == {t.class_name: len(t) for t in trace}
        assert list(trace.counts()) == [table.full_table_name for table in trace]
        assert list(reversed(list(trace.counts()))) == [table.full_table_name for table in reversed(trace)]

    def test_any_query_over_a_table_will_do(self, lab):
        """Rows may be chosen by another query; what is no table's rows is refused."""
        assert {"session": 1} in dj.Diagram.trace(lab.Analysis.proj() & "session = 1")[lab.Session]
        with pytest.raises(OperandError, match="not a table, or rows of one"):
            dj.Diagram.trace(lab.Session * lab.Method)

    def test_upstream_of_a_make_is_drawn(self, lab, schema):
        """`self.upstream` can be looked at while a key is being made."""
        drawn = []

        @schema
        class Drawn(dj.Computed):
            definition = "-> Analysis"

            def make(self, key):
                drawn.append(marks(dj.Diagram(self.upstream)))
                self.insert1(key)

        Drawn.populate({"session": 1, "by": 2})
        Drawn.drop(prompt=False)

        assert [
            {
                "Session": ("1 / 4", "", "plain"),
                "Recording": ("1 / 4", "", "plain"),
                "Method": ("1 / 2", "", "plain"),
                "Analysis": ("1 / 4", "", "plain"),
                "Drawn": ("", "", "strong"),
            }
        ] == drawn

    def test_table_that_refers_to_itself_is_no_hindrance(self, schema):
        """One step up is drawn; the table's reference to itself is not followed."""

        @schema
        class Animal(dj.Manual):
            definition = """
            animal : int32
            ---
            -> [nullable] Animal.proj(mother="animal")
            """

        @schema
        class Weight(dj.Manual):
            definition = "-> Animal"

        Animal.insert([(1, None), (2, 1)])
        Weight.insert([(2,)])

        traced = marks(dj.Diagram.trace(Weight))
        Animal.drop(prompt=False)

        assert {"Animal": ("1 / 2", "", "plain"), "Weight": ("1 / 1", "", "strong")} == traced


class TestRestrict:
    def test_rows_follow_from_every_restriction(self, lab):
        """Restricted again, the rows that follow from both are left; `prune` takes tables without any out."""
        both = dj.Diagram(lab.schema).restrict(lab.Session & "session < 3").restrict(lab.Method & "method = 1")
        pruned = both.prune()

        assert ("2 / 4", "", "strong") == marks(both)["Analysis"]
        assert ("0 / 0", "", "faint") == marks(both)["Summary"]
        assert {"Session", "Method", "Recording", "Analysis", "Analysis.Unit"} == {t.class_name for t in pruned.tables}

    def test_prune_alone_takes_empty_tables_out(self, lab):
        """Without a restriction, tables are left that have rows."""
        assert lab.Summary not in dj.Diagram(lab.schema).prune()
        assert lab.Session in dj.Diagram(lab.schema).prune()

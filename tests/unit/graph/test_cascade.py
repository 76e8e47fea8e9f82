"""Which rows go with which, said as conditions, without any database."""

from __future__ import annotations

import pytest

from djnb.algebra.conditions import (
    EVERYTHING,
    NOTHING,
    AmongKeys,
    Both,
    Either,
    Equals,
    Fails,
    Holds,
    Matches,
)
from djnb.algebra.expression import Expression
from djnb.algebra.nodes import Aggregate, Join, Project, Restrict, Slice, Stored
from djnb.errors import OperandError
from djnb.graph.cascade import cascade as all_below
from djnb.graph.cascade import rename, tables_in, unmastered, weigh
from djnb.graph.dependencies import Dependencies
from djnb.model.attribute import Attribute
from djnb.model.core_types import parse_type
from djnb.model.heading import Heading
from djnb.model.naming import TableName
from djnb.model.spec import ForeignKey

INT = parse_type("int32")


def name(table):
    return TableName("lab", table)


def table(called, key, others=(), nullable=()):
    attributes = [Attribute(n, INT, in_key=True) for n in key]
    attributes += [Attribute(n, INT, nullable=n in nullable) for n in (*others, *nullable)]
    return Stored(name(called), Heading(tuple(attributes)))


def link(child, parent, *pairs):
    return ForeignKey(name(child), name(parent), tuple(p if isinstance(p, tuple) else (p, p) for p in pairs))


def text(words, *names):
    return Holds(Expression(words, frozenset(names), tree=object()))


def cascade(root, condition, tables, links):
    """Return the condition of each table, in order."""
    by_name = {t.name: t for t in [root, *tables]}
    found = all_below([Restrict(root, condition)], Dependencies(links), by_name.__getitem__)
    assert all(rows.source == by_name[called] for called, rows in found.items())
    return {called.table: rows.condition for called, rows in found.items()}


SUBJECT = table("subject", ["s"], ["age"])
SESSION = table("session", ["s", "n"], ["note"])
TRIAL = table("trial", ["s", "n", "t"])
CHAIN = [link("session", "subject", "s"), link("trial", "session", "s", "n")]


class TestHandDown:
    @pytest.mark.parametrize(
        "condition",
        [
            Equals("s", 1),
            AmongKeys(("s",), ((1,), (2,))),
            text("s > 1", "s"),
            Fails(Equals("s", 1)),
            Either((Equals("s", 1), text("s > 5", "s"))),
            Matches(table("other", ["s"]), (("s", "s"),)),
            EVERYTHING,
            NOTHING,
        ],
    )
    def test_condition_on_the_key_is_said_of_all_below(self, condition):
        """A condition on attributes that all inherit needs no look at the parents."""
        assert {"subject": condition, "session": condition, "trial": condition} == cascade(
            SUBJECT, condition, [SESSION, TRIAL], CHAIN
        )

    @pytest.mark.parametrize(
        "condition", [Equals("age", 5), Both((Equals("s", 1), Equals("age", 5))), text("age > s", "age", "s")]
    )
    def test_condition_on_other_attributes_asks_the_parents(self, condition):
        """What the child does not inherit is asked of the parent's rows."""
        session = Matches(Restrict(SUBJECT, condition), (("s", "s"),))

        assert {"subject": condition, "session": session, "trial": session} == cascade(
            SUBJECT, condition, [SESSION, TRIAL], CHAIN
        )

    def test_text_that_could_not_be_read_asks_the_parents(self):
        """It may be about anything."""
        condition = Holds(Expression("s >>> 1"))

        assert (
            Matches(Restrict(SUBJECT, condition), (("s", "s"),))
            == (cascade(SUBJECT, condition, [SESSION], CHAIN[:1])["session"])
        )

    def test_namesake_that_does_not_come_by_the_foreign_key_is_another_thing(self):
        """The child's `age` is its own."""
        child = table("cage", ["c"], ["s", "age"])
        condition = Equals("age", 5)

        assert (
            Matches(Restrict(SUBJECT, condition), (("s", "s"),))
            == (cascade(SUBJECT, condition, [child], [link("cage", "subject", "s")])["cage"])
        )

    def test_middle_of_a_chain_leaves_what_is_above(self):
        """Only tables below have rows that go."""
        assert ["session", "trial"] == list(cascade(SESSION, Equals("n", 1), [SUBJECT, TRIAL], CHAIN))


class TestRenamedForeignKey:
    PAIR = table("pair", ["s", "p"])

    def test_condition_is_renamed(self):
        """Keys are said of the new name."""
        found = cascade(SUBJECT, Equals("s", 1), [self.PAIR], [link("pair", "subject", ("p", "s"))])

        assert Equals("p", 1) == found["pair"]

    def test_condition_whose_name_the_child_has_otherwise_is_renamed_too(self):
        """The child's `s` is another subject: the condition must not be said of it."""
        found = cascade(SUBJECT, AmongKeys(("s",), ((1,), (2,))), [self.PAIR], [link("pair", "subject", ("p", "s"))])

        assert AmongKeys(("p",), ((1,), (2,))) == found["pair"]

    def test_text_asks_the_parents(self):
        """A text is not rewritten."""
        condition = text("s > 1", "s")
        found = cascade(SUBJECT, condition, [self.PAIR], [link("pair", "subject", ("p", "s"))])

        assert Matches(Restrict(SUBJECT, condition), (("p", "s"),)) == found["pair"]

    def test_exchanged_names_are_exchanged(self):
        """Both names change places at once."""
        mirrored = table("mirrored", ["s", "p"])
        condition = Both((Equals("s", 1), Equals("p", 2)))
        found = cascade(self.PAIR, condition, [mirrored], [link("mirrored", "pair", ("s", "p"), ("p", "s"))])

        assert Both((Equals("p", 1), Equals("s", 2))) == found["mirrored"]

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            (Equals("a", 1), Equals("z", 1)),
            (Equals("b", 1), None),
            (Both((Equals("a", 1), Equals("b", 1))), None),
            (Either((Equals("a", 1), Equals("a", 2))), Either((Equals("z", 1), Equals("z", 2)))),
            (Fails(Equals("a", 1)), Fails(Equals("z", 1))),
            (Matches(SUBJECT, (("a", "s"),)), Matches(SUBJECT, (("z", "s"),))),
            (Matches(SUBJECT, (("b", "s"),)), None),
            (EVERYTHING, EVERYTHING),
        ],
    )
    def test_rename(self, condition, expected):
        """A condition under new names, or None where it has none."""
        assert expected == rename(condition, {"a": "z"})


class TestNullableForeignKey:
    @pytest.mark.parametrize("condition", [Equals("s", 1), EVERYTHING, Fails(Equals("s", 1)), text("s > 1", "s")])
    def test_asks_the_parents(self, condition):
        """NULL refers to no row, whatever the condition says of it."""
        sample = table("sample", ["k"], nullable=["s"])
        found = cascade(SUBJECT, condition, [sample], [link("sample", "subject", "s")])

        assert Matches(Restrict(SUBJECT, condition), (("s", "s"),)) == found["sample"]


class TestSeveralWays:
    def test_rows_reached_by_either_go(self):
        """Two foreign keys to one table are two ways."""
        pair = table("pair", ["s", "p"])
        found = cascade(
            SUBJECT, Equals("s", 1), [pair], [link("pair", "subject", "s"), link("pair", "subject", ("p", "s"))]
        )

        assert Either((Equals("s", 1), Equals("p", 1))) == found["pair"]

    def test_ways_that_say_the_same_are_one(self):
        """A diamond over the same attribute is one condition, children after both parents."""
        left, right = table("left", ["s", "l"]), table("right", ["s", "r"])
        bottom = table("bottom", ["s", "l", "r"])
        links = [
            link("left", "subject", "s"),
            link("right", "subject", "s"),
            link("bottom", "left", "s", "l"),
            link("bottom", "right", "s", "r"),
        ]
        found = cascade(SUBJECT, Equals("s", 1), [left, right, bottom], links)

        assert {called: Equals("s", 1) for called in ("subject", "left", "right", "bottom")} == found
        assert "bottom" == list(found)[-1]

    def test_table_that_refers_to_itself_is_refused(self):
        """No condition says which rows refer to rows that refer to a row, and so on."""
        tree = table("tree", ["k"], nullable=["up"])

        with pytest.raises(OperandError, match=r"refer to each other in a ring: `lab`\.`tree`"):
            cascade(tree, Equals("k", 1), [], [link("tree", "tree", ("up", "k"))])

    def test_ladder_of_diamonds_is_weighed_without_being_said(self):
        """Each of twelve diamonds upon each other doubles what there is to say; the conditions stay few."""
        tables, links = [], []
        for n in range(1, 13):
            tables += [table(f"{side}{n}", [f"{side}{n}"], [f"t{n - 1}"]) for side in "lr"]
            tables.append(table(f"t{n}", [f"t{n}"], [f"l{n}", f"r{n}"]))
            links += [link(f"{side}{n}", f"t{n - 1}", f"t{n - 1}") for side in "lr"]
            links += [link(f"t{n}", f"{side}{n}", f"{side}{n}") for side in "lr"]
        found = cascade(table("t0", ["t0"], ["age"]), Equals("age", 5), tables, links)

        known = {}
        assert (0, 4, 12, 28, 16380) == tuple(weigh(found[f"t{n}"], known).queries for n in (0, 1, 2, 3, 12))


class TestUp:
    def test_parents_are_those_of_the_rows(self):
        """Up, a table is restricted to the rows that restricted rows refer to, whatever the condition."""
        by_name = {t.name: t for t in (SUBJECT, SESSION, TRIAL)}
        start = Restrict(TRIAL, Equals("s", 1))
        found = all_below([start], Dependencies(CHAIN), by_name.__getitem__, direction="up")

        session = Restrict(SESSION, Matches(start, (("s", "s"), ("n", "n"))))
        assert [SUBJECT.name, SESSION.name, TRIAL.name] == list(found)
        assert session == found[SESSION.name]
        assert Matches(session, (("s", "s"),)) == found[SUBJECT.name].condition

    def test_several_starts_are_joined(self):
        """A table of two starts, one of them its child, has the rows of both."""
        by_name = {t.name: t for t in (SUBJECT, SESSION)}
        starts = [Restrict(SUBJECT, Equals("s", 7)), Restrict(SESSION, Equals("n", 1))]
        found = all_below(starts, Dependencies(CHAIN[:1]), by_name.__getitem__, direction="up")

        assert Either((Equals("s", 7), Matches(starts[1], (("s", "s"),)))) == found[SUBJECT.name].condition


class TestUnmastered:
    MASTER = table("result", ["s"])
    PART = table("result__item", ["s", "i"], nullable=["o"])
    LINKS = (
        link("result", "subject", "s"),
        link("result__item", "result", "s"),
        link("result__item", "subject", ("o", "s")),
    )

    def plan(self, root, condition, links=LINKS):
        tables = {t.name: t for t in (SUBJECT, self.MASTER, self.PART)}
        dependencies = Dependencies(links)
        plan = all_below([Restrict(root, condition)], dependencies, tables.__getitem__)
        return plan, unmastered(plan, dependencies)

    def test_nothing_where_parts_go_with_their_master_only(self):
        """The rows of the part are those of the master's rows."""
        _, found = self.plan(self.MASTER, Equals("s", 1))

        assert {} == found

    def test_part_alone(self):
        """Where the master is not touched, all rows of the part that go are masterless."""
        plan, found = self.plan(self.PART, Equals("i", 1))

        assert {self.PART.name: plan[self.PART.name]} == found

    def test_part_by_another_way(self):
        """The rows that go, less those of which the master's row goes too."""
        plan, found = self.plan(SUBJECT, Equals("s", 1))

        rows, master = plan[self.PART.name], plan[self.MASTER.name]
        assert {
            self.PART.name: Restrict(self.PART, Both((rows.condition, Fails(Matches(master, (("s", "s"),))))))
        } == found

    def test_part_that_renames_its_master(self):
        """The rows are matched by the foreign key, whatever its attributes are called."""
        links = (
            link("result", "subject", "s"),
            link("result__item", "result", ("i", "s")),
            link("result__item", "subject", "s"),
        )
        _, found = self.plan(SUBJECT, text("age > 1", "age"), links)

        condition = found[self.PART.name].condition
        assert (("i", "s"),) == condition.items[-1].item.pairs


class TestTablesIn:
    def test_goes_into_every_kind_of_query(self):
        """All tables to which a condition refers, however deep."""
        a, b, c, d, e = (table(called, ["s"]) for called in "abcde")
        nested = Join(
            Project(Restrict(a, Fails(Matches(b, ()))), (("s", "s"),)),
            Aggregate(c, Slice(d, 1, 0, ()), (("s", "s"),), ()),
        )

        condition = Either((Equals("s", 1), Both((Matches(nested, ()), Fails(Matches(e, ()))))))
        assert {name(called) for called in "abcde"} == tables_in(condition)

    def test_is_empty_for_plain_conditions(self):
        """Values and texts refer to no table."""
        assert set() == tables_in(Both((Equals("s", 1), text("s > 1", "s"), EVERYTHING)))

"""What may follow & becomes a condition: a plain value, compared and combined without any database."""

from __future__ import annotations

import math

import numpy as np
import pytest

from djnb.algebra.conditions import (
    EVERYTHING,
    NOTHING,
    AmongKeys,
    AndList,
    Both,
    Either,
    Equals,
    Fails,
    Holds,
    Matches,
    Not,
    both,
    either,
    make_condition,
    mentioned,
    negate,
    walk,
)
from djnb.algebra.expression import Expression
from djnb.algebra.nodes import Stored
from djnb.errors import OperandError, UnknownAttributeError
from djnb.model.attribute import Attribute
from djnb.model.core_types import parse_type
from djnb.model.heading import Heading
from djnb.model.naming import TableName

INT = parse_type("int32")
HEADING = Heading(
    (
        Attribute("a", INT, in_key=True),
        Attribute("b", INT, in_key=True),
        Attribute("x", parse_type("float64"), nullable=True),
        Attribute("data", parse_type("<blob>"), nullable=True),
    )
)
OTHER = Stored(
    TableName("lab", "other"), Heading((Attribute("b", INT, in_key=True), Attribute("c", INT), Attribute("a", INT)))
)


class Query:
    """Stands for a query, as tables and queries do."""

    def __relation__(self):
        return OTHER


class TableMeta(type):
    """Makes a class stand for a query."""

    def __relation__(cls):
        return OTHER


class Table(metaclass=TableMeta):
    """A class that stands for a query."""


def read(text, heading):
    """Read a text as a single name."""
    if text not in heading:
        raise UnknownAttributeError.among(text, heading.names)
    return Expression(text, frozenset([text]), tree=object())


def make(operand):
    return make_condition(operand, HEADING, read)


A1, A2, X = Equals("a", 1), Equals("a", 2), Holds(Expression("x", frozenset(["x"]), tree=object()))


class TestMakeCondition:
    @pytest.mark.parametrize(
        ("operand", "expected"),
        [
            (True, EVERYTHING),
            (False, NOTHING),
            (np.True_, EVERYTHING),
            ("x", X),
            ({"a": 1}, A1),
            ({"a": 1, "x": None}, Both((A1, Equals("x", None)))),
            ({"x": math.nan}, Equals("x", None)),
            ({"a": 1, "unknown": 5}, A1),
            ({"unknown": 5}, EVERYTHING),
            ({}, EVERYTHING),
            ([], NOTHING),
            ((), NOTHING),
            ([{"a": 1}], A1),
            ([{"a": 1}, {"a": 1}], A1),
            ([{"a": 1}, {"a": 2}], AmongKeys(("a",), ((1,), (2,)))),
            ([{"a": 1}, "x"], Either((A1, X))),
            ([{"a": 1}, {"x": None}], Either((A1, Equals("x", None)))),
            ([{"a": 1}, {}], EVERYTHING),
            (AndList([]), EVERYTHING),
            (AndList([{"a": 1}, "x"]), Both((A1, X))),
            (AndList([{"a": 1}, False]), NOTHING),
            (Not("x"), Fails(X)),
            (Not(Not("x")), X),
            (Not([]), EVERYTHING),
            (Not(True), NOTHING),
            (Query(), Matches(OTHER, (("a", "a"), ("b", "b")))),
            (Table, Matches(OTHER, (("a", "a"), ("b", "b")))),
            (X, X),
        ],
    )
    def test_of_every_kind_of_operand(self, operand, expected):
        """The table in the module, row by row."""
        assert expected == make(operand)

    def test_of_dicts_with_the_same_names_in_another_order(self):
        """Two orders of the same names are two lists of keys; both hold."""
        condition = make([{"a": 1, "b": 5}, {"a": 2, "b": 6}, {"b": 7, "a": 3}])

        assert Either((AmongKeys(("a", "b"), ((1, 5), (2, 6))), Both((Equals("b", 7), Equals("a", 3))))) == condition

    def test_of_a_record(self):
        """A record of numpy is a dict of its fields; an array of records is a list of them."""
        array = np.array([(1, 5), (2, 6)], dtype=[("a", "i4"), ("b", "i4")])

        assert Both((A1, Equals("b", 5))) == make(array[0])
        assert AmongKeys(("a", "b"), ((1, 5), (2, 6))) == make(array)

    def test_of_what_cannot_be_hashed(self):
        """Values such as lists are compared one by one."""
        heading = Heading((Attribute("doc", parse_type("json")),))

        condition = make_condition([{"doc": [1]}, {"doc": [2]}], heading, read)
        assert Either((Equals("doc", [1]), Equals("doc", [2]))) == condition

    @pytest.mark.parametrize("operand", [None, 5, 1.5, b"a", object(), int])
    def test_of_something_else_is_refused(self, operand):
        """The message shows the operand and says what can be given."""
        with pytest.raises(OperandError, match="Give a text, a dict, a list of them, a query or a table"):
            make(operand)

    def test_of_a_blob_is_refused(self):
        """Blobs cannot be compared."""
        with pytest.raises(OperandError, match="'data' holds values of type `<blob>`"):
            make({"data": 1})


class TestCombine:
    def test_both_is_flat_and_without_repeats(self):
        """Nested conditions become one; what is always true goes, what never is decides."""
        assert Both((A1, X, A2)) == both([Both((A1, X)), EVERYTHING, X, A2])
        assert A1 == both([A1, EVERYTHING, A1])
        assert (EVERYTHING, NOTHING) == (both([]), both([A1, NOTHING]))

    def test_either_is_flat_and_without_repeats(self):
        """The same for alternatives, the other way round."""
        assert Either((A1, X, A2)) == either([Either((A1, X)), NOTHING, X, A2])
        assert A1 == either([A1, NOTHING, A1])
        assert (NOTHING, EVERYTHING) == (either([]), either([A1, EVERYTHING]))

    def test_negate_twice_is_nothing_done(self):
        """Not not is what it was."""
        assert (Fails(A1), A1) == (negate(A1), negate(negate(A1)))
        assert (NOTHING, EVERYTHING) == (negate(EVERYTHING), negate(NOTHING))


class TestLookInto:
    def test_walk_goes_through_the_parts(self):
        """Every condition within a condition, itself first."""
        whole = Both((Fails(Either((A1, X))), A2))

        assert [whole, whole.items[0], Either((A1, X)), A1, X, A2] == list(walk(whole))

    def test_mentioned_attributes(self):
        """The attributes that a condition is about."""
        condition = Both((A1, Fails(X), AmongKeys(("b",), ((1,), (2,))), Matches(OTHER, (("y", "c"),))))

        assert {"a", "x", "b", "y"} == mentioned(condition)
        assert frozenset() == mentioned(EVERYTHING)

    def test_text_that_could_not_be_read_may_mention_any(self):
        """Nobody knows what it is about."""
        assert mentioned(Both((A1, Holds(Expression("a >> > 1"))))) is None

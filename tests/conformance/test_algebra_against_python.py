"""Random questions have the answers that a naive evaluation in Python gives, on every database."""

from __future__ import annotations

import operator
from collections import Counter

import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

import djnb as dj
from djnb.sql.statement import Statement
from tests.conformance.relations import Relation

NUMBERS = st.one_of(st.none(), st.integers(-2, 3))
OPERATORS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">=": operator.ge,
}


# Each kind of condition gives what is written after & and, for a row, True, False or None (unknown).


def draw_text(draw, names):
    kind = draw(st.sampled_from(["compare", "compare two", "null", "in", "and", "or", "not"]))
    name = draw(st.sampled_from(names))
    if kind == "compare":
        sign, number = draw(st.sampled_from(sorted(OPERATORS))), draw(st.integers(-2, 3))
        return f"{name} {sign} {number}", lambda row: compare(sign, row[name], number)
    if kind == "compare two":
        sign, other = draw(st.sampled_from(sorted(OPERATORS))), draw(st.sampled_from(names))
        return f"{name} {sign} {other}", lambda row: compare(sign, row[name], row[other])
    if kind == "null":
        return f"{name} IS NULL", lambda row: row[name] is None
    if kind == "in":
        listed = draw(st.lists(st.integers(-2, 3), min_size=1, max_size=3))
        text = f"{name} IN ({', '.join(map(str, listed))})"
        return text, lambda row: None if row[name] is None else row[name] in listed
    one, is_one = draw_text(draw, names)
    if kind == "not":
        return f"NOT ({one})", lambda row: None if is_one(row) is None else not is_one(row)
    two, is_two = draw_text(draw, names)
    if kind == "and":
        return f"({one}) AND ({two})", lambda row: all_of([is_one(row), is_two(row)])
    return f"({one}) OR ({two})", lambda row: any_of([is_one(row), is_two(row)])


def compare(sign, one, two):
    return None if one is None or two is None else OPERATORS[sign](one, two)


def all_of(values):
    return False if False in values else None if None in values else True


def any_of(values):
    return True if True in values else None if None in values else False


def draw_dict(draw, names):
    chosen = draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=2))
    given = {name: draw(NUMBERS) for name in chosen}
    return given, lambda row: all(row[name] == value for name, value in given.items())


def draw_records(draw, names):
    """Rows in one of the shapes in which they come back from elsewhere."""
    chosen = draw(st.lists(st.sampled_from(names), unique=True, min_size=1, max_size=2))
    rows = draw(st.lists(st.tuples(*[st.integers(-2, 3)] * len(chosen)), max_size=3))
    kind = draw(st.sampled_from(["frame", "indexed frame", "records", "generator"]))
    if kind == "generator":
        given = (dict(zip(chosen, row, strict=True)) for row in rows)
    elif kind == "records":
        given = np.array(rows, dtype=[(name, "i8") for name in chosen])
    else:
        given = pd.DataFrame(rows, columns=chosen, dtype="int64")
        given = given.set_index(chosen[0]) if kind == "indexed frame" else given
    return given, lambda row: any(all(row[n] == v for n, v in zip(chosen, values, strict=True)) for values in rows)


def draw_condition(draw, tables, relation, depth):
    """Return what may follow &, and the function of a row that tells whether it holds."""
    kinds = ["text", "dict", "records"] if relation.names else ["constant"]
    if depth > 0:
        kinds += ["list", "not", "query", "not query", "and list", "constant"]
    kind = draw(st.sampled_from(kinds))
    if kind == "text":
        text, holds = draw_text(draw, relation.names)
        return text, lambda row: holds(row) is True
    if kind == "dict":
        return draw_dict(draw, relation.names)
    if kind == "records":
        return draw_records(draw, relation.names)
    if kind == "constant":
        operand, value = draw(st.sampled_from([(True, True), (False, False), (dj.U("a"), True)]))
        return operand, lambda row: value
    if kind in ("query", "not query"):
        query, other = draw_query(draw, tables, depth - 1)
        kept = relation.matching(other)
        return (query, lambda row: row in kept) if kind == "query" else (-query, lambda row: row not in kept)
    if kind == "not":
        item, holds = draw_condition(draw, tables, relation, depth - 1)
        return dj.Not(item), lambda row: not holds(row)
    items = [draw_condition(draw, tables, relation, depth - 1) for _ in range(draw(st.integers(0, 3)))]
    if kind == "list":  # in which a truth value would be taken for part of a mask
        given = [dj.AndList([item]) if isinstance(item, bool) else item for item, _ in items]
        return given, lambda row: any(holds(row) for _, holds in items)
    return dj.AndList(item for item, _ in items), lambda row: all(holds(row) for _, holds in items)


def draw_restriction(draw, tables, depth):
    query, relation = draw_query(draw, tables, depth)
    condition, holds = draw_condition(draw, tables, relation, depth)
    if draw(st.booleans()):
        return query & condition, relation.where(holds)
    return query - condition, relation.where(lambda row: not holds(row))


def draw_projection(draw, tables, depth):
    query, relation = draw_query(draw, tables, depth)
    kept = draw(st.lists(st.sampled_from(relation.others), unique=True)) if relation.others else []
    positional = kept
    form = draw(st.sampled_from(["names", "all", "all but"]))
    if form == "all":
        kept, positional = relation.others, ["..."]
    elif form == "all but":
        positional = [..., *(f"-{name}" for name in kept)]
        kept = [name for name in relation.others if name not in kept]
    sources = {name: name for name in [*relation.key, *kept]}
    given, computed = {}, {}
    if relation.names and draw(st.booleans()):
        old, new = draw(st.sampled_from(relation.names)), draw(st.sampled_from("mno"))
        is_named = form == "names" and old in kept
        if new not in relation.names and f"-{old}" not in positional:
            given[new] = old
            # A new name replaces the old one; an attribute that is named besides is kept under both.
            if not is_named:
                sources.pop(old, None)
            sources[new] = old
    if relation.names and draw(st.booleans()):
        one, two = draw(st.sampled_from(relation.names)), draw(st.sampled_from(relation.names))
        new, number = draw(st.sampled_from("pqr")), draw(st.integers(0, 2))
        if new not in sources:
            if draw(st.booleans()):
                given[new], computed[new] = f"({one})", lambda row: row[one]
            else:
                given[new], computed[new] = f"{one} - {two} + {number}", lambda row: add(row[one], row[two], number)
    return query.proj(*positional, **given), relation.mapped(sources, computed)


def add(one, two, number):
    return None if one is None or two is None else one - two + number


def draw_join(draw, tables, depth):
    left, one = draw_query(draw, tables, depth)
    right, two = draw_query(draw, tables, depth)
    if not draw(st.booleans()):
        return left * right, one.joined(two)
    if one.determines(two):
        return left.extend(right), one.joined(two, left=True)
    return left.join(right, left=True, allow_nullable_pk=True), one.joined(two, left=True)


def draw_union(draw, tables, depth):
    left, one = draw_query(draw, tables, depth)
    if draw(st.booleans()):
        right, two = draw_query(draw, tables, depth)
    else:  # which often have a shape in common
        condition, holds = draw_condition(draw, tables, one, depth)
        right, two = left & condition, one.where(holds)
        condition, holds = draw_condition(draw, tables, one, depth)
        left, one = left - condition, one.where(lambda row, holds=holds: not holds(row))
    shape = draw(st.sampled_from(["as it is", "keys", "computed", "alike"]))
    if shape == "keys":
        right, two = right.proj(), two.mapped({name: name for name in two.key}, {})
    elif shape == "computed" and two.names and "w" not in two.names:
        name = draw(st.sampled_from(two.names))
        right = right.proj(w=f"{name} + 1")
        two = two.mapped({n: n for n in two.key}, {"w": lambda row: add(row[name], 0, 1)})
    elif shape == "alike" and two.others:
        # Other values for the same keys: the left ones count.
        right = right.proj(**{name: f"{name} + 1" for name in two.others})
        two = two.mapped({n: n for n in two.key}, {n: lambda row, n=n: add(row[n], 0, 1) for n in two.others})
    return (left + right, one.united(two)) if one.is_unitable(two) else (left, one)


def draw_top(draw, tables, depth):
    query, relation = draw_query(draw, tables, depth)
    limit, offset = draw(st.sampled_from([None, 0, 1, 2, 3, 4])), draw(st.sampled_from([0, 0, 1, 2]))
    kind = draw(st.sampled_from(["key", "inherited", "names"] if relation.names else ["inherited"]))
    if kind == "inherited":
        order, written = None, None
    elif kind == "key":
        descends = draw(st.booleans())
        order = [(name, descends) for name in query.primary_key]
        written = "KEY DESC" if descends else "KEY"
    else:
        names = draw(st.lists(st.sampled_from(relation.names), min_size=1, max_size=2, unique=True))
        order = [(name, draw(st.booleans())) for name in names]
        written = [f"{name} DESC" if descends else name for name, descends in order]
    return query & dj.Top(limit, written, offset), relation.top(limit, order, offset, query.primary_key)


AGGREGATES = {
    "count(*)": lambda values: len(values),
    "count({})": lambda values: len(present(values)),
    "count(distinct {})": lambda values: len(set(present(values))),
    "sum({})": lambda values: sum(present(values)) if present(values) else None,
    "max({} + 1)": lambda values: max(present(values)) + 1 if present(values) else None,
    "sum({} IS NULL)": lambda values: len(values) - len(present(values)) if values else None,
    "2 * count(*) + 1": lambda values: 2 * len(values) + 1,
}


def present(values):
    return [value for value in values if value is not None]


def draw_aggregate(draw, names, taken):
    """Return an aggregate as it is written and as a function of the rows of a group, by its name."""
    if not names:
        return {}, {}
    template, attribute = draw(st.sampled_from(sorted(AGGREGATES))), draw(st.sampled_from(names))
    new = draw(st.sampled_from([name for name in "stuv" if name not in taken]))
    evaluate = AGGREGATES[template]
    return {new: template.format(attribute)}, {new: lambda rows: evaluate([row[attribute] for row in rows])}


def draw_aggregation(draw, tables, depth):
    query, groups = draw_query(draw, tables, depth)
    other, source = draw_query(draw, tables, depth)
    if not source.determines(groups):
        return draw_restriction(draw, tables, depth)
    aggregate, evaluate = draw_aggregate(draw, source.names, groups.names)
    kept = draw(st.lists(st.sampled_from(groups.others), unique=True)) if groups.others else []
    positional = kept
    if draw(st.booleans()):
        kept, positional = groups.others, [...]
    excluded = draw(st.booleans())
    return (
        query.aggr(other, *positional, exclude_nonmatching=excluded, **aggregate),
        groups.aggregated(source, kept, evaluate, excluded=excluded),
    )


def draw_grouping(draw, tables, depth):
    query, relation = draw_query(draw, tables, depth)
    names = draw(st.lists(st.sampled_from(relation.names), unique=True, max_size=3)) if relation.names else []
    kind = draw(st.sampled_from(["distinct", "aggregated", "promoted"]))
    if kind == "distinct":
        return dj.U(*names) & query, relation.grouped(names, {})
    if kind == "promoted":
        promoted = query * dj.U(*names) if draw(st.booleans()) else dj.U(*names) * query
        return promoted, relation.promoted(names)
    aggregate, evaluate = draw_aggregate(draw, relation.names, names)
    return dj.U(*names).aggr(query, **aggregate), relation.grouped(names, evaluate)


DRAWN = [draw_restriction, draw_restriction, draw_projection, draw_join, draw_aggregation, draw_top, draw_grouping,
         draw_union]  # fmt: skip


def draw_query(draw, tables, depth):
    """Return a random query and the relation that it stands for."""
    if depth <= 0:
        return draw(st.sampled_from(tables))
    return draw(st.sampled_from(DRAWN))(draw, tables, depth - 1)


MOST_TABLES = 24
"""More of them in one question cost an optimizer time and memory, and find nothing that fewer do not."""


def count_tables(query):
    """Return how often tables are mentioned in a query."""
    return repr(query.node).count("Stored(")


@pytest.fixture
def tables(schema):
    """Three tables that share attributes, declared and empty."""

    @schema
    class Left(dj.Manual):
        definition = """
        a : int32
        b : int32
        ---
        x = null : int32
        y        : int32
        """

    @schema
    class Right(dj.Manual):
        definition = """
        b : int32
        c : int32
        ---
        x = null : int32
        """

    @schema
    class Single(dj.Manual):
        definition = """
        a : int32
        ---
        y = null : int32
        """

    return [Left, Right, Single]


def draw_rows(draw, table):
    """Fill a table with a few random rows and return them."""
    heading = table.heading
    row = st.fixed_dictionaries(
        {name: NUMBERS if heading[name].nullable else st.integers(0, 2) for name in heading.names}
    )
    rows = draw(st.lists(row, max_size=5, unique_by=lambda row: tuple(row[name] for name in heading.primary_key)))
    connection = table.connection
    connection.execute(Statement(f"DELETE FROM {connection.dialect.table(table.name)}"))
    table.insert(rows)
    return rows


class TestRandomQuestion:
    @hypothesis.settings(
        max_examples=300,
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
        suppress_health_check=[
            hypothesis.HealthCheck.function_scoped_fixture,
            hypothesis.HealthCheck.too_slow,
            hypothesis.HealthCheck.data_too_large,
        ],
    )
    @hypothesis.given(data=st.data())
    def test_has_the_rows_that_python_finds(self, tables, data):
        """
        Whatever is restricted, ordered, projected, joined, united and aggregated, the answer is what definitions say.
        """
        with dj.config.override(semantic_check="off"):
            known = [
                (table(), Relation(table.heading.names, table.primary_key, draw_rows(data.draw, table)))
                for table in tables
            ]
            query, expected = draw_query(data.draw, known, 3)
            hypothesis.assume(count_tables(query) <= MOST_TABLES)
            hypothesis.note(f"{query!r}, key {query.primary_key}")

            found = query.to_dicts()

            assert (set(expected.names), set(expected.key)) == (set(query.heading.names), set(query.primary_key))
            assert Counter(map(_frozen, expected.rows)) == Counter(map(_frozen, found))
            if expected.is_ordered:
                assert expected.rows == found
            assert (len(expected.rows), bool(expected.rows)) == (len(query), bool(query))
            assert {int, type(None)} >= {type(value) for row in found for value in row.values()}


def _frozen(row):
    return frozenset(row.items())
